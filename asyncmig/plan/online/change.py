"""``Change``: which columns an online change replaces, and by what."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from asyncmig.plan.model import Direction
from asyncmig.plan.online.names import function_name, kept_name, trigger_name
from asyncmig.sql.quoting import identifier, qualified

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.plan.online.catalog import Catalog, ColumnFacts, ForeignKeyFacts, TableFacts

__all__ = ["Change", "Move"]

_INTEGERS = {"SMALLINT": "smallint", "INTEGER": "integer", "BIGINT": "bigint"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A column and the one that replaces it.

    Attributes:
        table: of both.
        column: the old one.
        new: the name of the new one, until the swap.
        final: its name in the end.
        type: its type as SQL.
        using: the value of the new column, where the script has it.
    """

    table: TableFacts
    column: ColumnFacts
    new: str
    final: str
    type: str
    using: str | None = None

    @property
    def value(self) -> str:
        """The value of the new column, as SQL over the columns of the table."""
        return identifier(self.column.name) if self.using is None else f"({self.using})"

    @property
    def kept(self) -> str:
        """The name of the old column after the swap."""
        return kept_name(self.column.name)

    @property
    def sequence_type(self) -> str | None:
        """The type of a sequence for the new column; None where that is no integer."""
        return _INTEGERS.get(self.type.upper())

    @property
    def is_from_integer(self) -> bool:
        """True where the old column has an integer type."""
        return self.column.type in _INTEGERS.values()

    @property
    def function(self) -> str:
        """The function of the trigger, as SQL."""
        return qualified(self.table.schema, function_name(self.table.name, self.final))

    @property
    def trigger(self) -> str:
        """The trigger, as SQL."""
        return identifier(trigger_name(self.final))


@dataclass(frozen=True, kw_only=True)
class Change:
    """An online change of one or several columns.

    Attributes:
        kind: ``alter`` or ``rename``.
        catalog: what the database has.
        moves: the column that the script names first, then those that refer to it.
        fire_triggers: the backfills may fire triggers of the tables.
        revision: whose script makes the change; the names of its backfills begin with it.
        direction: of that script.
        kept: the old column stays after the swap.
    """

    kind: str
    catalog: Catalog
    moves: tuple[Move, ...]
    fire_triggers: bool
    revision: str = ""
    direction: Direction = Direction.UPGRADE
    kept: bool = False

    @property
    def has_leftovers(self) -> bool:
        """True where an earlier change of the column was not finished."""
        return self.catalog.mark is not None

    def moves_of(self, table: TableFacts) -> list[Move]:
        """The columns of one table."""
        return [move for move in self.moves if move.table.sql == table.sql]

    def names_of(self, table: str) -> Mapping[str, str]:
        """The new name of each column of a table, until the swap."""
        return {move.column.name: move.new for move in self.moves if move.table.sql == table}

    @cached_property
    def foreign_keys(self) -> tuple[ForeignKeyFacts, ...]:
        """The foreign keys from and to the columns, each once."""
        return self.catalog.foreign_keys
