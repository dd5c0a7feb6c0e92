"""A run that died around a statement outside a transaction: what the next run makes of it."""

from __future__ import annotations

import secrets

import pytest

from asyncmig import Migrator
from asyncmig.events import StatementStarted

TABLE = "CREATE TABLE t (i int); CREATE INDEX t_i ON t (i)"
LEFTOVER = """
CREATE INDEX t_i_ccnew ON t (i);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_i_ccnew'::regclass"""


class DiedError(Exception):
    """Raised where the process dies."""


def sent(events: list) -> list[str]:
    return [event.sql for event in events if isinstance(event, StatementStarted)]


@pytest.fixture
def die_before(project, database_url):
    """A function: upgrades with a statement, and dies before it; gives a migrator to try again."""

    async def run(sql: str) -> tuple[Migrator, list]:
        project.revision("a1", upgrade=f"op.execute('CREATE TABLE a ()')\nop.execute({sql!r})")

        def die(event: object) -> None:
            if isinstance(event, StatementStarted) and event.sql == sql:
                raise DiedError

        dying = Migrator(database_url, script_location=project.script_location, on_event=die)
        with pytest.raises(DiedError):
            await dying.upgrade()
        assert (await dying.journal())[0].state == "started"
        events: list = []
        again = Migrator(
            database_url, script_location=project.script_location, on_event=events.append
        )
        return again, events

    return run


async def test_an_index_that_is_still_there_is_dropped(die_before, pg):
    await pg.execute(TABLE)
    again, events = await die_before("DROP INDEX CONCURRENTLY t_i")
    assert (await again.upgrade()).revisions == ("a1",)
    assert await pg.fetchval("SELECT to_regclass('t_i')") is None
    assert sent(events) == ["DROP INDEX CONCURRENTLY t_i"]


async def test_an_index_that_is_gone_is_not_dropped_again(die_before, pg):
    await pg.execute(TABLE)
    again, events = await die_before("DROP INDEX CONCURRENTLY t_i")
    await pg.execute("DROP INDEX t_i")
    assert (await again.upgrade()).revisions == ("a1",)
    assert sent(events) == []


async def test_vacuum_is_sent_again(die_before, pg):
    await pg.execute(TABLE)
    again, events = await die_before("VACUUM t")
    assert (await again.upgrade()).revisions == ("a1",)
    assert sent(events) == ["VACUUM t"]


@pytest.mark.cells(2)
@pytest.mark.parametrize(
    "scope", ["INDEX {0} t_i", "TABLE {0} t", "SCHEMA {0} public", "DATABASE {0} {1}"]
)
async def test_what_reindex_has_left_is_dropped(die_before, pg, scope):
    await pg.execute(TABLE)
    database = await pg.fetchval("SELECT current_database()")
    sql = "REINDEX " + scope.format("CONCURRENTLY", database)
    again, events = await die_before(sql)
    await pg.execute(LEFTOVER)
    assert (await again.upgrade()).revisions == ("a1",)
    assert sent(events) == [sql]
    assert await pg.fetchval("SELECT to_regclass('t_i_ccnew')") is None
    assert await pg.fetchval("SELECT to_regclass('t_i')") is not None


async def test_a_valid_index_with_the_name_of_a_leftover_stays(die_before, pg):
    await pg.execute(TABLE)
    await pg.execute("CREATE INDEX t_i_ccnew ON t (i)")
    again, _ = await die_before("REINDEX TABLE CONCURRENTLY t")
    await again.upgrade()
    assert await pg.fetchval("SELECT to_regclass('t_i_ccnew')") is not None


@pytest.mark.parametrize("is_there", [False, True])
async def test_a_tablespace_is_created_once(die_before, pg, admin, is_there):
    name = f"asyncmig_{secrets.token_hex(6)}"
    database = await pg.fetchval("SELECT current_database()")
    admin(f"ALTER DATABASE {database} SET allow_in_place_tablespaces = on")
    create = f"CREATE TABLESPACE {name} LOCATION ''"
    again, events = await die_before(create)
    try:
        if is_there:
            await pg.execute("SET allow_in_place_tablespaces = on")
            await pg.execute(create)
        assert (await again.upgrade()).revisions == ("a1",)
        assert sent(events) == ([] if is_there else [create])
        assert await pg.fetchval("SELECT count(*) FROM pg_tablespace WHERE spcname = $1", name) == 1
    finally:
        admin(f"DROP TABLESPACE IF EXISTS {name}")
