"""The connection is cut at every message of a run; the next run goes on and ends as if undisturbed.

``make test-crash`` tries every message; a plain run of the tests tries a sample of them.
"""

from __future__ import annotations

import random

import anyio
import pytest

from asyncmig import Migrator
from asyncmig.errors import AsyncmigError
from support.crash_history import contents, write_every_kind
from support.depth import depth
from support.fault_proxy import fault_proxy

SAMPLE = depth().crash_points

pytestmark = [pytest.mark.sampled, pytest.mark.timeout(1800)]


@pytest.fixture
def every_kind(project):
    return write_every_kind(project)


async def run(url: str, project, direction: str) -> None:
    migrator = Migrator(url, script_location=project.script_location, lock_wait=60)
    if direction == "upgrade":
        await migrator.upgrade()
    else:
        await migrator.downgrade("base")


async def prepare(url: str, project, direction: str) -> None:
    if direction == "downgrade":
        await run(url, project, "upgrade")


@pytest.mark.cells(2)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
async def test_cut_at_a_message(every_kind, make_database, direction, when, capsys):
    calm = make_database()
    await prepare(calm, every_kind, direction)
    async with fault_proxy(calm) as proxy:
        await run(proxy.url, every_kind, direction)
        total = proxy.seen
    expected = await contents(calm)

    points = range(1, total + 1)
    if len(points) > SAMPLE:
        points = sorted(random.Random(f"{direction}{when}").sample(points, SAMPLE))
    tried = 0
    for point in points:
        url = make_database()
        await prepare(url, every_kind, direction)
        async with fault_proxy(url, point, when) as proxy:
            try:
                with anyio.fail_after(60):
                    await run(proxy.url, every_kind, direction)
            except AsyncmigError:
                pass
            # progress is asked for only where an index takes long
            assert proxy.broken or proxy.seen < point
        await run(url, every_kind, direction)
        found = await contents(url)
        assert found == expected, f"{direction}: cut {when} message {point} of {total}"
        tried += 1
    with capsys.disabled():
        print(f"\n{direction}, cut {when} a message: {tried} of {total} points")
