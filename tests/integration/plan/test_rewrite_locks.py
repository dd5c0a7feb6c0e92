"""No statement of a safe form holds SHARE or a stronger lock while it reads the table."""

from __future__ import annotations

import pytest

from asyncmig import Migrator
from support.held_locks import Held, held_through_scans
from support.rewrite_cases import CASES, write_case

NO_SAFE_FORM = {"primary key of a partitioned table": 18}
"""Cases that have none since a version."""
READS_LITTLE = {
    *("drop index", "attach partition of a partition", "detach partition"),
    "column with a volatile default that comes back",
}
"""Cases whose plain form reads nothing: its lock waits for others, and others wait for it."""


async def planned(url: str, project, *, safe: bool):
    migrator = Migrator(url, script_location=project.script_location, safe_rewrites=safe)
    if not (await migrator.current()).heads:
        await migrator.upgrade("a1")
    (step,) = (await migrator.plan("b1")).steps
    return step.phases


@pytest.mark.cells(4)
@pytest.mark.parametrize("name", [name for name in CASES if name != "refresh"])
async def test_nothing_is_read_under_a_strong_lock(project, make_database, server, name):
    if server.major >= NO_SAFE_FORM.get(name, 99):
        phases = await planned(make_database(), project_of(project, name), safe=True)
        notes = {statement.not_rewritten for phase in phases for statement in phase.statements}
        assert notes == {
            "from PostgreSQL 18 on each partition would keep NOT NULL constraints of its own"
        }
        return
    write_case(project, CASES[name])
    plain, safe = make_database(), make_database()
    under_plain = await held_through_scans(plain, await planned(plain, project, safe=False))
    assert bool(under_plain) is (name not in READS_LITTLE)
    assert await held_through_scans(safe, await planned(safe, project, safe=True)) == set()


def project_of(project, name):
    return write_case(project, CASES[name])


async def test_a_refresh_lets_reads_continue(project, make_database):
    write_case(project, CASES["refresh"])
    plain, safe = make_database(), make_database()
    under_plain = await held_through_scans(plain, await planned(plain, project, safe=False))
    under_safe = await held_through_scans(safe, await planned(safe, project, safe=True))
    assert Held("thick", "AccessExclusiveLock") in under_plain
    assert {held for held in under_safe if held.mode == "AccessExclusiveLock"} == set()
