"""Signals end the work, and its end is told apart from its errors."""

import asyncio
import gc
import os
import signal

import anyio
import anyio.lowlevel
import pytest

from asyncmig.errors import StatementFailedError
from asyncmig_cli.errors import InterruptedRunError
from asyncmig_cli.runtime.command_line import CommandLine
from asyncmig_cli.runtime.error_report import report
from asyncmig_cli.runtime.event_loop import run_until_signal
from support.streams import memory_console, written


def nothing(_: int = 0) -> None:
    pass


def test_the_result_of_the_work() -> None:
    async def work() -> str:
        await anyio.lowlevel.checkpoint()
        return "done"

    assert run_until_signal(work, on_signal=nothing, on_second=nothing) == "done"


def test_an_error_of_the_work_is_its_own() -> None:
    async def work() -> None:
        raise StatementFailedError("no", hint="yes")

    with pytest.raises(StatementFailedError):
        run_until_signal(work, on_signal=nothing, on_second=nothing)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_the_work_and_lets_it_clean_up(number: int) -> None:
    cleaned: list[str] = []
    heard: list[int] = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), number)
            await anyio.sleep(10)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
                cleaned.append("rolled back")

    with pytest.raises(InterruptedRunError) as caught:
        run_until_signal(work, on_signal=heard.append, on_second=nothing)
    assert caught.value.code == 128 + number
    assert cleaned == ["rolled back"]
    assert heard == [number]


def test_what_the_library_says_of_an_interrupted_run_is_kept() -> None:
    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await anyio.sleep(10)
        finally:
            raise StatementFailedError("half of b2 stands", hint="run it again", applied=["a1"])

    with pytest.raises(InterruptedRunError) as caught:
        run_until_signal(work, on_signal=nothing, on_second=nothing)
    console = memory_console()
    assert report(caught.value, CommandLine((), console)) == 143
    assert written(console.err) == (
        "error: interrupted by SIGTERM: half of b2 stands\nhint: run it again\n"
        "see: https://asyncmig.github.io/asyncmig/errors/#e0402 or `asyncmig explain E0402`\n"
    )


def test_work_that_was_over_in_time_is_done() -> None:
    async def work() -> str:
        os.kill(os.getpid(), signal.SIGINT)
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.05)
        return "committed"

    assert run_until_signal(work, on_signal=nothing, on_second=nothing) == "committed"


def test_a_second_signal_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    class EndedError(Exception):
        pass

    def end(code: int) -> None:
        said.append(f"exit {code}")
        raise EndedError

    monkeypatch.setattr(os, "_exit", end)

    async def work() -> None:
        with anyio.CancelScope(shield=True):
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
                await anyio.sleep(0.05)

    with pytest.raises(BaseExceptionGroup):
        run_until_signal(work, on_signal=nothing, on_second=lambda: said.append("abandoned"))
    assert said == ["abandoned", "exit 130"]


def test_what_the_driver_leaves_behind_after_a_signal_is_not_told(caplog):
    def leave_a_failure() -> None:
        asyncio.get_running_loop().create_future().set_exception(OSError("gone"))
        gc.collect()

    async def work():
        leave_a_failure()
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await anyio.sleep(10)
        finally:
            leave_a_failure()

    with pytest.raises(InterruptedRunError):
        run_until_signal(work, on_signal=lambda _: None, on_second=lambda: None)
    assert caplog.text.count("never retrieved") == 1
