"""Models drawn at random: from one to the other and back, nothing is left to do.

``make test-autogen`` draws thousands of pairs; ``python scripts/servers.py run 15 -- make test-autogen``
does so on PostgreSQL 15.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from drawn_models import metadatas_of, models
from fix_database import dump_lines
from model_changes.proving import RESET, operations, spelled

if TYPE_CHECKING:
    from asyncmig.engine.shadow import Sides
    from fix_autogenerate import Comparing

EXAMPLES = int(os.environ.get("ASYNCMIG_AUTOGEN_EXAMPLES", "15"))
"""How many pairs are drawn."""
THOROUGHLY = st.sampled_from([*[False] * 19, True])
"""One pair in twenty is looked at with pg_dump, and its models are built anew after each way."""


@pytest.fixture
def engine(database_url: str):
    url = sa.make_url(database_url).set(drivername="postgresql+psycopg2")
    made = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    yield made
    made.dispose()


async def create_all(comparing: Comparing, engine: sa.Engine, metadatas: list[sa.MetaData]) -> None:
    await comparing.driver.execute(f'{RESET}; CREATE SCHEMA other; CREATE SCHEMA "My Shop"')
    with engine.connect() as connection:
        for metadata in metadatas:
            metadata.create_all(connection)


@pytest.mark.timeout(120 + 2 * EXAMPLES)
@settings(
    max_examples=EXAMPLES,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(one=models, two=models, thoroughly=THOROUGHLY)
async def test_there_and_back(
    comparing: Comparing,
    database_url: str,
    engine: sa.Engine,
    one: dict[str, Any],
    two: dict[str, Any],
    thoroughly: bool,
) -> None:
    before, after = metadatas_of(one), metadatas_of(two)
    if thoroughly:
        await comparing.driver.execute("VACUUM")  # of what the schemas of other pairs left
    await create_all(comparing, engine, before)

    async def looked_at(metadatas: list[sa.MetaData], sides: Sides) -> Sides:
        if thoroughly:
            return await comparing.sides(*metadatas, include_schemas=True)
        return await comparing.actual(sides)

    assert spelled(await comparing.sides(*before, include_schemas=True)) == []
    dumped = dump_lines(database_url) if thoroughly else None
    sides = await comparing.sides(*after, include_schemas=True)
    upgrade, downgrade = operations(sides)
    await comparing.apply(upgrade, sides)
    assert spelled(await looked_at(after, sides)) == []
    await comparing.apply(downgrade, sides)
    restored = await looked_at(before, sides)
    assert restored.actual == sides.actual
    assert not thoroughly or spelled(restored) == []
    assert not thoroughly or dump_lines(database_url) == dumped
