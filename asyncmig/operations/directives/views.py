"""Views and materialized views."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.sql.selectable import SelectBase

__all__ = [
    "CreateMaterializedViewOp",
    "CreateViewOp",
    "DropMaterializedViewOp",
    "DropViewOp",
    "RefreshMaterializedViewOp",
    "ReplaceViewOp",
    "ViewDirectives",
]


@dataclass(eq=False)
class CreateViewOp(MigrateOperation):
    """``CREATE VIEW``."""

    directive: ClassVar[str] = "create_view"

    view_name: str
    definition: str | SelectBase
    _: KW_ONLY
    schema: str | None = None
    columns: Sequence[str] | None = None
    options: Mapping[str, Any] | None = None

    def reverse(self) -> DropViewOp:
        """``DROP VIEW``, which can be reversed again."""
        return DropViewOp(self.view_name, schema=self.schema, original=self)


@dataclass(eq=False)
class ReplaceViewOp(MigrateOperation):
    """``CREATE OR REPLACE VIEW``. ``existing`` is the view before, for the way back."""

    directive: ClassVar[str] = "replace_view"

    view_name: str
    definition: str | SelectBase
    _: KW_ONLY
    schema: str | None = None
    columns: Sequence[str] | None = None
    options: Mapping[str, Any] | None = None
    existing: CreateViewOp | None = None

    def reverse(self) -> ReplaceViewOp:
        """The view that was there before.

        Raises:
            NotImplementedError: ``existing`` does not say it.
        """
        if self.existing is None:
            return super().reverse()  # type: ignore[return-value]  # it raises
        now = CreateViewOp(
            self.view_name,
            self.definition,
            schema=self.schema,
            columns=self.columns,
            options=self.options,
        )
        return ReplaceViewOp(
            self.view_name,
            self.existing.definition,
            schema=self.schema,
            columns=self.existing.columns,
            options=self.existing.options,
            existing=now,
        )


@dataclass(eq=False)
class DropViewOp(MigrateOperation):
    """``DROP VIEW``. ``original`` creates it again."""

    directive: ClassVar[str] = "drop_view"

    view_name: str
    _: KW_ONLY
    schema: str | None = None
    if_exists: bool = False
    cascade: bool = False
    original: CreateViewOp | None = None

    def reverse(self) -> CreateViewOp:
        """``CREATE VIEW``.

        Raises:
            ValueError: its definition is not known.
        """
        if self.original is None:
            raise ValueError(f"cannot create view {self.view_name} again: it is unknown")
        return replace(self.original)


@dataclass(eq=False)
class CreateMaterializedViewOp(MigrateOperation):
    """``CREATE MATERIALIZED VIEW``."""

    directive: ClassVar[str] = "create_materialized_view"

    view_name: str
    definition: str | SelectBase
    _: KW_ONLY
    schema: str | None = None
    columns: Sequence[str] | None = None
    options: Mapping[str, Any] | None = None
    tablespace: str | None = None
    if_not_exists: bool = False
    with_data: bool = True

    def reverse(self) -> DropMaterializedViewOp:
        """``DROP MATERIALIZED VIEW``, which can be reversed again."""
        return DropMaterializedViewOp(
            self.view_name, schema=self.schema, if_exists=self.if_not_exists, original=self
        )


@dataclass(eq=False)
class DropMaterializedViewOp(MigrateOperation):
    """``DROP MATERIALIZED VIEW``. ``original`` creates it again."""

    directive: ClassVar[str] = "drop_materialized_view"

    view_name: str
    _: KW_ONLY
    schema: str | None = None
    if_exists: bool = False
    cascade: bool = False
    original: CreateMaterializedViewOp | None = None

    def reverse(self) -> CreateMaterializedViewOp:
        """``CREATE MATERIALIZED VIEW``, without its indexes.

        Raises:
            ValueError: its definition is not known.
        """
        if self.original is None:
            raise ValueError(f"cannot create view {self.view_name} again: it is unknown")
        return replace(self.original)


@dataclass(eq=False)
class RefreshMaterializedViewOp(MigrateOperation):
    """``REFRESH MATERIALIZED VIEW``."""

    directive: ClassVar[str] = "refresh_materialized_view"

    view_name: str
    _: KW_ONLY
    schema: str | None = None
    concurrently: bool = False
    with_data: bool = True


class ViewDirectives(Directives):
    """Directives for views and materialized views."""

    def create_view(
        self,
        view_name: str,
        definition: str | SelectBase,
        *,
        schema: str | None = None,
        columns: Sequence[str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Create a view. ACCESS SHARE on the tables it reads.

        Args:
            view_name: of the view.
            definition: a SELECT, as text or as SQLAlchemy's.
            schema: of the view.
            columns: other names for its columns.
            options: ``security_invoker``, ``security_barrier``, ``check_option``.

        Example::

            op.create_view("thick_book", "SELECT * FROM book WHERE pages > 500")
        """
        self.invoke(
            CreateViewOp(view_name, definition, schema=schema, columns=columns, options=options)
        )

    def replace_view(
        self,
        view_name: str,
        definition: str | SelectBase,
        *,
        schema: str | None = None,
        columns: Sequence[str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Create a view or give it a new SELECT. ACCESS EXCLUSIVE on the view.

        The columns it has must stay, in name, type and order; new ones come after them.

        Example::

            op.replace_view("thick_book", "SELECT * FROM book WHERE pages > 800")
        """
        self.invoke(
            ReplaceViewOp(view_name, definition, schema=schema, columns=columns, options=options)
        )

    def drop_view(
        self,
        view_name: str,
        *,
        schema: str | None = None,
        if_exists: bool = False,
        cascade: bool = False,
    ) -> None:
        """Drop a view; with ``cascade``, and those that read it. ACCESS EXCLUSIVE on it.

        Example::

            op.drop_view("thick_book", if_exists=True)
        """
        self.invoke(DropViewOp(view_name, schema=schema, if_exists=if_exists, cascade=cascade))

    def create_materialized_view(
        self,
        view_name: str,
        definition: str | SelectBase,
        *,
        schema: str | None = None,
        columns: Sequence[str] | None = None,
        options: Mapping[str, Any] | None = None,
        tablespace: str | None = None,
        if_not_exists: bool = False,
        with_data: bool = True,
    ) -> None:
        """Create a materialized view. ACCESS SHARE on the tables it reads, while it reads them.

        Args:
            view_name: of the view.
            definition: a SELECT, as text or as SQLAlchemy's.
            schema: of the view.
            columns: other names for its columns.
            options: storage parameters, such as ``fillfactor``.
            tablespace: where it is kept.
            if_not_exists: say ``IF NOT EXISTS``.
            with_data: False leaves it empty and unreadable until it is refreshed.

        Example::

            op.create_materialized_view("sales", "SELECT book_id, count(*) FROM sale GROUP BY 1")
        """
        self.invoke(
            CreateMaterializedViewOp(
                view_name,
                definition,
                schema=schema,
                columns=columns,
                options=options,
                tablespace=tablespace,
                if_not_exists=if_not_exists,
                with_data=with_data,
            )
        )

    def drop_materialized_view(
        self,
        view_name: str,
        *,
        schema: str | None = None,
        if_exists: bool = False,
        cascade: bool = False,
    ) -> None:
        """Drop a materialized view and its indexes. ACCESS EXCLUSIVE on it.

        Example::

            op.drop_materialized_view("sales")
        """
        self.invoke(
            DropMaterializedViewOp(view_name, schema=schema, if_exists=if_exists, cascade=cascade)
        )

    def refresh_materialized_view(
        self,
        view_name: str,
        *,
        schema: str | None = None,
        concurrently: bool = False,
        with_data: bool = True,
    ) -> None:
        """Fill a materialized view anew. ACCESS EXCLUSIVE on it; concurrently EXCLUSIVE, readers go on.

        Concurrently it needs a unique index over plain columns; it may stay in the transaction.

        Example::

            op.refresh_materialized_view("sales", concurrently=True)
        """
        self.invoke(
            RefreshMaterializedViewOp(
                view_name, schema=schema, concurrently=concurrently, with_data=with_data
            )
        )
