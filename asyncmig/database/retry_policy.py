"""How long a phase waits for locks, and how often it is tried.

While a statement waits for a strong lock on a table, every later query on that table queues behind it.
So the first attempts are short, and grow: most tables are free for a tenth of a second sooner or
later, and the application hardly notices the attempts that failed. The last one waits the whole
``lock_timeout``: a limit below the server's ``deadlock_timeout`` (1 s) would never make a blocking
autovacuum give way.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncmig.config.settings import Settings
    from asyncmig.plan.model import Step

__all__ = ["RetryPolicy"]

FIRST_TIMEOUT = 0.1
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """The schedule of a phase's attempts.

    Attributes:
        lock_timeout: the longest wait of an attempt, in seconds; 0 sets no limit, None leaves the server's.
        retries: how often a phase that failed on a lock, a deadlock or a serialization failure is
            tried again.
    """

    lock_timeout: float | None = 5.0
    retries: int = 10

    @classmethod
    def of(cls, settings: Settings) -> RetryPolicy:
        """The policy of the settings."""
        return cls(lock_timeout=settings.lock_timeout, retries=settings.lock_retries)

    def for_step(self, step: Step | None) -> RetryPolicy:
        """With the values that a revision sets itself (``lock_timeout``, ``lock_retries`` in its module)."""
        if step is None or (step.lock_timeout is None and step.lock_retries is None):
            return self
        return RetryPolicy(
            lock_timeout=self.lock_timeout if step.lock_timeout is None else step.lock_timeout,
            retries=self.retries if step.lock_retries is None else step.lock_retries,
        )

    def timeout(self, attempt: int) -> float | None:
        """How long an attempt may wait for each lock: attempts count from 0, the last waits longest."""
        if not self.lock_timeout or attempt >= self.retries:
            return self.lock_timeout
        return min(self.lock_timeout, FIRST_TIMEOUT * 2.0**attempt)

    def pause(self, attempt: int) -> float:
        """Seconds to let other sessions work before an attempt, counted from 1."""
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempt - 1))
        return longest * random.uniform(0.7, 1.3)  # noqa: S311 - jitter
