"""asyncmig.execution.context: what is committed, and who samples the locks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from support.fake_session import FakeSession, fake_context
from support.plans import BOOKS, WITHOUT_JOURNAL, statement, step

FAILING = statement("SELECT 1")


@pytest.mark.parametrize("watches", [True, False])
async def test_locks_are_sampled_where_there_is_a_watch(watches) -> None:
    order: list[str] = []

    class Watch:
        async def during(self, send: Any) -> None:
            order.append("watched")
            await send()

    async def send() -> None:
        order.append("sent")

    watch: Any = Watch() if watches else None
    await replace(fake_context(FakeSession()), lock_watch=watch).watched(send)
    assert order == (["watched", "sent"] if watches else ["sent"])


@pytest.mark.parametrize("caller", [True, False])
def test_what_is_committed_of_a_transaction_of_the_caller_is_his_to_say(caller) -> None:
    context = fake_context(FakeSession(caller_transaction=caller))
    committed = context.committed(step(), None, 2)
    assert committed.caller_transaction is caller
    assert committed.phases == (0 if caller else 2)


@pytest.mark.parametrize(("books", "continues"), [(BOOKS, True), (WITHOUT_JOURNAL, False)])
def test_the_way_out_of_a_partial_failure_depends_on_the_journal(books, continues) -> None:
    context = fake_context(FakeSession(), books=books)
    failure = context.failure(
        asyncpg.UndefinedTableError("no table"),
        step(),
        1,
        FAILING,
        committed=context.committed(step(), None, 1),
    )
    assert ("run the same command again" in failure.hint) is continues
