"""The version table: the same as Alembic's, so that a database can move over and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.engine.quoting import identifier, literal, qualified

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.revisions.moves import RowChange

__all__ = ["VersionTable"]

ALEMBIC_WIDTH = 32
"""The width that Alembic gives to its column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTable:
    """The SQL about the version table.

    Attributes:
        name: the table.
        schema: where it is; None for the first schema of the search path.
        primary_key: whether creating it gives it a primary key.
    """

    name: str = "alembic_version"
    schema: str | None = None
    primary_key: bool = True

    @property
    def sql_name(self) -> str:
        """The name as SQL."""
        return qualified(self.schema, self.name)

    def create(self, revisions: Iterable[str] = ()) -> str:
        """CREATE TABLE, wide enough for the longest of these ids."""
        width = max([ALEMBIC_WIDTH, *(len(revision) for revision in revisions)])
        key = (
            f",\n    CONSTRAINT {identifier(self.name + '_pkc')} PRIMARY KEY (version_num)"
            if self.primary_key
            else ""
        )
        return f"CREATE TABLE {self.sql_name} (\n    version_num VARCHAR({width}) NOT NULL{key}\n)"

    def widen(self, width: int) -> str:
        """Make room for longer ids. Widening a varchar rewrites nothing."""
        return f"ALTER TABLE {self.sql_name} ALTER COLUMN version_num TYPE VARCHAR({width})"

    def change(self, change: RowChange) -> list[str]:
        """The statements of a step's change: an UPDATE where one row follows another."""
        remove, add = list(change.remove), list(change.add)
        statements = []
        while remove and add:
            old, new = remove.pop(), add.pop(0)
            statements.append(
                f"UPDATE {self.sql_name} SET version_num={literal(new)}"
                f" WHERE {self.sql_name}.version_num = {literal(old)}"
            )
        statements[:0] = [
            f"DELETE FROM {self.sql_name} WHERE {self.sql_name}.version_num = {literal(old)}"
            for old in remove
        ]
        statements.extend(
            f"INSERT INTO {self.sql_name} (version_num) VALUES ({literal(new)})" for new in add
        )
        return statements
