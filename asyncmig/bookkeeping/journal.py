"""The journal: one row a phase, beside the version table.

A transaction phase writes its row in its own transaction, so the row exists exactly if the work
does. An autocommit phase writes the row before its first statement (``started``), counts its finished
statements in it, and sets it ``done`` after the last. A phase that failed has a row as well: that of a
transaction is written after its rollback. ``final`` marks a row after which nothing of the revision is
partial: the phase also changed the version table, or it failed before anything was committed. The
newest row of a revision therefore shows whether it is partially applied.
"""

from __future__ import annotations

import json
import os
import socket
import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from asyncmig.sql.quoting import identifier, literal, qualified, text_array
from asyncmig.version import asyncmig_version

if TYPE_CHECKING:
    from asyncmig.database.lock_watch import LockWatch
    from asyncmig.plan.model import Phase, Step
    from asyncmig.sql.statement import Statement

__all__ = ["JOURNAL_CHANGED", "Decision", "FailureFingerprint", "Journal", "Run", "written_by"]

JOURNAL_CHANGED = "asyncmig.journal_changed"
"""The setting that does not exist: an error with its name says that a row of the journal is not there."""

_FINISHED = "asyncmig.finished"
"""The setting that holds when the last phase of this session ended, in seconds since 1970."""

_COLUMNS = """\
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run uuid NOT NULL,
    revision text NOT NULL,
    down_revisions text[] NOT NULL,
    direction text NOT NULL,
    phase integer NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    statement integer NOT NULL,
    final boolean NOT NULL,
    fingerprint text,
    checksum text,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    host text,
    pid integer,
    application text,
    role text,
    version text,
    tag text,
    error text,
    rewrite_facts jsonb,
    lock_wait double precision,
    lock_held double precision,
    lock_mode text,
    lock_relation text"""


_LOCK_COLUMNS = (
    "lock_wait double precision",
    "lock_held double precision",
    "lock_mode text",
    "lock_relation text",
)


class FailureFingerprint(NamedTuple):
    """The fingerprint of a phase that stopped: of the statements before, and of the one that stopped it.

    What follows may be corrected before the next run.
    """

    before: str
    statement: str | None = None

    @classmethod
    def parse(cls, text: str) -> FailureFingerprint:
        """That of a row."""
        before, _, statement = text.partition(":")
        return cls(before, statement or None)

    def __str__(self) -> str:
        return self.before if self.statement is None else f"{self.before}:{self.statement}"


class Decision(StrEnum):
    """What a person decides about a partially applied revision.

    ``done``: the interrupted statement has run; ``retry``: it has not; ``forget``: nothing of the
    revision is left, it was undone by hand.
    """

    DONE = "done"
    RETRY = "retry"
    FORGET = "forget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The facts that every row of one run shares."""

    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    application: str = "asyncmig"
    tag: str | None = None
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)


@dataclass(frozen=True, kw_only=True)
class Journal:
    """The SQL about the journal.

    Attributes:
        name: the table.
        schema: the version table's.
        run: None writes rows for a script that psql will run: host and pid are not known then.
    """

    name: str = "asyncmig_journal"
    schema: str | None = None
    run: Run | None = None

    @property
    def sql_name(self) -> str:
        """The name as SQL."""
        return qualified(self.schema, self.name)

    def create(self) -> list[str]:
        """CREATE TABLE and its indexes, if there are none."""
        by_revision = identifier(f"{self.name}_revision_idx")
        still_open = identifier(f"{self.name}_open_idx")
        return [
            f"CREATE TABLE IF NOT EXISTS {self.sql_name} (\n{_COLUMNS}\n)",
            f"CREATE INDEX IF NOT EXISTS {by_revision} ON {self.sql_name} (revision, id)",
            f"CREATE INDEX IF NOT EXISTS {still_open} ON {self.sql_name} (id) WHERE NOT final",
        ]

    def add_columns(self) -> str:
        """The columns that a journal of an older version of asyncmig lacks."""
        return f"ALTER TABLE {self.sql_name} ADD COLUMN IF NOT EXISTS rewrite_facts jsonb"

    def add_lock_columns(self) -> str:
        """The columns of ``record_wait`` and ``record_held``, where a journal of an older version lacks them.

        Nothing is locked where they exist.
        """
        table = literal(self.sql_name)
        added = ", ".join(f"ADD COLUMN IF NOT EXISTS {column}" for column in _LOCK_COLUMNS)
        return f"""DO $asyncmig$ BEGIN
IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute
               WHERE attrelid = {table}::pg_catalog.regclass AND attname = 'lock_relation') THEN
    ALTER TABLE {self.sql_name} {added};
END IF; END $asyncmig$"""

    def record_locks(self, watch: LockWatch) -> list[str]:
        """The statements that keep the samples of a run; none where there are no samples."""
        statements = [self.record_wait(since, waited) for since, waited in watch.waits.items()]
        statements += [
            self.record_held(lock.since, lock.mode, str(lock.relation))
            for lock in watch.held.values()
        ]
        return [self.add_lock_columns(), *statements] if statements else []

    def record_wait(self, since: float, seconds: float) -> str:
        """Record how long a lock was waited for, at the phase that finished next."""
        return (
            f"UPDATE {self.sql_name} SET lock_wait = greatest(lock_wait, {seconds!r})"
            f" WHERE id = {self._finished_after(since)}"
        )

    def record_held(self, since: float, mode: str, relation: str) -> str:
        """Record the strongest lock of a phase and since when it was held: until the phase finished."""
        return (
            f"UPDATE {self.sql_name} SET lock_held = extract(epoch FROM finished_at)::float8 - {since!r},"
            f" lock_mode = {literal(mode)}, lock_relation = {literal(relation)}"
            f" WHERE id = {self._finished_after(since)}"
        )

    def _finished_after(self, since: float) -> str:
        """The row of this run's phase in which that time is, or whose transaction was tried again then."""
        return (
            f"(SELECT id FROM {self.sql_name} WHERE run = {self._run}"
            f" AND finished_at >= to_timestamp({since!r}) ORDER BY finished_at, id LIMIT 1)"
        )

    @cached_property
    def _who(self) -> str:
        tag = None if self.run is None else self.run.tag
        return f"{written_by(self.run)}, {_stored(tag)}"

    @property
    def _began(self) -> str:
        if self.run is None:  # psql sends one statement at a time
            return "now()"
        return f"greatest(now(), to_timestamp(nullif(current_setting('{_FINISHED}', true), '')::float8))"

    @property
    def _now(self) -> str:
        """The time, which is also noted for the phase that comes next; a rollback takes the note back."""
        if self.run is None:
            return "clock_timestamp()"
        noted = "extract(epoch FROM clock_timestamp())::text"
        return f"to_timestamp(set_config('{_FINISHED}', {noted}, false)::float8)"

    @cached_property
    def _run(self) -> str:
        return "gen_random_uuid()" if self.run is None else literal(self.run.id)

    def insert(
        self,
        step: Step,
        phase: int,
        content: Phase,
        *,
        state: str,
        final: bool,
        statement: int | None = None,
        error: str | None = None,
    ) -> str:
        """One phase's row.

        ``started_at`` is its transaction's begin, or the end of the phase before it: all transactions of
        one message begin, for the server, when the message arrives.
        """
        finished = "NULL" if state == "started" else self._now
        done = len(content.statements) if statement is None else statement
        column = facts = ""
        if step.rewrite_facts is not None:
            # a journal that was made before there were rewrites gets the column with the first of them
            column, facts = ", rewrite_facts", f", {literal(json.dumps(step.rewrite_facts))}"
        return (
            f"INSERT INTO {self.sql_name} (run, revision, down_revisions, direction, phase, kind,"
            " state, statement, final, fingerprint, checksum, started_at, finished_at, host, pid,"
            f" application, role, version, tag, error{column}) VALUES"
            f" ({self._run}, {literal(step.revision)}, {text_array(step.down_revisions)},"
            f" {literal(str(step.direction))}, {phase}, {literal(str(content.kind))},"
            f" {literal(state)}, {done}, {literal(final)}, {literal(content.fingerprint)},"
            f" {literal(step.checksum)}, {self._began}, {finished}, {self._who}, {_stored(error)}{facts})"
        )

    def advance(self, step: Step, phase: int, statement: int) -> str:
        """Count one more finished statement of a started phase."""
        return self._one(
            f"UPDATE {self.sql_name} SET statement = {statement} WHERE {self._open(step, phase)}"
        )

    def finish(self, step: Step, phase: int, content: Phase, *, final: bool) -> str:
        """Set a started phase done."""
        return self._one(
            f"UPDATE {self.sql_name} SET state = 'done', final = {literal(final)},"
            f" statement = {len(content.statements)},"
            f" fingerprint = {literal(content.fingerprint)}, finished_at = {self._now},"
            f" error = NULL WHERE {self._open(step, phase)}"
        )

    def stop(
        self,
        step: Step,
        phase: int,
        done: Phase,
        state: Literal["failed", "refused"],
        error: str,
        *,
        statement: Statement,
        final: bool,
    ) -> str:
        """Record why a started phase stopped.

        Args:
            step: whose phase it is.
            phase: its index.
            done: the statements before the one that stopped it. Their fingerprint becomes the phase's: the
                rest may be corrected before the next run.
            state: ``failed`` where PostgreSQL refused the statement, ``refused`` where it was not sent.
            error: why.
            statement: it stopped the phase.
            final: nothing of the revision is committed.
        """
        fingerprint = FailureFingerprint(done.fingerprint, statement.fingerprint)
        return (
            f"UPDATE {self.sql_name} SET state = {literal(state)}, final = {literal(final)},"
            f" finished_at = clock_timestamp(), fingerprint = {literal(str(fingerprint))},"
            f" error = {_stored(error)} WHERE {self._open(step, phase)}"
        )

    def insert_failure(
        self,
        step: Step,
        phase: int,
        error: str,
        *,
        final: bool,
        elapsed: float,
        stopped: FailureFingerprint | None = None,
    ) -> str:
        """A row for a transaction phase that failed, written after its rollback.

        An autocommit phase has a row already: where it is still ``started``, that one becomes ``failed``.

        Args:
            step: whose phase it is.
            phase: its index.
            error: why it failed.
            final: nothing of the revision is committed.
            elapsed: seconds since the run began. The phase began then, or at the end of the phase before it.
            stopped: in an autocommit phase, what was committed of it and what failed.
        """
        before = "" if stopped is None else f" fingerprint = {literal(str(stopped))},"
        began = (
            f"greatest(now() - make_interval(secs => {elapsed:.3f}),"
            f" to_timestamp(nullif(current_setting('{_FINISHED}', true), '')::float8))"
        )
        return (
            f"WITH stopped AS (UPDATE {self.sql_name} SET state = 'failed', final = {literal(final)},"
            f" finished_at = clock_timestamp(),{before} error = {_stored(error)}"
            f" WHERE {self._open(step, phase)} RETURNING id)"
            f" INSERT INTO {self.sql_name} (run, revision, down_revisions, direction, phase, kind,"
            " state, statement, final, checksum, started_at, finished_at, host, pid,"
            " application, role, version, tag, error) SELECT"
            f" {self._run}, {literal(step.revision)}, {text_array(step.down_revisions)},"
            f" {literal(str(step.direction))}, {phase}, 'transaction', 'failed', 0, {literal(final)},"
            f" {literal(step.checksum)}, {began}, clock_timestamp(), {self._who}, {_stored(error)}"
            " WHERE NOT EXISTS (SELECT FROM stopped)"
            f" AND NOT EXISTS (SELECT FROM {self.sql_name} WHERE run = {self._run}"
            f" AND revision = {literal(step.revision)} AND direction = {literal(str(step.direction))}"
            f" AND phase = {phase} AND state IN ('failed', 'refused'))"
        )

    def catch(self, step: Step, phase: int, content: Phase, error: str) -> str:
        """Record that the script handled the error of a phase's statement, and continued.

        A replay raises the same error in the same place.
        """
        return self._one(
            f"UPDATE {self.sql_name} SET state = 'caught', final = false, finished_at = {self._now},"
            f" fingerprint = {literal(content.fingerprint)}, error = {literal(error)}"
            f" WHERE state IN ('started', 'failed') AND {self._phase(step, phase)}"
        )

    def reopen(self, entry: int, content: Phase) -> str:
        """Continue a phase that an earlier run left; its row becomes that of the present run."""
        return self._one(
            f"UPDATE {self.sql_name} SET state = 'started', started_at = now(), finished_at = NULL,"
            f" error = NULL, fingerprint = {literal(content.fingerprint)}, run = {self._run},"
            f" (host, pid, application, role, version, tag) = ROW ({self._who}) WHERE id = {entry}"
        )

    def resolve(self, entry: int, decision: Decision) -> str:
        """Record what a person decided about a phase that an earlier run left."""
        # the fingerprint of a failed phase covers the statements before the failure only
        resolved = "state = 'resolved', fingerprint = CASE state WHEN 'failed' THEN NULL ELSE fingerprint END"
        change = {
            Decision.DONE: f"{resolved}, statement = statement + 1",
            Decision.RETRY: resolved,
            Decision.FORGET: "state = 'forgotten', final = true, finished_at = clock_timestamp()",
        }[decision]
        return self._one(f"UPDATE {self.sql_name} SET {change} WHERE id = {entry}")

    def insert_stamp(self, revision: str, down_revisions: tuple[str, ...]) -> str:
        """A row for a revision that was declared applied without running it."""
        return (
            f"INSERT INTO {self.sql_name} (run, revision, down_revisions, direction, phase, kind,"
            " state, statement, final, started_at, finished_at, host, pid, application, role,"
            " version, tag) VALUES"
            f" ({self._run}, {literal(revision)}, {text_array(down_revisions)}, 'stamp', 0, 'stamp',"
            f" 'done', 0, true, now(), clock_timestamp(), {self._who})"
        )

    def _open(self, step: Step, phase: int) -> str:
        return f"state = 'started' AND {self._phase(step, phase)}"

    def _phase(self, step: Step, phase: int) -> str:
        run = "" if self.run is None else f" AND run = {self._run}"
        return (
            f"revision = {literal(step.revision)} AND direction = {literal(str(step.direction))}"
            f" AND phase = {phase}{run}"
        )

    def _one(self, update: str) -> str:
        """An UPDATE that fails unless it changes one row: without it the journal would be wrong."""
        if self.run is None:  # psql would print what it returns
            return update
        return (
            f"WITH changed AS ({update} RETURNING 1) SELECT CASE count(*) WHEN 1 THEN '' ELSE"
            f" pg_catalog.current_setting('{JOURNAL_CHANGED}') END FROM changed"
        )


def written_by(run: Run | None) -> str:
    """Host, process, application, role and version of a row's writer, as SQL; None is psql with a script."""
    if run is None:
        return f"NULL, NULL, 'psql', current_user, {literal(asyncmig_version())}"
    return (
        f"{literal(run.host)}, {run.pid}, {_stored(run.application)}, current_user, "
        f"{literal(asyncmig_version())}"
    )


def _stored(text: str | None) -> str:
    """A text from outside as a constant: PostgreSQL stores no NUL characters."""
    return literal(None if text is None else text.replace("\0", ""))
