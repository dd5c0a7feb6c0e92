"""Views, materialized views with their indexes, composite types, sequences."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import text
from sqlalchemy.types import to_instance

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.entities.declared import DeclaredEntity
from asyncmig.operations.directives.indexes import CreateIndexOp
from asyncmig.operations.directives.sequences import CreateSequenceOp
from asyncmig.operations.directives.views import CreateMaterializedViewOp, CreateViewOp
from asyncmig.sql.quoting import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Sequence as Several

    from sqlalchemy.sql.selectable import SelectBase
    from sqlalchemy.types import TypeEngine

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["CompositeType", "MaterializedView", "Sequence", "View", "ViewIndex"]


@dataclass(frozen=True)
class View(DeclaredEntity):
    """A view.

    Args:
        name: of the view.
        query: a SELECT, as text or a SQLAlchemy construct.
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

    def _create(self) -> Iterator[MigrateOperation]:
        yield CreateViewOp(self.name, self.query, **self._keywords(CreateViewOp))


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
        """The operation that creates it."""
        options: dict[str, Any] = {
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
            **{name: value for name, value in options.items() if value is not None},
        )


@dataclass(frozen=True)
class MaterializedView(DeclaredEntity):
    """A materialized view.

    Args:
        name: of the view.
        query: a SELECT, as text or a SQLAlchemy construct.
        schema: None for the default one.
        columns: other names for its columns.
        options: storage parameters, such as ``fillfactor``.
        tablespace: of the view.
        with_data: False creates it empty; later changes are not compared.
        indexes: of the view; other indexes are dropped.
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

    def _create(self) -> Iterator[MigrateOperation]:
        # without rows, which are not compared
        keywords = self._keywords(CreateMaterializedViewOp)
        keywords["with_data"] = False
        yield CreateMaterializedViewOp(self.name, self.query, **keywords)
        for index in self.indexes:
            yield index.operation(self.name, self.schema)


@dataclass(frozen=True)
class CompositeType(DeclaredEntity):
    """A composite type; ``attributes`` are types by name, as SQL text or SQLAlchemy types.

    Example::

        CompositeType("address", {"street": "text", "zip": sa.String(10)})
    """

    kind: ClassVar[str] = "composite_type"
    kind_sql: ClassVar[str] = "TYPE"
    name: str
    attributes: Mapping[str, str | TypeEngine[Any] | type[TypeEngine[Any]]]
    _: KW_ONLY
    schema: str | None = None
    comment: str | None = None

    def _create(self) -> Iterator[str]:
        attributes = ", ".join(
            f"{identifier(attribute)} {_type_sql(type_)}"
            for attribute, type_ in self.attributes.items()
        )
        yield f"CREATE TYPE {qualified(self.schema, self.name)} AS ({attributes})"


@dataclass(frozen=True)
class Sequence(DeclaredEntity):
    """A sequence that no column owns, like SQLAlchemy's ``Sequence`` in a MetaData."""

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

    def _create(self) -> Iterator[MigrateOperation]:
        yield CreateSequenceOp(self.name, **self._keywords(CreateSequenceOp))


def _type_sql(type_: str | TypeEngine[Any] | type[TypeEngine[Any]]) -> str:
    if isinstance(type_, str):
        return type_
    return str(to_instance(type_).compile(dialect=MigrationDialect()))
