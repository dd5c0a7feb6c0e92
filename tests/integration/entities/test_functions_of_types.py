"""Managed functions of domains, ranges and multiranges, created, changed and dropped in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import DOMAIN

from asyncmig import Migrator
from asyncmig.entities import Function, register
from fix_database import catalog_dump

if TYPE_CHECKING:
    from asyncpg import Connection

    from fix_project import Project

MANAGED = ("function", "event_trigger")


def even(argument: str = "value") -> Function:
    """A function that cannot be replaced by one whose argument has another name."""
    return Function(
        "is_even", f"{argument} integer", returns="boolean", language="sql", volatility="immutable",
        body=f"SELECT {argument} % 2 = 0",
    )  # fmt: skip


FIRST = Function("first_one", returns="integer", language="sql", body="SELECT 2")
CHECKED = {"check": "is_even(VALUE)", "constraint_name": "even"}


def models(
    *entities: object, check: bool = False, default: bool = False, domain: bool = True
) -> sa.MetaData:
    metadata = sa.MetaData()
    keywords = dict(CHECKED) if check else {}
    if default:
        keywords["default"] = sa.text("first_one()")
    if domain:
        type_ = DOMAIN("even_number", sa.Integer, **keywords)
        sa.Table("book", metadata, sa.Column("id", sa.Integer), sa.Column("pages", type_))
    else:
        sa.Table("book", metadata, sa.Column("id", sa.Integer))
    register(metadata, *entities)
    return metadata


EVERYTHING = models(even(), FIRST, check=True, default=True)
CHANGES = {
    "created and dropped": (models(domain=False), EVERYTHING),
    "of an existing domain": (models(), EVERYTHING),
    "created anew": (EVERYTHING, models(even("other"), FIRST, check=True, default=True)),
    "with its domain": (models(even(), check=True), models(FIRST, default=True)),
    "changed in place": (
        EVERYTHING,
        models(
            even(),
            Function("first_one", returns="integer", language="sql", body="SELECT 4"),
            check=True,
            default=True,
        ),
    ),
}


def migrator(project: Project, url: str, metadata: sa.MetaData) -> Migrator:
    return Migrator(
        settings=project.settings(url=url, managed_entities=MANAGED), target_metadata=metadata
    )


@pytest.mark.cells(1)
@pytest.mark.parametrize("change", CHANGES)
async def test_functions_that_a_domain_calls_there_and_back(
    project: Project, database_url: str, pg: Connection, change: str
):
    before, after = CHANGES[change]
    first, second = (migrator(project, database_url, item) for item in (before, after))
    for one, revision in ((first, "a1"), (second, "b2"), (first, "c3")):
        await one.revision(revision, autogenerate=True, rev_id=revision)
        await one.upgrade()
        assert (await one.check()).ok
        if revision == "a1":
            await pg.execute("INSERT INTO book (id) VALUES (1)")
            dump = catalog_dump(database_url, version_table=False)
    assert catalog_dump(database_url, version_table=False) == dump
    await second.downgrade("b2")
    await second.downgrade("a1")
    assert catalog_dump(database_url, version_table=False) == dump
    await first.downgrade("base")


RANGES = (
    "CREATE FUNCTION apart(a float8, b float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT a - b';"
    "CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = apart, multirange_type_name = spans)"
)


@pytest.mark.slow
async def test_functions_of_ranges_and_multiranges(
    project: Project, database_url: str, pg: Connection
):
    """Though functions are managed, the constructors and the function of the type are not dropped."""
    await pg.execute(RANGES)
    empty = catalog_dump(database_url, version_table=False)
    declared = (
        Function(
            "wide", "value span", returns="float8", language="sql", body="SELECT upper(value)"
        ),
        Function("joined", "a spans, b span[]", returns="spans", language="sql", body="SELECT a"),
        Function(
            "each_one", "a spans", returns="SETOF span", language="sql", body="SELECT unnest(a)"
        ),
    )
    first = migrator(project, database_url, models(*declared, domain=False))
    second = migrator(project, database_url, models(domain=False))
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    assert (await first.check()).ok
    created = catalog_dump(database_url, version_table=False)
    await second.revision("second", autogenerate=True, rev_id="b2")
    await second.upgrade()
    assert (await second.check()).ok
    assert await pg.fetchval("SELECT span(1, 2) <@ spans(span(0, 3))")
    await second.downgrade("a1")
    assert catalog_dump(database_url, version_table=False) == created
    await first.downgrade("base")
    assert catalog_dump(database_url, version_table=False) == empty
