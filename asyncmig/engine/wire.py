"""Sending units to the server in as few round trips as PostgreSQL allows.

One simple-query message may carry many statements, and many transactions with their own BEGIN and
COMMIT: they commit one by one and stop at the first error. The wire packs what is queued into such
messages, in growing batches, so that the first progress shows at once and a long history is not paid
for by the round trip. All commits of a message but its last are asynchronous: their order is kept, and
the last one, which is not, makes them durable with it.

A message that fails tells which of its transactions were committed (a setting that each of them leaves
behind); the first that was not is sent again statement by statement, so that the guilty one is known.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import asyncpg

from asyncmig.engine.failures import statement_failure
from asyncmig.engine.units import Alone, Mark, Part, Transaction, Unit
from asyncmig.errors import PlanError
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncmig.engine.session import Session
    from asyncmig.sql.statement import Statement

__all__ = ["Wire", "WireObserver"]

MESSAGE_LIMIT = 1_000_000
"""Bytes of SQL that one message should not exceed."""

FIRST_BATCH = 4
QUICK = 0.25
SLOW = 1.0

_COMMITTED = "asyncmig.committed"
_SAVE_TIMEOUTS = """\
SELECT pg_catalog.set_config('asyncmig.lock_timeout', pg_catalog.current_setting('lock_timeout'), false),
       pg_catalog.set_config('asyncmig.statement_timeout',
                             pg_catalog.current_setting('statement_timeout'), false),
       pg_catalog.set_config('lock_timeout', '0', false),
       pg_catalog.set_config('statement_timeout', '0', false)"""
_RESTORE_TIMEOUTS = """\
SELECT pg_catalog.set_config('lock_timeout', pg_catalog.current_setting('asyncmig.lock_timeout'), false),
       pg_catalog.set_config('statement_timeout',
                             pg_catalog.current_setting('asyncmig.statement_timeout'), false)"""


class WireObserver(Protocol):
    """What hears of the wire's work."""

    def committed(self, mark: Mark) -> None:
        """A phase stands."""
        ...

    def sent(self, units: list[Transaction], size: int) -> None:
        """A message is on its way."""
        ...

    async def run_alone(self, unit: Alone, send: Callable[[], Awaitable[None]]) -> None:
        """Send a statement by itself; ``send()`` gives the awaitable."""
        ...

    def applied(self) -> tuple[str, ...]:
        """Revisions of this run that stand."""
        ...


@dataclass(slots=True)
class _Message:
    """A message under construction."""

    texts: list[str] = field(default_factory=list)
    size: int = 0
    covered: list[tuple[Transaction, int]] = field(default_factory=list)
    commits: list[int] = field(default_factory=list)
    statements: int = 0

    def add(self, sql: str) -> None:
        self.texts.append(sql)
        self.size += len(sql) + 2

    @property
    def text(self) -> str:
        # a newline before the semicolon: a statement may end in a line comment
        return "\n;\n".join(self.texts)


class Wire:
    """A queue of units and the session that they go to.

    Args:
        session: where to.
        observer: who is told.
        merge: adjacent transactions become one (``transaction = "all"``).
    """

    def __init__(self, session: Session, observer: WireObserver, *, merge: bool = False) -> None:
        self._session = session
        self._observer = observer
        self._merge = merge
        self._units: deque[Unit] = deque()
        self._serial = 0
        self._batch = FIRST_BATCH
        self._careful = False
        self._queued = 0
        self._queued_size = 0

    # queueing

    def add(self, unit: Unit) -> Unit:
        """Queue a unit behind the others.

        Returns:
            The unit that holds it now: where transactions are merged, the one it joined.
        """
        if isinstance(unit, Alone) and self._session.caller_transaction:
            raise _refuse_alone(unit)
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
    def full(self) -> bool:
        """True when enough is queued for a message, or something that goes alone is."""
        return (
            self._queued_size >= MESSAGE_LIMIT
            or self._queued >= self._batch
            or any(isinstance(unit, Alone) for unit in self._units)
        ) and not self._merge

    @property
    def open_unit(self) -> Transaction | None:
        """The transaction that a live script is in."""
        last = self._units[-1] if self._units else None
        return last if isinstance(last, Transaction) and not last.closed else None

    # sending

    async def flush(self) -> None:
        """Send everything that is queued; an open transaction stays open behind its last part.

        Raises:
            StatementFailedError: a statement was refused; what precedes its transaction stands.
            ConnectionLostError: the session is gone.
        """
        while self._units and not self._idle(self._units[0]):
            head = self._units[0]
            if isinstance(head, Alone):
                await self._send_alone(head)
            elif self._at_copy(head):
                await self._send_copy(head)
            elif head.live and head.sent < len(head.parts) and head.parts[head.sent].statement:
                await self._send_part(head)
            else:
                await self._send_message()
        self._queued = len(self._units)
        self._queued_size = 0

    def abandon(self) -> None:
        """Forget what is queued: the run stops."""
        self._units.clear()

    def _idle(self, unit: Unit) -> bool:
        return (
            isinstance(unit, Transaction)
            and not unit.closed
            and unit.begun
            and unit.sent == len(unit.parts)
        )

    def _at_copy(self, unit: Transaction) -> bool:
        return unit.begun and unit.sent < len(unit.parts) and _is_copy(unit.parts[unit.sent])

    def _compose(self) -> _Message:
        message = _Message()
        for position, unit in enumerate(self._units):
            if isinstance(unit, Alone):
                break
            if position and (self._careful or len(message.commits) >= self._batch):
                break
            if not self._compose_unit(unit, message):
                break
        return message

    def _compose_unit(self, unit: Transaction, message: _Message) -> bool:
        """Add a transaction; False when the message is full or the transaction stays open."""
        ours = not self._session.caller_transaction
        if not unit.begun:
            if message.size >= MESSAGE_LIMIT:
                return False
            if ours:
                message.add("BEGIN")
        sent = unit.sent
        for part in unit.parts[unit.sent :]:
            if _is_copy(part) or (message.size and message.size + len(part.sql) > MESSAGE_LIMIT):
                message.covered.append((unit, sent))
                return False
            message.add(part.sql)
            message.statements += 1
            sent += 1
        message.covered.append((unit, sent))
        if not unit.closed:
            return False
        self._serial += 1
        message.commits.append(self._serial)
        if ours:
            message.add(f"SET {_COMMITTED} = '{self._serial}'")
            message.add("COMMIT")
        return True

    async def _send_message(self) -> None:
        message = self._compose()
        _make_durable_once(message)
        covered = [unit for unit, _ in message.covered]
        self._observer.sent(covered, message.size)
        began = time.monotonic()
        try:
            await self._session.send(message.text)
        except asyncpg.PostgresError as error:
            await self._after_failure(error, message)
            return
        for unit, sent in message.covered:
            unit.begun, unit.sent = True, sent
        self._settle(len(message.commits))
        self._adapt(time.monotonic() - began)

    def _adapt(self, elapsed: float) -> None:
        if elapsed < QUICK:
            self._batch *= 4
        elif elapsed > SLOW:
            self._batch = max(1, self._batch // 2)

    def _settle(self, commits: int) -> None:
        """Drop the first ``commits`` transactions: they stand."""
        for _ in range(commits):
            unit = self._units.popleft()
            if isinstance(unit, Transaction):
                for mark in unit.marks:
                    self._observer.committed(mark)

    async def _after_failure(self, error: asyncpg.PostgresError, message: _Message) -> None:
        if self._session.caller_transaction:
            raise self._blame_message(error, message) from error
        await self._session.roll_back()
        rows = await self._session.fetch(
            f"SELECT pg_catalog.current_setting('{_COMMITTED}', true) AS serial"
        )
        last = int(rows[0]["serial"] or 0)
        self._settle(sum(serial <= last for serial in message.commits))
        first = self._units[0]
        if not isinstance(first, Transaction):
            return
        first.reset()
        if self._careful or len(message.covered) == 1:
            await self._replay(first, error)
        self._careful = True

    async def _replay(self, unit: Transaction, error: asyncpg.PostgresError) -> None:
        """Send a transaction statement by statement: it stops at the guilty one, or goes through."""
        if unit.live:
            # the script has seen results of this transaction: it cannot be sent twice
            raise self._failure(error, unit, None) from error
        part: Part | None = None
        try:
            await self._session.send("BEGIN")
            for part in unit.parts:
                if _is_copy(part):
                    await self._copy(part.statement)
                else:
                    await self._session.send(part.sql)
            part = None  # a deferred constraint speaks at COMMIT
            await self._session.send("COMMIT")
        except asyncpg.PostgresError as guilty:
            await self._session.roll_back()
            raise self._failure(guilty, unit, part) from guilty
        self._settle(1)

    async def _send_part(self, unit: Transaction) -> None:
        """One statement of a transaction that a live script is in.

        It cannot be replayed, since the script has seen its results, so the statements go one by one
        and the error names its own. The transaction is left as it is: the script may have set a
        savepoint, and go back to it.
        """
        part = unit.parts[unit.sent]
        unit.sent += 1
        try:
            await self._session.send(part.sql)
        except asyncpg.PostgresError as error:
            raise self._failure(error, unit, part) from error

    async def _send_copy(self, unit: Transaction) -> None:
        part = unit.parts[unit.sent]
        try:
            await self._copy(part.statement)
        except asyncpg.PostgresError as error:
            await self._session.roll_back()
            raise self._failure(error, unit, part) from error
        unit.sent += 1

    async def _copy(self, statement: Statement | None) -> None:
        if statement is not None:
            await self._session.copy_in(statement.sql, statement.copy_data or "")

    async def _send_alone(self, unit: Alone) -> None:
        patient = classify(unit.statement.sql).concurrently
        session = self._session
        try:
            if patient:
                await session.send(_SAVE_TIMEOUTS)
            try:
                if unit.statement.copy_data is not None:
                    await self._copy(unit.statement)
                else:
                    await self._observer.run_alone(unit, lambda: session.send(unit.statement.sql))
            finally:
                if patient and not session.closed:
                    await session.send(_RESTORE_TIMEOUTS)
        except asyncpg.PostgresError as error:
            raise statement_failure(
                error,
                unit.step,
                unit.phase,
                unit.statement,
                applied=self._observer.applied(),
                committed_before=unit.phase > 0 or unit.index > 0,
            ) from error
        self._units.popleft()

    # failing

    def _failure(
        self, error: asyncpg.PostgresError, unit: Transaction, part: Part | None
    ) -> Exception:
        step = part.step if part and part.step else unit.step
        phase = part.phase if part and part.step else unit.phase
        if step is None:
            return PlanError(
                f"the version table or the journal cannot be kept: {error}",
                hint="the role needs CREATE on the schema of the version table",
            )
        return statement_failure(
            error,
            step,
            phase,
            part.statement if part else None,
            applied=self._observer.applied(),
            committed_before=phase > 0 and not self._merge,
        )

    def _blame_message(self, error: asyncpg.PostgresError, message: _Message) -> Exception:
        """In the caller's transaction nothing can be replayed: the position is all there is."""
        unit = message.covered[-1][0]
        position = getattr(error, "position", None)
        offset = int(position) if position and str(position).isdigit() else None
        part = _part_at(message, unit, offset) if offset is not None else None
        return self._failure(error, unit, part)


def _make_durable_once(message: _Message) -> None:
    """Make every commit of a message asynchronous but the last."""
    if len(message.commits) < 2:
        return
    begins = [index for index, text in enumerate(message.texts) if text == "BEGIN"]
    for index in begins[: len(message.commits) - 1]:
        message.texts[index] = "BEGIN;SET LOCAL synchronous_commit = off"


def _is_copy(part: Part) -> bool:
    return part.statement is not None and part.statement.copy_data is not None


def _part_at(message: _Message, unit: Transaction, offset: int) -> Part | None:
    at = 0
    texts = {part.sql: part for part in unit.parts}
    for text in message.texts:
        end = at + len(text)
        if at < offset <= end + 1:
            return texts.get(text)
        at = end + 3
    return None


def _refuse_alone(unit: Alone) -> PlanError:
    return PlanError(
        f"revision {unit.step.revision} needs a commit of its own at {unit.statement.origin}, and "
        f"the connection that was given is inside a transaction of the caller",
        hint="pass the engine or the URL instead, or a connection with no transaction open",
        revision=unit.step.revision,
        origin=unit.statement.origin,
    )
