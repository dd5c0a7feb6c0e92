"""Models drawn at random: from one to the other and back, nothing is left to do.

``make test-autogen`` draws thousands of pairs; ``python scripts/servers.py run 15 -- make test-autogen``
does so on PostgreSQL 15.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings

from drawn_models import metadatas_of, models
from fix_autogenerate import comparing_at
from fix_database import dump_lines
from model_changes.proving import RESET, operations, spelled

EXAMPLES = int(os.environ.get("ASYNCMIG_AUTOGEN_EXAMPLES", "15"))
"""How many pairs are drawn."""
DUMPED = EXAMPLES > 100
"""pg_dump is slow: it is asked where there is time."""


@pytest.fixture
def engine(database_url: str):
    url = sa.make_url(database_url).set(drivername="postgresql+psycopg2")
    made = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    yield made
    made.dispose()


def create_all(engine: sa.Engine, metadatas: list[sa.MetaData]) -> None:
    with engine.connect() as connection:
        connection.execute(sa.text(f'{RESET}; CREATE SCHEMA other; CREATE SCHEMA "My Shop"'))
        for metadata in metadatas:
            metadata.create_all(connection)


@pytest.mark.timeout(120 + 2 * EXAMPLES)
@settings(
    max_examples=EXAMPLES,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(one=models, two=models)
async def test_there_and_back(
    database_url: str, engine: sa.Engine, one: dict[str, Any], two: dict[str, Any]
) -> None:
    before, after = metadatas_of(one), metadatas_of(two)
    create_all(engine, before)
    async with comparing_at(database_url) as comparing:
        assert spelled(await comparing.sides(*before, include_schemas=True)) == []
        dumped = dump_lines(database_url) if DUMPED else None
        sides = await comparing.sides(*after, include_schemas=True)
        upgrade, downgrade = operations(sides)
        await comparing.apply(upgrade, sides)
        assert spelled(await comparing.sides(*after, include_schemas=True)) == []
        await comparing.apply(downgrade, sides)
        restored = await comparing.sides(*before, include_schemas=True)
        assert restored.actual == sides.actual
        assert spelled(restored) == []
        assert not DUMPED or dump_lines(database_url) == dumped
