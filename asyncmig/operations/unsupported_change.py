"""A change that PostgreSQL has no statement for."""

from __future__ import annotations

from typing import ClassVar

from asyncmig.operations.directives.execute import ExecuteSQLOp

__all__ = ["UnsupportedChangeOp"]


class UnsupportedChangeOp(ExecuteSQLOp):
    """Something that only a new table, and moving the rows there, can change.

    A script says so where it stands, and refuses to go on until somebody has written what to do; as
    SQL it is an error.
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
        text = self.message.replace("'", "''").replace("%", "%%")
        super().__init__(f"DO $impossible$ BEGIN RAISE EXCEPTION '{text}'; END $impossible$")

    @property
    def message(self) -> str:
        """The whole of it in one line."""
        table = f"{self.schema}.{self.table_name}" if self.schema else self.table_name
        return f"{table}: {self.what} is {self.before}, and is to be {self.after}"

    def reverse(self) -> UnsupportedChangeOp:
        """The same the other way round."""
        return UnsupportedChangeOp(
            self.table_name, self.what, before=self.after, after=self.before, schema=self.schema
        )
