"""The key that the batches of a table follow, and conditions on it as SQL, without input or output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from asyncmig.sql.quoting import identifier, literal, text_array

if TYPE_CHECKING:
    from asyncmig.sql.backfills.definition import Backfill

__all__ = [
    "BatchTable",
    "Key",
    "KeyColumn",
    "Position",
    "Range",
    "block_of",
    "block_position",
    "position_literal",
]

Position: TypeAlias = "tuple[str, ...]"
"""The values of a key as text, one for each of its columns."""


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column of a key; ``type`` is SQL, with the collation where that is not the type's."""

    name: str
    type: str


CTID = KeyColumn("ctid", "tid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A range of keys: the rows after ``cursor`` up to ``upper``; None is open.

    Attributes:
        id: of its row.
        relation: the partition; None where the batches change the table of the backfill itself.
        cursor: the position of the work.
        upper: the end.
        generation: counts the changes of the row.
        size: of the last batch.
    """

    id: int
    relation: int | None = None
    cursor: Position | None = None
    upper: Position | None = None
    generation: int = 0
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTable:
    """What a batch changes: the table of a backfill, or one of its partitions.

    Attributes:
        definition: of the backfill.
        oid: of the table or partition.
        key: the order of its rows.
        partition: the name of the partition as SQL; None for the table.
        rows_per_block: on average, for a key that is ``ctid``.
    """

    definition: Backfill
    oid: int
    key: Key
    partition: str | None = None
    rows_per_block: float = 1.0

    @property
    def name(self) -> str:
        """Its name as SQL."""
        return self.partition or self.definition.table_name

    @property
    def sql(self) -> str:
        """It as a statement names it: columns are written with the name of the backfill's table."""
        if self.partition is None:
            return self.definition.table_name
        return f"{self.partition} AS {identifier(self.definition.table)}"


@dataclass(frozen=True, slots=True)
class Key:
    """Columns that are NOT NULL and have a B-tree index; or ``ctid``, the place of a row in the table.

    Attributes:
        table: how a statement refers to the table, as SQL.
        columns: in the order of the index.
        index: its name, for messages.
    """

    table: str
    columns: tuple[KeyColumn, ...]
    index: str = ""

    @classmethod
    def of(cls, definition: Backfill, columns: tuple[KeyColumn, ...], index: str = "") -> Key:
        """The key of a backfill's table."""
        return cls(identifier(definition.table), columns, index)

    @classmethod
    def ctid(cls, definition: Backfill) -> Key:
        """The place of a row in the table: a block, and a number in it."""
        return cls(identifier(definition.table), (CTID,), CTID.name)

    @property
    def is_ctid(self) -> bool:
        """True where the batches follow the blocks of the table."""
        return self.columns == (CTID,)

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns as SQL."""
        return tuple(f"{self.table}.{identifier(column.name)}" for column in self.columns)

    @property
    def order(self) -> str:
        """The list behind ORDER BY."""
        return ", ".join(self.names)

    @property
    def position(self) -> str:
        """An expression that gives the position of a row."""
        return "ARRAY[" + ", ".join(f"{name}::text" for name in self.names) + "]"

    def between(self, cursor: Position | None, upper: Position | None) -> str:
        """The condition for the rows after ``cursor`` up to ``upper``; empty where both are open.

        A condition on the first column is added for several columns: from a comparison of rows alone,
        PostgreSQL does not estimate how few rows lie in the range.
        """
        conditions: list[str] = []
        for operator, bound in ((">", cursor), ("<=", upper)):
            if bound is None:
                continue
            conditions.append(f"{_row(self.names)} {operator} {_row(self.literals(bound))}")
            if len(self.columns) > 1:
                conditions.append(f"{self.names[0]} {operator[0]}= {self.literals(bound)[0]}")
        return " AND ".join(conditions)

    def literals(self, position: Position) -> tuple[str, ...]:
        """A position as constants of the columns' types."""
        return tuple(
            f"{literal(value)}::{column.type}"
            for column, value in zip(self.columns, position, strict=True)
        )

    def elements(self, array: str) -> tuple[str, ...]:
        """The elements of a ``text[]`` expression, as values of the columns' types."""
        return tuple(
            f"({array})[{number}]::{column.type}" for number, column in enumerate(self.columns, 1)
        )

    def until(self, array: str) -> str:
        """The condition for the rows up to a position, given as a ``text[]`` expression."""
        return f"{_row(self.names)} <= {_row(self.elements(array))}"

    def equals(self, array: str) -> str:
        """The condition for the row at a position, given as a ``text[]`` expression."""
        return f"{_row(self.names)} = {_row(self.elements(array))}"

    def is_before(self, array: str, position: Position) -> str:
        """The condition that a ``text[]`` expression is NULL or before a position."""
        row = f"{_row(self.elements(array))} < {_row(self.literals(position))}"
        return f"({array} IS NULL OR {row})"


def block_position(block: int) -> Position:
    """The position before the first row of a block; for a key that ``is_ctid``."""
    return (f"({block},0)",)


def block_of(position: Position | None) -> int:
    """The block of a position of ``ctid``."""
    return 0 if position is None else int(position[0][1:].partition(",")[0])


def position_literal(position: Position | None) -> str:
    """A position as a constant of type ``text[]``."""
    return "NULL::text[]" if position is None else text_array(position)


def _row(values: tuple[str, ...]) -> str:
    return values[0] if len(values) == 1 else f"({', '.join(values)})"
