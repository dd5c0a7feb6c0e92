"""Types and sequences that no model has any more and that something else needs: left alone, both ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.types import ServerType
from model_changes.building import Change, both, col, domain, enum, nothing, sequence, table, text
from model_changes.proving import proving_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fix_project import Project
    from model_changes.proving import Prover

MOODY = both(nothing, table(col("m", enum("a", "b")), name="person"))
PRICED = both(nothing, table(col("p", domain()), name="thing"))
COUNTED = both(table(name="person"), sequence())
NUMBERED = col("n", sa.Integer, server_default=text("nextval('numbers')"))

HOLDING = {
    MOODY: {
        "a function": "CREATE FUNCTION f(mood) RETURNS int LANGUAGE sql RETURN 1",
        "a procedure's array": "CREATE PROCEDURE f(mood[]) LANGUAGE plpgsql AS 'BEGIN END'",
        "a view": "CREATE VIEW v AS SELECT 'a'::mood AS m",
        "a composite type": "CREATE TYPE pair AS (m mood)",
        "a cast": "CREATE CAST (mood AS integer) WITH INOUT",
        "a range": "CREATE TYPE moods AS RANGE (subtype = mood)",
        "a table elsewhere": "CREATE SCHEMA other; CREATE TABLE other.t (m mood[])",
        "an index elsewhere": "CREATE SCHEMA other; CREATE TABLE other.t (m text);"
        "CREATE INDEX i ON other.t ((m = 'x')) WHERE 'a'::mood = 'b'::mood",
        "a domain elsewhere": "CREATE SCHEMA other; CREATE DOMAIN other.d AS mood",
        "a function of a domain": "CREATE DOMAIN d AS mood;"
        "CREATE FUNCTION f(d) RETURNS int LANGUAGE sql RETURN 1",
        "a policy": "CREATE POLICY own ON book USING ('a'::mood = 'a'::mood)",
    },
    PRICED: {
        "a function": "CREATE FUNCTION f(price) RETURNS int LANGUAGE sql RETURN 1",
        "a view": "CREATE VIEW v AS SELECT 1::price AS p",
        "a table elsewhere": "CREATE SCHEMA other; CREATE TABLE other.t (p price)",
        "a constraint elsewhere": "CREATE SCHEMA other;"
        "CREATE TABLE other.t (p int CHECK (p::price > 1))",
    },
    COUNTED: {
        "a function": "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql RETURN nextval('numbers')",
        "a view": "CREATE VIEW v AS SELECT last_value FROM numbers",
        "a default elsewhere": "CREATE SCHEMA other;"
        "CREATE TABLE other.t (n int DEFAULT nextval('numbers'))",
        "a domain elsewhere": "CREATE SCHEMA other;"
        "CREATE DOMAIN other.d AS int DEFAULT nextval('numbers')",
    },
}
CHANGES = [
    *(
        Change(f"{name} {number}", before, nothing, raw=sql)
        for number, (before, holding) in enumerate(HOLDING.items())
        for name, sql in holding.items()
    ),
    Change(
        "a default of the models",
        both(
            lambda metadata: sa.Sequence("numbers", metadata=metadata),
            table(name="person"),
            table(NUMBERED),
        ),
        table(NUMBERED),
    ),
    Change(
        "an owner that goes",
        COUNTED,
        nothing,
        raw="ALTER SEQUENCE numbers OWNED BY person.id;"
        "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql RETURN nextval('numbers')",
    ),
    Change("a column of the models", MOODY, table(col("m", ServerType("mood")))),
]


@pytest.fixture
async def prover(database_url: str) -> AsyncIterator[Prover]:
    async with proving_at(database_url) as found:
        yield found


@pytest.mark.cells(3)
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
async def test_what_needs_it(prover: Prover, change: Change) -> None:
    proof = await prover.prove(change, thoroughly=True)
    assert not re.search("drop_(enum|sequence)|DROP DOMAIN", proof.ours)


async def test_a_table_that_is_left_out(
    project: Project, database_url: str, pg, tmp_path: Path, monkeypatch
) -> None:
    await pg.execute("CREATE TYPE mood AS ENUM ('a'); CREATE TABLE theirs (m mood)")
    name = f"staying_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(
        "def include_object(object, name, type_, reflected, compare_to):\n"
        "    return name != 'theirs'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    migrator = Migrator(
        settings=project.settings(url=database_url, hooks=name), target_metadata=sa.MetaData()
    )
    assert (await migrator.check()).differences == ()
    await pg.execute("DROP TABLE theirs")
    found = await migrator.check()
    assert [item.change for item in found.differences] == ["drop_enum"]
