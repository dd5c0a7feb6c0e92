"""Trying again: what failed on a lock, a deadlock or a serialization failure may go through later.

Each try is a transaction of its own, in one message, so that it holds locks no longer than the work
takes. The last try goes statement by statement: when it fails, the guilty statement is known. Any other
failure gets that one replay, for the same reason.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import asyncpg

from asyncmig.database.server_errors import (
    TRANSIENT_STATES,
    server_error,
    sqlstate_of,
    statement_failure,
)
from asyncmig.database.session_settings import milliseconds, statement_timeouts
from asyncmig.execution.message import MESSAGE_LIMIT, Message, is_copy
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncmig.database.blockers import BlockerWatch
    from asyncmig.database.retry_policy import RetryPolicy
    from asyncmig.database.session import Session
    from asyncmig.events import Blocker
    from asyncmig.execution.work_units import Fragment, StandaloneStatement, Transaction
    from asyncmig.plan.model import Step
    from asyncmig.sql.statement import Statement

__all__ = ["Retrier", "RetryObserver", "is_transient"]


class RetryObserver(Protocol):
    """What hears of tries."""

    async def run_alone(
        self, unit: StandaloneStatement, send: Callable[[], Awaitable[None]]
    ) -> None:
        """Send a statement by itself; ``send()`` gives the awaitable."""
        ...

    async def failed_alone(self, unit: StandaloneStatement, error: asyncpg.PostgresError) -> None:
        """A statement by itself was refused for good."""
        ...

    async def wait_to_retry(
        self,
        step: Step,
        phase: int,
        attempt: int,
        reason: tuple[str | None, str],
        blockers: tuple[Blocker, ...],
    ) -> None:
        """Tell of a try that failed, and pause before the next, which is number ``attempt``."""
        ...

    def watch(self) -> BlockerWatch:
        """Looks who stands in the way."""
        ...

    def applied(self) -> tuple[str, ...]:
        """Revisions of this run that stand."""
        ...


def is_transient(error: asyncpg.PostgresError) -> bool:
    """True where another try may succeed."""
    return sqlstate_of(error) in TRANSIENT_STATES


class Retrier:
    """Sends what has to go by itself, as often as its patience allows.

    Args:
        session: where to.
        observer: who is told.
        patience: of phases whose revision says nothing of its own.
        merge: one transaction holds several revisions.
        journalled: a run that stops half way can be gone on with.
    """

    def __init__(
        self,
        session: Session,
        observer: RetryObserver,
        patience: RetryPolicy,
        *,
        merge: bool,
        journalled: bool,
    ) -> None:
        self._session = session
        self._observer = observer
        self._patience = patience
        self._merge = merge
        self._journalled = journalled

    def beginning(self, unit: Transaction, attempt: int, *, guarded: bool = True) -> list[str]:
        """What follows BEGIN: is the lock ours, how long may a statement wait for a table's, and run?"""
        own = self._patience.for_step(unit.step)
        timeout = own.timeout(attempt)
        settings = [self._session.guard] if guarded else []
        if timeout is not None and (attempt or own is not self._patience):
            settings.append(f"SET LOCAL lock_timeout = {milliseconds(timeout)}")
        if unit.step is not None and unit.step.statement_timeout is not None:
            limit = milliseconds(unit.step.statement_timeout)
            settings.append(f"SET LOCAL statement_timeout = {limit}")
        return settings

    async def transaction(self, unit: Transaction, error: asyncpg.PostgresError) -> None:
        """Send a transaction again that failed with ``error`` and is rolled back.

        Raises:
            StatementFailedError: it names the guilty statement, and who stood in its way.
        """
        if unit.live:
            # the script has seen results of this transaction: only the script can make it anew
            raise self.failure(error, unit, None) from error
        retries = 0 if unit.step is None else self._patience.for_step(unit.step).retries
        attempt = 0
        spoken = [part.sql for part in unit.parts if part.statement is not None]
        async with self._observer.watch() as watch:
            await watch.afterwards(error, spoken)
            while is_transient(error) and attempt < retries and unit.step is not None:
                attempt += 1
                reason = (sqlstate_of(error), str(error))
                await self._observer.wait_to_retry(
                    unit.step, unit.phase, attempt, reason, watch.blockers
                )
                await watch.open()
                if attempt == retries or not _fits_a_message(unit):
                    break
                try:
                    await self._send_whole(unit, attempt, watch)
                except asyncpg.PostgresError as again:
                    await self._session.roll_back()
                    await watch.afterwards(again, spoken)
                    error = again
                else:
                    return
            await self._replay(unit, attempt, watch)

    async def _send_whole(self, unit: Transaction, attempt: int, watch: BlockerWatch) -> None:
        message = Message()
        message.begin(*self.beginning(unit, attempt))
        for part in unit.parts:
            message.add(part.sql)
        if unit.closed:
            message.add("COMMIT")
        await watch.during(
            lambda: self._session.send(message.text), self.timeout(unit.step, attempt)
        )

    async def _replay(self, unit: Transaction, attempt: int, watch: BlockerWatch) -> None:
        """Send a transaction statement by statement: it stops at the guilty one, or goes through."""
        timeout = self.timeout(unit.step, attempt)
        begin = Message()
        begin.begin(*self.beginning(unit, attempt))
        current: Fragment | None = None

        async def send() -> None:
            if current is not None and is_copy(current):
                await self.copy(current.statement)
            elif current is not None:
                await self._session.send(current.sql)

        try:
            await self._session.send(begin.text)
            for current in unit.parts:  # noqa: B007 - `send` reads it
                await watch.during(send, timeout)
            current = None  # a deferred constraint speaks at COMMIT
            if unit.closed:
                await self._session.send("COMMIT")
        except asyncpg.PostgresError as guilty:
            await self._session.roll_back()
            if current is not None:
                await watch.afterwards(guilty, [current.sql])
            raise self.failure(guilty, unit, current, attempt + 1, watch.blockers) from guilty

    def timeout(self, step: Step | None, attempt: int) -> float | None:
        """How long try number ``attempt`` of a step's phase may wait for a lock, in seconds."""
        return self._patience.for_step(step).timeout(attempt)

    async def standalone(self, unit: StandaloneStatement) -> None:
        """Send a statement that stands outside of any transaction.

        Raises:
            StatementFailedError: it was refused.
        """
        patience = self._patience.for_step(unit.step)
        attempt = 0
        async with self._observer.watch() as watch:
            while True:
                try:
                    await self._try_standalone(unit, patience.timeout(attempt), watch)
                except asyncpg.PostgresError as error:
                    await watch.afterwards(error, [unit.statement.sql])
                    if not is_transient(error) or attempt >= patience.retries:
                        await self._observer.failed_alone(unit, error)
                        raise self._standalone_failure(error, unit, attempt + 1, watch) from error
                    attempt += 1
                    reason = (sqlstate_of(error), str(error))
                else:
                    return
                await self._observer.wait_to_retry(
                    unit.step, unit.phase, attempt, reason, watch.blockers
                )
                # what the last try left behind is ours to clear away
                unit = replace(unit, begun_before=True, interrupted=False)

    async def _try_standalone(
        self,
        unit: StandaloneStatement,
        timeout: float | None,  # noqa: ASYNC109 - the server's
        watch: BlockerWatch,
    ) -> None:
        statement = unit.statement
        patient = classify(statement.sql).concurrently

        async def send() -> None:
            if statement.copy_data is not None:
                await self.copy(statement)
            else:
                await self._session.send(statement.sql)

        async def send_watched() -> None:
            await watch.during(send, timeout)

        async with statement_timeouts(
            self._session,
            lock_timeout=timeout,
            statement_timeout=unit.step.statement_timeout,
            unlimited=patient,
        ):
            await self._observer.run_alone(unit, send if patient else send_watched)

    async def copy(self, statement: Statement | None) -> None:
        """Run COPY FROM STDIN with the data that the script has for it."""
        if statement is not None:
            await self._session.copy_in(statement.sql, statement.copy_data or "")

    def failure(
        self,
        error: asyncpg.PostgresError,
        unit: Transaction,
        part: Fragment | None,
        attempts: int = 1,
        blockers: tuple[Blocker, ...] = (),
    ) -> Exception:
        """What a transaction's failure is told as; ``part`` is the guilty statement, where known."""
        step = part.step if part and part.step else unit.step
        phase = part.phase if part and part.step else unit.phase
        if step is None:
            return server_error(error)
        return statement_failure(
            error,
            step,
            phase,
            part.statement if part else None,
            applied=self._observer.applied(),
            committed_before=phase > 0 and not self._merge,
            journalled=self._journalled,
            attempts=attempts,
            blockers=blockers,
        )

    def _standalone_failure(
        self,
        error: asyncpg.PostgresError,
        unit: StandaloneStatement,
        attempts: int,
        watch: BlockerWatch,
    ) -> Exception:
        return statement_failure(
            error,
            unit.step,
            unit.phase,
            unit.statement,
            applied=self._observer.applied(),
            committed_before=unit.phase > 0 or unit.index > 0,
            journalled=self._journalled,
            attempts=attempts,
            blockers=watch.blockers,
        )


def _fits_a_message(unit: Transaction) -> bool:
    size = sum(len(part.sql) for part in unit.parts)
    return size <= MESSAGE_LIMIT and not any(is_copy(part) for part in unit.parts)
