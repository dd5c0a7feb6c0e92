"""The statements that one script has given, each inspected before it is kept.

A SQL revision gives them as text; the recorder adds what the directives of a Python revision compile to.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from asyncmig.errors import ScriptError
from asyncmig.operations.base.origin import calling_line
from asyncmig.plan.phases import COMMIT_HERE, CommitHere, Entry
from asyncmig.sql.changed_settings import changed_settings
from asyncmig.sql.classify import Control, classify
from asyncmig.sql.names import calls_function
from asyncmig.sql.slices import LARGE, contains
from asyncmig.sql.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.revisions.graph.revision import Revision
    from asyncmig.sql.backfills.definition import Backfill
    from asyncmig.sql.classify import Classification

__all__ = ["RecordedStatements"]


class RecordedStatements:
    """The statements of one script, and where it commits between them.

    Args:
        revision: whose script it is.
        offline: a script for psql is written.
        source: the file whose lines are the statements' origins; None is the script.

    Attributes:
        entries: what was recorded since the last ``take``.
        sets_lock_timeout: a statement mentions ``lock_timeout``.
        changes_role: a statement may change the role.
        changed_settings: the settings that the statements change.
        lock_key: of the advisory lock that the run holds; None where it is not known or not held.
    """

    def __init__(self, revision: Revision, *, offline: bool, source: str | None) -> None:
        self.revision = revision
        self.source = source or revision.path
        self.entries: list[Entry] = []
        self.sets_lock_timeout = False
        self.changes_role = False
        self.changed_settings: set[str] = set()
        self.lock_key: int | None = None
        self._offline = offline
        self._autocommit_depth = 0
        self._backfills: set[str] = set()
        self._size = 0

    @property
    def offline(self) -> bool:
        """True when a script for psql is being written."""
        return self._offline

    @property
    def in_autocommit(self) -> bool:
        """True inside an autocommit block."""
        return self._autocommit_depth > 0

    @contextmanager
    def autocommit(self) -> Iterator[None]:
        """Statements inside are committed one by one."""
        self._autocommit_depth += 1
        try:
            yield
        finally:
            self._autocommit_depth -= 1

    def add(
        self,
        sql: str,
        *,
        origin: str | None,
        directive: str,
        parameters: tuple[object, ...] = (),
        autocommit: bool = False,
        copy_data: str | None = None,
        replaces: str | None = None,
        not_rewritten: str | None = None,
        backfill: Backfill | None = None,
    ) -> None:
        """Append one statement to the script's list."""
        if backfill is not None:
            self._check_backfill(backfill, origin, directive)
        facts = self.inspect(sql, origin, directive)
        self._size += len(sql)
        match facts.control:
            case None | Control.SAVEPOINT:
                pass
            case Control.BEGIN | Control.COMMIT:
                self.divide()
                return
            case Control.ROLLBACK:  # pragma: no branch - the last kind
                raise ScriptError(
                    f"{self.revision.id}: a script may not roll back the runner's transaction"
                    + (f" ({origin})" if origin else ""),
                    hint="use a savepoint, or raise an exception to undo the whole revision",
                    revision=self.revision.id,
                    path=self.revision.path,
                )
        self._append(
            Statement(
                sql=sql,
                parameters=parameters,
                origin=origin,
                directive=directive,
                transactional=facts.transactional
                and not autocommit
                and not self.in_autocommit
                and backfill is None,
                enum_label=facts.enum_label,
                copy_data=copy_data,
                replaces=replaces,
                not_rewritten=not_rewritten,
                backfill=backfill,
            )
        )

    def _append(self, statement: Statement) -> None:
        self.entries.append(statement)

    def add_backfill(self, mark: str, sql: str | None, *, origin: str) -> bool:
        """Append a statement of a SQL revision that runs in batches, or a gate.

        Args:
            mark: the options of the line above it.
            sql: the statement; None where nothing follows.
            origin: where it is.

        Returns:
            False for a gate, which has no statement.
        """
        from asyncmig.sql.backfills.parse import parse_backfill, parse_gate

        try:
            gate = parse_gate(mark)
            definition = gate or parse_backfill(mark, sql or "")
        except ScriptError as error:
            raise self.refused(str(error), error.hint, origin, "sql") from None
        self.add(definition.statement(), origin=origin, directive="sql", backfill=definition)
        return gate is None

    def _check_backfill(self, backfill: Backfill, origin: str | None, directive: str) -> None:
        """Refuse one in a script for psql, and a second of its name: that would replace the first job."""
        if self._offline:
            raise self.refused(
                "a backfill commits after each batch and looks up the key of its table, which a "
                "script for psql does not do",
                "run this revision with a database: `asyncmig upgrade`",
                origin,
                directive,
            )
        if backfill.kind == "gate":
            return
        if backfill.name in self._backfills:
            what = f"the script has two backfills with the name {backfill.name}"
            raise self.refused(what, "give one of them another name=", origin, directive)
        self._backfills.add(backfill.name)

    def inspect(self, sql: str, origin: str | None, directive: str) -> Classification:
        """Look at a statement before it is kept or sent.

        Raises:
            ScriptError: no server takes it, or no run survives it.
        """
        if (problem := _unsendable(sql)) is not None:
            raise self.refused(
                problem, "PostgreSQL has no such character: take it out", origin, directive
            )
        self.sets_lock_timeout = self.sets_lock_timeout or "lock_timeout" in sql
        if not self.changes_role:  # in a function body or a DO block as well
            self.changes_role = contains(sql, "role") or contains(sql, "authorization")
        self.changed_settings |= changed_settings(sql)
        facts = classify(sql)
        if facts.verb == "DISCARD ALL":
            raise self.refused(
                "DISCARD ALL frees the lock that keeps other runners away",
                "DISCARD TEMP, DISCARD SEQUENCES and RESET ALL can be used",
                origin,
                directive,
            )
        if calls_function(sql, "pg_advisory_unlock_all", bodies=facts.verb == "DO"):
            raise self.refused(
                "pg_advisory_unlock_all() frees the lock that keeps other runners away",
                "free each lock by its key: pg_advisory_unlock(key)",
                origin,
                directive,
            )
        key = self.lock_key
        if (
            key is not None
            and calls_function(sql, "pg_advisory_unlock", bodies=facts.verb == "DO")
            and str(abs(key)) in sql
        ):
            raise self.refused(
                f"pg_advisory_unlock({key}) frees the lock that keeps other runners away",
                "use another key for the locks of a script",
                origin,
                directive,
            )
        return facts

    def divide(self) -> None:
        """Commit the statements so far: the script asks for it."""
        if self.entries and not isinstance(self.entries[-1], CommitHere):
            self.entries.append(COMMIT_HERE)

    @property
    def holds_much(self) -> bool:
        """True where so much was recorded since the last ``take`` that a thread should work on it."""
        return self._size > LARGE

    def take(self) -> list[Entry]:
        """Everything recorded since the last call."""
        taken, self.entries = self.entries, []
        self._size = 0
        return taken

    def origin(self) -> str:
        """``file:line`` of the script's line that is running."""
        return self.origin_at(calling_line(self.source))

    def origin_at(self, line: int | None, offset: int = 0) -> str:
        """``file:line`` of a line that lies ``offset`` behind another; None is the first line."""
        return f"{self.source}:{(line or 1) + offset}"

    def refused(
        self, what: str, hint: str | None, origin: str | None, directive: str
    ) -> ScriptError:
        """The error that refuses a statement of the script.

        Args:
            what: is wrong.
            hint: what to do about it.
            origin: ``file:line`` of the statement.
            directive: which gave it; ``sql`` in a SQL revision.
        """
        where = f" at {origin}" if origin else ""
        called = "" if directive == "sql" else f" in op.{directive}"
        return ScriptError(
            f"revision {self.revision.id} failed{where}{called}: {what}",
            hint=hint,
            revision=self.revision.id,
            path=self.revision.path,
            line=int(origin.rpartition(":")[2]) if origin else None,
        )


def _unsendable(sql: str) -> str | None:
    """The character of a text that no server accepts; a NUL would end the message early."""
    if (at := sql.find("\0")) >= 0:
        what = "a NUL character"
    else:
        try:
            sql.encode()
        except UnicodeEncodeError as error:
            at, what = error.start, "half of a surrogate pair"
        else:
            return None
    return f"the SQL has {what} in line {sql.count(chr(10), 0, at) + 1}"
