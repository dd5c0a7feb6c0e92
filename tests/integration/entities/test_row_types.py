"""Functions that take or return rows of views, tables and composite types, created and dropped in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.entities import CompositeType, Function, MaterializedView, View, register
from fix_database import catalog_dump

if TYPE_CHECKING:
    from fix_project import Project

VIEW = View("r", "SELECT id FROM book")
MATERIALIZED = MaterializedView("r", "SELECT id FROM book")
TYPE = CompositeType("r", {"id": "integer"})
RETURNED = Function("g", returns="SETOF r", language="plpgsql", body="BEGIN RETURN; END")
TAKEN = Function("g", "r r", returns="integer", language="sql", body="SELECT r.id")
ARRAY = Function("g", "r r[]", returns="integer", language="sql", body="SELECT r[1].id")


def book(*entities: object, name: str = "book") -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table(name, metadata, sa.Column("id", sa.Integer))
    register(metadata, *entities)
    return metadata


@pytest.mark.cells(1)
@pytest.mark.parametrize("function", [RETURNED, TAKEN, ARRAY], ids=["returned", "taken", "array"])
@pytest.mark.parametrize(
    "relation",
    [VIEW, MATERIALIZED, TYPE, None],
    ids=["view", "materialized_view", "composite_type", "table"],
)
async def test_functions_of_row_types_there_and_back(
    project: Project, database_url: str, relation: object, function: Function
):
    def migrator(metadata: sa.MetaData) -> Migrator:
        kinds = ["view", "materialized_view", "function", "composite_type"]
        settings = project.settings(url=database_url, managed_entities=kinds)
        return Migrator(settings=settings, target_metadata=metadata)

    # without another relation, the rows are those of a table
    full = book(function, name="r") if relation is None else book(relation, function)
    first, second = migrator(full), migrator(sa.MetaData())
    empty = catalog_dump(database_url, version_table=False)
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    assert (await first.check()).ok
    created = catalog_dump(database_url, version_table=False)
    await second.revision("second", autogenerate=True, rev_id="b2")
    await second.upgrade()
    assert catalog_dump(database_url, version_table=False) == empty
    await second.downgrade("a1")
    assert catalog_dump(database_url, version_table=False) == created
    await first.downgrade("base")
    assert catalog_dump(database_url, version_table=False) == empty
