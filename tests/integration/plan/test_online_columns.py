"""Column changes online end in the catalog of a table that was made with the new type."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from asyncmig import Migrator
from support.online_cases import CASES, HEADER, difference, execute, tables

OWN = ("asyncmig_", "alembic_version")


def migrator_of(project, url: str, **settings: Any) -> Migrator:
    return Migrator(
        url,
        script_location=project.script_location,
        backfill_batch_size=100,
        backfill_largest_batch=100,
        **settings,
    )


async def contents(url: str, names: list[str]) -> dict[str, list[str]]:
    """The rows of tables, as text without the order of the columns."""
    connection = await asyncpg.connect(url)
    try:
        return {
            name: sorted(
                row[0]
                for row in await connection.fetch(f"SELECT to_jsonb(t)::text FROM {name} AS t")
            )
            for name in names
        }
    finally:
        await connection.close()


async def table_names(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT oid::regclass::text FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace::regnamespace::text !~ '^(pg_|information)'"
        )
        return sorted(row[0] for row in rows if not row[0].startswith(OWN))
    finally:
        await connection.close()


@pytest.mark.cells(1)
@pytest.mark.parametrize("name", CASES)
async def test_ends_as_if_made_with_the_type(project, make_database, name):
    case = CASES[name]
    url, direct_new, direct_old = make_database(), make_database(), make_database()
    await execute(url, tables(case, case.old) + case.rows)
    await execute(direct_new, tables(case, case.new))
    await execute(direct_old, tables(case, case.old) + case.rows)
    project.revision("a1", upgrade=case.directive, downgrade=case.back, header=HEADER)
    names = await table_names(url)
    rows = await contents(url, names)

    await migrator_of(project, url).upgrade()

    assert difference(url, direct_new) == ([], [])
    await migrator_of(project, url).downgrade("base")
    assert difference(url, direct_old) == ([], [])
    assert await contents(url, names) == rows


@pytest.mark.cells(1)
@pytest.mark.parametrize("name", sorted(CASES.keys() - {"timestamptz"}))  # it depends on a zone
async def test_ends_the_same_by_way_of_a_kept_column(project, make_database, name):
    case = CASES[name]
    url, direct_new = make_database(), make_database()
    await execute(url, tables(case, case.old) + case.rows)
    await execute(direct_new, tables(case, case.new))
    kept = case.directive.removesuffix(")") + ", drop_old=False)"
    project.revision("a1", upgrade=kept, header=HEADER)
    finish = case.directive.replace("alter_column_online", "finish_column_online")
    schema = ", schema='App 1'" if "schema=" in finish else ""
    project.revision("b1", down="a1", upgrade=f"{finish.partition(', type_=')[0]}{schema})")

    await migrator_of(project, url).upgrade("a1")
    assert difference(url, direct_new) != ([], [])
    await migrator_of(project, url).upgrade("b1")

    assert difference(url, direct_new) == ([], [])
