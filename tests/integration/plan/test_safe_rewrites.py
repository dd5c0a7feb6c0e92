"""Safe rewrites give the catalog and the rows of the plain form, whatever the version of the server."""

from __future__ import annotations

import pytest

from asyncmig import Migrator
from fix_database import catalog_dump
from support.rewrite_cases import CASES, write_case


def dumped(url: str) -> str:
    return catalog_dump(url, version_table=False, data=True)


async def run(url: str, project, target: str, *, safe: bool) -> None:
    migrator = Migrator(url, script_location=project.script_location, safe_rewrites=safe)
    current = await migrator.current()
    if target == "b1" or not current.heads:
        await migrator.upgrade(target)
    else:
        await migrator.downgrade(target)


@pytest.mark.parametrize("name", CASES)
async def test_the_catalog_is_that_of_the_plain_form(project, make_database, server, name):
    case = CASES[name]
    write_case(project, case)
    plain, safe = make_database(), make_database()
    for url in (plain, safe):
        await run(url, project, "a1", safe=True)
    before = dumped(plain)
    migrator = Migrator(safe, script_location=project.script_location, safe_rewrites=True)
    (step,) = (await migrator.plan("b1")).steps
    assert server.major < 18 or len(step.phases) == case.phases

    await run(plain, project, "b1", safe=False)
    await run(safe, project, "b1", safe=True)
    assert dumped(safe) == dumped(plain)

    await run(plain, project, "a1", safe=False)
    await run(safe, project, "a1", safe=True)
    assert dumped(safe) == dumped(plain)
    assert sorted(dumped(safe)) == sorted(before)
