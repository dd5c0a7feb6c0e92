"""The queue of a run: units in order, and how many transactions travel in one message.

One simple-query message may carry many statements, and many transactions with their own BEGIN and COMMIT.
The first messages are small, so that progress shows at once; they grow while the server answers quickly, so
that a long history does not pay a round trip for each revision. Nothing here is input or output.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from asyncmig.execution.messages.message import MESSAGE_LIMIT, Message, is_copy
from asyncmig.execution.work_units import StandaloneStatement, Transaction, TransactionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncmig.execution.work_units import PhaseCommit, Unit

__all__ = ["MessageQueue"]

FIRST_BATCH = 4
"""Transactions in the first message."""
QUICK = 0.25
"""Seconds within which an answer lets the next message grow."""
SLOW = 1.0
"""Seconds after which the next message is smaller."""


class MessageQueue:
    """Units that are to be sent.

    Args:
        merge: adjacent transactions become one.
        caller_transaction: the transaction is the caller's: no BEGIN and no COMMIT is sent, and
            transactions are merged as well.
        begins_message: a transaction for which this is true is the first of its message.
        first_number: of the commits, which the connection remembers: runs on one connection need different
            ones.
    """

    def __init__(
        self,
        *,
        merge: bool = False,
        caller_transaction: bool = False,
        begins_message: Callable[[Transaction], bool] = lambda _: False,
        first_number: int = 1,
    ) -> None:
        self._merge = merge
        self._caller_transaction = caller_transaction
        self._begins_message = begins_message
        self._units: deque[Unit] = deque()
        self._due = 0
        self._size = 0
        self._has_standalone = False
        self._number = first_number - 1
        self._batch = FIRST_BATCH
        self._quick = True

    @property
    def head(self) -> Unit | None:
        """What is sent next; after a failure, the unit that failed."""
        return self._units[0] if self._units else None

    @property
    def due(self) -> Unit | None:
        """What is sent now: None where nothing is released, or a script has to add to it first."""
        head = self.head if self._due else None
        return None if isinstance(head, Transaction) and head.is_idle else head

    @property
    def full(self) -> bool:
        """True when enough is queued for a message, or a statement that goes alone."""
        enough = self._size >= MESSAGE_LIMIT or len(self._units) - self._due >= self._batch
        return (enough or self._has_standalone) and not self._merge

    def add(self, unit: Unit) -> Unit:
        """Queue a unit behind the others.

        Returns:
            The unit that holds it now: where transactions are merged, the one that it joined.
        """
        if isinstance(unit, StandaloneStatement):
            self._has_standalone = True
        else:
            self._size += sum(len(item.sql) for item in unit.fragments)
            last = self._units[-1] if self._units else None
            merges = self._merge or self._caller_transaction
            if merges and isinstance(last, Transaction) and _may_grow(last):
                last.fragments += unit.fragments
                last.phase_commits += unit.phase_commits
                last.closed, last.step, last.phase = unit.closed, unit.step, unit.phase
                last.before = unit.before
                return last
        self._units.append(unit)
        return unit

    def release(self) -> None:
        """Let everything that is queued so far be sent."""
        self._due = len(self._units)
        self._size, self._has_standalone = 0, False

    def compose(self, begin: Callable[[Transaction, bool], list[str]]) -> Message:
        """The next message.

        Args:
            begin: what follows a transaction's BEGIN; its second argument is True for the first of the
                message.
        """
        message = Message()
        for position, unit in enumerate(islice(self._units, self._due)):
            if isinstance(unit, StandaloneStatement):
                break
            if position and (self._is_full(message) or self._begins_message(unit)):
                break
            if not self._compose_unit(unit, message, begin):
                break
        message.make_durable_once()
        if self._quick:
            self._batch *= 2
        return message

    def _is_full(self, message: Message) -> bool:
        """True where no other transaction begins in a message."""
        return len(message.commits) >= self._batch or message.size >= MESSAGE_LIMIT

    def _compose_unit(
        self, unit: Transaction, message: Message, begin: Callable[[Transaction, bool], list[str]]
    ) -> bool:
        """Add a transaction; False when the message is full or the transaction stays open."""
        if unit.state is TransactionState.QUEUED and not self._caller_transaction:
            message.begin(*begin(unit, not message.texts))
        guarded = unit.guardable
        if guarded:
            message.guard([fragment.sql for fragment in guarded])
        sent = unit.sent + len(guarded)
        for fragment in unit.fragments[sent:]:
            if unit.state is TransactionState.READ and fragment.statement is not None:
                break
            too_long = message.size and message.size + len(fragment.sql) > MESSAGE_LIMIT
            if too_long or is_copy(fragment):
                break
            message.add(fragment.sql)
            sent += 1
        message.covered.append((unit, sent))
        if sent < len(unit.fragments) or not unit.closed:
            return False
        self._number += 1
        message.commits.append(self._number)
        if not self._caller_transaction:
            message.commit(self._number)
        return True

    def sent(self, message: Message, elapsed: float) -> list[PhaseCommit]:
        """Note that a message has gone through; gives the phases that it committed."""
        for unit, count in message.covered:
            if unit.state is TransactionState.QUEUED:
                unit.state = TransactionState.OPEN
            unit.sent = count
        self._quick = elapsed < QUICK
        if elapsed > SLOW:
            self._batch = max(1, self._batch // 2)
        return self.drop(len(message.commits))

    def drop(self, count: int = 1) -> list[PhaseCommit]:
        """Remove the first units, which are committed; gives their phases."""
        commits: list[PhaseCommit] = []
        for _ in range(count):
            self._due -= 1
            commits += self._units.popleft().phase_commits
        return commits

    def clear(self) -> None:
        """Forget what is queued: the run stops, or starts again behind what is committed."""
        self._units.clear()
        self._due = self._size = 0
        self._has_standalone = False


def _may_grow(unit: Transaction) -> bool:
    """True where the next transaction may join: what an autocommit phase has done is committed at once."""
    return unit.step is not None and unit.before is None
