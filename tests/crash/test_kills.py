"""The process is killed at a random time; the next run goes on and ends as if undisturbed."""

from __future__ import annotations

import pytest

from asyncmig import Migrator
from support.crash_history import contents, write_every_kind
from support.depth import depth
from support.interrupted_runs import InterruptedRuns

pytestmark = [pytest.mark.sampled, pytest.mark.timeout(1800)]


@pytest.mark.cells(1)
@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
async def test_killed_at_a_random_time(project, make_database, direction, capsys):
    folder = write_every_kind(project).script_location

    async def run(url: str, direction: str = direction) -> None:
        migrator = Migrator(url, script_location=folder, lock_wait=60)
        await (migrator.upgrade() if direction == "upgrade" else migrator.downgrade("base"))

    async def database() -> str:
        url = make_database()
        if direction == "downgrade":
            await run(url, "upgrade")
        return url

    runs = InterruptedRuns(direction=direction, database=database, run=run, contents=contents)
    tried = await runs.check_kills(folder, kills=depth().kills)
    with capsys.disabled():
        print(f"\n{tried}")
