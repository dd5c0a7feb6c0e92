"""The tables of backfills, beside the journal: a row for each job, and one for each range of keys.

The row of a range has the position of its work. A batch changes rows and moves that position in one
statement, so both are committed or neither is. ``generation`` counts the changes of a range: a batch runs
only if the range is as its worker has read it. Positions are keys as text, an element for each column.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from asyncmig.bookkeeping.journal import Decision, written_by
from asyncmig.sql.quoting import identifier, literal, qualified, text_array

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.bookkeeping.journal import Run
    from asyncmig.sql.backfills.definition import Backfill

__all__ = ["BACKFILL_TABLES", "JOB_LOCKS", "RANGE_LOCKS", "BackfillTables", "Restart"]

Restart: TypeAlias = Literal["always", "ended", "never"]

_JOBS = "asyncmig_backfill"
_RANGES = "asyncmig_backfill_range"
_FAILURES = "asyncmig_backfill_failure"

RANGE_LOCKS = 1_634_955_113
"""The first of the two keys of the advisory locks of ranges; the second is the id of a range."""

JOB_LOCKS = RANGE_LOCKS + 2
"""The same of the locks that all sessions that run a job share; the second key is its id."""

BACKFILL_TABLES = (_JOBS, _RANGES, _FAILURES)

_JOB_COLUMNS = """\
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    revision text NOT NULL,
    definition jsonb NOT NULL,
    fingerprint text NOT NULL,
    state text NOT NULL,
    deferred boolean NOT NULL,
    pass integer NOT NULL DEFAULT 1,
    relation text NOT NULL,
    table_oid oid,
    total bigint,
    rows bigint NOT NULL DEFAULT 0,
    scanned bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    batches bigint NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    reason text,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    host text,
    pid integer,
    application text,
    role text,
    version text"""

_RANGE_COLUMNS = """\
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job bigint NOT NULL REFERENCES {jobs} ON DELETE CASCADE,
    relation oid,
    cursor text[],
    upper text[],
    generation bigint NOT NULL DEFAULT 0,
    done boolean NOT NULL DEFAULT false,
    rows bigint NOT NULL DEFAULT 0,
    scanned bigint NOT NULL DEFAULT 0,
    unchanged bigint NOT NULL DEFAULT 0,
    batches bigint NOT NULL DEFAULT 0,
    size integer,
    rate real,
    worker text,
    updated_at timestamptz"""

_FAILURE_COLUMNS = """\
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job bigint NOT NULL REFERENCES {jobs} ON DELETE CASCADE,
    key text[] NOT NULL,
    sqlstate text,
    error text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()"""

_CREATE = """\
DO $asyncmig$ BEGIN
IF pg_catalog.to_regclass({name}) IS NULL THEN
CREATE TABLE {jobs} (
{job_columns}
);
CREATE TABLE {ranges} (
{range_columns}
);
CREATE INDEX {range_index} ON {ranges} (job) WHERE NOT done;
CREATE TABLE {failures} (
{failure_columns}
);
END IF;
END $asyncmig$"""


@dataclass(frozen=True, kw_only=True)
class BackfillTables:
    """The SQL about the tables of backfills.

    Attributes:
        schema: the version table's.
        run: who writes; None writes rows for a script that psql will run.
    """

    schema: str | None = None
    run: Run | None = None

    @cached_property
    def jobs(self) -> str:
        """The table of jobs as SQL."""
        return qualified(self.schema, _JOBS)

    @cached_property
    def ranges(self) -> str:
        """The table of ranges as SQL."""
        return qualified(self.schema, _RANGES)

    @cached_property
    def failures(self) -> str:
        """The table of rows that the server refused, as SQL."""
        return qualified(self.schema, _FAILURES)

    def create(self) -> str:
        """Create the tables if they do not exist; the role needs CREATE on the schema only then."""
        return _CREATE.format(
            name=literal(self.jobs),
            jobs=self.jobs,
            ranges=self.ranges,
            failures=self.failures,
            job_columns=_JOB_COLUMNS,
            range_columns=_RANGE_COLUMNS.format(jobs=self.jobs),
            failure_columns=_FAILURE_COLUMNS.format(jobs=self.jobs),
            range_index=identifier(f"{_RANGES}_open_idx"),
        )

    def begin(self, definition: Backfill, revision: str, *, restart: Restart) -> list[str]:
        """Record a job; an open job of another revision that has its name is left as it is.

        Args:
            definition: of the job.
            revision: whose it is.
            restart: whether a job that is there begins from the start: ``always``, if it has ``ended``, or
                ``never``. Else it is continued, with this definition.
        """
        name, own = literal(definition.name), f"revision = {literal(revision)}"
        ended = "state IN ('done', 'cancelled')"
        # a name is free again when its job was cancelled, or did the same
        free = f"state = 'cancelled' OR (state = 'done' AND fingerprint = {literal(definition.fingerprint)})"
        old = f"({own} AND {ended}) OR {free}" if restart == "ended" else f"{own} OR {free}"
        remove: list[str] = []
        if restart != "never":
            # its ranges and failures go with it
            remove = [f"DELETE FROM {self.jobs} WHERE name = {name} AND ({old})"]
        text = literal(json.dumps(definition.to_dict()))
        insert = (
            f"INSERT INTO {self.jobs} AS job (name, revision, relation, definition, fingerprint, state,"
            f" deferred, host, pid, application, role, version) VALUES ({name}, {literal(revision)},"
            f" {literal(definition.table_name)}, {text}::jsonb, {literal(definition.fingerprint)},"
            f" 'pending', {literal(definition.deferred)}, {written_by(self.run)})"
            " ON CONFLICT (name) DO UPDATE SET relation = excluded.relation,"
            " definition = excluded.definition, fingerprint = excluded.fingerprint,"
            f" deferred = excluded.deferred WHERE job.{own}"
        )
        return [self.create(), *remove, insert]

    def pause_of_revisions(self, revisions: Sequence[str]) -> str:
        """Let no batch of revisions begin that are about to be downgraded.

        A job that is not deferred runs within its phase; one that is not done belongs to this downgrade,
        which an earlier run has begun.
        """
        return (
            f"UPDATE {self.jobs} SET state = 'paused', reason = 'its revision is being downgraded'"
            f" WHERE revision = ANY ({text_array(revisions)}) AND deferred"
            " AND state IN ('pending', 'running', 'waiting')"
        )

    def cancel_of_revision(self, revision: str) -> str:
        """End the jobs of a revision that is downgraded."""
        return (
            f"UPDATE {self.jobs} SET state = 'cancelled', finished_at = now(),"
            f" reason = {literal(f'revision {revision} was downgraded')}"
            f" WHERE revision = {literal(revision)} AND state <> 'cancelled'"
        )

    def resolve(self, revision: str, decision: Decision) -> str:
        """Follow what a person has decided about the backfill at which a revision is partially applied.

        Only a backfill that is not deferred runs within a revision; the others end with the revision that is
        forgotten.
        """
        own, ended = "NOT deferred AND state <> 'done'", "clock_timestamp()"
        match decision:
            case Decision.DONE:
                state, reason = "'done'", "'declared done by a person'"
            case Decision.RETRY:
                state = "CASE WHEN started_at IS NULL THEN 'pending' ELSE 'running' END"
                reason, ended = "NULL", "NULL"
            case Decision.FORGET:  # pragma: no branch - the last member
                state, reason = "'cancelled'", "'its revision was forgotten by a person'"
                own = "state <> 'cancelled'"
        return (
            f"UPDATE {self.jobs} SET state = {state}, reason = {reason}, error = NULL,"
            f" finished_at = {ended} WHERE revision = {literal(revision)} AND {own}"
        )
