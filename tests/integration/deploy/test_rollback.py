"""``deploy(rollback_on_failure=True)`` over branches and merges: back to the very set of heads it found."""

from __future__ import annotations

import pytest

from asyncmig import Migrator
from asyncmig.deploy import deploy
from asyncmig.errors import StatementFailedError
from fix_database import catalog_dump

PARENTS = {"a": None, "b": "a", "c": "a", "m": ("b", "c"), "e": "m", "f": "c", "g": ("e", "f")}


def write(project, failing: str | None) -> None:
    for name, down in PARENTS.items():
        project.revision(
            name,
            down=down,
            upgrade="op.execute('SELECT 1 / 0')"
            if name == failing
            else f"op.execute('CREATE TABLE {name} ()')",
            downgrade=f"op.execute('DROP TABLE {name}')",
        )


PENDING = {"a": "bcfmeg", "b": "cfmeg", "b c": "fmeg", "b f": "meg", "m": "feg", "m f": "eg"}
"""What is pending where a deployment starts."""


@pytest.mark.cells(2)
@pytest.mark.parametrize(
    ("start", "failing"), [(start, name) for start, names in PENDING.items() for name in names]
)
async def test_a_failed_deployment_goes_back(project, database_url, start, failing):
    write(project, None)
    migrator = Migrator(database_url, script_location=project.script_location)
    for target in start.split():
        await migrator.upgrade(target)
    before = await migrator.status()
    assert set(before.pending) == set(PENDING[start])
    dump = catalog_dump(database_url)
    write(project, failing)
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(StatementFailedError) as caught:
        await deploy(migrator, "heads", rollback_on_failure=True)
    assert (await migrator.status()).current == before.current
    assert catalog_dump(database_url) == dump
    assert caught.value.hint.startswith("rolled back: the database is at ")
    assert caught.value.rolled_back == tuple(reversed(caught.value.applied))
