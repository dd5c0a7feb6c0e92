"""Straight after ``create_all``, by the same models, there is nothing to detect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.schema import AddConstraint

from model_changes.proving import operations, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fix_autogenerate import Comparing


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    made = sa.create_engine(database_url.replace("postgresql:", "postgresql+psycopg2:"))
    yield made
    made.dispose()


async def nothing_found(comparing: Comparing, engine: sa.Engine, metadata: sa.MetaData) -> None:
    before = spelled(await comparing.sides(metadata))
    metadata.create_all(engine)
    assert spelled(await comparing.sides(metadata)) == []
    assert before != []


async def test_a_circle_of_foreign_keys(comparing: Comparing, engine: sa.Engine) -> None:
    # create_all takes one of them out of its table, and marks it
    metadata = sa.MetaData()
    for name, other in (("egg", "hen"), ("hen", "egg")):
        key = sa.ForeignKey(f"{other}.id", name=f"fk_{name}", use_alter=name == "egg")
        column = sa.Column("other", sa.Integer, key)
        sa.Table(name, metadata, sa.Column("id", sa.Integer, primary_key=True), column)
    await nothing_found(comparing, engine, metadata)


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
async def test_a_constraint_added_by_an_event(
    comparing: Comparing, engine: sa.Engine, dialect: str
) -> None:
    metadata = sa.MetaData()
    book = sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True))
    check = sa.CheckConstraint("id > 0", name="ck")
    book.append_constraint(check)
    event.listen(book, "after_create", AddConstraint(check).execute_if(dialect=dialect))
    await nothing_found(comparing, engine, metadata)


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
async def test_items_for_one_dialect(comparing: Comparing, engine: sa.Engine, dialect: str) -> None:
    metadata = sa.MetaData()
    sa.Table(
        "book",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("up", sa.Integer),
        sa.CheckConstraint("id > 0", name="ck").ddl_if(dialect=dialect),
        sa.ForeignKeyConstraint(["up"], ["book.id"]).ddl_if(dialect=dialect),
        sa.Index("ix", "up").ddl_if(dialect=dialect),
    )
    await nothing_found(comparing, engine, metadata)


@pytest.mark.cells(3)
@pytest.mark.parametrize(
    "condition",
    [
        "status IN ('open', 'it''s:done')",
        "status NOT IN ('open', 'done') OR status IS NULL",
        "fixed IN ('a', 'b')",
        "fixed = ANY ('{a,b}')",
        "lower(status) || fixed IN ('a', 'b')",
        "status = ANY (ARRAY['a', NULL])",
        "coalesce(status, 'x') IN ('a', 'b')",
        "tags <@ ARRAY['a', 'b']::varchar[]",
        "status SIMILAR TO '(a|b)%'",
        "date_part('year', at) IN (2025, 2026)",
        "at BETWEEN SYMMETRIC '2020-01-01' AND now()",
        "n IN (1, 2.5) AND n NOT IN (-1, -2)",
        "CASE status WHEN 'a' THEN n > 1 ELSE true END",
        "(status, fixed) IN (('a', 'b'), ('c', 'd'))",
        "substring(status from '^a+') IS DISTINCT FROM 'a'",
        "EXTRACT(dow FROM at AT TIME ZONE 'utc') < 6",
    ],
)
async def test_expressions_stay_when_they_are_written_again(
    comparing: Comparing, engine: sa.Engine, condition: str
) -> None:
    metadata = sa.MetaData()
    text = sa.text(condition.replace(":", "\\:"))
    sa.Table(
        "book",
        metadata,
        sa.Column("status", sa.String(20)),
        sa.Column("fixed", sa.CHAR(3)),
        sa.Column("tags", sa.ARRAY(sa.String)),
        sa.Column("at", sa.DateTime(timezone=True)),
        sa.Column("n", sa.Numeric),
        sa.Column("is_open", sa.Boolean, server_default=sa.text("('a' IN ('a', 'b'))")),
        sa.CheckConstraint(text, name="ck"),
        sa.Index("ix", "n", postgresql_where=sa.text("status IN ('a', 'b')")),
    )
    sides = await comparing.sides(metadata)
    await comparing.apply(operations(sides)[0], sides)
    assert spelled(await comparing.sides(metadata)) == []
    metadata.drop_all(engine)
    await nothing_found(comparing, engine, metadata)
