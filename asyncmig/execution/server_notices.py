"""What the server raises beside results while a run works: ``RAISE NOTICE``, ``WARNING`` and their like."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

import anyio.lowlevel

from asyncmig.events import ServerNotice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from asyncmig.database.session import Session
    from asyncmig.events import Event

__all__ = ["reporting_notices"]


class _LogMessage(Protocol):
    """What asyncpg sets on its ``PostgresLogMessage`` when it runs, and does not declare."""

    severity: str
    severity_en: str | None
    message: str
    detail: str | None
    hint: str | None
    sqlstate: str | None


@asynccontextmanager
async def reporting_notices(session: Session, emit: Callable[[Event], None]) -> AsyncIterator[None]:
    """Emit an event for each notice of the server, while the block runs.

    ``client_min_messages`` of the session decides which of them the server sends. What the callback
    raises is raised at the end of the block.
    """
    failures: list[Exception] = []

    def report(_: object, notice: _LogMessage) -> None:
        try:
            emit(
                ServerNotice(
                    severity=notice.severity_en or notice.severity,
                    message=notice.message,
                    detail=notice.detail,
                    hint=notice.hint,
                    sqlstate=notice.sqlstate,
                )
            )
        except Exception as error:  # noqa: BLE001 - asyncpg calls this from the loop, where it would be lost
            failures.append(error)

    if not session.closed:  # else the first message says that it is lost
        session.driver.add_log_listener(report)
    try:
        yield
        await anyio.lowlevel.checkpoint()  # the loop calls listeners in its next turn
    finally:
        session.driver.remove_log_listener(report)
    if failures:
        raise failures[0]
