"""``UnsupportedChangeOp``, a change that PostgreSQL has no statement for."""

from __future__ import annotations

from typing import ClassVar

from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.sql.quoting import literal

__all__ = ["UnsupportedChangeOp"]


class UnsupportedChangeOp(ExecuteSQLOp):
    """A change that needs a new table, to which the rows are copied.

    In a script it raises ``NotImplementedError`` until it is replaced; as SQL it raises an error.
    """

    directive: ClassVar[str] = "impossible_change"

    def __init__(
        self, table_name: str, what: str, *, before: str, after: str, schema: str | None = None
    ) -> None:
        self.table_name = table_name
        self.schema = schema
        self.what = what
        self.before = before
        self.after = after
        text = literal(self.message.replace("%", "%%"))
        super().__init__(f"DO $impossible$ BEGIN RAISE EXCEPTION {text}; END $impossible$")

    @property
    def message(self) -> str:
        """The change as one line of text."""
        table = f"{self.schema}.{self.table_name}" if self.schema else self.table_name
        return f"{table}: {self.what} is {self.before}, and is to be {self.after}"

    def reverse(self) -> UnsupportedChangeOp:
        """The opposite change."""
        return UnsupportedChangeOp(
            self.table_name, self.what, before=self.after, after=self.before, schema=self.schema
        )
