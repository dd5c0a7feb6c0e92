"""Repeated attempts: what failed on a lock, a deadlock or a serialization failure may succeed later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import anyio

from asyncmig.database.blockers import LOCK_NOT_AVAILABLE, BlockerWatch
from asyncmig.database.server_errors import TRANSIENT_STATES, sqlstate_of
from asyncmig.events import LockBlocked, PhaseRetried

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    import asyncpg

    from asyncmig.events import Blocker
    from asyncmig.execution.context import ExecutionContext
    from asyncmig.plan.model import Step

__all__ = ["Retries"]


class Retries:
    """The attempts of one phase.

    Args:
        context: of the run.
        step: whose phase it is; None is never repeated.
        phase: its index.

    Attributes:
        attempt: the number of the present attempt, from 0.

    Example::

        async with Retries(context, step, phase) as retries:
            while True:
                try:
                    return await retries.watched(send)
                except asyncpg.PostgresError as error:
                    if not await retries.again(error, [sql]):
                        raise
    """

    def __init__(self, context: ExecutionContext, step: Step | None, phase: int) -> None:
        self.attempt = 0
        self.phase = phase
        self._context = context
        self._step = step
        self._policy = context.retry_policy.for_step(step)
        self._emit = context.progress.emit
        self._watch = BlockerWatch(
            context.database,
            context.session,
            lambda blockers: self._emit(LockBlocked(blockers=blockers)),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._watch.close()

    @property
    def blockers(self) -> tuple[Blocker, ...]:
        """The sessions that blocked the last attempt."""
        return self._watch.blockers

    @property
    def timeout(self) -> float | None:
        """How long the present attempt may wait for each lock, in seconds."""
        return self._policy.timeout(self.attempt)

    @property
    def is_last(self) -> bool:
        """True when no attempt follows the present one."""
        return self._step is None or self.attempt >= self._policy.retries

    async def watched(self, send: Callable[[], Awaitable[None]]) -> None:
        """Make the present attempt, and look who blocks it."""
        await self._context.watched(lambda: self._watch.during(send, self.timeout))

    async def again(
        self,
        error: asyncpg.PostgresError,
        statements: Iterable[str],
        *,
        reason: str | None = None,
        repeatable: bool = True,
    ) -> bool:
        """Decide whether another attempt follows a failed one, and wait until it is due.

        Args:
            error: with which the attempt failed; its transaction is rolled back.
            statements: those that may have waited for a lock.
            reason: the error in words, for the event.
            repeatable: False when the same work cannot be sent again.
        """
        await self._watch.afterwards(error, statements)
        step = self._step
        sqlstate = sqlstate_of(error)
        watch = self._context.lock_watch
        if sqlstate == LOCK_NOT_AVAILABLE and watch is not None and self.timeout:
            watch.note_timeout(self.timeout)
        if step is None or self.is_last or sqlstate not in TRANSIENT_STATES or not repeatable:
            return False
        self.attempt += 1
        pause = self._policy.pause(self.attempt)
        self._emit(
            PhaseRetried(
                revision=step.revision,
                phase=self.phase,
                attempt=self.attempt + 1,
                attempts=self._policy.retries + 1,
                sqlstate=sqlstate,
                reason=reason or str(error),
                blockers=self.blockers,
                pause=pause,
                lock_timeout=self.timeout,
            )
        )
        await anyio.sleep(pause)
        await self._watch.open()
        return True
