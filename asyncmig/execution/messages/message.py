"""A simple-query message under construction, and the transactions that it carries.

All commits of a message but the last are asynchronous: PostgreSQL keeps their order, and the last commit,
which is synchronous, makes all of them durable. Each transaction writes its number into a setting, which is
rolled back with it: after an error the setting tells which transactions are committed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.execution.work_units import Fragment, Transaction

__all__ = ["GUARD", "LAST_COMMIT", "MESSAGE_LIMIT", "Message", "is_copy"]

MESSAGE_LIMIT = 1_000_000
"""Characters of SQL that one message should not exceed."""

GUARD = "asyncmig_statements"
"""The savepoint before several statements of a transaction that only its script can repeat."""

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
        guarded: how many fragments of the first transaction are between a savepoint and its release.
    """

    texts: list[str] = field(default_factory=list)
    size: int = 0
    covered: list[tuple[Transaction, int]] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)
    guarded: int = 0
    _begins: list[int] = field(default_factory=list)
    _begun_and_committed: int = 0

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
        self._begun_and_committed = len(self._begins)

    def guard(self, statements: Sequence[str]) -> None:
        """Append statements of an open transaction; a failure of theirs leaves the savepoint before them."""
        self.add(f"SAVEPOINT {GUARD}")
        for sql in statements:
            self.add(sql)
        self.add(f"RELEASE SAVEPOINT {GUARD}")
        self.guarded = len(statements)

    def make_durable_once(self) -> None:
        """Make every commit asynchronous but the last, of the transactions that begin in this message."""
        for index in self._begins[: max(0, self._begun_and_committed - 1)]:
            self.texts[index] += f";{_ASYNCHRONOUS}"

    @property
    def text(self) -> str:
        """The message as it is sent."""
        return _SEPARATOR.join(self.texts)


def is_copy(fragment: Fragment | None) -> bool:
    """True for COPY FROM STDIN, whose data cannot travel in a simple query."""
    statement = None if fragment is None else fragment.statement
    return statement is not None and statement.copy_data is not None
