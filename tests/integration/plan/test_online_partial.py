"""What a history declares of an online change that has not come to its end: no value is converted twice."""

from __future__ import annotations

import pytest

from asyncmig import Migrator
from asyncmig.errors import AsyncmigError, DirectiveError, ScriptError

HEADER = "import sqlalchemy as sa"
TABLE = """
CREATE TABLE event (id int PRIMARY KEY, at timestamp NOT NULL);
INSERT INTO event SELECT i, timestamp '2020-01-01' + i * interval '1 hour' FROM generate_series(1, 200) i;
"""
USING = "using=\"at AT TIME ZONE 'Asia/Tokyo'\""
FORTH = f'op.alter_column_online("event", "at", type_=sa.DateTime(timezone=True), {USING})'
BACK = f'op.alter_column_online("event", "at", type_=sa.DateTime(), {USING})'
STOP = "ALTER TABLE event ADD CONSTRAINT not_this CHECK (id <> 150) NOT VALID"
GO = "ALTER TABLE event DROP CONSTRAINT not_this"

TYPE = (
    "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
    " WHERE attrelid = 'event'::regclass AND attname = 'at'"
)
WRONG = """
    SELECT count(*) FROM event
    WHERE at <> (timestamp '2020-01-01' + id * interval '1 hour'){zone}"""
OLD_WRONG = WRONG.format(zone="")
NEW_WRONG = WRONG.format(zone=" AT TIME ZONE 'Asia/Tokyo'")


@pytest.fixture
def migrator(project, database_url):
    project.revision("zero")
    project.revision("one", down="zero", header=HEADER, upgrade=FORTH, downgrade=BACK)
    return Migrator(database_url, script_location=project.script_location, backfill_batch_size=50)


async def stopped_upgrade(migrator: Migrator, pg) -> None:
    """The rows before 150 have a value in the new column."""
    await pg.execute(TABLE + STOP)
    with pytest.raises(AsyncmigError, match="not_this"):
        await migrator.upgrade()
    await pg.execute(GO)
    assert await pg.fetchval("SELECT count(at_online) BETWEEN 100 AND 199 FROM event")


async def declared(migrator: Migrator, revision: str, stamped: str) -> None:
    """A person discards the partial state, and stamps without cleaning up."""
    with pytest.raises(ScriptError, match=f"of revision {revision} is partially applied, and this"):
        await migrator.stamp(stamped)
    await migrator.resolve(revision, "forget")
    await migrator.stamp(stamped)


async def test_an_unfinished_upgrade_that_is_declared_applied(migrator, pg):
    await stopped_upgrade(migrator, pg)
    await declared(migrator, "one", "one")

    with pytest.raises(
        DirectiveError, match=r"column is as before one, which counts as applied"
    ) as caught:
        await migrator.downgrade("base")
    assert "DROP FUNCTION public.event_at_online() CASCADE" in (caught.value.hint or "")
    with pytest.raises(DirectiveError, match="counts as applied"):
        await migrator.plan("base", direction="downgrade")
    assert await pg.fetchval(TYPE) == "timestamp without time zone"
    assert await pg.fetchval(OLD_WRONG) == 0

    await migrator.stamp("zero")
    await migrator.upgrade()
    assert await pg.fetchval(TYPE) == "timestamp with time zone"
    assert await pg.fetchval(NEW_WRONG) == 0
    await migrator.downgrade("base")
    assert await pg.fetchval(OLD_WRONG) == 0


async def test_an_unfinished_downgrade_that_is_declared_done(migrator, pg):
    await pg.execute(TABLE)
    await migrator.upgrade()
    await pg.execute(STOP)
    with pytest.raises(AsyncmigError, match="not_this"):
        await migrator.downgrade("zero")
    await pg.execute(GO)
    await declared(migrator, "one", "zero")

    with pytest.raises(DirectiveError, match="as after one, which counts as not applied"):
        await migrator.upgrade()
    assert await pg.fetchval(NEW_WRONG) == 0

    await migrator.stamp("one")
    await migrator.downgrade("zero")
    assert await pg.fetchval(TYPE) == "timestamp without time zone"
    assert await pg.fetchval(OLD_WRONG) == 0


async def test_a_later_change_of_the_column(project, migrator, pg):
    project.revision("two", down="one", header=HEADER, upgrade=BACK)
    await pg.execute(TABLE + STOP)
    with pytest.raises(AsyncmigError, match="not_this"):
        await migrator.upgrade("one")
    await pg.execute(GO)
    await declared(migrator, "one", "one")
    with pytest.raises(DirectiveError, match="as before one, which counts as applied"):
        await migrator.upgrade()
    assert await pg.fetchval(OLD_WRONG) == 0


async def test_an_earlier_change_is_undone_after_it_was_forgotten(project, migrator, pg):
    """Without the unfinished one the column is as the earlier revision has left it."""
    text = 'op.alter_column_online("event", "at", type_=sa.Text, using="at::text")'
    project.revision("two", down="one", header=HEADER, upgrade=text)
    await pg.execute(TABLE)
    await migrator.upgrade("one")
    await pg.execute(STOP)
    with pytest.raises(AsyncmigError, match="not_this"):
        await migrator.upgrade()
    await pg.execute(GO)
    await migrator.resolve("two", "forget")

    await migrator.downgrade("zero")

    assert await pg.fetchval(TYPE) == "timestamp without time zone"
    assert await pg.fetchval(OLD_WRONG) == 0
    assert await pg.fetchval("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == 0


@pytest.mark.cells(1)
@pytest.mark.parametrize("null", ["", " NOT NULL"])
async def test_an_unfinished_rename_is_not_finished(project, database_url, pg, null):
    """The old name is dropped only when every row has its value under the new one."""
    await pg.execute(f"CREATE TABLE event (id int PRIMARY KEY, at int{null})")
    await pg.execute("INSERT INTO event SELECT i, i FROM generate_series(1, 200) i")
    project.revision("zero")
    project.revision(
        "one",
        down="zero",
        upgrade='op.rename_column_online("event", "at", "since")',
        downgrade='op.rename_column_online("event", "since", "at")',
    )
    project.revision("two", down="one", upgrade='op.finish_column_online("event", "since")')
    migrator = Migrator(
        database_url, script_location=project.script_location, backfill_batch_size=50
    )
    await pg.execute(STOP)
    with pytest.raises(AsyncmigError, match="not_this"):
        await migrator.upgrade()
    await pg.execute(GO)
    await declared(migrator, "one", "one")

    with pytest.raises(DirectiveError, match="the rename is not finished"):
        await migrator.upgrade()
    assert await pg.fetchval("SELECT sum(at) FROM event") == 20100

    await migrator.stamp("zero")
    await migrator.upgrade()
    assert await pg.fetchval("SELECT sum(since) FROM event") == 20100


async def test_an_unfinished_rename_is_taken_back(project, database_url, pg):
    """The old name has everything, so the downgrade is exact, also of a rename that was not finished."""
    await pg.execute("CREATE TABLE event (id int PRIMARY KEY, at int)")
    await pg.execute("INSERT INTO event SELECT i, i FROM generate_series(1, 200) i; " + STOP)
    project.revision("zero")
    project.revision(
        "one",
        down="zero",
        upgrade='op.rename_column_online("event", "at", "since")',
        downgrade='op.rename_column_online("event", "since", "at")',
    )
    migrator = Migrator(
        database_url, script_location=project.script_location, backfill_batch_size=50
    )
    with pytest.raises(AsyncmigError, match="not_this"):
        await migrator.upgrade()
    await pg.execute(GO)
    await declared(migrator, "one", "one")
    await migrator.downgrade("zero")
    assert await pg.fetchval("SELECT sum(at) FROM event") == 20100
    assert await pg.fetchval("SELECT count(*) FROM pg_attribute WHERE attname = 'since'") == 0


async def test_a_partial_safe_rewrite_is_not_stamped(project, database_url, pg):
    await pg.execute("CREATE TABLE event (id int PRIMARY KEY, at int)")
    await pg.execute("INSERT INTO event VALUES (1, NULL)")
    project.revision("zero")
    project.revision(
        "one",
        down="zero",
        header=HEADER,
        upgrade='op.alter_column("event", "at", existing_type=sa.Integer(), nullable=False)',
        downgrade='op.alter_column("event", "at", existing_type=sa.Integer(), nullable=True)',
    )
    migrator = Migrator(database_url, script_location=project.script_location, safe_rewrites=True)
    with pytest.raises(AsyncmigError):
        await migrator.upgrade()
    for stamped in ("one", "head"):
        with pytest.raises(ScriptError, match="this stamp declares the revision applied"):
            await migrator.stamp(stamped)
        with pytest.raises(ScriptError, match="this stamp declares the revision applied"):
            await migrator.stamp(stamped, purge=True)
    await pg.execute("UPDATE event SET at = 1")
    await migrator.upgrade()
    await migrator.downgrade("zero")
