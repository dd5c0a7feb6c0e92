"""Tables without a key, by ``ctid``; partitioned tables, partition by partition; keys of other kinds."""

from __future__ import annotations

from typing import Any

import pytest

from asyncmig import Migrator
from asyncmig.errors import BackfillError, PartiallyAppliedError, PlanError

ROWS = 3000

CTID = 'op.backfill("item", {"n": "n + 1", "done": "true"}, where="done IS NULL", by="ctid"%s)'


def migrator_of(url: str, project, **settings: Any) -> Migrator:
    settings = {"backfill_batch_size": 100, "backfill_largest_batch": 300} | settings
    return Migrator(url, script_location=project.script_location, **settings)


async def make_table(pg, partitioned: str = "", key: str = "") -> None:
    """A table with a counter; ``partitioned`` is the clause behind PARTITION BY."""
    clause = f" PARTITION BY {partitioned}" if partitioned else ""
    await pg.execute(f"CREATE TABLE item (id int, n int DEFAULT 0, done bool{key}){clause}")
    if partitioned:
        await pg.execute(
            """
            CREATE TABLE item_1 PARTITION OF item FOR VALUES FROM (0) TO (1000);
            CREATE TABLE item_2 PARTITION OF item FOR VALUES FROM (1000) TO (10000) PARTITION BY RANGE (id);
            CREATE TABLE item_21 PARTITION OF item_2 FOR VALUES FROM (1000) TO (2000);
            CREATE TABLE item_22 PARTITION OF item_2 DEFAULT
            """
        )
    await pg.execute(f"INSERT INTO item SELECT i FROM generate_series(1, {ROWS}) i")


async def check(pg, rows: int = ROWS) -> None:
    assert dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n")) == {1: rows}
    job = await pg.fetchrow("SELECT state, rows FROM asyncmig_backfill")
    assert tuple(job) == ("done", rows)
    assert await pg.fetchval("SELECT count(*) FROM asyncmig_backfill_range") == 0


@pytest.mark.parametrize("analyzed", [True, False])
@pytest.mark.parametrize("partitioned", ["", "RANGE (id)"])
async def test_every_row_once_by_ctid(project, database_url, pg, partitioned, analyzed):
    """Changed rows move to other blocks, free places between the others included."""
    await make_table(pg, partitioned)
    await pg.execute("DELETE FROM item WHERE id % 3 = 0")
    await pg.execute("VACUUM item")
    if analyzed:
        await pg.execute("ANALYZE item")
    project.revision("one", upgrade=CTID % "")
    await migrator_of(database_url, project).upgrade()
    await check(pg, ROWS * 2 // 3)


async def test_workers_and_rows_that_move_by_ctid(project, database_url, pg):
    await make_table(pg)
    await pg.execute("ANALYZE item")
    await pg.execute(
        """
        CREATE FUNCTION add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF new.id % 100 = 0 AND new.id < 5000 THEN INSERT INTO item VALUES (new.id + 5000); END IF;
            RETURN new;
        END $$;
        CREATE TRIGGER add AFTER UPDATE ON item FOR EACH ROW EXECUTE FUNCTION add()
        """
    )
    project.revision("one", upgrade=CTID % ", deferred=True")
    migrator = migrator_of(database_url, project)
    await migrator.upgrade()
    await migrator.run_backfills(workers=3)
    await check(pg, ROWS + ROWS // 100)


async def test_a_condition_that_stays_true_by_ctid(project, database_url, pg):
    await make_table(pg)
    project.revision("one", upgrade=CTID.replace("done IS NULL", "id > 0") % "")
    with pytest.raises(
        PartiallyAppliedError, match="still true for 100 rows after they were changed"
    ):
        await migrator_of(database_url, project).upgrade()
    assert dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n")) == {
        0: ROWS - 100,
        1: 100,
    }


async def test_rows_that_are_refused_by_ctid(project, database_url, pg):
    await make_table(pg)
    await pg.execute("ALTER TABLE item ADD CHECK (n = 0 OR id % 500 > 0)")
    project.revision("one", upgrade=CTID % ', on_error="record"')
    await migrator_of(database_url, project).upgrade()
    counted = dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n"))
    assert counted == {0: 6, 1: ROWS - 6}
    keys = await pg.fetch("SELECT f.key[1] FROM asyncmig_backfill_failure AS f")
    ids = [
        await pg.fetchval("SELECT id FROM item WHERE ctid = $1::text::tid", row[0]) for row in keys
    ]
    assert sorted(ids) == [500, 1000, 1500, 2000, 2500, 3000]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('{"n": "1"}, by="ctid"', 'by="ctid" needs where='),
        ('{"n": "1"}, by="ctid", where="n = 0", key=["id"]', "name two orders"),
        ('{"n": "1"}, by="rowid"', "by='rowid' is unknown, "),
    ],
)
async def test_orders_that_are_refused(project, database_url, arguments, message):
    project.revision("one", upgrade=f'op.backfill("item", {arguments})')
    with pytest.raises(PlanError, match=message.rstrip(", ")):
        await migrator_of(database_url, project).upgrade()


async def test_a_function_by_ctid(project, database_url, pg):
    await make_table(pg)
    project.revision(
        "one",
        upgrade='op.backfill_with(add, "item", columns=["n"], where="done IS NULL", by="ctid")',
        header='def add(rows):\n    return [{"n": row["n"] + 1, "done": True} for row in rows]',
    )
    await migrator_of(database_url, project).upgrade()
    await check(pg)


# partitions


PARTITIONED = 'op.backfill("item", {"n": "item.n + 1"%s}, name="count", deferred=True)'


@pytest.mark.parametrize("changes_key", [False, True])
async def test_partition_by_partition(project, database_url, pg, changes_key):
    """Where a row may move to another partition, the batches change the whole table by its key."""
    await make_table(pg, "RANGE (id)", ", PRIMARY KEY (id)")
    project.revision("one", upgrade=PARTITIONED % (', "id": "item.id"' if changes_key else ""))
    migrator = migrator_of(database_url, project)
    await migrator.upgrade()
    (estimate,) = await migrator.estimate_backfills()
    assert ("UPDATE item SET" in estimate.sql) is changes_key
    await pg.execute("ALTER TABLE item ADD CHECK (n <> 1 OR id <> 2500) NOT VALID")
    with pytest.raises(BackfillError, match="refused the row id = "):
        await migrator.run_backfills()
    tables = await pg.fetch(
        "SELECT relation::regclass::text FROM asyncmig_backfill_range ORDER BY 1"
    )
    expected = [None] if changes_key else ["item_1", "item_21", "item_22"]
    assert [row[0] for row in tables] == expected
    await pg.execute("ALTER TABLE item DROP CONSTRAINT item_check")
    await migrator.run_backfills("count")
    await check(pg)


async def test_partitions_without_a_key_of_the_table(project, database_url, pg):
    """Each partition has its own key; the table cannot have one."""
    await make_table(pg, "RANGE ((id + 0))")
    project.revision("one", upgrade=PARTITIONED % "")
    migrator = migrator_of(database_url, project)
    await migrator.upgrade()
    with pytest.raises(BackfillError, match=r"item_1 has no primary key, and no unique index"):
        await migrator.run_backfills()
    await pg.execute(
        "ALTER TABLE item_1 ADD PRIMARY KEY (id); ALTER TABLE item_21 ADD PRIMARY KEY (id);"
        "ALTER TABLE item_22 ALTER id SET NOT NULL, ADD UNIQUE (id)"
    )
    await migrator.run_backfills("count")
    await check(pg)


async def test_a_table_written_with_its_schema(project, database_url, pg):
    """``public.item.n`` cannot mean a partition: the batches change the table."""
    await make_table(pg, "RANGE (id)", ", PRIMARY KEY (id)")
    project.revision(
        "one",
        header="import sqlalchemy as sa",
        upgrade="""
        item = sa.Table("item", sa.MetaData(), sa.Column("n", sa.Integer), schema="public")
        op.backfill(item, {"n": item.c.n + 1}, name="count")
        """,
    )
    await migrator_of(database_url, project).upgrade()
    await check(pg)


@pytest.mark.cells(1)
@pytest.mark.parametrize(
    ("change", "rows"),
    [
        ("ALTER TABLE item DETACH PARTITION item_1", ROWS - 999),
        ("DROP TABLE item_1", ROWS - 999),
        ("ALTER TABLE item_1 RENAME TO renamed", ROWS),
    ],
)
async def test_a_partition_that_changes_meanwhile(project, database_url, pg, change, rows):
    await make_table(pg, "RANGE (id)", ", PRIMARY KEY (id)")
    await pg.execute("ALTER TABLE item_1 ADD CHECK (n <> 1 OR id <> 200) NOT VALID")
    project.revision("one", upgrade=PARTITIONED % "")
    migrator = migrator_of(database_url, project)
    await migrator.upgrade()
    with pytest.raises(BackfillError, match=r"refused the row id = 200 of public\.item_1"):
        await migrator.run_backfills()
    await pg.execute(f"ALTER TABLE item_1 DROP CONSTRAINT item_1_check; {change}")
    await migrator.run_backfills("count")
    assert dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n")) == {1: rows}
    if "DETACH" in change:
        assert await pg.fetchval("SELECT count(*) FROM item_1 WHERE n = 1") == 199


# keys


async def test_a_text_key_with_another_collation(project, database_url, pg):
    """The workers compare positions by the collation of the column, and not by that of the database."""
    await pg.execute('CREATE TABLE item (id text COLLATE "POSIX" PRIMARY KEY, n int DEFAULT 0)')
    await pg.execute(
        f"INSERT INTO item SELECT CASE i % 2 WHEN 0 THEN upper(md5(i::text)) ELSE md5(i::text) END"
        f" FROM generate_series(1, {ROWS}) i; ANALYZE item"
    )
    project.revision("one", upgrade='op.backfill("item", {"n": "n + 1"}, deferred=True)')
    migrator = migrator_of(database_url, project)
    await migrator.upgrade()
    await migrator.run_backfills(workers=4)
    await check(pg)


@pytest.mark.parametrize(
    "index",
    [
        "CREATE UNIQUE INDEX ON item (id)",
        "ALTER TABLE item ALTER id SET NOT NULL; CREATE UNIQUE INDEX ON item (id DESC)",
        "ALTER TABLE item ALTER id SET NOT NULL; CREATE UNIQUE INDEX ON item (id) WHERE n = 0",
        "ALTER TABLE item ALTER id SET NOT NULL; CREATE UNIQUE INDEX ON item ((id + 1))",
        "ALTER TABLE item ALTER id SET NOT NULL; CREATE INDEX ON item (id)",
    ],
)
async def test_indexes_that_give_no_order(project, database_url, pg, index):
    """A column may be NULL, the index has another order, or not all rows."""
    await make_table(pg)
    await pg.execute(index)
    project.revision("one", upgrade='op.backfill("item", {"n": "n + 1"})')
    migrator = migrator_of(database_url, project)
    with pytest.raises(
        PartiallyAppliedError, match="has no primary key, and no unique index of NOT"
    ):
        await migrator.upgrade()
    await pg.execute("ALTER TABLE item ALTER id SET NOT NULL; CREATE UNIQUE INDEX ON item (id)")
    await migrator.upgrade()
    await check(pg)
