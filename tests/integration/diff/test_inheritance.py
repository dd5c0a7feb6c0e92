"""Tables that inherit: what comes from a parent is changed there, and in no child again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from fix_database import catalog_dump

if TYPE_CHECKING:
    from collections.abc import Callable

    import asyncpg

    from fix_project import Project

Item = Any

MOODS = ("sad", "ok"), ("ok", "sad", "fine")


def tree(*items: Callable[[], Item], own: tuple[Callable[[], Item], ...] = ()) -> sa.MetaData:
    """A table, one below it that says nothing itself, and two that say all, one below the other."""
    metadata = sa.MetaData()
    shared = (lambda: sa.Column("id", sa.Integer, nullable=False), *items)
    below = {"postgresql_inherits": "thing"}
    sa.Table("thing", metadata, *(item() for item in shared))
    sa.Table("a_plain", metadata, sa.Column("n", sa.Integer), *(item() for item in own), **below)
    sa.Table("book", metadata, *(item() for item in shared), **below)
    sa.Table("a_novel", metadata, *(item() for item in shared), postgresql_inherits="book")
    return metadata


def col(name: str, type_: Any, *items: Any, **keywords: Any) -> Callable[[], Item]:
    return lambda: sa.Column(name, type_, *items, **keywords)


def generated(sql: str) -> Callable[[], Item]:
    return lambda: sa.Column("g", sa.Integer, sa.Computed(sql, persisted=True))


def check(sql: str, name: str) -> Callable[[], Item]:
    return lambda: sa.CheckConstraint(sql, name=name)


def mood(labels: tuple[str, ...], **keywords: Any) -> Callable[[], Item]:
    return lambda: sa.Column("m", sa.Enum(*labels, name="mood"), **keywords)


def pair(above: Any, below: Any, **keywords: Any) -> sa.MetaData:
    """A table and one below it, whose keys count by themselves."""
    metadata = sa.MetaData()
    sa.Table("thing", metadata, sa.Column("id", above, primary_key=True, **keywords))
    key = sa.Column("id", below, primary_key=True)
    sa.Table("book", metadata, key, postgresql_inherits="thing")
    return metadata


def two_parents(parent: str, type_: Any) -> sa.MetaData:
    metadata = sa.MetaData()
    shared = (col("x", sa.Text, server_default="5"),)
    sa.Table("thing", metadata, sa.Column("x", type_))
    sa.Table("other", metadata, sa.Column("x", sa.Text))
    sa.Table("book", metadata, *(item() for item in shared), postgresql_inherits=parent)
    return metadata


def defaults(type_: Any, above: str | None, below: str) -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("thing", metadata, sa.Column("x", type_, server_default=above))
    column = sa.Column("x", type_, server_default=below)
    sa.Table("book", metadata, column, postgresql_inherits="thing")
    return metadata


def mood_of_the_child(labels: tuple[str, ...]) -> sa.MetaData:
    """A default that only the child has, whose table is listed after its parent."""
    metadata = sa.MetaData()
    sa.Table("thing", metadata, mood(labels)())
    child = mood(labels, server_default="ok")()
    sa.Table("tract", metadata, child, postgresql_inherits="thing")
    return metadata


TEXT = col("x", sa.Text)
CHANGES = {
    "type": (tree(col("x", sa.String(10))), tree(TEXT)),
    "type with a cast and a default": (
        tree(col("x", sa.Text, server_default="5")),
        tree(col("x", sa.Integer, server_default="6")),
    ),
    "type and NOT NULL": (
        tree(col("x", sa.String(10))),
        tree(col("x", sa.Text, nullable=False, server_default="b")),
    ),
    "type of what is NOT NULL": (
        tree(col("x", sa.Integer, nullable=False)),
        tree(col("x", sa.BigInteger, nullable=False)),
    ),
    "NOT NULL": (tree(TEXT), tree(col("x", sa.Text, nullable=False))),
    "default": (tree(TEXT), tree(col("x", sa.Text, server_default="a"))),
    "default of each": (defaults(sa.Text, None, "5"), defaults(sa.Integer, "3", "7")),
    "column": (tree(), tree(col("x", sa.Text, nullable=False, server_default="a"))),
    "column that one had before": (tree(own=(col("x", sa.String(10)),)), tree(TEXT)),
    "generated": (tree(generated("id * 2")), tree(generated("id * 3"))),
    "generated no more": (tree(generated("id * 2")), tree(col("g", sa.Integer))),
    "check": (tree(check("id > 0", "ck")), tree(check("id > 1", "ck"), check("id < 9", "c2"))),
    "check of another name": (tree(check("id > 0", "ck")), tree(check("id > 0", "c2"))),
    "enum type that gives way": (
        tree(mood(MOODS[0], server_default="ok")),
        tree(mood(MOODS[1], server_default="ok")),
    ),
    "enum type that gives way, and the default of a child": (
        mood_of_the_child(MOODS[0]),
        mood_of_the_child(MOODS[1]),
    ),
    "serial": (pair(sa.Integer, sa.Integer), pair(sa.BigInteger, sa.BigInteger)),
    "serial of the child alone": (
        pair(sa.Integer, sa.Integer),
        pair(sa.Integer, sa.Integer, autoincrement=False),
    ),
    "another parent": (two_parents("thing", sa.Text), two_parents("other", sa.Integer)),
}


async def prove(
    project: Project,
    url: str,
    before: sa.MetaData,
    after: sa.MetaData,
    renames: dict[str, str] | None = None,
) -> None:
    """The script makes what the models say, and its downgrade what was there, to the letter."""
    settings = project.settings(url=url)
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg2"))
    before.create_all(engine)
    engine.dispose()
    migrator = Migrator(settings=settings, target_metadata=after)
    there = catalog_dump(url, version_table=False)
    await migrator.revision("b", autogenerate=True, rev_id="b1", renames=renames or {})
    await migrator.upgrade()
    assert (await migrator.check()).differences == ()
    await migrator.downgrade("base")
    assert catalog_dump(url, version_table=False) == there


# no statement says that a child's column is its parent's alone again
ONE_WAY = "column that one had before"
# a child of an older PostgreSQL cannot say again how a column is generated
CASES = {
    change: pytest.param(
        change, marks=[pytest.mark.pg(">=16")] if change.startswith("generated") else []
    )
    for change in CHANGES
}


@pytest.mark.cells(3)
@pytest.mark.parametrize("change", CASES.values())
async def test_what_comes_from_a_parent(project: Project, database_url: str, change: str):
    await prove(project, database_url, *CHANGES[change])


@pytest.mark.cells(2)
@pytest.mark.parametrize("change", [case for change, case in CASES.items() if change != ONE_WAY])
async def test_and_the_other_way_round(project: Project, database_url: str, change: str):
    await prove(project, database_url, *reversed(CHANGES[change]))


@pytest.mark.cells(1)
@pytest.mark.parametrize(
    "renames",
    [{"thing.x": "y"}, {"thing.x": "y", "a_novel.x": "y"}, {"a_novel.x": "y", "thing.x": "y"}],
)
async def test_a_rename(project: Project, database_url: str, renames: dict[str, str]):
    before = tree(col("x", sa.Integer), check("x > 0", "ck"))
    after = tree(col("y", sa.Integer), check("y > 0", "ck"))
    await prove(project, database_url, before, after, renames)


async def test_a_rename_that_is_asked_for(project: Project, database_url: str):
    settings = project.settings(url=database_url)
    first = Migrator(settings=settings, target_metadata=tree(col("fone", sa.Text)))
    await first.revision("a", autogenerate=True, rev_id="a1")
    await first.upgrade()
    asked = []

    def ask(candidate: Any) -> bool:
        asked.append((candidate.old, candidate.new))
        return True

    second = Migrator(settings=settings, target_metadata=tree(col("phone", sa.Text)))
    await second.revision("b", autogenerate=True, rev_id="b1", confirm_rename=ask)
    await second.upgrade()
    assert asked == [("thing.fone", "thing.phone")]
    assert (await second.check()).differences == ()


async def test_the_values_of_a_column_that_a_child_keeps(
    project: Project, database_url: str, pg: asyncpg.Connection
):
    settings = project.settings(url=database_url)
    first = Migrator(settings=settings, target_metadata=tree(TEXT))
    await first.revision("a", autogenerate=True, rev_id="a1")
    await first.upgrade()
    await pg.execute("INSERT INTO a_plain (id, x) VALUES (1, 'kept')")
    second = Migrator(settings=settings, target_metadata=tree(own=(TEXT,)))
    await second.revision("b", autogenerate=True, rev_id="b1")
    await second.upgrade()
    assert (await second.check()).differences == ()
    assert await pg.fetchval("SELECT x FROM a_plain") == "kept"
