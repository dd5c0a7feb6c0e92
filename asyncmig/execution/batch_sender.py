"""Sending units to the server in as few round trips as PostgreSQL allows.

One simple-query message may carry many statements, and many transactions with their own BEGIN and
COMMIT: they commit one by one and stop at the first error. The wire packs what is queued into such
messages, in growing batches, so that the first progress shows at once and a long history is not paid
for by the round trip. While a batch is out the next one is queued: two batches are held at most.

A message that fails tells which of its transactions were committed; the first that was not is the
guilty one. Where it failed on a lock, a deadlock or a serialization failure it is tried again, with
patience that grows; otherwise it is sent once more statement by statement, so that the guilty
statement is known. What a live script has read in cannot be sent twice: the executor plays it again.
"""

from __future__ import annotations

import time
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import anyio.lowlevel
import asyncpg

from asyncmig.database.background_task import BackgroundTask
from asyncmig.errors import PlanError
from asyncmig.execution.message import COMMITTED, MESSAGE_LIMIT, Message, is_copy
from asyncmig.execution.retry import Retrier, RetryObserver, is_transient
from asyncmig.execution.work_units import PhaseCommit, StandaloneStatement, Transaction, Unit

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from asyncmig.database.retry_policy import RetryPolicy
    from asyncmig.database.session import Session
    from asyncmig.plan.model import Step

__all__ = ["MessageSender", "SenderObserver"]

FIRST_BATCH = 4
QUICK = 0.25
SLOW = 1.0


class SenderObserver(RetryObserver, Protocol):
    """What hears of the wire's work."""

    def committed(self, mark: PhaseCommit) -> None:
        """A phase stands."""
        ...

    def sent(self, units: list[Transaction], size: int) -> None:
        """A message is on its way."""
        ...


class MessageSender:
    """A queue of units and the session that they go to.

    Args:
        session: where to.
        observer: who is told.
        patience: of phases whose revision says nothing of its own.
        merge: adjacent transactions become one (``transaction = "all"``).
        journalled: a run that stops half way can be gone on with.
    """

    def __init__(
        self,
        session: Session,
        observer: SenderObserver,
        patience: RetryPolicy,
        *,
        merge: bool = False,
        journalled: bool = True,
    ) -> None:
        self.attempt = 0
        self._session = session
        self._observer = observer
        self._retrier = Retrier(session, observer, patience, merge=merge, journalled=journalled)
        self._merge = merge
        self._units: deque[Unit] = deque()
        self._due = 0
        self._background = BackgroundTask()
        self._serial = 0
        self._batch = FIRST_BATCH
        self._quick = True
        self._queued = 0
        self._queued_size = 0
        self._queued_alone = False

    # queueing

    def add(self, unit: Unit) -> Unit:
        """Queue a unit behind the others.

        Returns:
            The unit that holds it now: where transactions are merged, the one it joined.
        """
        if isinstance(unit, StandaloneStatement) and self._session.caller_transaction:
            raise _check_not_standalone(unit)
        self._queued_alone = self._queued_alone or isinstance(unit, StandaloneStatement)
        last = self._units[-1] if self._units else None
        if isinstance(unit, Transaction):
            self._queued_size += sum(len(part.sql) for part in unit.parts)
            joins = (
                isinstance(last, Transaction)
                and (self._merge or self._session.caller_transaction)
                and last.step is not None
            )
            if joins and isinstance(last, Transaction):
                last.parts.extend(unit.parts)
                last.marks.extend(unit.marks)
                last.closed = unit.closed
                last.step, last.phase = unit.step, unit.phase
                return last
        self._queued += 1
        self._units.append(unit)
        return unit

    @property
    def head(self) -> Unit | None:
        """What is sent next; behind a failure, what failed."""
        return self._units[0] if self._units else None

    @property
    def full(self) -> bool:
        """True when enough is queued for a message, or something that goes alone is."""
        return (
            self._queued_size >= MESSAGE_LIMIT or self._queued >= self._batch or self._queued_alone
        ) and not self._merge

    def lock_timeout(self, step: Step) -> float | None:
        """How long a statement of a step may wait for a lock in the try that goes on, in seconds."""
        return self._retrier.timeout(step, self.attempt)

    # sending

    def overlapping(self) -> AbstractAsyncContextManager[None]:
        """The block in which ``send_ahead`` may be called; on leaving nothing is on its way."""
        return self._background.opened()

    async def send_ahead(self) -> None:
        """Begin to send everything that is queued, and let the caller queue more meanwhile.

        One batch is out at a time. Where transactions are joined to the one before, the caller waits.
        Raises as ``flush``: what an earlier batch has raised.
        """
        if self._merge or self._session.caller_transaction:
            await self.flush()
            return
        await self.wait_sent()
        self._due = len(self._units)
        self._queued, self._queued_size, self._queued_alone = 0, 0, False
        await self._background.start(self._send_due)

    async def wait_sent(self) -> None:
        """Wait until nothing is on its way; raises as ``flush``."""
        await self._background.wait()

    async def yield_to_loop(self) -> None:
        """Let others run for a moment; raises as ``flush`` what was on its way."""
        await anyio.lowlevel.checkpoint()
        self._background.check()

    async def flush(self) -> None:
        """Send everything that is queued; an open transaction stays open behind its last part.

        Raises:
            StatementFailedError: a statement was refused; what precedes its transaction stands.
            ConnectionLostError: the session is gone.
        """
        await self.wait_sent()
        self._due = len(self._units)
        await self._send_due()
        self._queued, self._queued_size, self._queued_alone = len(self._units), 0, False

    async def _send_due(self) -> None:
        while self._due and not self._idle(self._units[0]):
            head = self._units[0]
            if isinstance(head, StandaloneStatement):
                await self._send_alone(head)
            elif self._at_copy(head):
                await self._send_copy(head)
            elif head.live and head.sent < len(head.parts) and head.parts[head.sent].statement:
                await self._send_part(head)
            else:
                await self._send_message()

    def discard(self) -> None:
        """Forget what is queued: the run stops, or begins anew behind what stands."""
        self._units.clear()
        self._due = self._queued = self._queued_size = 0
        self._queued_alone = False

    def _idle(self, unit: Unit) -> bool:
        return (
            isinstance(unit, Transaction)
            and not unit.closed
            and unit.begun
            and unit.sent == len(unit.parts)
        )

    def _at_copy(self, unit: Transaction) -> bool:
        return unit.begun and unit.sent < len(unit.parts) and is_copy(unit.parts[unit.sent])

    def _compose(self) -> Message:
        message = Message()
        for position, unit in enumerate(islice(self._units, self._due)):
            if isinstance(unit, StandaloneStatement) or (
                position and len(message.commits) >= self._batch
            ):
                break
            if not self._compose_unit(unit, message):
                break
        return message

    def _compose_unit(self, unit: Transaction, message: Message) -> bool:
        """Add a transaction; False when the message is full or the transaction stays open."""
        ours = not self._session.caller_transaction
        if not unit.begun:
            if message.size >= MESSAGE_LIMIT:
                return False
            if ours:
                # one message is served by one server process: its first transaction asks which
                first = not message.texts
                message.begin(*self._retrier.beginning(unit, self.attempt, guarded=first))
        sent = unit.sent
        for part in unit.parts[unit.sent :]:
            if is_copy(part) or (message.size and message.size + len(part.sql) > MESSAGE_LIMIT):
                message.covered.append((unit, sent))
                return False
            message.add(part.sql)
            sent += 1
        message.covered.append((unit, sent))
        if not unit.closed:
            return False
        self._serial += 1
        message.commits.append(self._serial)
        if ours:
            message.commit(self._serial)
        return True

    async def _send_message(self) -> None:
        message = self._compose()
        message.make_durable_once()
        if not message.texts:  # all of it is sent, and the commit is the caller's
            self._complete(len(message.commits))
            return
        self._observer.sent([unit for unit, _ in message.covered], message.size)
        if self._quick:
            self._batch *= 2
        began = time.monotonic()
        try:
            await self._session.send(message.text)
        except asyncpg.PostgresError as error:
            await self._after_failure(error, message)
            return
        for unit, sent in message.covered:
            unit.begun, unit.sent = True, sent
        self._complete(len(message.commits))
        self._adapt(time.monotonic() - began)

    def _adapt(self, elapsed: float) -> None:
        self._quick = elapsed < QUICK
        if elapsed > SLOW:
            self._batch = max(1, self._batch // 2)

    def _drop(self) -> Unit:
        self._due -= 1
        return self._units.popleft()

    def _complete(self, commits: int) -> None:
        """Drop the first ``commits`` transactions: they stand."""
        for _ in range(commits):
            unit = self._drop()
            if isinstance(unit, Transaction):
                for mark in unit.marks:
                    self._observer.committed(mark)

    async def _after_failure(self, error: asyncpg.PostgresError, message: Message) -> None:
        if self._session.caller_transaction:
            raise self._message_failure(error, message) from error
        await self._session.roll_back()
        rows = await self._session.fetch(
            f"SELECT pg_catalog.current_setting('{COMMITTED}', true) AS serial"
        )
        last = int(rows[0]["serial"] or 0)
        self._complete(sum(serial <= last for serial in message.commits))
        first = self._units[0]
        assert isinstance(first, Transaction)  # noqa: S101 - a message holds nothing else
        await self._recover(first, error)

    async def _recover(self, unit: Transaction, error: asyncpg.PostgresError) -> None:
        unit.reset()
        await self._retrier.transaction(unit, error)
        self._mark_committed(unit)

    def _mark_committed(self, unit: Transaction) -> None:
        """A transaction that failed has gone through after all."""
        if unit.closed:
            self._complete(1)
        else:
            unit.begun, unit.sent = True, len(unit.parts)

    async def _send_part(self, unit: Transaction) -> None:
        """One statement of a transaction that a live script is in.

        It cannot be replayed, since the script has seen its results, so the statements go one by one
        and the error names its own. The transaction is left as it is: the script may have set a
        savepoint, and go back to it; what its directive had to say behind the statement goes nowhere.
        """
        part = unit.parts[unit.sent]
        unit.sent += 1
        try:
            await self._session.send(part.sql)
        except asyncpg.PostgresError as error:
            del unit.parts[unit.sent :]
            raise self._retrier.failure(error, unit, part) from error

    async def _send_copy(self, unit: Transaction) -> None:
        part = unit.parts[unit.sent]
        try:
            await self._retrier.copy(part.statement)
        except asyncpg.PostgresError as error:
            if self._session.caller_transaction or not is_transient(error):
                await self._session.roll_back()
                raise self._retrier.failure(error, unit, part) from error
            await self._session.roll_back()
            await self._recover(unit, error)
            return
        unit.sent += 1

    async def _send_alone(self, unit: StandaloneStatement) -> None:
        await self._retrier.standalone(unit)
        self._drop()

    # failing

    def _message_failure(self, error: asyncpg.PostgresError, message: Message) -> Exception:
        """In the caller's transaction nothing can be replayed: the position is all there is."""
        unit = message.covered[-1][0]
        position = getattr(error, "position", None)
        offset = int(position) if position and str(position).isdigit() else None
        return self._retrier.failure(
            error, unit, message.part_at(offset) if offset is not None else None
        )


def _check_not_standalone(unit: StandaloneStatement) -> PlanError:
    return PlanError(
        f"revision {unit.step.revision} needs a commit of its own at {unit.statement.origin}, and "
        f"the connection that was given is inside a transaction of the caller",
        hint="pass the engine or the URL instead, or a connection with no transaction open",
        revision=unit.step.revision,
        origin=unit.statement.origin,
    )
