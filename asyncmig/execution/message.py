"""A simple-query message under construction, and the transactions that it carries.

All commits of a message but its last are asynchronous: their order is kept, and the last one, which
is not, makes them durable with it. Each transaction leaves its number in a setting, which is rolled
back with it, so that after an error the setting tells which of them stand.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncmig.execution.work_units import Fragment, Transaction

__all__ = ["COMMITTED", "MESSAGE_LIMIT", "Message", "is_copy"]

MESSAGE_LIMIT = 1_000_000
"""Bytes of SQL that one message should not exceed."""

COMMITTED = "asyncmig.committed"
"""The setting that holds the number of the last transaction that was committed."""

_ASYNCHRONOUS = "SET LOCAL synchronous_commit = off"


@dataclass(slots=True, kw_only=True)
class Message:
    """What is sent at once.

    Attributes:
        texts: the statements.
        covered: the transactions in it, each with the number of its parts that are sent with it.
        commits: the numbers of those that end in it.
    """

    texts: list[str] = field(default_factory=list)
    size: int = 0
    covered: list[tuple[Transaction, int]] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)
    _begins: list[int] = field(default_factory=list)

    def add(self, sql: str) -> None:
        """Append a statement."""
        self.texts.append(sql)
        self.size += len(sql) + 2

    def begin(self, *settings: str) -> None:
        """Append a BEGIN and what a transaction starts with."""
        self._begins.append(len(self.texts))
        self.add(";".join(["BEGIN", *(text for text in settings if text)]))

    def commit(self, serial: int) -> None:
        """Append a COMMIT."""
        self.add(f"SET {COMMITTED} = '{serial}';COMMIT")

    def make_durable_once(self) -> None:
        """Make every commit asynchronous but the last."""
        for index in self._begins[: len(self.commits) - 1]:
            self.texts[index] += f";{_ASYNCHRONOUS}"

    @property
    def text(self) -> str:
        """The message as it is sent."""
        # a newline before the semicolon: a statement may end in a line comment
        return "\n;\n".join(self.texts)

    def part_at(self, offset: int) -> Fragment | None:
        """The part that a position (1-based character) in the message belongs to."""
        parts = {part.sql: part for unit, _ in self.covered for part in unit.parts}
        at = 0
        for text in self.texts:
            end = at + len(text)
            if at < offset <= end + 1:
                return parts.get(text)
            at = end + 3
        return None


def is_copy(part: Fragment) -> bool:
    """True for COPY FROM STDIN, whose data cannot travel in a simple query."""
    return part.statement is not None and part.statement.copy_data is not None
