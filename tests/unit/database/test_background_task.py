"""asyncmig.database.background_task: one task beside its owner, which receives its errors."""

from __future__ import annotations

import anyio
import pytest

from asyncmig.database.background_task import BackgroundTask


async def fail() -> None:
    raise LookupError("failed")


async def test_one_task_follows_the_other() -> None:
    task = BackgroundTask()
    order: list[str] = []
    gate = anyio.Event()

    async def first() -> None:
        await gate.wait()
        order.append("first")

    async def second() -> None:
        order.append("second")

    async with task.opened():
        await task.start(first)
        assert order == []
        gate.set()
        await task.start(second)
        assert order == ["first"]
        await task.wait()
        assert order == ["first", "second"]


async def test_the_block_ends_with_its_task() -> None:
    ended: list[bool] = []

    async def work() -> None:
        await anyio.sleep(0.01)
        ended.append(True)

    task = BackgroundTask()
    async with task.opened():
        await task.start(work)
    assert ended == [True]


async def test_an_error_is_raised_where_the_owner_waits() -> None:
    task = BackgroundTask()

    async def block() -> None:
        async with task.opened():
            await task.start(fail)
            for _ in range(2):
                with pytest.raises(LookupError):
                    await task.wait()
            with pytest.raises(LookupError):
                task.check()

    with pytest.raises(LookupError, match="failed"):
        await block()


async def test_an_error_of_the_task_goes_before_that_of_the_block() -> None:
    task = BackgroundTask()

    async def block() -> None:
        async with task.opened():
            await task.start(fail)
            await anyio.sleep(0.01)
            raise ValueError

    with pytest.raises(LookupError, match="failed"):
        await block()


async def test_an_error_of_the_block() -> None:
    task = BackgroundTask()
    with pytest.raises(ValueError, match="own"):
        async with task.opened():
            raise ValueError("own")


async def test_a_later_block_begins_anew() -> None:
    task = BackgroundTask()
    with pytest.raises(LookupError):
        async with task.opened():
            await task.start(fail)
    async with task.opened():
        await task.wait()
        task.check()


@pytest.mark.parametrize("urgent", [True, False])
async def test_only_an_urgent_task_ends_the_block_with_its_failure(urgent) -> None:
    task = BackgroundTask(urgent=urgent)
    went_on: list[bool] = []

    async def block() -> None:
        async with task.opened():
            await task.start(fail)
            await anyio.sleep(0.05)
            went_on.append(True)

    with anyio.fail_after(10), pytest.raises(LookupError):
        await block()
    assert bool(went_on) is not urgent


async def test_a_cancelled_block_cancels_its_task() -> None:
    task = BackgroundTask()
    seen: list[type[BaseException]] = []

    async def work() -> None:
        try:
            await anyio.sleep_forever()
        except BaseException as error:
            seen.append(type(error))
            raise

    with anyio.move_on_after(0.02) as scope:
        async with task.opened():
            await task.start(work)
            await anyio.sleep_forever()
    assert scope.cancelled_caught
    assert seen == [anyio.get_cancelled_exc_class()]


async def test_a_task_that_was_cancelled_has_ended_for_its_owner() -> None:
    task = BackgroundTask()
    entered = anyio.Event()
    ended: list[bool] = []

    async def work() -> None:
        entered.set()
        await anyio.sleep_forever()

    async def wait() -> None:
        await entered.wait()
        cancelled = anyio.get_cancelled_exc_class()
        with anyio.CancelScope(shield=True), anyio.fail_after(5), pytest.raises(cancelled):
            await task.wait()
        ended.append(True)

    with anyio.move_on_after(0.05):
        async with task.opened(), anyio.create_task_group() as group:
            await task.start(work)
            group.start_soon(wait)
            await anyio.sleep_forever()
    assert ended == [True]


async def test_what_ends_the_program_ends_the_block() -> None:
    class Exit(BaseException):
        pass

    async def leave() -> None:
        raise Exit

    async def block() -> None:
        task = BackgroundTask()
        async with task.opened():
            await task.start(leave)
            await anyio.sleep_forever()

    with anyio.fail_after(5), pytest.raises(BaseExceptionGroup) as raised:
        await block()
    assert [type(error) for error in raised.value.exceptions] == [Exit]
