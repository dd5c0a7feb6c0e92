"""The limits of a backfill's run, from the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from asyncmig.database.retry_policy import RetryPolicy
from asyncmig.database.session_settings import milliseconds

if TYPE_CHECKING:
    from asyncmig.config.settings import Settings

__all__ = ["BackfillOptions"]

SHORTEST_TIMEOUT = 5.0
BATCHES_A_TIMEOUT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillOptions:
    """How a backfill runs.

    Attributes:
        batch_time: how long a batch should take, in seconds.
        batch_size: rows of the first batch, where the script does not say.
        largest_batch: the most rows of a batch.
        retry_policy: for batches that fail on a lock or a deadlock.
        statement_timeout: of a batch, in seconds.
        replica_lag: batches wait while a standby is further behind, in seconds; None does not look.
        archive_queue: batches wait while more files are to be archived; None does not look.
        pause_for_vacuum: batches wait while a vacuum works on the table.
        busy_percent: of the time, that batches take while other sessions write; 100 does not look.
    """

    batch_time: float = 0.1
    batch_size: int = 1000
    largest_batch: int = 100_000
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    statement_timeout: float = SHORTEST_TIMEOUT
    replica_lag: float | None = 10.0
    archive_queue: int | None = 42
    pause_for_vacuum: bool = True
    busy_percent: int = 5

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The options of the settings."""
        longest = max(SHORTEST_TIMEOUT, BATCHES_A_TIMEOUT * settings.backfill_batch_time)
        return cls(
            batch_time=settings.backfill_batch_time,
            batch_size=settings.backfill_batch_size,
            largest_batch=settings.backfill_largest_batch,
            retry_policy=RetryPolicy.of(settings),
            statement_timeout=min(longest, settings.statement_timeout or longest),
            replica_lag=settings.backfill_replica_lag,
            archive_queue=settings.backfill_archive_queue or None,
            pause_for_vacuum=settings.backfill_pause_for_vacuum,
            busy_percent=settings.backfill_busy_percent,
        )

    def session_settings(self) -> dict[str, str]:
        """The settings of a session that runs batches: limits, and how keys are written as text."""
        values = {
            "statement_timeout": milliseconds(self.statement_timeout),
            "datestyle": "ISO, MDY",
            "intervalstyle": "postgres",
            "extra_float_digits": "1",
        }
        timeout = self.retry_policy.timeout(self.retry_policy.retries)
        if timeout is not None:
            values["lock_timeout"] = milliseconds(min(timeout, 1.0) if timeout else 1.0)
        return values
