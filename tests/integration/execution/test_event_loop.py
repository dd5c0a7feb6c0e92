"""Other tasks of the service run while asyncmig works on long scripts: counted in turns of the loop."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager

import pytest

from asyncmig import Migrator
from asyncmig.events import BatchSent, PhaseRetried, StepStarted

ROWS = 20_000
"""Some two megabytes."""


@pytest.fixture(autouse=True)
def short_turns():
    """Threads change every millisecond, so that a fast machine counts as many turns as a slow one."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.001)
    yield
    sys.setswitchinterval(before)


class Turns:
    """How often another task had its turn."""

    def __init__(self) -> None:
        self.count = 0
        self.at_start = 0
        self.at_send = 0

    def on_event(self, event) -> None:
        if isinstance(event, StepStarted):
            self.at_start = self.count
        elif isinstance(event, BatchSent) and self.at_start and not self.at_send:
            self.at_send = self.count

    @property
    def while_reading(self) -> int:
        """Between the start of the step and its first message: the script is cut into statements."""
        return self.at_send - self.at_start

    @asynccontextmanager
    async def counted(self):
        async def tick():
            while True:
                self.count += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(tick())
        try:
            yield self
        finally:
            task.cancel()


def rows(count=ROWS):
    return "".join(f"INSERT INTO t VALUES ({number}, '{'x' * 80}');\n" for number in range(count))


async def upgraded(project, url, turns):
    migrator = Migrator(url, script_location=project.script_location, on_event=turns.on_event)
    async with turns.counted():
        await migrator.upgrade()
    return migrator


async def test_a_long_sql_revision_is_cut_in_a_thread(project, database_url, pg):
    project.sql_revision(
        "a1",
        upgrade=f"CREATE TABLE t (id int, s text);\n{rows()}",
        downgrade="DROP TABLE t;",
    )
    turns = Turns()
    migrator = await upgraded(project, database_url, turns)
    assert await pg.fetchval("SELECT count(*) FROM t") == ROWS
    assert turns.while_reading > 20

    turns = Turns()
    migrator = Migrator(
        database_url, script_location=project.script_location, on_event=turns.on_event
    )
    async with turns.counted():
        await migrator.downgrade("base")
    assert await pg.fetchval("SELECT to_regclass('t')") is None
    # the checksum is there before the step begins
    assert turns.at_start > 20


async def test_a_long_text_of_a_script_is_cut_in_a_thread(project, database_url, pg):
    project.revision(
        "a1",
        upgrade=f"""
            op.execute("CREATE TABLE t (id int, s text)")
            op.execute("INSERT INTO t VALUES (1, '{"x" * 80}');" * {ROWS})
        """,
    )
    turns = Turns()
    await upgraded(project, database_url, turns)
    assert await pg.fetchval("SELECT count(*) FROM t") == ROWS
    assert turns.while_reading > 20


async def test_many_rows_of_a_bulk_insert_are_compiled_in_a_thread(project, database_url, pg):
    project.revision(
        "a1",
        upgrade="""
            import sqlalchemy as sa

            table = op.create_table("t", sa.Column("id", sa.Integer), sa.Column("s", sa.Text))
            op.bulk_insert(table, [{"id": number, "s": "x"} for number in range(5000)])
        """,
    )
    turns = Turns()
    await upgraded(project, database_url, turns)
    assert await pg.fetchval("SELECT count(*) FROM t") == 5000
    assert turns.while_reading > 20


@pytest.mark.slow
async def test_a_long_text_of_an_async_script_is_cut_in_a_thread(project, database_url, pg):
    project.revision(
        "a1",
        upgrade=f"""
            op.execute("CREATE TABLE t (id int, s text)")
            op.execute("INSERT INTO t VALUES (1, 'x');" * {ROWS})
        """,
        signature="async def {name}(op):",
    )
    turns = Turns()
    await upgraded(project, database_url, turns)
    assert await pg.fetchval("SELECT count(*) FROM t") == ROWS
    assert turns.while_reading > 20


async def test_an_error_in_a_long_sql_revision_names_its_line(project, database_url, pg):
    project.sql_revision(
        "a1",
        upgrade=f"CREATE TABLE t (id int, s text);\n{rows(2000)}INSERT INTO u VALUES (1);",
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    with pytest.raises(Exception, match=r"a1\.sql:2007") as caught:
        await migrator.upgrade()
    assert 'relation "u" does not exist' in str(caught.value)
    assert await pg.fetchval("SELECT to_regclass('t')") is None


async def test_a_long_sql_revision_runs_again_behind_a_script_that_is_repeated(
    project, database_url, pg
):
    """The text is let go once it is queued, and read again for a second run."""
    await pg.execute("CREATE TABLE locked (id int)")
    project.revision(
        "a1", upgrade='op.get_bind().exec_driver_sql("SELECT 1")\nop.execute("LOCK locked")'
    )
    project.sql_revision("b1", down="a1", upgrade=f"CREATE TABLE t (id int, s text);\n{rows(2000)}")
    transaction = pg.transaction()
    await transaction.start()
    await pg.execute("LOCK locked")
    released = asyncio.Event()

    def on_event(event):
        if isinstance(event, PhaseRetried):
            released.set()

    migrator = Migrator(
        database_url,
        script_location=project.script_location,
        lock_timeout=0.3,
        on_event=on_event,
    )

    async def release():
        await released.wait()
        await transaction.rollback()

    task = asyncio.create_task(release())
    await migrator.upgrade()
    await task
    assert await pg.fetchval("SELECT count(*) FROM t") == 2000


@pytest.mark.parametrize("method", ["status", "upgrade", "current", "journal"])
async def test_the_first_call_imports_in_a_thread(project, database_url, method, tmp_path):
    """In a process of its own, as nothing is imported there yet."""
    project.revision("a1", upgrade='op.execute("SELECT 1")')
    program = f"""
import asyncio, importlib._bootstrap as bootstrap, threading
from asyncmig import Migrator

owner, found, watching = threading.get_ident(), [], False
import_module = bootstrap._find_and_load

def watched(name, *rest):
    if watching and threading.get_ident() == owner:
        found.append(name)
    return import_module(name, *rest)

async def main():
    global watching
    migrator = Migrator({database_url!r}, script_location={str(project.script_location)!r})
    bootstrap._find_and_load = watched
    watching = True
    await migrator.{method}()
    watching = False

asyncio.run(main())
print(*[name for name in found if name.startswith(("asyncmig.", "asyncpg", "sqlalchemy"))])
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert not output.decode().split()
