"""Foreign keys to tables outside of their ``MetaData`` or outside of the models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import (
    Column,
    ForeignKeyConstraint,
    MetaData,
    Table,
    UniqueConstraint,
)

from asyncmig.operations.base.sqlalchemy_private import foreign_key_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.types import TypeEngine

__all__ = ["ForeignTarget", "foreign_target", "placeholder_table", "resolved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignTarget:
    """What a foreign key refers to; ``schema`` is as in the models."""

    schema: str | None
    table: str
    columns: tuple[str, ...]
    types: tuple[TypeEngine[Any], ...]


def foreign_target(key: ForeignKeyConstraint) -> ForeignTarget:
    """The target of a foreign key; read from its text if its ``MetaData`` lacks the table."""
    try:
        columns = [element.column for element in key.elements]
    except SQLAlchemyError:
        return _as_written(key)
    table: Any = columns[0].table
    return ForeignTarget(
        schema=table.schema,
        table=str(table.name),
        columns=tuple(column.name for column in columns),
        types=tuple(column.type for column in columns),
    )


def resolved(key: ForeignKeyConstraint) -> ForeignKeyConstraint:
    """The key, or an equal one that SQLAlchemy can compile if its ``MetaData`` lacks the table."""
    try:
        for element in key.elements:
            _ = element.column
    except SQLAlchemyError:
        return _detached(key, _as_written(key))
    return key


def placeholder_table(targets: Sequence[ForeignTarget], metadata: MetaData | None = None) -> Table:
    """A placeholder table with only the columns and keys that foreign keys to it need."""
    first = targets[0]
    pairs = [pair for one in targets for pair in zip(one.columns, one.types, strict=True)]
    return Table(
        first.table,
        metadata or MetaData(),
        *(Column(name, type_) for name, type_ in dict(reversed(pairs)).items()),
        *(UniqueConstraint(*names) for names in dict.fromkeys(one.columns for one in targets)),
        schema=first.schema,
    )


def _as_written(key: ForeignKeyConstraint) -> ForeignTarget:
    named = [foreign_key_target(element) for element in key.elements]
    tokens = [one for one in named if one is not None]
    own = [element.parent for element in key.elements]
    first = tokens[0]
    return ForeignTarget(
        schema=first.schema or key.table.metadata.schema,
        table=first.table,
        columns=tuple(one.column or column.key for one, column in zip(tokens, own, strict=True)),
        types=tuple(column.type for column in own),
    )


def _detached(key: ForeignKeyConstraint, target: ForeignTarget) -> ForeignKeyConstraint:
    table: Any = key.table
    metadata = MetaData(naming_convention=table.metadata.naming_convention)
    target_table = placeholder_table([target], metadata)
    copy = ForeignKeyConstraint(
        [column.name for column in key.columns],
        [target_table.columns[name] for name in target.columns],
        name=key.name,
        onupdate=key.onupdate,
        ondelete=key.ondelete,
        deferrable=key.deferrable,
        initially=key.initially,
        match=key.match,
        comment=key.comment,
        **key.dialect_kwargs,
    )
    Table(
        table.name,
        metadata,
        *(Column(column.name, column.type) for column in key.columns),
        copy,
        schema=table.schema,
    )
    return copy
