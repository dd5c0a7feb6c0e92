"""Composite types that change while columns have them: what becomes of the values, there and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy as sa

from asyncmig.autogenerate.renames import RenameRequests
from asyncmig.entities import CompositeType, register
from asyncmig.types import ServerType
from model_changes.building import Change, both, col, domain, enum, nothing_at_all, only
from model_changes.proving import models, proving_at, spelled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from model_changes.building import Item, Models
    from model_changes.proving import Prover

ID = col("id", sa.Integer, primary_key=True, autoincrement=False)
HOME, HOMES = col("home", ServerType("addr")), col("homes", ServerType("addr[]"))
OWNER = col("owner", ServerType("person"))


def having(*columns: Item, schema: str | None = None, **composites: Mapping[str, str]) -> Models:
    """A table with these columns, beside these composite types."""
    declared = [CompositeType(name, dict(of), schema=schema) for name, of in composites.items()]
    return both(
        only(ID, *columns, name="t"),
        lambda metadata: register(metadata, *declared),
    )


@dataclass(frozen=True)
class Moving:
    """Values that move over and back.

    Attributes:
        name: says what changes.
        before: what the database is made from.
        after: what it is to become.
        values: of the columns of each row, as SQL.
        read: what is selected of a row, there and back.
        there: what it is after the upgrade.
        back: and after the downgrade.
        raw: SQL that follows ``before``.
    """

    name: str
    before: Models
    after: Models
    values: list[str]
    read: tuple[str, str]
    there: list[tuple[object, ...]]
    back: list[tuple[object, ...]]
    raw: str = ""


STREET = "(home).street, (home).city, (home).n"
MOVING = [
    Moving(
        "attributes in another order",
        having(HOME, addr={"street": "text", "city": "text", "n": "int"}),
        having(HOME, addr={"city": "text", "street": "text", "n": "bigint"}),
        ["ROW('Elm Street', 'Springfield', 1)", "NULL", "ROW(NULL, NULL, NULL)"],
        (f"home IS DISTINCT FROM NULL, {STREET}",) * 2,
        [(True, "Elm Street", "Springfield", 1), (False, *[None] * 3), (True, *[None] * 3)],
        [(True, "Elm Street", "Springfield", 1), (False, *[None] * 3), (True, *[None] * 3)],
    ),
    Moving(
        "attributes in an order that no model has",
        having(HOME, HOMES, addr={"street": "text", "city": "text", "n": "int"}),
        having(HOME, HOMES, addr={"street": "text", "city": "text", "n": "bigint"}),
        ["ROW('Springfield', 1, 'Elm Street'), ARRAY[ROW('Springfield', 1, 'Elm Street')::addr]"],
        (f"{STREET}, homes[1].street, homes[1].city",) * 2,
        [("Elm Street", "Springfield", 1, "Elm Street", "Springfield")],
        [("Elm Street", "Springfield", 1, "Elm Street", "Springfield")],
        raw="ALTER TYPE addr DROP ATTRIBUTE street; ALTER TYPE addr DROP ATTRIBUTE n; "
        "ALTER TYPE addr ADD ATTRIBUTE n integer; ALTER TYPE addr ADD ATTRIBUTE street text",
    ),
    Moving(
        "arrays",
        having(HOMES, addr={"x": "int", "y": "text"}),
        having(HOMES, addr={"n": "text", "y": "text", "x": "bigint"}),
        [
            "ARRAY[[ROW(1, 'a,\"b')::addr, NULL], [ROW(NULL, NULL)::addr, ROW(2, '')::addr]]",
            "'{}'",
            "NULL",
        ],
        ("homes::text",) * 2,
        [(r'{{"(,\"a,\"\"b\",1)",NULL},{"(,,)","(,\"\",2)"}}',), ("{}",), (None,)],
        [(r'{{"(1,\"a,\"\"b\")",NULL},{"(,)","(2,\"\")"}}',), ("{}",), (None,)],
    ),
    Moving(
        "attributes that only an explicit cast makes of the old ones",
        having(HOME, addr={"a": "int", "b": "text", "gone": "text"}),
        having(HOME, addr={"new": "text", "b": "int[]", "a": "boolean"}),
        ["ROW(7, '8', 'x')"],
        ("home::text",) * 2,
        [("(,{8},t)",)],
        [("(1,{8},)",)],
    ),
    Moving(
        "an attribute within another type",
        having(
            OWNER,
            addr={"x": "int", "y": "text"},
            person={"name": "text", "ad": "addr", "more": "addr[]"},
        ),
        having(
            OWNER,
            addr={"y": "text", "x": "text"},
            person={"more": "addr[]", "ad": "addr", "name": "text"},
        ),
        ["ROW('Ann', ROW(1, 'a'), ARRAY[ROW(2, 'b')::addr, NULL])", "ROW('Bo', NULL, NULL)"],
        ("(owner).name, ((owner).ad).x, (owner).more::text",) * 2,
        [("Ann", "1", '{"(b,2)",NULL}'), ("Bo", None, None)],
        [("Ann", 1, '{"(2,b)",NULL}'), ("Bo", None, None)],
    ),
    Moving(
        "a type within another one that lets go of it",
        having(OWNER, addr={"x": "int"}, person={"name": "text", "ad": "addr"}),
        having(OWNER, addr={"x": "text"}, person={"name": "text"}),
        ["ROW('Ann', ROW(1))"],
        ("(owner).name",) * 2,
        [("Ann",)],
        [("Ann",)],
    ),
    Moving(
        "a new type within one that changes",
        having(OWNER, person={"n": "int"}),
        having(OWNER, person={"ad": "addr", "n": "text"}, addr={"x": "int"}),
        ["ROW(1)"],
        ("(owner).n",) * 2,
        [("1",)],
        [(1,)],
    ),
    Moving(
        "labels of an enum type that attributes have",
        having(
            HOME, HOMES, col("m", enum("a", "b")), addr={"x": "mood", "y": "mood[]", "n": "int"}
        ),
        having(HOME, HOMES, col("m", enum("b", "a")), addr={"x": "mood", "y": "mood[]"}),
        ["ROW('a', '{b,a}', 1), ARRAY[ROW('b', NULL, 2)::addr], 'a'"],
        ("home::text, homes::text, m::text",) * 2,
        [('(a,"{b,a}")', '{"(b,)"}', "a")],
        [('(a,"{b,a}",)', '{"(b,,)"}', "a")],
    ),
    Moving(
        "a domain that attributes have",
        having(HOME, col("p", domain(sa.Integer)), addr={"x": "price"}),
        having(HOME, col("p", domain(sa.Text)), addr={"x": "price"}),
        ["ROW(7), 8"],
        ("(home).x, p",) * 2,
        [("7", "8")],
        [(7, 8)],
    ),
    Moving(
        "a name that no function may have",
        having(col("place", ServerType('"position"')), position={"x": "int"}),
        having(col("place", ServerType('"position"')), position={"x": "bigint", "y": "int"}),
        ["ROW(7)"],
        ("(place).x",) * 2,
        [(7,)],
        [(7,)],
    ),
    Moving(
        "a type of another schema, of capitals",
        having(col("place", ServerType('other."Place"')), schema="other", Place={"X:y": "int"}),
        having(col("place", ServerType('other."Place"')), schema="other", Place={"X:y": "text"}),
        ["ROW(7)"],
        ('(place)."X:y"',) * 2,
        [("7",)],
        [(7,)],
    ),
    Moving(
        "one that becomes an array",
        having(HOME, addr={"x": "int", "y": "int"}),
        having(col("home", ServerType("addr[]")), addr={"x": "text", "y": "int"}),
        ["ROW(1, NULL)", "NULL"],
        ("home::text",) * 2,
        [('{"(1,)"}',), (None,)],
        [("(1,)",), (None,)],
    ),
    Moving(
        "an enum type that changes and becomes an array",
        only(ID, col("home", enum("a", "b")), name="t"),
        only(ID, col("home", sa.ARRAY(enum("a"))), name="t"),
        ["'a'", "NULL"],
        ("home::text",) * 2,
        [("{a}",), (None,)],
        [("a",), (None,)],
    ),
    Moving(
        "one that becomes an array, and else stays as it is",
        having(HOME, addr={"x": "int", "y": "int"}),
        having(col("home", ServerType("addr[]")), addr={"x": "int", "y": "int"}),
        ["ROW(1, NULL)", "NULL"],
        ("home::text",) * 2,
        [('{"(1,)"}',), (None,)],
        [("(1,)",), (None,)],
    ),
]


@pytest.fixture(scope="module")
def prover_url(server, admin, template_database) -> Iterator[str]:
    admin(f"CREATE DATABASE composite_types TEMPLATE {template_database}")
    yield server.database("composite_types")
    admin("DROP DATABASE composite_types WITH (FORCE)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prover(prover_url: str) -> AsyncIterator[Prover]:
    async with proving_at(prover_url) as found:
        yield found


async def read(prover: Prover, columns: str) -> list[tuple[object, ...]]:
    rows = await prover.comparing.driver.fetch(f"SELECT {columns} FROM t ORDER BY id")
    return [tuple(row) for row in rows]


@pytest.mark.cells(2)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("moving", MOVING, ids=lambda moving: moving.name)
async def test_values_move_over(prover: Prover, moving: Moving) -> None:
    comparing = prover.comparing
    await prover.start(
        Change(moving.name, moving.before, moving.after, raw=moving.raw), models(moving.before)
    )
    for number, values in enumerate(moving.values):
        await comparing.driver.execute(f"INSERT INTO t VALUES ({number}, {values})")
    sides = await comparing.read(models(moving.after))
    upgrade, downgrade = await comparing.scripted(sides, RenameRequests())
    await comparing.apply(upgrade, sides)
    assert spelled(await comparing.actual(sides)) == []
    assert await read(prover, moving.read[0]) == moving.there
    await comparing.apply(downgrade, sides)
    assert (await comparing.actual(sides)).actual == sides.actual
    assert await read(prover, moving.read[1]) == moving.back


@pytest.mark.asyncio(loop_scope="module")
async def test_what_does_not_fit_is_refused(prover: Prover) -> None:
    """An explicit cast would cut it off."""
    comparing = prover.comparing
    before, after = (having(HOME, addr={"x": type_}) for type_ in ("text", "varchar(3)"))
    await prover.start(Change("", before, after), models(before))
    await comparing.driver.execute("INSERT INTO t VALUES (1, ROW('Elm Street'))")
    sides = await comparing.read(models(after))
    upgrade, _ = await comparing.scripted(sides, RenameRequests())
    with pytest.raises(AssertionError, match="value too long") as caught:
        await comparing.apply(upgrade, sides)
    assert isinstance(caught.value.__cause__, asyncpg.StringDataRightTruncationError)


BESIDE = {
    "an enum type": having(HOME, col("m", enum("a")), addr={"x": "mood"}),
    "a domain": having(HOME, col("p", domain()), addr={"x": "price[]"}),
    "one within another": having(
        OWNER, col("m", enum("a")), addr={"x": "mood"}, person={"ad": "addr"}
    ),
    "the rows of a table": having(entry={"r": "t", "n": "int"}, entries={"r": "entry[]"}),
}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("what", BESIDE)
async def test_a_type_of_what_comes_with_it(prover: Prover, what: str) -> None:
    """The models are built, and the script runs, in the order in which one is made of the other."""
    await prover.prove(Change(what, nothing_at_all, BESIDE[what]), thoroughly=False)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_type_that_goes_with_the_enum_type_of_an_attribute(prover: Prover) -> None:
    before, after = BESIDE["an enum type"], only(ID, name="t")
    await prover.prove(Change("all of it", before, after), thoroughly=False)
    after = having(HOME, addr={"y": "int"})
    await prover.prove(Change("the attribute", before, after), thoroughly=False)
