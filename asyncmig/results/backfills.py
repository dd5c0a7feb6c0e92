"""Backfills: jobs with their figures, and estimates."""

from __future__ import annotations

from dataclasses import dataclass

from asyncmig.results.base import Result

__all__ = ["BackfillEstimate", "BackfillFailure", "BackfillInfo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillFailure(Result):
    """A row that the server refused, and that was passed over."""

    key: tuple[str, ...]
    sqlstate: str | None
    error: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillInfo(Result):
    """A backfill, from its row in ``asyncmig_backfill``.

    Attributes:
        name: of the job.
        revision: whose it is.
        table: whose rows it changes.
        sql: the statement that would do all of it at once.
        state: ``pending``, ``running``, ``interrupted`` (it was started, and no process runs it now),
            ``paused``, ``waiting``, ``done``, ``failed`` or ``cancelled``.
        deferred: ``upgrade`` only recorded it.
        rows: how many rows are changed, by all runs of the job.
        scanned: how many rows are read, of about ``total``.
        batches: how many transactions that took.
        failed: how many rows the server refused.
        rate: rows read per second, by the batches of the last seconds of all workers.
        remaining: the expected time in seconds; None where there is no rate.
        workers: how many sessions run it now, those that wait included.
        pass_number: how often the table is read, this time included.
        attempts: how often it was started.
        reason: why it waits, or what a person should know about its end.
        error: why it failed.
        created_at, started_at, finished_at: timestamps in ISO 8601.
        failures: the refused rows, where they were asked for.
        database: the name of the database, where there are several.
    """

    name: str
    revision: str
    table: str
    sql: str
    state: str
    deferred: bool
    rows: int
    scanned: int
    total: int | None
    batches: int
    failed: int
    rate: float
    remaining: float | None
    workers: int
    pass_number: int
    attempts: int
    reason: str | None
    error: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    failures: tuple[BackfillFailure, ...] = ()
    database: str | None = None

    @property
    def is_open(self) -> bool:
        """True where work is left that the job may still do."""
        return self.state not in {"done", "cancelled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillEstimate(Result):
    """What a backfill would do, by the estimates of PostgreSQL's planner.

    Attributes:
        name: of the job.
        table: its table; ``key`` has the columns that the batches follow.
        total: rows of the table; ``left`` of them are not read yet.
        matching: rows for which the condition is true.
        batch_size: rows of the first batch; ``batches`` of that size are left.
        seconds: the expected time; None where no batch was run yet.
        sql: the first batch's statement.
        explain: the plan of that statement, as text.
    """

    name: str
    table: str
    key: tuple[str, ...]
    total: int
    left: int
    matching: int
    batch_size: int
    batches: int
    seconds: float | None
    sql: str
    explain: str
    database: str | None = None
