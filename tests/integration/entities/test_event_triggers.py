"""Event triggers, declared and undeclared: created after their function, and dropped before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from asyncmig import Migrator
from asyncmig.entities import EventTrigger, Function, SqlText, register
from asyncmig.errors import ConfigError
from fix_database import catalog_dump

if TYPE_CHECKING:
    from asyncpg import Connection

    from asyncmig.results import CheckResult
    from fix_project import Project

NOTED = Function("noted", returns="event_trigger", body="BEGIN END")
TRIGGER = EventTrigger(
    "on_drop", "sql_drop", "noted", tags=["DROP TABLE", "DROP INDEX"], comment="kept"
)


class Side:
    """Migrators of one database with several models."""

    def __init__(self, project: Project, url: str) -> None:
        self.project = project
        self.url = url

    def migrator(self, *entities: object, managed: tuple[str, ...] = ()) -> Migrator:
        metadata = sa.MetaData()
        sa.Table("book", metadata, sa.Column("id", sa.Integer))
        register(metadata, *entities)
        settings = self.project.settings(url=self.url, managed_entities=managed)
        return Migrator(settings=settings, target_metadata=metadata)

    def dump(self) -> str:
        return catalog_dump(self.url, version_table=False)


@pytest.fixture
def side(project: Project, database_url: str) -> Side:
    return Side(project, database_url)


def lines(found: CheckResult) -> list[str]:
    return [difference.what for difference in found.differences]


async def test_there_and_back(side: Side, pg: Connection):
    empty = side.dump()
    first = side.migrator(NOTED, TRIGGER)
    await first.revision("first", autogenerate=True, rev_id="a1")
    await first.upgrade()
    assert (await first.check()).ok
    created = side.dump()
    assert await pg.fetchval("SELECT evttags FROM pg_event_trigger") == ["DROP INDEX", "DROP TABLE"]
    assert await pg.fetchval("SELECT obj_description(oid) FROM pg_event_trigger") == "kept"

    other = EventTrigger("on_drop", "ddl_command_end", "noted", fires="disabled", comment="kept")
    second = side.migrator(NOTED, other)
    assert lines(await second.check()) == [
        "DROP EVENT TRIGGER on_drop",
        "CREATE EVENT TRIGGER on_drop ON ddl_command_end EXECUTE FUNCTION noted()",
        "ALTER EVENT TRIGGER on_drop DISABLE",
        "COMMENT ON EVENT TRIGGER on_drop IS 'kept'",
    ]
    await second.revision("second", autogenerate=True, rev_id="b2")
    await second.upgrade()
    assert (await second.check()).ok

    third = side.migrator(managed=("event_trigger", "function"))
    assert lines(await third.check()) == ["DROP EVENT TRIGGER on_drop", "drop_function noted"]
    await third.revision("third", autogenerate=True, rev_id="c3")
    await third.upgrade()
    assert (await third.check()).ok
    await third.downgrade("a1")
    assert side.dump() == created
    await third.downgrade("base")
    assert side.dump() == empty


async def test_it_is_changed_in_place(side: Side):
    await side.migrator(NOTED, TRIGGER).revision("first", autogenerate=True)
    await side.migrator().upgrade()
    changed = side.migrator(
        NOTED,
        EventTrigger(
            "on_drop", "sql_drop", "noted", tags=["drop index", "drop table"], fires="always"
        ),
    )
    assert lines(await changed.check()) == [
        "ALTER EVENT TRIGGER on_drop ENABLE ALWAYS",
        "COMMENT ON EVENT TRIGGER on_drop IS NULL",
    ]


async def test_the_function_is_created_anew_with_its_event_trigger(side: Side):
    """A new result type cannot replace a function: the event trigger is dropped and created around it."""
    await side.migrator(NOTED, TRIGGER).revision("first", autogenerate=True)
    await side.migrator().upgrade()
    text = "CREATE FUNCTION app_noted() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'"
    declared = SqlText(
        "CREATE EVENT TRIGGER on_drop ON sql_drop EXECUTE PROCEDURE public.app_noted();"
    )
    moved = side.migrator(SqlText(text), declared)
    await moved.revision("second", autogenerate=True)
    await moved.upgrade()
    assert (await moved.check()).ok


@pytest.mark.cells(1)
@pytest.mark.parametrize("managed", [(), ("event_trigger",)])
async def test_the_function_of_an_event_trigger_that_is_kept_is_not_dropped(
    side: Side, pg: Connection, managed: tuple[str, ...]
):
    await pg.execute(
        "CREATE FUNCTION noted() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        "CREATE EVENT TRIGGER on_drop ON sql_drop EXECUTE FUNCTION noted(); CREATE TABLE book (id int)"
    )
    migrator = side.migrator(
        Function("other", returns="integer", body="SELECT 1", language="sql"), managed=managed
    )
    expected = ["create_function other"]
    if managed:
        expected = ["DROP EVENT TRIGGER on_drop", "drop_function noted", *expected]
    assert sorted(lines(await migrator.check())) == sorted(expected)
    await migrator.revision("x", autogenerate=True)
    await migrator.upgrade()
    assert (await migrator.check()).ok


async def test_a_statement_that_is_no_event_trigger(side: Side):
    declared = SqlText(
        "CREATE EVENT TRIGGER on_drop ON sql_drop", kind="event_trigger", name="on_drop"
    )
    with pytest.raises(ConfigError, match="no CREATE EVENT TRIGGER"):
        await side.migrator(declared).check()
