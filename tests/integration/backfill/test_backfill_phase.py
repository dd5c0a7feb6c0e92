"""A backfill within ``upgrade``: every row once, over every kind of key, committed batch by batch."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from asyncmig import Migrator
from asyncmig.errors import PartiallyAppliedError, ScriptError
from asyncmig.events import BackfillFinished, BackfillStarted

KEYS = {
    "bigint": "id bigint PRIMARY KEY",
    "uuid": "id uuid PRIMARY KEY",
    "text": 'id text COLLATE "C" PRIMARY KEY',
    "numeric": "id numeric PRIMARY KEY",
    "timestamptz": "id timestamptz PRIMARY KEY",
    "composite": "a int, id text, PRIMARY KEY (a, id)",
    "unique index": "id bigint NOT NULL UNIQUE",
    "partitioned": "id bigint PRIMARY KEY",
}
VALUES = {
    "bigint": "i * 7",
    "uuid": "md5(i::text)::uuid",
    "text": "md5(i::text) || E'\\'\\\\é'",
    "numeric": "i / 3.0",
    "timestamptz": "timestamptz '2020-01-01' + i * interval '1 microsecond'",
    "composite": "i % 10, md5(i::text)",
    "unique index": "-i",
    "partitioned": "i",
}


def migrator_of(url: str, project, **settings: Any) -> Migrator:
    settings = {"backfill_batch_size": 100, "backfill_largest_batch": 300} | settings
    return Migrator(url, script_location=project.script_location, **settings)


async def make_table(pg, kind: str, rows: int = 2500) -> None:
    partition = " PARTITION BY RANGE (id)" if kind == "partitioned" else ""
    await pg.execute(f"CREATE TABLE item ({KEYS[kind]}, n int DEFAULT 0, done bool){partition}")
    if partition:
        await pg.execute("CREATE TABLE item_1 PARTITION OF item FOR VALUES FROM (0) TO (1000)")
        await pg.execute("CREATE TABLE item_2 PARTITION OF item DEFAULT")
    await pg.execute(f"INSERT INTO item SELECT {VALUES[kind]}, 0 FROM generate_series(1, {rows}) i")


async def counters(pg) -> dict[int, int]:
    return dict(await pg.fetch("SELECT n, count(*) FROM item GROUP BY n"))


@pytest.mark.cells(3)
@pytest.mark.parametrize("kind", KEYS)
async def test_every_row_is_changed_once(project, database_url, pg, kind):
    await make_table(pg, kind)
    project.revision("one", upgrade='op.backfill("item", {"n": "n + 1"}, name="count")')
    events = []
    await migrator_of(database_url, project, on_event=events.append).upgrade()

    assert await counters(pg) == {1: 2500}
    job = await pg.fetchrow("SELECT * FROM asyncmig_backfill")
    assert (job["state"], job["rows"], job["scanned"], job["failed"]) == ("done", 2500, 2500, 0)
    assert job["batches"] >= 9  # none has more than 300 rows
    assert await pg.fetchval("SELECT count(*) FROM asyncmig_backfill_range") == 0
    kinds = await pg.fetch("SELECT kind, state, final FROM asyncmig_journal")
    assert [tuple(row) for row in kinds] == [("backfill", "done", True)]
    reported = [type(event) for event in events if "Backfill" in type(event).__name__]
    assert (reported[0], reported[-1]) == (BackfillStarted, BackfillFinished)


async def test_the_plan_has_a_phase_of_its_own(project, database_url):
    project.revision(
        "one",
        upgrade="""
        op.execute("CREATE TABLE item (id int PRIMARY KEY, n int)")
        op.backfill("item", {"n": "id"}, where="n IS NULL")
        op.execute("ALTER TABLE item ALTER n SET NOT NULL")
        """,
    )
    migrator = migrator_of(database_url, project)
    plan = await migrator.plan("head")
    phases = plan.steps[0].phases
    assert [str(phase.kind) for phase in phases] == ["transaction", "backfill", "transaction"]
    statement = phases[1].statements[0]
    assert statement.sql == "UPDATE item SET n = id\nWHERE (n IS NULL)"
    document: Any = plan.to_dict()
    assert document["steps"][0]["phases"][1]["statements"][0]["backfill"] == {
        "name": "item_n",
        "table": "item",
        "assignments": "n = id",
        "where": "n IS NULL",
    }
    await migrator.upgrade()


async def test_the_plan_has_an_estimate_and_the_inverse(project, database_url, pg):
    await make_table(pg, "bigint", rows=5000)
    await pg.execute("UPDATE item SET done = id % 10 < 9; ANALYZE item")
    project.revision(
        "one",
        upgrade="""
        op.backfill("item", {"n": "1"}, where="NOT done", name="some")
        op.execute("ALTER TABLE item ADD label text; CREATE TABLE other (id int PRIMARY KEY, n int)")
        op.backfill("item", {"label": "'x'"}, where="label IS NULL", name="all")
        op.backfill("other", {"n": "1"}, name="new")
        """,
        downgrade='op.backfill("item", {"n": "0"}, name="back")',
    )
    migrator = migrator_of(database_url, project)
    phases = [
        phase for phase in (await migrator.plan()).steps[0].phases if phase.kind == "backfill"
    ]
    some, every, new = [phase.estimate for phase in phases]
    assert some is not None
    assert 300 < some.rows < 700
    assert some.bytes // some.rows in range(12, 20)
    assert not some.whole_table
    assert every is not None
    assert (every.rows, every.whole_table) == (5000, True)
    assert new is None
    assert [phase.inverse for phase in phases] == ["back", "back", None]
    document: Any = (await migrator.plan()).to_dict()
    phase = document["steps"][0]["phases"][0]
    assert phase["estimate"] == {"rows": some.rows, "bytes": some.bytes, "whole_table": False}
    assert phase["inverse"] == "back"
    offline = await migrator.plan(current=())
    assert [phase.estimate for phase in offline.steps[0].phases] == [None] * 4


async def test_rows_added_meanwhile_are_found(project, database_url, pg):
    """A trigger adds a row behind the position with each row that is changed in the first pass."""
    await make_table(pg, "bigint", rows=500)
    await pg.execute(
        """
        CREATE FUNCTION add() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF new.id > 0 THEN INSERT INTO item VALUES (-new.id, 0); END IF; RETURN new;
        END $$;
        CREATE TRIGGER add AFTER UPDATE ON item FOR EACH ROW EXECUTE FUNCTION add()
        """
    )
    project.revision(
        "one", upgrade='op.backfill("item", {"n": "n + 1", "done": "true"}, where="done IS NULL")'
    )
    await migrator_of(database_url, project).upgrade()
    assert await counters(pg) == {1: 1000}
    assert await pg.fetchval("SELECT pass FROM asyncmig_backfill") == 3


async def test_a_key_that_the_application_changes_meanwhile(project, database_url, pg):
    """A trigger moves a row that is ahead of the position behind it, as an application may."""
    await make_table(pg, "bigint", rows=500)
    await pg.execute(
        """
        CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            UPDATE item SET id = -id WHERE id = new.id + 7 * 250; RETURN new;
        END $$;
        CREATE TRIGGER move AFTER UPDATE ON item FOR EACH ROW WHEN (new.done AND new.id % 5 = 0)
        EXECUTE FUNCTION move()
        """
    )
    project.revision(
        "one", upgrade='op.backfill("item", {"n": "n + 1", "done": "true"}, where="done IS NULL")'
    )
    await migrator_of(database_url, project).upgrade()
    assert await pg.fetchval("SELECT count(*) FROM item WHERE id < 0") == 50
    assert await counters(pg) == {1: 500}
    job = await pg.fetchrow("SELECT pass, rows FROM asyncmig_backfill")
    assert tuple(job) == (3, 500)


async def test_a_condition_that_stays_true_is_said(project, database_url, pg):
    await make_table(pg, "bigint", rows=500)
    project.revision("one", upgrade='op.backfill("item", {"n": "n + 1"}, where="id > 0")')
    events = []
    await migrator_of(database_url, project, on_event=events.append).upgrade()
    assert await counters(pg) == {1: 500}
    note = next(event.note for event in events if isinstance(event, BackfillFinished))
    assert note is not None
    assert note.startswith("the condition is still true for 500 rows after they were changed")


async def test_a_row_that_fails_stops_the_job(project, database_url, pg):
    await make_table(pg, "bigint")
    project.revision("one", upgrade='op.backfill("item", {"n": "n + 1 / (id - 7000)::int + 1"})')
    migrator = migrator_of(database_url, project)
    with pytest.raises(PartiallyAppliedError, match=r"refused the row id = 7000 of item: division"):
        await migrator.upgrade()
    done = await pg.fetchval("SELECT count(*) FROM item WHERE n > 0")
    assert done == 999  # all before it
    assert await pg.fetchval("SELECT state FROM asyncmig_backfill") == "failed"

    # the corrected expression continues with that row
    project.revision("one", upgrade='op.backfill("item", {"n": "n + 1"}, name="item_n")')
    await migrator.upgrade()
    assert await counters(pg) == {1: 2500}


async def test_rows_that_fail_are_recorded(project, database_url, pg):
    await make_table(pg, "composite")
    await pg.execute("ALTER TABLE item ADD CHECK (n = 0 OR id NOT LIKE '00%')")
    refused = await pg.fetchval("SELECT count(*) FROM item WHERE id LIKE '00%'")
    assert refused > 0
    project.revision("one", upgrade='op.backfill("item", {"n": "n + 1"}, on_error="record")')
    await migrator_of(database_url, project).upgrade()
    assert await counters(pg) == {0: refused, 1: 2500 - refused}
    rows = await pg.fetch("SELECT key, sqlstate FROM asyncmig_backfill_failure")
    assert len(rows) == refused
    assert {(row["key"][1][:2], row["sqlstate"]) for row in rows} == {("00", "23514")}
    assert await pg.fetchval("SELECT failed FROM asyncmig_backfill") == refused


async def test_other_tables_deletes_and_inserts(project, database_url, pg):
    await make_table(pg, "bigint", rows=1000)
    await pg.execute("CREATE TABLE other AS SELECT id, id * 2 AS n FROM item")
    await pg.execute("CREATE TABLE copy (id bigint PRIMARY KEY, n int)")
    project.revision(
        "one",
        upgrade="""
        op.backfill("item", {"n": "o.n"}, from_="other AS o", on="o.id = item.id")
        op.backfill("item", {"id": "id", "n": "item.n"}, into="copy", where="n % 4 = 0")
        op.backfill("item", delete=True, where="n % 4 = 0")
        """,
    )
    await migrator_of(database_url, project).upgrade()
    assert await pg.fetchval("SELECT count(*) FROM item WHERE n = id * 2 AND n % 4 <> 0") == 500
    assert await pg.fetchval("SELECT count(*) FROM copy WHERE n = id * 2 AND n % 4 = 0") == 500
    assert await pg.fetchval("SELECT count(*) FROM item") == 500


@pytest.mark.parametrize(
    ("table", "arguments", "message"),
    [
        ("id int", "", "has no primary key, and no unique index of NOT NULL columns"),
        ("id int PRIMARY KEY, b int", ', key=["b"]', r"has no index on exactly \(b\)"),
    ],
)
async def test_a_table_without_a_key(project, database_url, pg, table, arguments, message):
    await pg.execute(f"CREATE TABLE item ({table}, n int)")
    project.revision("one", upgrade=f'op.backfill("item", {{"n": "1"}}{arguments})')
    with pytest.raises(PartiallyAppliedError, match=message):
        await migrator_of(database_url, project).upgrade()


async def test_a_table_that_is_renamed_or_dropped_meanwhile(project, database_url, pg):
    await make_table(pg, "bigint", rows=500)
    project.revision("one", upgrade='op.backfill("item", {"n": "10 / (1 - (id = 700)::int)"})')
    migrator = migrator_of(database_url, project)
    with pytest.raises(PartiallyAppliedError, match="id = 700"):
        await migrator.upgrade()
    await pg.execute(
        "ALTER TABLE item RENAME TO thing; CREATE TABLE item (LIKE thing INCLUDING ALL)"
    )
    with pytest.raises(PartiallyAppliedError, match=r"began is named public\.thing now"):
        await migrator.upgrade()
    await pg.execute("DROP TABLE thing")
    with pytest.raises(PartiallyAppliedError, match="with which it began was dropped"):
        await migrator.upgrade()
    await pg.execute("DROP TABLE item")
    with pytest.raises(PartiallyAppliedError, match="with which it began was dropped"):
        await migrator.upgrade()


async def test_a_name_that_another_revision_has(project, database_url, pg):
    await make_table(pg, "bigint", rows=10)
    project.revision("one", upgrade='op.backfill("item", {"n": "1"}, name="x")')
    project.revision("two", down="one", upgrade='op.backfill("item", {"n": "2"}, name="x")')
    with pytest.raises(PartiallyAppliedError, match="revision one has a backfill of that name"):
        await migrator_of(database_url, project).upgrade()
    assert await counters(pg) == {1: 10}


async def test_a_name_twice_in_a_revision(project, database_url, pg):
    """The second job would take the place of the first, which may be deferred."""
    await make_table(pg, "bigint", rows=10)
    project.revision(
        "one",
        upgrade="""
        op.backfill("item", {"n": "1"}, name="x", deferred=True)
        op.backfill("item", {"n": "2"}, name="x", deferred=True)
        """,
    )
    with pytest.raises(ScriptError, match="has two backfills with the name x"):
        await migrator_of(database_url, project).upgrade()


async def test_rows_that_another_session_has_locked(project, database_url, pg):
    await make_table(pg, "bigint", rows=500)
    project.revision("one", upgrade='op.backfill("item", {"n": "n + 1"})')
    await pg.execute("BEGIN; UPDATE item SET done = true WHERE id = 700")
    async with anyio.create_task_group() as group:
        group.start_soon(
            migrator_of(database_url, project, lock_timeout=0.3, lock_retries=20).upgrade
        )
        await anyio.sleep(1.5)
        await pg.execute("COMMIT")
    assert await counters(pg) == {1: 500}


async def test_a_sql_revision(project, database_url, pg):
    await make_table(pg, "bigint")
    project.sql_revision(
        "one",
        upgrade="""
        CREATE TABLE before (id int);
        -- backfill: name=count batch_size=50
        UPDATE item SET n = n + 1, done = true WHERE done IS NULL;
        ALTER TABLE item ALTER done SET NOT NULL;
        """,
    )
    migrator = migrator_of(database_url, project)
    phases = (await migrator.plan("head")).steps[0].phases
    assert [str(phase.kind) for phase in phases] == ["transaction", "backfill", "transaction"]
    await migrator.upgrade()
    assert await counters(pg) == {1: 2500}
    assert await pg.fetchval("SELECT name FROM asyncmig_backfill") == "count"


async def test_every_form_in_a_sql_revision(project, database_url, pg, tmp_path, monkeypatch):
    await make_table(pg, "bigint", rows=500)
    await pg.execute(
        "CREATE TABLE other AS SELECT id, 1 AS n FROM item; CREATE TABLE copy (id bigint, n int)"
    )
    (tmp_path / "sql_functions.py").write_text(
        "def add(rows):\n    return [{'n': row['n'] + 1, 'done': True} for row in rows]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    project.sql_revision(
        "one",
        upgrade="""
        -- backfill: name=joined
        UPDATE item SET n = o.n FROM other AS o WHERE o.id = item.id;
        -- backfill: name=called deferred function=sql_functions:add
        SELECT n FROM item WHERE done IS NULL;
        -- backfill: name=copied
        INSERT INTO copy SELECT item.id, o.n FROM item, other AS o WHERE o.id = item.id
        ON CONFLICT DO NOTHING;
        -- backfill: name=deleted by=ctid
        DELETE FROM other USING item AS i WHERE i.id = other.id;
        -- backfill: require=called
        ALTER TABLE item ALTER done SET NOT NULL;
        """,
    )
    await migrator_of(database_url, project).upgrade()
    assert await counters(pg) == {2: 500}
    assert dict(await pg.fetch("SELECT n, count(*) FROM copy GROUP BY n")) == {1: 500}
    assert await pg.fetchval("SELECT count(*) FROM other") == 0
    jobs = await pg.fetch("SELECT name, state FROM asyncmig_backfill ORDER BY id")
    assert [tuple(job) for job in jobs] == [
        (name, "done") for name in ("joined", "called", "copied", "deleted")
    ]


async def test_a_mark_with_nothing_below_it(project, database_url):
    project.sql_revision("one", upgrade="SELECT 1;\n-- backfill: name=x")
    with pytest.raises(ScriptError, match="it is followed by nothing"):
        await migrator_of(database_url, project).upgrade()


async def test_a_script_for_psql_is_refused(project, database_url, pg):
    project.revision("one", upgrade='op.backfill("item", {"n": "1"})')
    with pytest.raises(ScriptError, match="a backfill commits after each batch"):
        await migrator_of(database_url, project).sql("base:head")
