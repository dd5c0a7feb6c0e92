"""The network swallows everything from a message of a run on: each wait ends in its time limit.

No side notices a partition. With ``command_timeout`` every message of a run has a limit; without it, what
waits for nothing has one. ``ASYNCMIG_TEST_DEPTH=full,crash_points=all`` tries every message.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.database.session import CLEANUP_SECONDS
from asyncmig.errors import (
    ConnectionFailedError,
    ConnectionLostError,
    DatabaseError,
    LockNotAcquiredError,
    NotCurrentError,
)
from support.crash_history import contents, write_every_kind
from support.depth import depth
from support.fault_proxy import fault_proxy

pytestmark = [pytest.mark.slow, pytest.mark.sampled, pytest.mark.timeout(3600)]

ANSWER = 1.5
"""``command_timeout``, ``connect_timeout`` and ``lock_wait``."""
LONGEST = 4 * CLEANUP_SECONDS + 10 * ANSWER
"""Seconds: limits, clean-up, and what a busy machine adds."""


@pytest.fixture
def every_kind(project):
    return write_every_kind(project)


def migrator(url, project, **options):
    limits: dict[str, Any] = {
        "command_timeout": ANSWER,
        "connect_timeout": ANSWER,
        "lock_wait": ANSWER,
    }
    return Migrator(url, script_location=project.script_location, **(limits | options))


def points(total, name):
    every = range(1, total + 1)
    if len(every) <= depth().crash_points:
        return every
    return sorted(random.Random(name).sample(every, depth().crash_points))


@pytest.mark.parametrize("way", ["lost", "unanswered"])
@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
async def test_every_message_of_a_run(every_kind, make_database, direction, way, capsys):
    calm = make_database()
    if direction == "downgrade":
        await migrator(calm, every_kind, command_timeout=60).upgrade()
    target = "head" if direction == "upgrade" else "base"

    def run(url, **options):
        return getattr(migrator(url, every_kind, **options), direction)(target)

    async with fault_proxy(calm) as proxy:
        await run(proxy.url, command_timeout=60, lock_wait=60)
        total = proxy.seen
    expected = await contents(calm)
    longest, kinds = 0.0, {}
    for point in points(total, f"{direction}{way}"):
        url = make_database()
        if direction == "downgrade":
            await migrator(url, every_kind, command_timeout=60).upgrade()
        async with fault_proxy(url, point, way) as proxy:
            began = time.monotonic()
            try:
                with anyio.fail_after(2 * LONGEST):
                    await run(proxy.url)
            except (DatabaseError, ConnectionFailedError) as error:
                kinds[type(error).__name__] = kinds.get(type(error).__name__, 0) + 1
            took = time.monotonic() - began
            longest = max(longest, took)
            assert took < LONGEST, (
                f"{direction}, {way} from message {point} of {total}: {took:.0f} s"
            )
            assert proxy.broken or proxy.seen < point
        await run(url, command_timeout=60, lock_wait=60)
        found = await contents(url)
        assert found == expected, f"{direction}, {way} from message {point} of {total}"
    with capsys.disabled():
        print(f"\n{direction}, {way}: {total} messages, longest {longest:.1f} s, {kinds}")


@pytest.mark.parametrize("way", ["lost", "unanswered"])
async def test_every_message_of_a_health_check(project, make_database, way):
    project.revision("a1")
    url = make_database()
    await migrator(url, project).upgrade()
    options = {"command_timeout": 0, "connect_timeout": ANSWER}
    async with fault_proxy(url) as proxy:
        await migrator(proxy.url, project, **options).status()
        total = proxy.seen
    for point in range(1, total + 1):
        for method in ("status", "current", "wait_until_current", "journal"):
            async with fault_proxy(url, point, way) as proxy:
                own = migrator(proxy.url, project, **options)
                arguments = {"timeout": 0.1} if method == "wait_until_current" else {}
                began = time.monotonic()
                try:
                    await getattr(own, method)(**arguments)
                except (ConnectionLostError, ConnectionFailedError, NotCurrentError):
                    assert proxy.broken
                assert time.monotonic() - began < LONGEST, f"{method}, {way} from message {point}"


@pytest.mark.parametrize("way", ["lost", "unanswered"])
async def test_a_wait_for_the_lock_ends(project, make_database, way):
    project.revision("a1", upgrade='op.execute("SELECT pg_sleep(3600)")')
    url = make_database()
    holder = asyncio.create_task(migrator(url, project, command_timeout=0).upgrade())
    looker = await asyncpg.connect(url)
    while not await looker.fetchval(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    ):
        await anyio.sleep(0.05)
    async with fault_proxy(url) as proxy:
        with pytest.raises(LockNotAcquiredError):
            await migrator(proxy.url, project, command_timeout=0).upgrade()
        total = proxy.seen
    for point in points(total, way):
        async with fault_proxy(url, point, way) as proxy:
            began = time.monotonic()
            with (
                anyio.fail_after(2 * LONGEST),
                pytest.raises((ConnectionLostError, ConnectionFailedError, LockNotAcquiredError)),
            ):
                await migrator(proxy.url, project, command_timeout=0).upgrade()
            assert time.monotonic() - began < LONGEST, f"{way} from message {point} of {total}"
    holder.cancel()
    await looker.close()
    await asyncio.gather(holder, return_exceptions=True)


@pytest.mark.parametrize("way", ["lost", "unanswered"])
async def test_a_cancellation_ends_in_its_time(every_kind, make_database, way):
    calm = make_database()
    async with fault_proxy(calm) as proxy:
        await migrator(proxy.url, every_kind, command_timeout=0, lock_wait=60).upgrade()
        total = proxy.seen
    for point in points(total, f"cancel{way}"):
        url = make_database()
        async with fault_proxy(url, point, way) as proxy:
            own = migrator(proxy.url, every_kind, command_timeout=0, lock_wait=60)
            began = time.monotonic()
            with anyio.move_on_after(3):
                try:
                    await own.upgrade()
                except (DatabaseError, ConnectionFailedError):
                    assert proxy.broken
            assert time.monotonic() - began < LONGEST, f"{way} from message {point} of {total}"
        await migrator(url, every_kind, command_timeout=60, lock_wait=60).upgrade()
        assert await contents(url) == await contents(calm)
