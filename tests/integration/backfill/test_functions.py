"""``op.backfill_with``: rows go to a Python function, and its values are written back, each row once."""

from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.errors import BackfillError, PartiallyAppliedError, PlanError
from asyncmig.events import BackfillFinished, BackfillWaiting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from anyio.abc import TaskStatus

ROWS = 900

PLAIN = """
def doubled(rows):
    return [{"n": row["n"] + 1, "label": f"it's {row['id']}"} for row in rows]
"""


DEFERRED = 'op.backfill_with(doubled, "item", columns=["id", "n"], deferred=True)'


def migrator_of(url: str, project, **settings: Any) -> Migrator:
    settings = {"backfill_batch_size": 100, "backfill_largest_batch": 300} | settings
    return Migrator(url, script_location=project.script_location, **settings)


@pytest.fixture
async def items(pg):
    """A table with a counter."""
    await pg.execute("CREATE TABLE item (id bigint PRIMARY KEY, n int DEFAULT 0, label text)")
    await pg.execute(f"INSERT INTO item SELECT i FROM generate_series(1, {ROWS}) i; ANALYZE item")


async def check(pg) -> None:
    rows = await pg.fetch(
        "SELECT n, label = 'it''s ' || id AS right, count(*) FROM item GROUP BY 1, 2"
    )
    assert [tuple(row) for row in rows] == [(1, True, ROWS)]


@pytest.mark.cells(2)
@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("script", ["def", "async def"])
async def test_sync_and_async(project, database_url, pg, items, kind, script):
    project.revision(
        "one",
        upgrade='op.backfill_with(doubled, "item", columns=["id", "n"])',
        header=PLAIN.replace("def", kind, 1),
        signature=script + " {name}(op):",
    )
    await migrator_of(database_url, project).upgrade()
    await check(pg)
    job = await pg.fetchrow("SELECT name, state, rows, scanned FROM asyncmig_backfill")
    assert tuple(job) == ("item_doubled", "done", ROWS, ROWS)


async def test_deferred_and_continued_by_another_process(project, database_url, pg, items):
    """The function is found by its name: in the revision, and in a module beside it."""
    project.revision("one", upgrade=DEFERRED, header=PLAIN)
    await migrator_of(database_url, project).upgrade()
    await migrator_of(database_url, project).run_backfills(workers=2)
    await check(pg)


async def test_a_function_of_a_module(project, database_url, pg, items, tmp_path, monkeypatch):
    (tmp_path / "row_functions.py").write_text(PLAIN)
    monkeypatch.syspath_prepend(tmp_path)
    project.revision(
        "one",
        upgrade="""
        from row_functions import doubled
        op.backfill_with(doubled, "item", columns=["id", "n"], name="x", deferred=True)
        """,
    )
    await migrator_of(database_url, project).upgrade()
    assert await pg.fetchval("SELECT definition->>'function' FROM asyncmig_backfill") == (
        "row_functions:doubled"
    )
    await migrator_of(database_url, project).run_backfills()
    await check(pg)


@pytest.mark.parametrize(
    "call",
    [
        'op.backfill_with(lambda rows: rows, "item", columns=["id"])',
        'def inner(rows): ...\nop.backfill_with(inner, "item", columns=["id"])',
        'op.backfill_with("doubled", "item", columns=["id"])',
    ],
)
async def test_a_function_without_a_name(project, database_url, items, call):
    project.revision("one", upgrade=call)
    with pytest.raises(PlanError, match="has no name by which a later run finds it"):
        await migrator_of(database_url, project).upgrade()


async def test_the_function_is_gone(project, database_url, pg, items):
    project.revision("one", upgrade=DEFERRED, header=PLAIN)
    migrator = migrator_of(database_url, project)
    await migrator.upgrade()
    path = project.versions / "one.py"
    text = path.read_text()
    path.write_text(text.replace("doubled(rows)", "tripled(rows)"))
    with pytest.raises(BackfillError, match="its function doubled cannot be found in revision one"):
        await migrator.run_backfills()
    path.write_text(text)
    await migrator.run_backfills("item_doubled")
    await check(pg)


async def test_rows_that_the_function_leaves(project, database_url, pg, items):
    functions = """
def even(rows):
    return [{"label": "even"} if row["id"] % 2 == 0 else None for row in rows]
"""
    project.revision(
        "one",
        upgrade='op.backfill_with(even, "item", columns=["id"], where="label IS NULL")',
        header=functions,
    )
    events = []
    await migrator_of(database_url, project, on_event=events.append).upgrade()
    assert await pg.fetchval("SELECT count(*) FROM item WHERE label = 'even'") == ROWS // 2
    end = next(event for event in events if isinstance(event, BackfillFinished))
    assert end.rows == ROWS // 2
    assert end.note is not None
    assert end.note.startswith(f"the condition is still true for {ROWS // 2} rows")


async def test_values_of_many_types(project, database_url, pg):
    await pg.execute(
        """
        CREATE TABLE item (
            id uuid PRIMARY KEY, a jsonb, b numeric, c timestamptz, d bytea, e int[], f interval, g date,
            h text[], i jsonb, j inet, k float8, l boolean, m int4range, n json, o text, p "char", q bit(3)
        );
        INSERT INTO item VALUES (
            'b9a3f7a1-2c55-4c8c-9d6f-0a1b2c3d4e5f', '{"x": [1, "é"]}', 1.50, '2024-05-06 07:08:09.123+02',
            '\\x00ff', '{1,NULL,3}', '1 day 2 hours', '2024-02-29', '{"a,b","c\\"d"}', NULL, '10.0.0.1',
            'NaN', true, '[1,5)', '{"k":  1}', E'it''s \\\\ é', 'z', B'101'
        );
        CREATE TABLE before AS SELECT * FROM item
        """
    )
    columns = [
        row[0]
        for row in await pg.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'item'::regclass AND attnum > 1"
        )
    ]
    functions = """
def same(rows):
    return [dict(row) for row in rows]


def written(rows):
    return [{"a": {"x": [1, "é"]}, "i": [1, None], "e": [4], "n": {"k": 2}} for row in rows]
"""
    project.revision(
        "one",
        upgrade=f"""
        op.backfill_with(same, "item", columns={columns})
        op.execute("CREATE TABLE kept AS SELECT * FROM item")
        op.backfill_with(written, "item", columns=["id"])
        """,
        header=functions,
    )
    await migrator_of(database_url, project).upgrade()
    text = "SELECT string_agg(t::text, '') FROM {} AS t"
    assert await pg.fetchval(text.format("kept")) == await pg.fetchval(text.format("before"))
    row = await pg.fetchrow("SELECT a::text, i::text, e, n::text FROM item")
    assert tuple(row) == ('{"x": [1, "é"]}', "[1, null]", [4], '{"k": 2}')


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("None", "gave NoneType for 100 rows"),
        ("rows[:3]", "gave 3 values for 100 rows"),
        ("[1] * len(rows)", "gave 1 for row 0"),
        (
            '[{"n": 1}] + [{"label": "x"}] * (len(rows) - 1)',
            "gave n for some rows and label for row 1",
        ),
        ('[{"missing": 1}] * len(rows)', "gave values for missing, and item has no such column"),
    ],
)
async def test_an_answer_that_cannot_be_written(project, database_url, pg, items, answer, message):
    project.revision(
        "one",
        upgrade='op.backfill_with(bad, "item", columns=["id"])',
        header=f"def bad(rows):\n    return {answer}",
    )
    with pytest.raises(PartiallyAppliedError, match=message):
        await migrator_of(database_url, project).upgrade()
    assert await pg.fetchval("SELECT state FROM asyncmig_backfill") == "failed"


async def test_a_row_for_which_it_raises(project, database_url, pg, items):
    functions = (
        PLAIN
        + '\n\ndef raising(rows):\n    [1 / (row["id"] - 700) for row in rows]\n    return doubled(rows)'
    )
    call = 'op.backfill_with(raising, "item", columns=["id", "n"], name="x"{})'
    project.revision("one", upgrade=call.format(""), header=functions)
    migrator = migrator_of(database_url, project)
    with pytest.raises(
        PartiallyAppliedError,
        match="for the row id = 700 of item, raising raised ZeroDivisionError",
    ):
        await migrator.upgrade()
    assert await pg.fetchval("SELECT count(*) FROM item WHERE n = 1") == 699
    project.revision("one", upgrade=call.format(', on_error="record"'), header=functions)
    await migrator.upgrade()
    assert await pg.fetchval("SELECT count(*) FROM item WHERE n = 1") == ROWS - 1
    rows = await pg.fetch("SELECT key, sqlstate, error FROM asyncmig_backfill_failure")
    assert [tuple(row) for row in rows] == [
        (["700"], None, "raising raised ZeroDivisionError: division by zero")
    ]


SLOW = """
import asyncio


async def slow(rows):
    await asyncio.sleep(0.01)
    return [{"n": row["n"] + 1, "label": f"it's {row['id']}"} for row in rows]
"""


@asynccontextmanager
async def writing(
    url: str, pause: float, pick: Callable[[int, int], int]
) -> AsyncIterator[Counter[int]]:
    """Add 10 to the counter of a row, again and again; the block gets what was added.

    Args:
        url: of the database.
        pause: between two rows, in seconds.
        pick: gives the id, from the number of the change and the last id that the backfill has changed.
    """
    added: Counter[int] = Counter()
    connection = await asyncpg.connect(url)
    at = "SELECT coalesce(max(id), 0) FROM item WHERE label IS NOT NULL"

    async def write(*, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        number = 0
        while not stop.is_set():
            key = pick(number, await connection.fetchval(at))
            await connection.execute("UPDATE item SET n = n + 10 WHERE id = $1", key)
            added[key] += 10
            number += 1
            if number == 1:
                task_status.started()
            await anyio.sleep(pause)

    stop = anyio.Event()
    async with anyio.create_task_group() as group:
        await group.start(write)
        yield added
        stop.set()
    await connection.close()


@pytest.mark.slow
async def test_rows_that_change_while_the_function_works(project, database_url, pg, items):
    """The application adds 10 to rows that were read: nothing is lost, and each row is changed once."""
    await pg.execute("DELETE FROM item WHERE id > 300")
    call = 'op.backfill_with(slow, "item", columns=["id", "n"], deferred=True)'
    project.revision("one", upgrade=call, header=SLOW)
    events = []
    migrator = migrator_of(database_url, project, on_event=events.append, backfill_largest_batch=50)
    await migrator.upgrade()
    async with writing(
        database_url, 0.005, lambda number, at: min(at + 1 + number * 7 % 20, 300)
    ) as added:
        await migrator.run_backfills()
    rows = await pg.fetch("SELECT id, n FROM item")
    assert {row["id"]: row["n"] - 1 for row in rows} == {key: added[key] for key in range(1, 301)}
    job = await pg.fetchrow("SELECT rows, scanned FROM asyncmig_backfill")
    assert tuple(job) == (300, 300)
    reasons = {event.reason for event in events if isinstance(event, BackfillWaiting)}
    assert any("changed while the function worked" in reason for reason in reasons)


async def test_a_row_that_always_changes(project, database_url, pg, items):
    """After three attempts the row is locked while the function works."""
    await pg.execute("DELETE FROM item WHERE id > 20")
    call = 'op.backfill_with(slow, "item", columns=["id", "n"], deferred=True)'
    project.revision("one", upgrade=call, header=SLOW)
    migrator = migrator_of(database_url, project)
    await migrator.upgrade()
    with anyio.fail_after(30):
        async with writing(database_url, 0.0, lambda number, at: 1) as added:
            await migrator.run_backfills()
    assert await pg.fetchval("SELECT n FROM item WHERE id = 1") == 1 + added[1]
    assert await pg.fetchval("SELECT sum(n) FROM item") == 20 + added[1]
