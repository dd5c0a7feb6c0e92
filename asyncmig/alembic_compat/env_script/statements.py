"""What an ``env.py`` executes itself, kept for the time of its transaction.

The runner commits its own transactions on the connection that ``env.py`` hands over. What holds only to
the end of a transaction (``SET LOCAL``, ``pg_advisory_xact_lock``) is therefore carried over to the run.
In a command that only reads, statements that would change the database are left out and named.
"""

from __future__ import annotations

import re
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.psycopg2_compat.driver import texts
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from asyncmig.alembic_compat.env_script.request import EnvMigration

__all__ = ["Carried", "LoggedStatement", "StatementLog", "carried_over", "place_in"]

_READING = frozenset(
    {
        *("SELECT", "VALUES", "TABLE", "SHOW", "EXPLAIN", "SET", "RESET", "DISCARD", "LISTEN"),
        *("DECLARE", "FETCH", "CLOSE", "MOVE", "LOCK", "LOCK TABLE", "PREPARE", "DEALLOCATE", ""),
    }
)
"""Verbs of statements that change nothing that lasts."""
_LOCAL = re.compile(
    r"\s*SET\s+LOCAL\s+(?P<name>[\w.\"]+|TIME\s+ZONE|ROLE)\s*(?:=|\bTO\b|\s)\s*(?P<value>.+?)\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_SET_CONFIG = re.compile(
    r"set_config\s*\(\s*'(?P<name>[\w.]+)'\s*,.*?,\s*(?:true|'t'|'true'|'on')\s*\)",
    re.IGNORECASE | re.DOTALL,
)
_XACT_LOCK = re.compile(
    r"\bpg_(?P<try>try_)?advisory_xact_lock(?P<shared>_shared)?\s*\(", re.IGNORECASE
)
_FOR_TRANSACTION = re.compile(
    r"\s*(?:LOCK\b|SET\s+(?:TRANSACTION|CONSTRAINTS)\b|DECLARE\b|SAVEPOINT\b)|.*\bON\s+COMMIT\s+(?:DROP|DELETE)\b",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedStatement:
    """One statement; ``place`` is the line of ``env.py`` that executed it."""

    sql: str
    place: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What a run takes over from the transaction that ended before it.

    Attributes:
        settings: ``SET`` statements for the session, by the names that they set.
        locks: calls that take the same advisory locks for the session, and those that free them.
        binding: a statement whose effect ends with its transaction and cannot be carried over.
    """

    settings: tuple[tuple[str, str], ...] = ()
    locks: tuple[tuple[str, str], ...] = ()
    binding: LoggedStatement | None = None


class StatementLog:
    """The statements of the open transactions of an ``env.py``, by connection.

    Args:
        path: the file.
        reading: whether the command only reads.
        notify: called with a sentence for each statement that was left out.

    Attributes:
        handed: the connections that the runner has at the moment.
    """

    def __init__(self, path: Path, *, reading: bool, notify: Callable[[str], None]) -> None:
        self._path = path
        self._reading = reading
        self._notify = notify
        self._open: dict[int, list[LoggedStatement]] = {}
        self._ends: dict[int, list[EnvMigration]] = {}
        self._touched: set[int] = set()
        self.handed: set[int] = set()
        self._lock = threading.Lock()

    def filtered(self, connection: Any, text: str) -> str | None:
        """The text as it is to be sent; None where nothing of it is. It is noted."""
        kept = []
        place = place_in(self._path)
        for statement in texts(text):
            facts = classify(statement)
            if facts.control is None and self._reading and facts.verb not in _READING:
                self._notify(
                    f"{place or self._path}: not executed, for this command only reads: "
                    f"{' '.join(statement.split())[:100]}"
                )
                continue
            kept.append(statement)
            with self._lock:
                self._touched.add(id(connection))
                if facts.control is None:
                    logged = LoggedStatement(sql=statement, place=place)
                    self._open.setdefault(id(connection), []).append(logged)
        if len(kept) == 1 and kept[0].strip() == text.strip():
            return text
        return "\n;\n".join(kept) if kept else None

    def committed(self, connection: Any) -> None:
        """The connection's transaction is over."""
        with self._lock:
            self._open.pop(id(connection), None)
            self._ends.pop(id(connection), None)

    def rolled_back(self, connection: Any) -> None:
        """The connection's transaction is over, and undone."""
        with self._lock:
            self._open.pop(id(connection), None)
            undone = self._ends.pop(id(connection), [])
        for migration in undone:
            migration.rolled_back = True

    def watch_end(self, connection: Any, migration: EnvMigration) -> None:
        """Note at a run whether the transaction that it was in is rolled back."""
        with self._lock:
            self._ends.setdefault(id(connection), []).append(migration)

    def in_transaction(self, connection: Any) -> tuple[LoggedStatement, ...]:
        """What was executed in the open transaction."""
        with self._lock:
            return tuple(self._open.get(id(connection), ()))

    def was_used(self, connection: Any) -> bool:
        """Whether anything was executed on it."""
        with self._lock:
            return id(connection) in self._touched


def carried_over(statements: Sequence[LoggedStatement]) -> Carried:
    """What of a transaction's statements has to hold in the run that follows its commit."""
    settings: list[tuple[str, str]] = []
    locks: list[tuple[str, str]] = []
    for logged in statements:
        sql = logged.sql
        if _FOR_TRANSACTION.match(sql):
            return Carried(binding=logged)
        if local := _LOCAL.fullmatch(sql):
            settings.append((local["name"], re.sub(r"(?i)^(\s*SET\s+)LOCAL\s+", r"\1", sql)))
        for found in _SET_CONFIG.finditer(sql):
            call = re.sub(
                r",\s*(?:true|'t'|'true'|'on')\s*\)$", ", false)", found[0], flags=re.IGNORECASE
            )
            settings.append((found["name"], f"SELECT {call}"))
        for found in _XACT_LOCK.finditer(sql):
            arguments = _arguments(sql, found.end())
            shared = found["shared"] or ""
            locks.append(
                (
                    f"SELECT pg_catalog.pg_try_advisory_lock{shared}({arguments})",
                    f"SELECT pg_catalog.pg_advisory_unlock{shared}({arguments})",
                )
            )
    return Carried(settings=tuple(settings), locks=tuple(locks))


def _arguments(sql: str, start: int) -> str:
    """The text between a call's parentheses."""
    depth = 1
    for position in range(start, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[position], 0)
        if depth == 0:
            return sql[start:position]
    return sql[start:]


def place_in(path: Path) -> str | None:
    """``file:line`` of the innermost frame of a file on the stack of this thread."""
    frame = sys._getframe(1)  # noqa: SLF001 - there is no public way to the frames without their source
    name = str(path)
    found = None
    while frame is not None:
        if frame.f_code.co_filename == name:
            return f"{path.name}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]  # None ends it
    return found
