"""Two names of a column: both are written and read until the change is finished."""

from __future__ import annotations

import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.errors import DirectiveError, StatementFailedError
from support.online_cases import difference, execute

BEFORE = """
CREATE TABLE bill (
    id serial PRIMARY KEY, total int NOT NULL DEFAULT 5, note text,
    CONSTRAINT bill_positive CHECK (total > 0)
);
CREATE INDEX bill_by ON bill (total, note) WHERE total > 7;
COMMENT ON COLUMN bill.total IS 'in cents';
ALTER TABLE bill ADD UNIQUE (id, total);
CREATE TABLE part (
    id int PRIMARY KEY, bill_id int, total int,
    FOREIGN KEY (bill_id, total) REFERENCES bill (id, total) ON UPDATE CASCADE
);
"""
ROWS = "INSERT INTO bill (total, note) SELECT i, i FROM generate_series(1, 300) i"


@pytest.fixture
def renaming(project):
    project.revision(
        "a1",
        upgrade='op.rename_column_online("bill", "total", "amount")',
        downgrade='op.rename_column_online("bill", "amount", "total")',
    )
    project.revision("b1", down="a1", upgrade='op.finish_column_online("bill", "amount")')
    return project


async def rows(pg, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await pg.fetch(sql)]


async def test_both_names_are_written(renaming, database_url, pg):
    await pg.execute(BEFORE + ROWS)
    migrator = Migrator(database_url, script_location=renaming.script_location)

    await migrator.upgrade("a1")

    assert await pg.fetchval("SELECT count(*) FROM bill WHERE total = amount") == 300
    await pg.execute("DELETE FROM bill")
    written = "INSERT INTO bill (id, {}) VALUES ({}, {}) RETURNING total, amount"
    assert await rows(pg, written.format("total", 1, 10)) == [(10, 10)]
    assert await rows(pg, written.format("amount", 2, 20)) == [(20, 20)]
    assert await rows(pg, "INSERT INTO bill (id) VALUES (3) RETURNING total, amount") == [(5, 5)]
    both = "RETURNING id, total, amount"
    assert await rows(pg, f"UPDATE bill SET total = 11 WHERE id = 1 {both}") == [(1, 11, 11)]
    assert await rows(pg, f"UPDATE bill SET amount = 21 WHERE id = 2 {both}") == [(2, 21, 21)]
    assert await rows(pg, f"UPDATE bill SET note = 'x' WHERE id = 3 {both}") == [(3, 5, 5)]
    with pytest.raises(asyncpg.CheckViolationError):
        await pg.execute("UPDATE bill SET amount = -1")
    with pytest.raises(asyncpg.NotNullViolationError):
        await pg.execute("UPDATE bill SET amount = NULL")
    conflict = "ON CONFLICT (id) DO UPDATE SET amount = excluded.amount"
    await pg.execute(f"INSERT INTO bill (id, amount) VALUES (3, 30) {conflict}")
    await pg.execute("SET session_replication_role = replica")
    await pg.execute("UPDATE bill SET amount = 31 WHERE id = 3")
    await pg.execute("RESET session_replication_role")
    assert await rows(pg, "SELECT id, total, amount FROM bill ORDER BY id") == [
        (1, 11, 11),
        (2, 21, 21),
        (3, 31, 31),
    ]


async def test_ends_as_after_a_plain_rename(renaming, make_database):
    url, direct = make_database(), make_database()
    for each in (url, direct):
        await execute(each, BEFORE + ROWS)
    await execute(direct, "ALTER TABLE bill RENAME total TO amount")

    await Migrator(url, script_location=renaming.script_location).upgrade()

    assert difference(url, direct) == ([], [])


async def test_taken_back(renaming, make_database):
    url, direct = make_database(), make_database()
    for each in (url, direct):
        await execute(each, BEFORE + ROWS)
    migrator = Migrator(url, script_location=renaming.script_location)
    await migrator.upgrade("a1")
    await migrator.downgrade("base")
    assert difference(url, direct) == ([], [])
    await migrator.upgrade("a1")


async def test_a_type_without_equality(renaming, database_url, pg):
    await pg.execute("CREATE TABLE bill (id int PRIMARY KEY, total json)")
    await pg.execute("INSERT INTO bill VALUES (1, '{}'), (2, NULL)")
    await Migrator(database_url, script_location=renaming.script_location).upgrade("a1")
    await pg.execute("UPDATE bill SET amount = '[1]' WHERE id = 1")
    await pg.execute("UPDATE bill SET total = '[2]' WHERE id = 2")
    found = await rows(pg, "SELECT total::text, amount::text FROM bill ORDER BY id")
    assert found == [("[1]", "[1]"), ("[2]", "[2]")]


async def test_an_index_of_later_has_no_copy(renaming, database_url, pg):
    await pg.execute(BEFORE)
    migrator = Migrator(database_url, script_location=renaming.script_location)
    await migrator.upgrade("a1")
    await pg.execute("CREATE INDEX later ON bill (total)")
    with pytest.raises(DirectiveError, match=r"index later of public\.bill has no copy"):
        await migrator.upgrade()
    await pg.execute("DROP INDEX later")
    await migrator.upgrade()


async def test_the_old_column_is_kept_until_finished(project, database_url, pg):
    await pg.execute("CREATE TABLE bill (id int PRIMARY KEY, total int NOT NULL DEFAULT 3)")
    await pg.execute("INSERT INTO bill SELECT i, i FROM generate_series(1, 100) i")
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade='op.alter_column_online("bill", "id", type_=sa.BigInteger, drop_old=False)',
        downgrade='op.alter_column_online("bill", "id", type_=sa.Integer)',
    )
    project.revision("b1", down="a1", upgrade='op.finish_column_online("bill", "id")')
    migrator = Migrator(database_url, script_location=project.script_location)

    await migrator.upgrade("a1")

    found = "INSERT INTO bill (id) VALUES (500) RETURNING id, id_old, total"
    assert await rows(pg, found) == [(500, 500, 3)]
    with pytest.raises(asyncpg.NumericValueOutOfRangeError):
        await pg.execute("INSERT INTO bill (id) VALUES (5000000000)")
    columns = (
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = 'bill'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attname"
    )
    assert await rows(pg, columns) == [
        ("id", "bigint"),
        ("id_old", "integer"),
        ("total", "integer"),
    ]
    await migrator.upgrade("b1")
    await pg.execute("INSERT INTO bill (id) VALUES (5000000000)")
    assert await rows(pg, columns) == [("id", "bigint"), ("total", "integer")]
    assert await pg.fetchval("SELECT count(*) FROM pg_proc WHERE proname ~ 'online'") == 0
    await pg.execute("DELETE FROM bill WHERE id > 1000")
    await migrator.downgrade("a1")  # nothing: the old column is gone
    await migrator.downgrade("base")
    assert await rows(pg, columns) == [("id", "integer"), ("total", "integer")]


async def test_taken_back_while_the_old_column_is_kept(project, database_url, pg):
    await pg.execute("CREATE TABLE bill (id int PRIMARY KEY, total int)")
    await pg.execute("INSERT INTO bill SELECT i, i FROM generate_series(1, 100) i")
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade='op.alter_column_online("bill", "total", type_=sa.BigInteger, drop_old=False)',
        downgrade='op.alter_column_online("bill", "total", type_=sa.Integer)',
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    for _ in range(2):
        await migrator.upgrade()
        await migrator.downgrade("base")
    assert await pg.fetchval("SELECT sum(total) FROM bill") == 5050
    names = (
        "SELECT array_agg(attname::text) FROM pg_attribute"
        " WHERE attrelid = 'bill'::regclass AND attnum > 0 AND NOT attisdropped"
    )
    assert await pg.fetchval(names) == ["id", "total"]
    assert await pg.fetchval("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == 0


async def test_a_table_without_a_key(project, database_url, pg):
    await pg.execute("CREATE TABLE bill (total int)")
    await pg.execute("INSERT INTO bill SELECT i FROM generate_series(1, 3000) i")
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade='op.alter_column_online("bill", "total", type_=sa.BigInteger)',
    )
    await Migrator(
        database_url, script_location=project.script_location, backfill_batch_size=500
    ).upgrade()
    assert await rows(pg, "SELECT count(*), sum(total) FROM bill") == [(3000, 4501500)]


async def test_a_value_that_does_not_fit_is_named(project, database_url, pg):
    await pg.execute("CREATE TABLE bill (id int PRIMARY KEY, note text)")
    await pg.execute("INSERT INTO bill SELECT i, repeat('x', i) FROM generate_series(1, 30) i")
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade='op.alter_column_online("bill", "note", type_=sa.String(20))',
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(Exception, match=r"value too long") as caught:
        await migrator.upgrade()
    assert "21" in str(caught.value)
    await pg.execute("UPDATE bill SET note = left(note, 20)")
    await migrator.upgrade()
    assert await pg.fetchval("SELECT max(length(note)) FROM bill") == 20


async def test_a_cast_that_does_not_exist_changes_nothing(project, database_url, pg):
    await pg.execute("CREATE TABLE bill (id int PRIMARY KEY, note text)")
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade='op.alter_column_online("bill", "note", type_=sa.Integer)',
    )
    with pytest.raises(
        StatementFailedError, match="is of type integer but expression is of type text"
    ):
        await Migrator(database_url, script_location=project.script_location).upgrade()
    assert await pg.fetchval("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == 0
    assert await pg.fetchval("SELECT count(*) FROM asyncmig_journal WHERE state = 'done'") == 0
