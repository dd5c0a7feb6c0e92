"""Views, materialized views with their indexes, composite types, sequences."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import text
from sqlalchemy.types import to_instance

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.entities.declared import comment_on, compiled, qualified
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.indexes import CreateIndexOp
from asyncmig.operations.directives.sequences import CreateSequenceOp
from asyncmig.operations.directives.views import CreateMaterializedViewOp, CreateViewOp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Sequence as Several

    from sqlalchemy.sql.selectable import SelectBase
    from sqlalchemy.types import TypeEngine

__all__ = ["CompositeType", "MaterializedView", "Sequence", "View", "ViewIndex"]


@dataclass(frozen=True)
class View:
    """A view.

    Args:
        name: of the view.
        query: a SELECT, as text or as SQLAlchemy's.
        schema: None for the default one.
        columns: other names for its columns.
        options: ``security_invoker``, ``security_barrier``, ``check_option``.
        comment: of the view.

    Example::

        View("thick_book", "SELECT * FROM book WHERE pages > 500", options={"security_barrier": True})
    """

    kind: ClassVar[str] = "view"
    name: str
    query: str | SelectBase
    _: KW_ONLY
    schema: str | None = None
    columns: Several[str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    comment: str | None = None

    def sql(self) -> list[str]:
        """The statements that create it where it is not."""
        create = CreateViewOp(
            self.name, self.query, schema=self.schema, columns=self.columns, options=self.options
        )
        place = qualified(self.schema, self.name)
        return compiled([create, *comment_on("VIEW", place, self.comment)])


@dataclass(frozen=True)
class ViewIndex:
    """An index of a materialized view; ``keys`` are columns or, in parentheses, expressions.

    Example::

        ViewIndex("ix_sales_book", ["book_id", "(lower(title))"], unique=True)
    """

    name: str
    keys: Several[str]
    _: KW_ONLY
    unique: bool = False
    using: str | None = None
    where: str | None = None
    include: Several[str] = ()

    def operation(self, view: str, schema: str | None) -> CreateIndexOp:
        """Its creation."""
        said: dict[str, Any] = {
            "postgresql_using": self.using,
            "postgresql_where": None if self.where is None else text(self.where),
            "postgresql_include": list(self.include) or None,
        }
        keys = [text(key) if key.startswith("(") else key for key in self.keys]
        return CreateIndexOp(
            self.name,
            view,
            keys,
            schema=schema,
            unique=self.unique,
            **{name: value for name, value in said.items() if value is not None},
        )


@dataclass(frozen=True)
class MaterializedView:
    """A materialized view.

    Args:
        name: of the view.
        query: a SELECT, as text or as SQLAlchemy's.
        schema: None for the default one.
        columns: other names for its columns.
        options: storage parameters, such as ``fillfactor``.
        tablespace: where it is kept.
        with_data: False creates it empty; whether it is filled later is not compared.
        indexes: those of the view; all others are dropped.
        comment: of the view.
    """

    kind: ClassVar[str] = "materialized_view"
    name: str
    query: str | SelectBase
    _: KW_ONLY
    schema: str | None = None
    columns: Several[str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    tablespace: str | None = None
    with_data: bool = True
    indexes: Several[ViewIndex] = ()
    comment: str | None = None

    def sql(self) -> list[str]:
        """The statements that create it where it is not; without rows, which nothing compares."""
        create = CreateMaterializedViewOp(
            self.name,
            self.query,
            schema=self.schema,
            columns=self.columns,
            options=self.options,
            tablespace=self.tablespace,
            with_data=False,
        )
        place = qualified(self.schema, self.name)
        return compiled(
            [
                create,
                *(index.operation(self.name, self.schema) for index in self.indexes),
                *comment_on("MATERIALIZED VIEW", place, self.comment),
            ]
        )


@dataclass(frozen=True)
class CompositeType:
    """A composite type; ``attributes`` are types by name, as SQL text or as SQLAlchemy's.

    Example::

        CompositeType("address", {"street": "text", "zip": sa.String(10)})
    """

    kind: ClassVar[str] = "composite_type"
    name: str
    attributes: Mapping[str, str | TypeEngine[Any] | type[TypeEngine[Any]]]
    _: KW_ONLY
    schema: str | None = None
    comment: str | None = None

    def sql(self) -> list[str]:
        """The statements that create it where it is not."""
        place = qualified(self.schema, self.name)
        inside = ", ".join(
            f"{qualified(None, name)} {_type(type_)}" for name, type_ in self.attributes.items()
        )
        create = ExecuteSQLOp(f"CREATE TYPE {place} AS ({inside})")
        return compiled([create, *comment_on("TYPE", place, self.comment)])


@dataclass(frozen=True)
class Sequence:
    """A sequence that no column owns; as SQLAlchemy's ``Sequence`` in a MetaData."""

    kind: ClassVar[str] = "sequence"
    name: str
    _: KW_ONLY
    schema: str | None = None
    data_type: TypeEngine[Any] | type[TypeEngine[Any]] | None = None
    start: int | None = None
    increment: int | None = None
    minvalue: int | None = None
    maxvalue: int | None = None
    cache: int | None = None
    cycle: bool | None = None

    def sql(self) -> list[str]:
        """The statement that creates it where it is not."""
        create = CreateSequenceOp(
            self.name,
            schema=self.schema,
            data_type=self.data_type,
            start=self.start,
            increment=self.increment,
            minvalue=self.minvalue,
            maxvalue=self.maxvalue,
            cache=self.cache,
            cycle=self.cycle,
        )
        return compiled([create])


def _type(type_: str | TypeEngine[Any] | type[TypeEngine[Any]]) -> str:
    if isinstance(type_, str):
        return type_
    return str(to_instance(type_).compile(dialect=MigrationDialect()))
