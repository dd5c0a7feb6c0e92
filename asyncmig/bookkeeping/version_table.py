"""The version table: the same as Alembic's, so that a database can move over and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.sql.quoting import identifier, literal, qualified, text_array

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from asyncmig.revisions.graph.moves import RowChange

__all__ = ["ALEMBIC_WIDTH", "ROWS_CHANGED", "VersionTable"]

ALEMBIC_WIDTH = 32
"""The width that Alembic gives to its column."""

ROWS_CHANGED = "asyncmig.version_table_changed"
"""The setting that does not exist: an error with its name says that the table holds other rows."""


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

    def create(self, revisions: Iterable[str] = (), *, if_missing: bool = False) -> str:
        """CREATE TABLE, wide enough for the longest of these ids."""
        width = max([ALEMBIC_WIDTH, *(len(revision) for revision in revisions)])
        key = (
            f",\n    CONSTRAINT {identifier(self.name + '_pkc')} PRIMARY KEY (version_num)"
            if self.primary_key
            else ""
        )
        create = "CREATE TABLE IF NOT EXISTS" if if_missing else "CREATE TABLE"
        return f"{create} {self.sql_name} (\n    version_num VARCHAR({width}) NOT NULL{key}\n)"

    def require(self, rows: Collection[str]) -> str:
        """A statement that fails unless these rows are there; for none, if there is any."""
        place = ", ".join(sorted(rows)) or "base"
        if rows:
            wanted = ", ".join(literal(row) for row in sorted(rows))
            there = f"ARRAY(SELECT version_num::text FROM {self.sql_name})"
            wrong = f"NOT ARRAY[{wanted}]::text[] <@ {there}"
        else:
            wrong = f"EXISTS (SELECT FROM {self.sql_name})"
        problem = f"this script begins at {place}, and the database is at another revision"
        hint = f"SELECT version_num FROM {self.sql_name} shows which"
        body = (
            f"BEGIN\n    IF {wrong} THEN\n        RAISE USING MESSAGE = {literal(problem)},\n"
            f"            HINT = {literal(hint)};\n    END IF;\nEND"
        )
        tag = "$$" if "$$" not in body else "$asyncmig$"
        return f"DO {tag}\n{body}\n{tag}"

    def widen(self, width: int) -> str:
        """Make room for longer ids. Widening a varchar rewrites nothing."""
        return f"ALTER TABLE {self.sql_name} ALTER COLUMN version_num TYPE VARCHAR({width})"

    def change(self, change: RowChange, *, expected: Iterable[str] | None = None) -> list[str]:
        """The statements of a step's change: an UPDATE where one row follows another.

        Args:
            change: the rows that go and come.
            expected: the rows before the change, for ``check``; None in a script for psql.
        """
        remove, add = list(change.remove), list(change.add)
        statements: list[str] = []
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
        return (
            statements
            if expected is None or not statements
            else [self.check(expected), *statements]
        )

    def check(self, expected: Iterable[str]) -> str:
        """A statement that fails unless the table holds exactly these rows; it locks them."""
        rows = sorted(expected)
        # an empty table has no row to lock, and a row of another process would be seen too late
        lock = "" if rows else f"LOCK TABLE {self.sql_name} IN SHARE ROW EXCLUSIVE MODE;"
        # PostgreSQL has no RAISE in plain SQL; to read a setting that does not exist is an error with a name
        return (
            f'{lock}SELECT CASE WHEN ARRAY(SELECT DISTINCT row COLLATE "C" FROM'
            f" (SELECT version_num::text AS row FROM {self.sql_name} FOR UPDATE) AS locked ORDER BY 1)"
            f" = {text_array(rows)} THEN '' ELSE"
            f" pg_catalog.current_setting('{ROWS_CHANGED}') END"
        )
