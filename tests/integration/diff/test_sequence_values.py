"""Counters that are made anew under rows: the next INSERT works, there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
import sqlalchemy as sa

from asyncmig.autogenerate.renames import RenameRequests
from model_changes.building import Change, both, col, domain, identity, only
from model_changes.proving import models, proving_at, spelled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from model_changes.building import Models
    from model_changes.proving import Prover

NAME = 'My "b%k'
TABLE = '"My ""b%k"'


def counted(*items: object, name: str = NAME, **keywords: object) -> Models:
    """A table with a key that counts by itself and one column more, which leaves rows something to say."""
    key = {"primary_key": True, **keywords}
    return only(col("Id", sa.Integer, *items, **key), col("x", sa.Text), name=name)


def numbered(name: str = "num", type_: object = sa.Integer, **options: object) -> Models:
    """The same with a sequence of its own."""

    def build(metadata: sa.MetaData) -> None:
        numbers = sa.Sequence(name, metadata=metadata, **options)
        default = {"server_default": numbers.next_value(), "primary_key": True}
        only(col("Id", type_, **default), col("x", sa.Text), name=NAME)(metadata)

    return build


def shared(metadata: sa.MetaData) -> None:
    numbers = sa.Sequence("num", metadata=metadata)
    for name in ("a", NAME, "z"):
        default = numbers.next_value()
        only(col("Id", sa.Integer, primary_key=True, server_default=default), name=name)(metadata)


plain = counted(autoincrement=False)
serial = counted()
THREE = (
    "INSERT INTO {} DEFAULT VALUES; INSERT INTO {} DEFAULT VALUES; INSERT INTO {} DEFAULT VALUES"
)
COUNTED = THREE.format(TABLE, TABLE, TABLE)
GIVEN = f'INSERT INTO {TABLE} ("Id") VALUES (1), (2), (3)'
OTHERS = """\
CREATE TABLE a ("Id" integer PRIMARY KEY);
INSERT INTO a VALUES (7);
CREATE TABLE z ("Id" integer PRIMARY KEY);
INSERT INTO z VALUES (5)"""
PRICE = domain(sa.Integer)


@pytest.fixture(scope="module")
def prover_url(server, admin, template_database) -> Iterator[str]:
    admin(f"CREATE DATABASE counters TEMPLATE {template_database}")
    yield server.database("counters")
    admin("DROP DATABASE counters WITH (FORCE)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prover(prover_url: str) -> AsyncIterator[Prover]:
    async with proving_at(prover_url) as found:
        yield found


@pytest.mark.cells(3)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("before", "after", "rows", "there", "back"),
    [
        pytest.param(serial, counted(identity()), COUNTED, 4, 5, id="serial, identity"),
        pytest.param(serial, numbered(), COUNTED, 4, 5, id="serial, sequence"),
        pytest.param(numbered(), counted(identity()), COUNTED, 4, 5, id="sequence, identity"),
        pytest.param(plain, serial, GIVEN, 4, None, id="plain, serial"),
        pytest.param(plain, counted(identity(always=True)), GIVEN, 4, None, id="plain, identity"),
        pytest.param(plain, numbered(), GIVEN, 4, None, id="plain, sequence"),
        pytest.param(plain, serial, "", 1, None, id="empty"),
        pytest.param(plain, counted(identity(start=50)), GIVEN, 50, None, id="start behind them"),
        pytest.param(plain, counted(identity(start=3)), GIVEN, 4, None, id="start among them"),
        pytest.param(plain, numbered(minvalue=-5), GIVEN, 4, None, id="start below zero"),
        pytest.param(plain, counted(identity(increment=5)), GIVEN, 6, None, id="steps"),
        pytest.param(
            plain,
            counted(identity(increment=-2, start=-1)),
            GIVEN.replace("3", "-4"),
            -5,
            None,
            id="steps downwards",
        ),
        pytest.param(
            counted(identity()),
            counted(identity(increment=-1, start=-1)),
            COUNTED,
            -1,
            4,
            id="identity downwards",
        ),
        pytest.param(
            counted(identity()),
            counted(identity(minvalue=10, start=10, maxvalue=90)),
            f"{COUNTED}; {GIVEN.replace('1', '100').replace('2', '12').replace('3', '4')}",
            13,
            14,
            id="identity within other limits",
        ),
        pytest.param(
            numbered(start=1),
            numbered(increment=-1, start=-1, minvalue=-90, maxvalue=-1),
            COUNTED,
            -1,
            4,
            id="sequence downwards",
        ),
        pytest.param(counted(identity()), shared, f"{COUNTED}; {OTHERS}", 8, 9, id="shared"),
        pytest.param(
            only(col("Id", sa.Numeric(5, 2), primary_key=True), col("x", sa.Text), name=NAME),
            numbered(type_=sa.Numeric(5, 2)),
            GIVEN.replace("3", "3.7), ('NaN'"),
            5,
            None,
            id="numeric",
        ),
        pytest.param(
            only(col("Id", PRICE, primary_key=True), col("x", sa.Text), name=NAME),
            numbered(type_=PRICE),
            GIVEN,
            4,
            None,
            id="domain",
        ),
        pytest.param(
            only(col("Id", sa.Text, primary_key=True), col("x", sa.Text), name=NAME),
            numbered(type_=sa.Text),
            f"INSERT INTO {TABLE} VALUES ('c')",
            "1",
            None,
            id="text, which is left alone",
        ),
    ],
)
async def test_the_next_value(
    prover: Prover,
    before: Models,
    after: Models,
    rows: str,
    there: object,
    back: object,
) -> None:
    """``there`` and ``back`` are what INSERT gives after the upgrade and the downgrade."""
    comparing = prover.comparing
    await prover.start(Change("", before, after, raw=rows), models(before))
    sides = await comparing.read(models(after))
    upgrade, downgrade = await comparing.scripted(sides, RenameRequests())
    insert = f'INSERT INTO {TABLE} DEFAULT VALUES RETURNING "Id"'
    await comparing.apply(upgrade, sides)
    assert spelled(await comparing.actual(sides)) == []
    assert await comparing.driver.fetchval(insert) == there
    await comparing.apply(downgrade, sides)
    assert (await comparing.actual(sides)).actual == sides.actual
    if back is not None:
        assert await comparing.driver.fetchval(insert) == back


@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_written(prover: Prover) -> None:
    """The statements themselves, beside names of every kind; nothing for new columns and tables."""

    def build(counts: bool, new: bool) -> Models:
        items = [col("Id", sa.Integer, *([identity()] if counts else []), autoincrement=counts)]
        items += [col("n", sa.BigInteger, identity(), nullable=False)] if new else []
        there = only(*items, name="it's", schema="My \\:shop")
        return both(there, counted(identity(), name="other")) if new else there

    before, after = build(counts=False, new=False), build(counts=True, new=False)
    await prover.start(Change("", before, after), models(before))
    sides = await prover.comparing.read(models(after))
    upgrade, _ = await prover.comparing.scripted(sides, RenameRequests())
    written = await prover.comparing.apply(upgrade, sides)
    assert [sql for sql in written if "setval" in sql] == [
        (
            r"""SELECT setval(pg_get_serial_sequence('"My \:shop"."it''s"', 'Id'), max("Id")) FROM """
            r""""My \:shop"."it's" WHERE "Id" >= 1"""
        )
    ]
    new = build(counts=True, new=True)
    sides = await prover.comparing.read(models(new))
    upgrade, _ = await prover.comparing.scripted(sides, RenameRequests())
    assert not any("setval" in sql for sql in await prover.comparing.apply(upgrade, sides))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_new_serial_column_numbers_the_rows(prover: Prover) -> None:
    before, after = only(col("x", sa.Text), name=NAME), counted()
    rows = f"INSERT INTO {TABLE} VALUES ('a'), ('b')"
    await prover.start(Change("", before, after, raw=rows), models(before))
    sides = await prover.comparing.read(models(after))
    upgrade, _ = await prover.comparing.scripted(sides, RenameRequests())
    await prover.comparing.apply(upgrade, sides)
    assert spelled(await prover.comparing.actual(sides)) == []
    await prover.comparing.driver.execute(f"INSERT INTO {TABLE} DEFAULT VALUES")
    found = await prover.comparing.driver.fetch(f'SELECT "Id" FROM {TABLE} ORDER BY 1')
    assert [row["Id"] for row in found] == [1, 2, 3]
