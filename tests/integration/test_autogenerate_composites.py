"""Composite types made of what comes and goes with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
import sqlalchemy as sa

from asyncmig.entities import CompositeType, register
from asyncmig.types import ServerType
from model_changes.building import Change, both, col, domain, enum, nothing_at_all, only
from model_changes.proving import proving_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from model_changes.building import Item, Models
    from model_changes.proving import Prover

ID = col("id", sa.Integer, primary_key=True, autoincrement=False)
HOME = col("home", ServerType("addr"))
OWNER = col("owner", ServerType("person"))


def having(*columns: Item, schema: str | None = None, **composites: Mapping[str, str]) -> Models:
    """A table with these columns, beside these composite types."""
    declared = [CompositeType(name, dict(of), schema=schema) for name, of in composites.items()]
    return both(
        only(ID, *columns, name="t"),
        lambda metadata: register(metadata, *declared),
    )


@pytest.fixture(scope="module")
def prover_url(server, admin, template_database) -> Iterator[str]:
    admin(f"CREATE DATABASE composite_types TEMPLATE {template_database}")
    yield server.database("composite_types")
    admin("DROP DATABASE composite_types WITH (FORCE)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prover(prover_url: str) -> AsyncIterator[Prover]:
    async with proving_at(prover_url) as found:
        yield found


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
