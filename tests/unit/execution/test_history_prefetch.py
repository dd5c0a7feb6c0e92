"""asyncmig.execution.history_prefetch: how much of the history a run reads."""

from __future__ import annotations

import anyio
import pytest

from asyncmig.bookkeeping.state import DatabaseState
from asyncmig.execution.history_prefetch import prefetch_history
from asyncmig.plan.model import Direction
from asyncmig.plan.run_request import RunRequest
from support.plans import partial

UP = RunRequest(target="heads", direction=Direction.UPGRADE)


class History:
    """Knows its heads, or does not; counts what is read."""

    def __init__(self, *heads: str, known: bool = True) -> None:
        self.heads = heads if known else None
        self.read: list[str] = []

    async def known_heads(self) -> tuple[str, ...] | None:
        self.read.append("heads")
        return self.heads

    async def graph(self) -> str:
        self.read.append("history")
        return "the history"


def state(*heads: str, entries=()) -> DatabaseState:
    return DatabaseState(
        heads=frozenset(heads),
        schema="public",
        has_version_table=True,
        has_journal=True,
        has_backfills=False,
        partial=entries,
    )


async def graph_for(
    history: History, found: DatabaseState, target: str, direction=Direction.UPGRADE
):
    request = RunRequest(target=target, direction=direction)
    async with prefetch_history(history, request) as prefetch:
        return await prefetch.graph(found)


async def test_at_the_heads_the_history_is_not_read() -> None:
    history = History("a1")
    assert await graph_for(history, state("a1"), "head") is None
    assert history.read == ["heads"]


@pytest.mark.parametrize(
    ("history", "found", "target"),
    [
        (History("b1"), state("a1"), "heads"),
        (History("b1"), state(), "heads"),
        (History("a1"), state("a1", entries=(partial(),)), "heads"),
        (History("a1", "b1"), state("a1", "b1"), "head"),
    ],
)
async def test_otherwise_it_is_read_behind_the_heads(history, found, target) -> None:
    assert await graph_for(history, found, target) == "the history"
    assert history.read == ["heads", "history"]


async def test_several_heads_may_all_be_meant() -> None:
    assert await graph_for(History("a1", "b1"), state("b1", "a1"), "heads") is None


async def test_heads_that_are_not_known_are_read_with_the_history() -> None:
    history = History(known=False)
    assert await graph_for(history, state("a1"), "heads") == "the history"
    assert history.read == ["heads", "history"]


@pytest.mark.parametrize(
    ("target", "direction"), [("a1", Direction.UPGRADE), ("heads", Direction.DOWNGRADE)]
)
async def test_another_target_needs_the_history_at_once(target, direction) -> None:
    history = History("a1")
    assert await graph_for(history, state("a1"), target, direction) == "the history"
    assert history.read == ["history"]


async def test_a_history_that_cannot_be_read_ends_the_run() -> None:
    class Broken(History):
        async def graph(self) -> str:
            raise LookupError("two revisions with one id")

    with pytest.raises(LookupError, match="two revisions"):
        await graph_for(Broken(known=False), state("a1"), "heads")


@pytest.mark.parametrize(
    ("history", "read"), [(History("a1"), ["heads"]), (History(known=False), ["heads", "history"])]
)
async def test_it_is_read_before_the_state_is_known(history, read) -> None:
    async with prefetch_history(history, UP) as prefetch:
        await prefetch.task.wait()
        assert history.read == read


async def test_a_history_that_cannot_be_read_cancels_the_connection_attempt() -> None:
    class Broken(History):
        async def graph(self) -> str:
            raise LookupError("two revisions with one id")

    async def connect() -> None:
        async with prefetch_history(Broken(known=False), UP):
            await anyio.sleep_forever()

    with anyio.fail_after(5), pytest.raises(LookupError, match="two revisions"):
        await connect()
