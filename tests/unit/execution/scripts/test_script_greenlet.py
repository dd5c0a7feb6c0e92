"""asyncmig.execution.scripts.script_greenlet: functions that wait without being coroutines."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import anyio
import pytest
from sqlalchemy.util import await_only, greenlet_spawn

from asyncmig.execution.scripts import script_greenlet as module
from asyncmig.execution.scripts.script_greenlet import await_in_greenlet, call_in_greenlet

SEEN: ContextVar[str] = ContextVar("seen")


async def later(value: object) -> object:
    await asyncio.sleep(0)
    return value


async def test_it_waits_for_coroutines_and_returns_its_value() -> None:
    def script() -> list[object]:
        return [await_only(later(1)), await_only(later(2))]

    assert await call_in_greenlet(script, hide_loop=False, own_loop=False) == [1, 2]


async def test_an_error_is_raised_where_it_waits() -> None:
    async def fail() -> None:
        raise LookupError("gone")

    def script() -> str:
        try:
            await_only(fail())
        except LookupError as error:
            return f"caught {error}"
        raise AssertionError

    assert await call_in_greenlet(script, hide_loop=False, own_loop=False) == "caught gone"


async def test_its_own_error_is_raised_outside() -> None:
    def script() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError):
        await call_in_greenlet(script, hide_loop=True, own_loop=True)
    assert asyncio.get_running_loop() is not None


async def test_it_has_the_context_variables_of_its_caller() -> None:
    SEEN.set("yes")
    assert await call_in_greenlet(SEEN.get, hide_loop=False, own_loop=False) == "yes"


async def test_asyncio_run_works_where_the_loop_is_hidden() -> None:
    def script() -> tuple[object, object]:
        return asyncio.run(later("own")), await_only(later("outer"))

    outside = asyncio.get_running_loop()
    found = await call_in_greenlet(script, hide_loop=True, own_loop=False)
    assert found == ("own", "outer")
    assert asyncio.get_running_loop() is outside


async def test_a_loop_of_its_own_is_closed_behind_it() -> None:
    loops = []

    def script() -> object:
        loops.append(asyncio.get_event_loop())
        return loops[0].run_until_complete(later("own"))

    assert await call_in_greenlet(script, hide_loop=True, own_loop=True) == "own"
    assert loops[0] is not asyncio.get_running_loop()
    assert loops[0].is_closed()


async def test_without_hiding_the_loop_there_is_none_of_its_own() -> None:
    found = await call_in_greenlet(asyncio.get_running_loop, hide_loop=False, own_loop=True)
    assert found is asyncio.get_running_loop()


async def test_a_coroutine_waits_in_both_ways() -> None:
    async def script() -> list[object]:
        return [await later(1), await_only(later(2)), await later(3)]

    assert await await_in_greenlet(script()) == [1, 2, 3]


async def test_a_cancellation_reaches_a_coroutine_where_it_waits() -> None:
    seen = []

    async def script() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            await later(None)  # it may still clean up
            seen.append("cleaned up")
            raise

    task = asyncio.create_task(await_in_greenlet(script()))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["cancelled", "cleaned up"]


async def test_time_limits_and_task_groups_work_in_a_coroutine() -> None:
    async def script() -> list[object]:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)
        with anyio.move_on_after(0.01) as scope:
            await anyio.sleep(60)
        assert scope.cancelled_caught
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(later(number)) for number in range(3)]
        return [task.result() for task in tasks]

    assert await await_in_greenlet(script()) == [0, 1, 2]


async def test_a_coroutine_may_use_another_greenlet_itself() -> None:
    async def script() -> object:
        return await greenlet_spawn(lambda: await_only(later("inner")))

    assert await await_in_greenlet(script()) == "inner"


async def test_the_loop_of_the_thread_is_what_it_was() -> None:
    policy = asyncio.get_event_loop_policy()
    known = asyncio.new_event_loop()
    before = policy.get_event_loop()
    asyncio.set_event_loop(known)
    try:
        await call_in_greenlet(lambda: None, hide_loop=True, own_loop=True)
        assert policy.get_event_loop() is known
        found = await call_in_greenlet(policy.get_event_loop, hide_loop=True, own_loop=False)
        assert found is known
    finally:
        asyncio.set_event_loop(before)
        known.close()


@pytest.mark.parametrize("known", [True, False])
async def test_a_thread_for_which_no_loop_was_set_keeps_none(monkeypatch, known) -> None:
    loop = asyncio.get_running_loop() if known else None
    seen: list[object] = []
    monkeypatch.setattr(module, "_loop_of_policy", lambda: loop)
    monkeypatch.setattr(module.asyncio, "set_event_loop", seen.append)
    await call_in_greenlet(lambda: None, hide_loop=True)
    assert seen == ([loop] if known else [])


async def test_the_running_task_is_exchanged_with_its_loop(monkeypatch) -> None:
    """As a thread of Python 3.12 has one running task, whatever its loop."""
    swapped: list[tuple[object, object]] = []

    def swap(loop: object, task: object) -> str:
        swapped.append((loop, task))
        return "the task before"

    outer, inner = asyncio.get_running_loop(), object()
    monkeypatch.setattr(module, "_swap_task", swap)
    try:
        assert module._exchange((inner, "its task")) == (outer, "the task before")
        assert module._exchange((None, None)) == (inner, "the task before")
        assert module._exchange((outer, "our task")) == (None, None)
    finally:
        asyncio._set_running_loop(outer)
    assert swapped == [(outer, None), (inner, "its task"), (inner, None), (outer, "our task")]
