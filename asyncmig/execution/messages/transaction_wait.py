"""``wait_for_transactions``: a safe phase asks for its lock when no long transaction holds the table.

A lock that waits behind a long transaction makes every later query on the table wait as well. Before the
phase is sent, the sessions that hold a lock on what it names are read; it is sent when none of them is in a
transaction older than ``LONG``, or when the time is over. Then its ``lock_timeout`` and the retries limit the
wait.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import anyio

from asyncmig.database.concurrency import import_in_thread
from asyncmig.events import TransactionsAwaited
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from asyncmig.execution.context import ExecutionContext
    from asyncmig.execution.work_units import Transaction

__all__ = ["LONG", "asks_for_strong_lock", "wait_for_transactions"]

LONG = 1.0
"""Seconds after which a transaction is a long one."""
INTERVAL = 0.2

_WEAK = frozenset({"ALTER TABLE VALIDATE CONSTRAINT", "REFRESH MATERIALIZED VIEW"})
"""Statements whose lock lets queries continue while they wait for it."""


def asks_for_strong_lock(unit: Transaction) -> bool:
    """True for the transaction of a safe rewrite that takes a strong lock for a moment."""
    return any(
        fragment.statement is not None
        and fragment.statement.replaces is not None
        and classify(fragment.sql).verb not in _WEAK
        for fragment in unit.fragments
    )


async def wait_for_transactions(context: ExecutionContext, unit: Transaction) -> None:
    """Wait until no long transaction holds a lock on what a phase names, at most as long as is set."""
    await import_in_thread("asyncmig.database.blockers")
    from asyncmig.database.blockers import holders

    limit = 0.0 if context.settings is None else context.settings.wait_for_transactions
    statements = [fragment.sql for fragment in unit.fragments if fragment.statement is not None]
    began = time.monotonic()
    reported: tuple[int, ...] = ()
    while True:
        found = await holders(context.session, statements)
        blockers = tuple(each for each in found if (each.transaction_age or 0) >= LONG)
        elapsed = time.monotonic() - began
        pids = tuple(each.pid for each in blockers)
        if blockers and pids != reported and unit.step is not None:
            reported = pids
            context.progress.emit(
                TransactionsAwaited(
                    revision=unit.step.revision,
                    phase=unit.phase,
                    blockers=blockers,
                    remaining=max(0.0, limit - elapsed),
                )
            )
        if not blockers or elapsed >= limit:
            return
        await anyio.sleep(min(INTERVAL, max(0.01, limit - elapsed)))
