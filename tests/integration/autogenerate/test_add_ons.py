"""Types of packages beside SQLAlchemy: no false positives, and scripts that run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from support.add_on_models import GEOALCHEMY, HEAVY, LIGHT, own_types
from support.depth import depth
from support.dump_facts import facts, unlike

if TYPE_CHECKING:
    from fix_database import MakeDatabase
    from fix_project import Project
    from support.add_on_models import AddOn

ADD_ONS = {
    "dev": LIGHT,
    "all": [*LIGHT, *HEAVY],
    GEOALCHEMY.name: [GEOALCHEMY],
}[depth().add_ons]
"""``LIGHT`` needs no more than the extra ``dev``; GeoAlchemy needs a server with PostGIS."""


def prepare(url: str, add_on: AddOn, models: list[sa.MetaData], *, create_all: bool) -> None:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
    with engine.begin() as connection:
        for name in add_on.extensions:
            connection.exec_driver_sql(f"CREATE EXTENSION {name}")
    engine.dispose()  # what was asked of the database when it had no extensions
    if create_all:
        with engine.begin() as connection:
            for metadata in models:
                if metadata.schema is not None:
                    connection.execute(sa.schema.CreateSchema(metadata.schema))
                metadata.create_all(connection)
    engine.dispose()


@pytest.mark.cells(1)
@pytest.mark.parametrize("add_on", ADD_ONS, ids=repr)
async def test_add_on(add_on: AddOn, project: Project, make_database: MakeDatabase) -> None:
    models = add_on.models()
    created, migrated = make_database(), make_database()
    prepare(created, add_on, models, create_all=True)
    found = await Migrator(settings=project.settings(url=created), target_metadata=models).check()
    assert found.ok, found

    prepare(migrated, add_on, models, create_all=False)
    before = facts(migrated)
    migrator = Migrator(settings=project.settings(url=migrated), target_metadata=models)
    await migrator.revision("all of it", autogenerate=True, rev_id="a1")
    await migrator.upgrade()
    found = await migrator.check()
    assert found.ok, found
    assert list(unlike(facts(migrated, names=False), facts(created, names=False))) == []
    await migrator.downgrade("base")
    assert list(unlike(facts(migrated), before)) == []


async def test_how_types_are_spelled(project: Project, database_url: str) -> None:
    migrator = Migrator(settings=project.settings(url=database_url), target_metadata=own_types())
    await migrator.revision("all of it", autogenerate=True, rev_id="a1")
    text = (project.versions / "a1_all_of_it.py").read_text()
    assert "import support.add_on_models\n" in text
    assert 'sa.Column("named", support.add_on_models.Named("xid8"))' in text
    assert 'sa.Column("opaque", ServerType("TXID_SNAPSHOT"))' in text
    assert 'sa.Column("computing", ServerType("pg_lsn"))' in text
    assert 'sa.Column("shape", ServerType("polygon"))' in text
