"""The example service: its migrations, its endpoints, several copies of it at once."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import asyncpg
import httpx
import pytest
from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from asyncmig import Migrator
from fix_database import catalog_dump, postgres_program
from support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from fastapi import FastAPI

    from fix_database import MakeDatabase

pytestmark = pytest.mark.slow

SERVICE = ROOT / "examples" / "fastapi_service"
REVISIONS = 16


@pytest.fixture(autouse=True)
def _boxoffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """``import boxoffice`` works, and what the environment says of databases is out of the way."""
    monkeypatch.setattr(sys, "path", [str(SERVICE), *sys.path])
    for name in ("DATABASE_URL", "ASYNCMIG_URL", "ASYNCMIG_CONFIG", "ALEMBIC_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def migrator_for(url: str) -> Migrator:
    return Migrator.from_config(SERVICE / "pyproject.toml", url=url)


def app_for(url: str, **settings: Any) -> FastAPI:
    from boxoffice.app import create_app
    from boxoffice.settings import Settings

    return create_app(Settings(database_url=url, **settings))


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The app's lifespan, and a client of it."""
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://boxoffice"
        ) as client,
    ):
        yield client


async def test_base_head_base_head_gives_the_same_catalogs(database_url: str) -> None:
    migrator = migrator_for(database_url)
    empty = catalog_dump(database_url, version_table=False)

    await migrator.upgrade()
    first = catalog_dump(database_url)
    await migrator.downgrade("base")
    base = catalog_dump(database_url, version_table=False)
    await migrator.upgrade()

    assert base == empty
    assert catalog_dump(database_url) == first
    assert "CREATE TABLE boxoffice.booking" in first


async def test_every_revision_undoes_exactly_what_it_did(database_url: str) -> None:
    migrator = migrator_for(database_url)
    steps = [step for step in (await migrator.plan()).steps if len(step.down_revisions) == 1]
    assert len(steps) == REVISIONS - 2, "all but the base, which is below, and the merge"
    await migrator.upgrade("0001")

    for step in steps:
        # The parents of a merge are in place by then; it has nothing of its own.
        before = catalog_dump(database_url, version_table=False)
        await migrator.upgrade(step.revision)
        after = catalog_dump(database_url, version_table=False)
        branch = "door@" if step.revision in {"0011", "0012", "0013"} else ""
        await migrator.downgrade(f"{branch}-1")
        assert catalog_dump(database_url, version_table=False) == before, step.revision
        await migrator.upgrade(step.revision)
        assert catalog_dump(database_url, version_table=False) == after, step.revision


async def test_the_plan_has_a_phase_where_postgresql_wants_a_commit() -> None:
    plan = await migrator_for("postgresql://nobody@127.0.0.1:1/none").plan(current=[])

    kinds = {step.revision: [str(phase.kind) for phase in step.phases] for step in plan.steps}
    assert len(kinds) == REVISIONS
    assert len(kinds["0010"]) > 1, "the new enum value is used in the same revision"
    assert kinds["0012"] == ["transaction", "autocommit", "transaction"]
    assert kinds["0015"] == ["autocommit"]
    assert {step.revision for step in plan.steps if step.live} == {"0003", "0009", "0016"}
    season = next(step for step in plan.steps if step.revision == "0005").phases[0].statements
    assert "('A Midsummer Night''s Dream', " in season[0].sql
    assert [statement.directive for statement in season] == ["bulk_insert", "execute", "execute"]


async def test_the_models_are_the_schema(database_url: str, make_database: MakeDatabase) -> None:
    from boxoffice.models import Base

    await migrator_for(database_url).upgrade()
    modelled = make_database()
    await migrator_for(modelled).upgrade("0001")
    engine = create_async_engine(engine_url(modelled))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()

    assert await description(modelled) == await description(database_url)


def engine_url(url: str) -> URL:
    return make_url(url).set(drivername="postgresql+asyncpg")


DESCRIPTION = """
WITH relation AS (
    SELECT oid, relname, relnamespace, relkind FROM pg_class
    WHERE relnamespace = 'boxoffice'::regnamespace AND NOT relispartition
)
SELECT 'column', relname, attname, concat_ws(' ',
    format_type(atttypid, atttypmod), attnotnull, attidentity, pg_get_expr(adbin, adrelid),
    col_description(relation.oid, attnum))
FROM relation JOIN pg_attribute ON attrelid = relation.oid
LEFT JOIN pg_attrdef ON adrelid = relation.oid AND adnum = attnum
WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p')
UNION ALL
SELECT 'constraint', relname, conname, pg_get_constraintdef(pg_constraint.oid)
FROM relation JOIN pg_constraint ON conrelid = relation.oid WHERE contype NOT IN ('n', 't')
UNION ALL
SELECT 'index', indrelid::regclass::text, relname, pg_get_indexdef(relation.oid)
FROM relation JOIN pg_index ON indexrelid = relation.oid
UNION ALL
SELECT 'table', relname, NULL, concat_ws(' ', pg_get_partkeydef(oid), obj_description(oid, 'pg_class'))
FROM relation WHERE relkind IN ('r', 'p')
UNION ALL
SELECT 'enum', typname, enumlabel, NULL
FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid
"""


async def description(url: str) -> set[tuple[object, ...]]:
    """Columns, constraints and indexes as the server itself writes them."""
    connection = await asyncpg.connect(url)
    try:
        return {tuple(row) for row in await connection.fetch(DESCRIPTION)}
    finally:
        await connection.close()


async def test_endpoints(database_url: str) -> None:
    async with serving(app_for(database_url)) as client:
        health = await client.get("/health")
        assert (health.status_code, health.json()["schema"]) == (200, "current")

        performances = (await client.get("/performances")).json()
        assert len(performances) == 9
        found = (await client.get("/performances", params={"q": "100%"})).json()
        assert [(one["hall"], one["seats_left"]) for one in found] == [
            ("Studio", 112),
            ("Foundry Floor", 260),
        ]

        wish = {
            "performance_id": found[0]["id"],
            "seats": 3,
            "email": "ada@example.org",
            "name": "Ada",
        }
        booked = await client.post("/bookings", json=wish)
        assert booked.status_code == 201
        booking = booked.json()
        assert booking["number"] == 100_001
        assert [ticket["seat"] for ticket in booking["tickets"]] == ["A1", "A2", "A3"]
        assert booking["total"] == "81.00"
        assert (await client.get("/bookings/100001")).json() == booking

        again = await client.post("/bookings", json=wish | {"email": "ADA@example.org"})
        assert [ticket["seat"] for ticket in again.json()["tickets"]] == ["A4", "A5", "A6"]
        left = (await client.get("/performances", params={"q": "100%"})).json()[0]["seats_left"]
        assert left == 106

        assert (await client.get("/bookings/1")).status_code == 404
        assert (
            await client.post("/bookings", json=wish | {"performance_id": 0})
        ).status_code == 404


async def test_concurrent_buyers_never_get_the_same_seat(database_url: str) -> None:
    async with serving(app_for(database_url)) as client:
        evening = (await client.get("/performances", params={"q": "100%"})).json()[0]
        answers: list[httpx.Response] = []

        async def buy(number: int) -> None:
            wish = {"email": f"{number}@example.org", "name": f"Buyer {number}", "seats": 12}
            answers.append(
                await client.post("/bookings", json=wish | {"performance_id": evening["id"]})
            )

        async with anyio.create_task_group() as buyers:
            for number in range(11):
                buyers.start_soon(buy, number)

        assert Counter(answer.status_code for answer in answers) == {201: 9, 409: 2}
        sold = Counter(
            ticket["seat"]
            for answer in answers
            if answer.status_code == 201
            for ticket in answer.json()["tickets"]
        )
        assert len(sold) == 108
        assert set(sold.values()) == {1}


async def test_three_copies_start_at_once_and_each_revision_runs_once(database_url: str) -> None:
    barrier = anyio.Event()
    serve = anyio.Event()
    states: list[str] = []

    async def one_copy(tell: Callable[[dict[str, Any]], None]) -> None:
        app = app_for(database_url)
        await barrier.wait()
        async with serving(app) as client:
            tell((await client.get("/health")).json())
            if len(states) == 3:
                serve.set()
            await serve.wait()

    async with anyio.create_task_group() as copies:
        for _ in range(3):
            copies.start_soon(one_copy, lambda health: states.append(health["schema"]))
        barrier.set()

    assert states == ["current"] * 3
    journal = await migrator_for(database_url).journal()
    assert {entry.state for entry in journal} == {"done"}
    assert len({entry.run for entry in journal}) == 1
    firsts = Counter(entry.revision for entry in journal if entry.phase == 0)
    assert len(firsts) == REVISIONS
    assert set(firsts.values()) == {1}


async def test_health_says_503_while_the_schema_is_behind(database_url: str) -> None:
    migrator = migrator_for(database_url)
    async with serving(app_for(database_url)) as client:
        await migrator.downgrade("0014")
        behind = await client.get("/health")
        await migrator.upgrade()
        current = await client.get("/health")

    assert (behind.status_code, behind.json()) == (
        503,
        {"schema": "pending", "current": ["0014"], "pending": ["0015", "0016"]},
    )
    assert (current.status_code, current.json()["pending"]) == (200, [])


async def test_psql_and_a_run_give_the_same_catalogs(make_database: MakeDatabase) -> None:
    """Revisions that read cannot be written for psql: 0003, 0009 and 0016 are run on both sides."""
    by_psql, by_run = make_database(), make_database()
    ours = migrator_for(by_run)

    async def both(target: str, *, up: bool = True) -> None:
        for migrator in (migrator_for(by_psql), ours):
            await (migrator.upgrade(target) if up else migrator.downgrade(target))

    async def script(range_: str, *, up: bool = True) -> None:
        text = await ours.sql(range_, direction="upgrade" if up else "downgrade")
        psql = [
            postgres_program("psql"),
            by_psql,
            "-v",
            "ON_ERROR_STOP=1",
            "--quiet",
            "--no-psqlrc",
        ]
        await anyio.run_process(psql, input=text.encode())
        target = range_.partition(":")[2]
        await (ours.upgrade(target) if up else ours.downgrade(target))
        assert catalog_dump(by_psql) == catalog_dump(by_run), range_

    await script("base:0002")
    await both("0003")
    await script("0003:0008")
    await script("0008:0011")
    await both("0014")
    await script("0014:0015")
    await both("head")
    assert catalog_dump(by_psql) == catalog_dump(by_run)

    await both("0008", up=False)
    await script("0008:0003", up=False)
    await both("0002", up=False)
    await script("0002:base", up=False)
