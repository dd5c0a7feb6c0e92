"""Sending the units of a run to the server in as few round trips as PostgreSQL allows.

While a message is being sent, the scripts of the next one run: at most one batch is in flight and one is
queued. A message that fails tells which of its transactions are committed; the first that is not is the
one that failed. It is sent again by itself (``recovery``). A transaction in which a script has read can only
be repeated by the script: its DDL is sent behind a savepoint, to which a failure goes back, and everything
else one by one, so that an error names its own statement.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

import anyio.lowlevel
import asyncpg

from asyncmig.database.background_task import BackgroundTask
from asyncmig.database.concurrency import import_in_thread
from asyncmig.database.server_errors import TRANSIENT_STATES, sqlstate_of
from asyncmig.errors import PlanError
from asyncmig.execution.messages.message import GUARD, LAST_COMMIT, is_copy
from asyncmig.execution.messages.queue import MessageQueue
from asyncmig.execution.messages.recovery import (
    begin_settings,
    raise_version_conflict,
    send_again,
    send_fragment,
    transaction_failure,
)
from asyncmig.execution.messages.transaction_wait import asks_for_strong_lock, wait_for_transactions
from asyncmig.execution.work_units import StandaloneStatement, Transaction, TransactionState

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from asyncmig.execution.context import ExecutionContext
    from asyncmig.execution.messages.message import Message
    from asyncmig.execution.work_units import Unit
    from asyncmig.plan.model import Step

__all__ = ["MessageSender"]

_SAVEPOINT = "asyncmig_message"
"""Around each message in a transaction of the caller."""

_LAST_COMMIT = f"SELECT pg_catalog.current_setting('{LAST_COMMIT}', true) AS number"


class MessageSender:
    """Sends units in the order in which they are added.

    Attributes:
        attempt: how often the scripts that run now have been repeated.
    """

    def __init__(self, context: ExecutionContext) -> None:
        self.attempt = 0
        self._context = context
        self._session = context.session
        self._queue = MessageQueue(
            merge=context.one_transaction,
            caller_transaction=context.session.caller_transaction,
            begins_message=self._waits_for_transactions,
            first_number=secrets.randbits(53),
        )
        self._background = BackgroundTask()

    # queueing

    def add(self, unit: Unit) -> Unit:
        """Queue a unit behind the others.

        Returns:
            The unit that holds it now: where transactions are merged, the one that it joined.

        Raises:
            PlanError: it cannot run in a transaction, and the caller's is open.
        """
        if isinstance(unit, StandaloneStatement) and self._session.caller_transaction:
            raise _inside_caller_transaction(unit)
        return self._queue.add(unit)

    @property
    def head(self) -> Unit | None:
        """What is sent next; after a failure, the unit that failed."""
        return self._queue.head

    @property
    def full(self) -> bool:
        """True when enough is queued for a message."""
        return self._queue.full

    def lock_timeout(self, step: Step) -> float | None:
        """How long a statement of a step may wait for a lock in the present attempt, in seconds."""
        return self._context.retry_policy.for_step(step).timeout(self.attempt)

    # sending

    def overlapping(self) -> AbstractAsyncContextManager[None]:
        """The block in which ``send_ahead`` may be called; when it ends, nothing is in flight."""
        return self._background.opened()

    async def send_ahead(self) -> None:
        """Start sending everything that is queued; the caller may queue more meanwhile.

        One batch is in flight at a time. Where transactions are merged, the caller waits. Raises as
        ``flush``: what an earlier batch has raised.
        """
        if self._context.one_transaction or self._session.caller_transaction:
            await self.flush()
            return
        await self.wait_sent()
        self._queue.release()
        await self._background.start(self._send_due)

    async def wait_sent(self) -> None:
        """Wait until nothing is in flight; raises as ``flush``."""
        await self._background.wait()

    async def yield_to_loop(self) -> None:
        """Let other tasks run; raises as ``flush`` what was in flight."""
        await anyio.lowlevel.checkpoint()
        self._background.check()

    async def flush(self) -> None:
        """Send everything that is queued; an open transaction stays open behind its last fragment.

        Raises:
            StatementFailedError: the server refused a statement; what precedes its transaction is
                committed.
            ConnectionLostError: the session is gone.
        """
        await self.wait_sent()
        self._queue.release()
        await self._send_due()

    def discard(self) -> None:
        """Forget what is queued: the run stops, or starts again behind what is committed."""
        self._queue.clear()

    async def _send_due(self) -> None:
        while (unit := self._queue.due) is not None:
            if isinstance(unit, StandaloneStatement):
                await import_in_thread("asyncmig.execution.standalone.statement")
                from asyncmig.execution.standalone.statement import send_standalone

                await send_standalone(self._context, unit)
                self._queue.drop()
            elif unit.state is not TransactionState.QUEUED and is_copy(unit.next_fragment):
                await self._send_copy(unit)
            elif self._goes_alone(unit):
                await self._send_one(unit)
            else:
                if unit.state is TransactionState.QUEUED and self._waits_for_transactions(unit):
                    await wait_for_transactions(self._context, unit)
                await self._send_message()

    def _goes_alone(self, unit: Transaction) -> bool:
        """True where the next statement is a script's, in a transaction that only the script can repeat."""
        fragment = unit.next_fragment
        if unit.state is not TransactionState.READ or fragment is None:
            return False
        is_guarded = unit.guardable and not self._session.caller_transaction
        return fragment.statement is not None and not is_guarded

    def _waits_for_transactions(self, unit: Transaction) -> bool:
        settings = self._context.settings
        return (
            settings is not None
            and settings.wait_for_transactions > 0
            and not self._session.caller_transaction
            and asks_for_strong_lock(unit)
        )

    async def _send_message(self) -> None:
        message = self._queue.compose(self._begin)
        if message.texts and not (message.guarded and not message.commits):
            self._context.progress.sent([unit for unit, _ in message.covered], message.size)
        began = time.monotonic()
        try:
            if message.texts:  # else all of it is sent, and the commit is the caller's
                text = message.text
                if self._session.caller_transaction:
                    text = f"SAVEPOINT {_SAVEPOINT};\n{text}\n;RELEASE SAVEPOINT {_SAVEPOINT}"
                await self._context.watched(lambda: self._session.send(text))
        except asyncpg.PostgresError as error:
            if not (message.guarded and await self._go_back(message.guarded)):
                await self._recover_message(message, error)
        else:
            self._context.progress.committed(self._queue.sent(message, time.monotonic() - began))

    async def _go_back(self, guarded: int) -> bool:
        """Send the statements behind a savepoint again one by one, so that the error names its own.

        Returns:
            False when none of them has failed: the savepoint is released, or its transaction is over.

        Raises:
            StatementFailedError: the statement that failed; the transaction is left as it is.
        """
        unit = self._queue.head
        assert isinstance(unit, Transaction)  # noqa: S101 - the message began with its statements
        try:
            await self._session.send(f"ROLLBACK TO SAVEPOINT {GUARD}")
        except asyncpg.PostgresError:
            return False
        for _ in range(guarded):
            await self._send_one(unit)
        await self._session.send(f"RELEASE SAVEPOINT {GUARD}")  # it was a deadlock, say
        return True

    def _begin(self, unit: Transaction, first: bool) -> list[str]:
        # one message is served by one server process: its first transaction asks which
        guard = [self._session.guard] if first else []
        return guard + begin_settings(self._context, unit, self.attempt)

    async def _recover_message(self, message: Message, error: asyncpg.PostgresError) -> None:
        if self._session.caller_transaction:
            await self._replay_message(message, error)
            return
        await self._session.roll_back()
        rows = await self._session.fetch(_LAST_COMMIT)
        # a setting that another run on this connection has left is not a number of this message
        last = int(rows[0]["number"] or 0)
        self._commit(message.commits.index(last) + 1 if last in message.commits else 0)
        failed = self._queue.head
        assert isinstance(failed, Transaction)  # noqa: S101 - a message holds nothing else
        await self._recover(failed, error)

    async def _replay_message(self, message: Message, error: asyncpg.PostgresError) -> None:
        """Send the statements of a message one by one inside the caller's transaction.

        The one that fails is named, and the transaction is left aborted, as PostgreSQL leaves it.
        """
        unit = message.covered[-1][0]
        await raise_version_conflict(self._context, unit, error)
        current = None
        try:
            await self._session.send(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
            for unit, count in message.covered:
                for current in unit.fragments[unit.sent : count]:
                    await self._session.send(current.sql)
            await self._session.send(f"RELEASE SAVEPOINT {_SAVEPOINT}")
        except asyncpg.PostgresError as refused:
            raise transaction_failure(self._context, refused, unit, current) from refused
        self._context.progress.committed(self._queue.sent(message, 0.0))

    async def _recover(self, unit: Transaction, error: asyncpg.PostgresError) -> None:
        if unit.state is TransactionState.READ:
            await raise_version_conflict(self._context, unit, error)
            raise transaction_failure(self._context, error, unit, None) from error
        await send_again(self._context, unit, error)
        if unit.closed:
            self._commit(1)
        else:
            unit.state, unit.sent = TransactionState.OPEN, len(unit.fragments)

    def _commit(self, count: int) -> None:
        self._context.progress.committed(self._queue.drop(count))

    async def _send_one(self, unit: Transaction) -> None:
        """Send one statement of a transaction in which a script has read.

        After an error the transaction is left as it is: the script may have set a savepoint, and go back
        to it. What its directive appended behind the statement is dropped.
        """
        fragment = unit.fragments[unit.sent]
        unit.sent += 1
        try:
            await self._context.watched(lambda: self._session.send(fragment.sql))
        except asyncpg.PostgresError as error:
            del unit.fragments[unit.sent :]
            raise transaction_failure(self._context, error, unit, fragment) from error

    async def _send_copy(self, unit: Transaction) -> None:
        fragment = unit.fragments[unit.sent]
        try:
            await send_fragment(self._context, fragment)
        except asyncpg.PostgresError as error:
            await self._session.roll_back()
            if self._session.caller_transaction or sqlstate_of(error) not in TRANSIENT_STATES:
                raise transaction_failure(self._context, error, unit, fragment) from error
            await self._recover(unit, error)
        else:
            unit.sent += 1


def _inside_caller_transaction(unit: StandaloneStatement) -> PlanError:
    return PlanError(
        f"revision {unit.step.revision} needs a commit of its own at {unit.statement.origin}, and "
        f"the connection that was given is inside a transaction of the caller",
        hint="pass the engine or the URL instead, or a connection with no transaction open",
        revision=unit.step.revision,
        origin=unit.statement.origin,
    )
