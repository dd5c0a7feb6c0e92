"""The events of a backfill, at a pace that a person can read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from asyncmig.events import BackfillFinished, BackfillProgress, BackfillStarted, BackfillWaiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncmig.backfill.jobs import Job, JobProgress, Jobs
    from asyncmig.events import Event

__all__ = ["BackfillReport"]

INTERVAL = 0.5


class BackfillReport:
    """Reports a job; all workers of a process share it.

    Args:
        emit: called with each event.
        job: as it was started.
        figures: of earlier runs.
        total: about how many rows the table has.
    """

    def __init__(
        self, emit: Callable[[Event], None], job: Job, figures: JobProgress, total: int
    ) -> None:
        self._emit = emit
        self._job = job
        self._total = total
        self._began = time.monotonic()
        self._last = self._began
        self._first = figures.scanned
        self._rows = figures.rows
        self._reason: str | None = None

    def started(self) -> None:
        """The job starts, or continues."""
        job = self._job
        self._emit(
            BackfillStarted(
                revision=job.revision,
                backfill=job.name,
                table=job.definition.table_name,
                total=self._total,
                scanned=self._first,
                rows=self._rows,
                deferred=job.deferred,
            )
        )

    async def progress(self, jobs: Jobs, job: Job, size: int) -> None:
        """Report the figures, unless it is too early."""
        now = time.monotonic()
        if now - self._last < INTERVAL:
            return
        self._last, self._reason = now, None
        figures = await jobs.progress(job)
        done = figures.scanned - self._first
        rate = done / max(now - self._began, 0.001)
        left = max(0, self._total - figures.scanned)
        self._emit(
            BackfillProgress(
                revision=job.revision,
                backfill=job.name,
                rows=figures.rows,
                scanned=figures.scanned,
                total=max(self._total, figures.scanned),
                batches=figures.batches,
                failed=figures.failed,
                size=size,
                rate=rate,
                remaining=left / rate if rate > 0 else None,
            )
        )

    def waits(self, reason: str) -> None:
        """The job makes a pause; the same reason is reported once."""
        if reason != self._reason:
            self._reason = reason
            self._emit(
                BackfillWaiting(revision=self._job.revision, backfill=self._job.name, reason=reason)
            )

    def finished(self, job: Job, figures: JobProgress) -> None:
        """The job has ended."""
        self._emit(
            BackfillFinished(
                revision=job.revision,
                backfill=job.name,
                state=str(job.state),
                rows=figures.rows,
                failed=figures.failed,
                elapsed=time.monotonic() - self._began,
                note=job.reason,
                earlier_rows=self._rows,
            )
        )
