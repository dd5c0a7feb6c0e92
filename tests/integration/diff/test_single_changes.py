"""One change of the models at a time: found, applied, nothing left, taken back exactly; and Alembic's way.

What is found is compared with docs/autogenerate-changes.md, which ``scripts/autogenerate_changes.py``
writes. ``make test-autogen`` takes every change and runs Alembic and pg_dump on each; else it is a sample.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
import sqlalchemy

from model_changes import CHANGES
from model_changes.page import line, page_of
from model_changes.proving import MISSED, proving_at
from support.depth import depth
from support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from fix_server import TestServer
    from model_changes import Change
    from model_changes.proving import Prover

PAGE = ROOT / "docs" / "autogenerate-changes.md"
SQLALCHEMY = tuple(map(int, sqlalchemy.__version__.split(".")[:2]))
MAJOR = 18
"""What the page is about: other versions say some errors otherwise."""


@pytest.fixture(scope="module")
def prover_url(server, admin, template_database) -> Iterator[str]:
    name = f"changes_{os.getpid()}"
    admin(f"CREATE DATABASE {name} TEMPLATE {template_database}")
    yield server.database(name)
    admin(f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prover(prover_url: str) -> AsyncIterator[Prover]:
    async with proving_at(prover_url) as found:
        yield found


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return PAGE.read_text().splitlines()


def each() -> Iterator[object]:
    number = 0
    for group, changes in CHANGES.items():
        for change in changes:
            marks = pytest.mark.pg(f">={change.since}")
            if change.sqlalchemy <= SQLALCHEMY and number % depth().changes_one_in == 0:
                yield pytest.param(number, change, id=f"{group}: {change.name}", marks=marks)
            number += 1


@pytest.mark.sampled
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("number", "change"), list(each()))
async def test_change(
    prover: Prover, server: TestServer, lines: list[str], number: int, change: Change
) -> None:
    proof = await prover.prove(change, thoroughly=number % depth().proofs_one_in == 0)
    if server.major != MAJOR:
        return
    written = line(change, proof)
    known = [found for found in lines if found.startswith(written.partition(" | ")[0] + " | ")]
    assert known
    if proof.alembic is None:
        assert written in {found.rpartition(" | ")[0] for found in known}
    else:
        assert written in known


def test_the_page_has_every_change_and_no_other(lines: list[str]) -> None:
    rows = [found.split(" | ") for found in lines if found.startswith("| ")]
    names = [cells[0].removeprefix("| ") for cells in rows if len(cells) == 3]
    assert [name for name in names if name != "Change"] == [
        change.name for changes in CHANGES.values() for change in changes
    ]
    assert len(names) >= 200
    assert any(MISSED in cells[-1] for cells in rows)
    assert page_of([]).splitlines()[:3] == lines[:3]
