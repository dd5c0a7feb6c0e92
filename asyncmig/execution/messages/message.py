"""A simple-query message under construction, and the transactions that it carries.

All commits of a message but the last are asynchronous: PostgreSQL keeps their order, and the last commit,
which is synchronous, makes all of them durable. Each transaction writes its number into a setting, which is
rolled back with it: after an error the setting tells which transactions are committed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncmig.execution.work_units import Fragment, Transaction

__all__ = ["LAST_COMMIT", "MESSAGE_LIMIT", "Message", "is_copy"]

MESSAGE_LIMIT = 1_000_000
"""Characters of SQL that one message should not exceed."""

LAST_COMMIT = "asyncmig.committed"
"""The setting that holds the number of the last transaction that was committed."""

_ASYNCHRONOUS = "SET LOCAL synchronous_commit = off"
_SEPARATOR = "\n;\n"
"""A line break first: a statement may end in a line comment."""


@dataclass(slots=True, kw_only=True)
class Message:
    """What is sent at once.

    Attributes:
        texts: the statements.
        size: their length.
        covered: the transactions in it, each with the number of its fragments that are sent with it.
        commits: the numbers of those that it commits.
    """

    texts: list[str] = field(default_factory=list)
    size: int = 0
    covered: list[tuple[Transaction, int]] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)
    _begins: list[int] = field(default_factory=list)

    def add(self, sql: str) -> None:
        """Append a statement."""
        self.texts.append(sql)
        self.size += len(sql) + len(_SEPARATOR)

    def begin(self, *settings: str) -> None:
        """Append BEGIN and the statements that a transaction starts with."""
        self._begins.append(len(self.texts))
        self.add(";".join(["BEGIN", *(text for text in settings if text)]))

    def commit(self, number: int) -> None:
        """Append COMMIT."""
        self.add(f"SET {LAST_COMMIT} = '{number}';COMMIT")

    def make_durable_once(self) -> None:
        """Make every commit asynchronous but the last."""
        for index in self._begins[: len(self.commits) - 1]:
            self.texts[index] += f";{_ASYNCHRONOUS}"

    @property
    def text(self) -> str:
        """The message as it is sent."""
        return _SEPARATOR.join(self.texts)


def is_copy(fragment: Fragment | None) -> bool:
    """True for COPY FROM STDIN, whose data cannot travel in a simple query."""
    statement = None if fragment is None else fragment.statement
    return statement is not None and statement.copy_data is not None
