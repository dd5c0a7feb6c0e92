"""Models drawn at random: from one to the other and back, nothing is left to do.

``make test-autogen`` draws thousands of pairs, on PostgreSQL 15 and 18.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings

from asyncmig import Migrator
from asyncmig.autogenerate.renames import RenameRequests
from asyncmig.diff.compare import compare
from asyncmig.entities import registered
from asyncmig.errors import PlanError
from asyncmig.operations.base.containers import OpContainer
from drawn_models import metadatas_of, pairs, unsaid
from fix_database import dump_lines
from fix_project import Project
from model_changes.proving import ENTITIES, RESET, spelled
from support.depth import depth

if TYPE_CHECKING:
    from pathlib import Path

    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.shadow.read_sides import ComparedCatalogs
    from drawn_models import Pair
    from fix_autogenerate import Comparing
    from fix_server import TestServer

EXAMPLES = depth().model_pairs

UNCOMPARED = re.compile(
    r'(?<=CREATE )UNLOGGED (?=SEQUENCE )| CONSTRAINT ("(?:[^"]|"")+"|\w+)(?= NOT NULL$)'
)


@pytest.fixture
def engine(database_url: str):
    url = sa.make_url(database_url).set(drivername="postgresql+psycopg2")
    made = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    yield made
    made.dispose()


async def create_all(comparing: Comparing, engine: sa.Engine, metadatas: list[sa.MetaData]) -> None:
    """Make the database from models: SQLAlchemy does, where nothing is declared beside them."""
    await comparing.driver.execute(f'{RESET}; CREATE SCHEMA other; CREATE SCHEMA "My Shop"')
    if registered(metadatas):
        sides = await comparing.sides(*metadatas, include_schemas=True)
        await comparing.apply(compare(sides.actual, sides.wanted), sides)
        return
    with engine.connect() as connection:
        for metadata in metadatas:
            metadata.create_all(connection)


async def as_a_file(project: Project, url: str, after: list[sa.MetaData], pair: Pair) -> None:
    """Write the revision, upgrade to it, find nothing left to do, and downgrade."""
    chosen = project.settings(
        url=url,
        include_schemas=True,
        managed_entities=ENTITIES,
        shadow_cache=False,
        concurrent_indexes=pair.concurrently,
    )
    migrator = Migrator(settings=chosen, target_metadata=after)
    created = await migrator.revision(
        "drawn",
        autogenerate=True,
        rev_id="a1",
        renames=pair.renames,
        confirm_rename=(lambda _candidate: True) if pair.agrees else None,
        sql_file=pair.file == "sql",
    )
    assert len(created.renames) >= len(pair.renames)
    await migrator.upgrade()
    found = await migrator.check()
    assert found.ok, found
    await migrator.downgrade("base")


def dumped_lines(url: str) -> list[str]:
    """What pg_dump says, without what is not compared.

    That are the names of NOT NULL, which follow no rename, and whether a sequence is logged.
    """
    return sorted(UNCOMPARED.sub("", line) for line in dump_lines(url))


def is_hindered(operation: MigrateOperation) -> bool:
    """Something that stays stands on what is dropped: the script says so, and fails."""
    inside = operation.ops if isinstance(operation, OpContainer) else ()
    return bool(getattr(operation, "blocked_by", ())) or any(map(is_hindered, inside))


def nothing_left(sides: ComparedCatalogs) -> None:
    """Both ways there is nothing to do."""
    assert not (left := spelled(sides)), left


async def there_and_back(
    comparing: Comparing,
    url: str,
    engine: sa.Engine,
    major: int,
    path: Path,
    pair: Pair,
) -> None:
    """Make the one, go to the other and back."""
    before, after = (metadatas_of(model, major) for model in (pair.one, pair.two))
    comparing.managed_entities = ENTITIES
    if pair.thoroughly:
        await comparing.driver.execute("VACUUM")  # of what the schemas of other pairs left
    await create_all(comparing, engine, before)

    async def looked_at(metadatas: list[sa.MetaData], sides: ComparedCatalogs) -> ComparedCatalogs:
        if pair.thoroughly:
            return await comparing.sides(*metadatas, include_schemas=True)
        return await comparing.actual(sides)

    nothing_left(await comparing.sides(*before, include_schemas=True))
    more = unsaid(pair.one, major)
    for sql in more:
        await comparing.driver.execute(sql)
    dumped = dumped_lines(url) if pair.thoroughly else None
    if pair.strangers:
        comparing.managed_entities = ()
    sides = await comparing.read(*after, include_schemas=True)
    if pair.file is not None:
        await as_a_file(Project(path), url, after, pair)
        await comparing.driver.execute("DROP TABLE asyncmig_journal, alembic_version")
    else:
        ask = (lambda _candidate: True) if pair.agrees else None
        renaming = RenameRequests(given=pair.renames, ask=ask)
        try:
            upgrade, downgrade = await comparing.scripted(sides, renaming)
        except PlanError:
            assert pair.strangers  # they would have to be built anew under a rename
            return
        if pair.strangers and any(map(is_hindered, [*upgrade, *downgrade])):
            return
        written = await comparing.apply(upgrade, sides)
        assert sum(" RENAME " in sql for sql in written) >= len(pair.renames)
        nothing_left(await looked_at(after, sides))
        await comparing.apply(downgrade, sides)
    restored = await looked_at(before, sides)
    nothing_left(replace(sides, wanted=restored.actual))
    assert restored.actual == sides.actual
    if pair.thoroughly and not more:
        nothing_left(restored)
    if dumped is not None:
        again = dumped_lines(url)
        assert again == dumped, set(again) ^ set(dumped)


@pytest.mark.sampled
@pytest.mark.timeout(120 + 10 * EXAMPLES)
@settings(
    max_examples=EXAMPLES,
    derandomize=depth().drawn == "same",
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(pair=pairs)
async def test_there_and_back(
    comparing: Comparing,
    database_url: str,
    engine: sa.Engine,
    server: TestServer,
    tmp_path_factory: pytest.TempPathFactory,
    pair: Pair,
) -> None:
    path = tmp_path_factory.mktemp("drawn")
    await there_and_back(comparing, database_url, engine, server.major, path, pair)
