"""Limits around a statement that stands outside of any transaction, where SET LOCAL does nothing."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from asyncmig.database.retry_policy import milliseconds
from asyncmig.errors import ConnectionLostError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from asyncmig.database.session import Session

__all__ = ["statement_timeouts"]

_NAMES = ("lock_timeout", "statement_timeout")
_KEEP = ", ".join(
    f"pg_catalog.set_config('asyncmig.{name}', pg_catalog.current_setting('{name}'), false)"
    for name in _NAMES
)
_RESTORE = "SELECT " + ", ".join(
    f"pg_catalog.set_config('{name}', pg_catalog.current_setting('asyncmig.{name}'), false)"
    for name in _NAMES
)


@asynccontextmanager
async def statement_timeouts(
    session: Session,
    *,
    lock_timeout: float | None,
    statement_timeout: float | None,
    unlimited: bool = False,
) -> AsyncIterator[None]:
    """Set the limits of one statement, in the one message that also asks whether the lock is ours.

    Args:
        session: the migrating one.
        lock_timeout: in seconds; None leaves it.
        statement_timeout: likewise.
        unlimited: no limit at all, whatever was given: a concurrent index that is cut off leaves an
            invalid one behind.
    """
    given = dict(zip(_NAMES, (lock_timeout, statement_timeout), strict=True))
    if unlimited:
        given = dict.fromkeys(_NAMES, 0.0)
    values = {name: milliseconds(limit) for name, limit in given.items() if limit is not None}
    calls = [_KEEP] + [
        f"pg_catalog.set_config('{name}', '{value}', false)" for name, value in values.items()
    ]
    await session.send(f"{session.guard};SELECT {', '.join(calls)}")
    try:
        yield
    finally:
        if not session.closed:
            try:
                await session.send(_RESTORE)
            except (asyncpg.PostgresError, ConnectionLostError):
                if not session.closed:
                    session.driver.terminate()
