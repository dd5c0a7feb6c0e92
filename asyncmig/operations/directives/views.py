"""Views and materialized views."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.drop_object import DropObjectOp
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
class ViewDefinition:
    """The fields of all operations that define a view."""

    view_name: str
    definition: str | SelectBase
    _: KW_ONLY
    schema: str | None = None
    columns: Sequence[str] | None = None
    options: Mapping[str, Any] | None = None


@dataclass(eq=False)
class CreateViewOp(ViewDefinition, MigrateOperation, directive="create_view"):
    """``CREATE VIEW``."""

    def reverse(self) -> DropViewOp:
        """``DROP VIEW``, which can be reversed again."""
        return DropViewOp(self.view_name, schema=self.schema, original=self)


@dataclass(eq=False)
class ReplaceViewOp(ViewDefinition, MigrateOperation, directive="replace_view"):
    """``CREATE OR REPLACE VIEW``. ``existing`` is the view before, for reversing."""

    existing: CreateViewOp | None = field(default=None, kw_only=True)

    def reverse(self) -> ReplaceViewOp:
        """The view before.

        Raises:
            NotImplementedError: ``existing`` is not given.
        """
        if self.existing is None:
            return super().reverse()  # type: ignore[return-value]  # it raises
        names = [item.name for item in fields(ViewDefinition)]
        return replace(
            self,
            definition=self.existing.definition,
            columns=self.existing.columns,
            options=self.existing.options,
            existing=CreateViewOp(**{name: getattr(self, name) for name in names}),
        )


@dataclass(eq=False)
class DropViewOp(DropObjectOp[CreateViewOp], directive="drop_view"):
    """``DROP VIEW``."""

    view_name: str
    _: KW_ONLY
    cascade: bool = False


@dataclass(eq=False)
class CreateMaterializedViewOp(
    ViewDefinition, MigrateOperation, directive="create_materialized_view"
):
    """``CREATE MATERIALIZED VIEW``."""

    _: KW_ONLY
    tablespace: str | None = None
    if_not_exists: bool = False
    with_data: bool = True

    def reverse(self) -> DropMaterializedViewOp:
        """``DROP MATERIALIZED VIEW``, which can be reversed again, without its indexes."""
        return DropMaterializedViewOp(
            self.view_name, schema=self.schema, if_exists=self.if_not_exists, original=self
        )


@dataclass(eq=False)
class DropMaterializedViewOp(
    DropObjectOp[CreateMaterializedViewOp], directive="drop_materialized_view"
):
    """``DROP MATERIALIZED VIEW``."""

    view_name: str
    _: KW_ONLY
    cascade: bool = False


@dataclass(eq=False)
class RefreshMaterializedViewOp(MigrateOperation, directive="refresh_materialized_view"):
    """``REFRESH MATERIALIZED VIEW``."""

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
            definition: a SELECT, as text or a SQLAlchemy construct.
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
        """Create or replace a view. ACCESS EXCLUSIVE on the view.

        Existing columns must keep their name, type and order; new columns are added at the end.

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
        """Drop a view; with ``cascade``, also the views that read it. ACCESS EXCLUSIVE on it.

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
            definition: a SELECT, as text or a SQLAlchemy construct.
            schema: of the view.
            columns: other names for its columns.
            options: storage parameters, such as ``fillfactor``.
            tablespace: of the view.
            if_not_exists: ``IF NOT EXISTS``.
            with_data: False creates it without data; it cannot be read until it is refreshed.

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
        safe: bool = True,
    ) -> None:
        """Refresh a materialized view. ACCESS EXCLUSIVE on it; EXCLUSIVE with ``concurrently``.

        ``concurrently`` does not block reads. It needs a unique index over plain columns, and may run in
        a transaction.

        Args:
            view_name: of the view.
            schema: of the view.
            concurrently: let reads continue.
            with_data: False empties it.
            safe: False keeps this plain form where ``safe_rewrites`` would replace it.

        Example::

            op.refresh_materialized_view("sales", concurrently=True)
        """
        self.invoke_rewritable(
            RefreshMaterializedViewOp(
                view_name, schema=schema, concurrently=concurrently, with_data=with_data
            ),
            safe=safe,
        )
