"""A run of safe rewrites is cut at every message; the next run continues and ends as if undisturbed."""

from __future__ import annotations

import asyncpg
import pytest

from asyncmig import Migrator
from fix_database import catalog_dump
from support.depth import depth
from support.interrupted_runs import InterruptedRuns
from support.rewrite_cases import CASES, SETUP

SAMPLE = depth().crash_points

LAST = ("detach partition", "refresh", "not null and more")
"""Cases that change what others need."""

pytestmark = [pytest.mark.slow, pytest.mark.sampled, pytest.mark.timeout(1800)]


@pytest.fixture
def every_rewrite(project):
    """A revision for each rewrite, above one that creates their tables."""
    project.revision("a1", upgrade=SETUP, downgrade=None)
    below = "a1"
    first = [name for name in CASES if "attach" in name]
    others = [name for name in CASES if name not in {*first, *LAST}]
    for number, name in enumerate((*first, *others, *LAST)):
        rev = f"b{number:02}"
        project.revision(
            rev,
            down=below,
            message=name,
            header="import sqlalchemy as sa",
            upgrade=CASES[name].upgrade,
            downgrade=CASES[name].downgrade,
        )
        below = rev
    return project


async def run(url: str, project, direction: str) -> None:
    migrator = Migrator(
        url, script_location=project.script_location, lock_wait=60, safe_rewrites=True
    )
    if direction == "upgrade":
        await migrator.upgrade()
    else:
        await migrator.downgrade("a1")


async def prepared(url: str, project, direction: str) -> str:
    migrator = Migrator(url, script_location=project.script_location)
    await migrator.upgrade("a1")
    if direction == "downgrade":
        await run(url, project, "upgrade")
    return url


async def contents(url: str) -> tuple[str, list[tuple[object, ...]]]:
    """Everything that two runs may differ in."""
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
        assert (
            await connection.fetchval(
                "SELECT count(*) FROM pg_constraint WHERE NOT convalidated OR conname ~ 'proof|bound'"
            )
            == 0
        )
        phases = await connection.fetch(
            "SELECT revision, direction, phase, state, count(*) FROM asyncmig_journal"
            " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        )
    finally:
        await connection.close()
    return catalog_dump(url, data=True), [tuple(row) for row in phases]


async def interrupted(project, make_database, direction: str) -> InterruptedRuns:
    start = await prepared(make_database(), project, direction)

    async def database() -> str:
        return make_database(start.rpartition("/")[2])

    async def continued(url: str) -> None:
        await run(url, project, direction)

    return InterruptedRuns(direction=direction, database=database, run=continued, contents=contents)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("direction", ["upgrade", "downgrade"])
async def test_cut_at_a_message(every_rewrite, make_database, direction, when, capsys):
    runs = await interrupted(every_rewrite, make_database, direction)
    tried = await runs.check_cuts(when, sample=SAMPLE)
    with capsys.disabled():
        print(f"\n{tried}")
