"""asyncmig.execution.server_notices: what the server raises beside results, as events."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from asyncmig.events import ServerNotice
from asyncmig.execution.server_notices import reporting_notices
from support.executions import ScriptSession

NOTICE = SimpleNamespace(
    severity="HINWEIS", severity_en="NOTICE", message="m", detail="d", hint="h", sqlstate="00000"
)


@pytest.mark.parametrize(
    ("severity_en", "severity"), [("NOTICE", "NOTICE"), (None, "HINWEIS"), ("", "HINWEIS")]
)
async def test_notices_become_events(severity_en, severity) -> None:
    session: Any = ScriptSession()
    events: list[Any] = []
    async with reporting_notices(session, events.append):
        (listener,) = session.driver.listeners
        listener(session.driver, SimpleNamespace(**vars(NOTICE) | {"severity_en": severity_en}))
    assert events == [
        ServerNotice(severity=severity, message="m", detail="d", hint="h", sqlstate="00000")
    ]
    assert session.driver.listeners == []


async def test_those_of_the_last_message_are_reported_before_the_end() -> None:
    session: Any = ScriptSession()
    events: list[Any] = []
    async with reporting_notices(session, events.append):
        (listener,) = session.driver.listeners
        asyncio.get_running_loop().call_soon(listener, session.driver, NOTICE)
    assert len(events) == 1


async def test_the_first_error_of_a_callback_is_raised_at_the_end() -> None:
    session: Any = ScriptSession()
    ends: list[str] = []

    def fail(event: ServerNotice) -> None:
        raise LookupError(f"number {len(ends)}")

    async def block() -> None:
        async with reporting_notices(session, fail):
            (listener,) = session.driver.listeners
            listener(session.driver, NOTICE)
            ends.append("the block goes to its end")
            listener(session.driver, NOTICE)

    with pytest.raises(LookupError, match="number 0"):
        await block()
    assert ends
    assert session.driver.listeners == []


async def test_the_listener_is_removed_behind_an_error() -> None:
    session: Any = ScriptSession()
    with pytest.raises(LookupError):
        async with reporting_notices(session, lambda _: None):
            raise LookupError
    assert session.driver.listeners == []


async def test_a_session_that_is_lost_has_no_notices() -> None:
    session: Any = ScriptSession()
    session.closed = True
    ran: list[bool] = []
    async with reporting_notices(session, lambda _: None):
        ran.append(True)
    assert ran
    assert session.driver.listeners == []
