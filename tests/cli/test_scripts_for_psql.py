"""``--sql``: what a person reads first, and what a database has after psql has executed it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from fix_database import postgres_program

if TYPE_CHECKING:
    from fix_project import Project
    from support.command import Command


@pytest.fixture
def history(project: Project) -> Project:
    project.revision("aaaa", upgrade="op.execute('CREATE TABLE book (id int)')")
    project.revision(
        "bbbb",
        down="aaaa",
        upgrade="op.execute('CREATE INDEX CONCURRENTLY book_id ON book (id)')",
        downgrade="op.execute('DROP INDEX book_id')",
    )
    return project


def psql(command: Command, script: str) -> None:
    url = command.environ["ASYNCMIG_URL"]
    done = subprocess.run(
        [postgres_program("psql"), url, "-qX", "-f", "-", "--set", "ON_ERROR_STOP=1"],
        input=script,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


async def tables(pg) -> set[str]:
    rows = await pg.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 2200"
    )
    return {row["relname"] for row in rows}


async def test_the_statements_of_the_migration_come_before_the_journal(
    database_command: Command, history: Project, pg
) -> None:
    script = database_command("upgrade", "--sql", code=0).out
    assert script.index("CREATE TABLE book") < script.index(
        "CREATE TABLE IF NOT EXISTS asyncmig_jou"
    )
    psql(database_command, script)
    assert await tables(pg) == {"book", "alembic_version", "asyncmig_journal"}
    status = database_command("status", "--json", code=0).document
    assert (status["state"], status["current"]) == ("current", ["bbbb"])
    entries = database_command("log", "--json", code=0).document["entries"]
    assert {(one["revision"], one["state"]) for one in entries} == {
        ("aaaa", "done"),
        ("bbbb", "done"),
    }
    # a script that goes on from there finds the journal, and so does one that goes back
    psql(database_command, database_command("downgrade", "bbbb:aaaa", "--sql", code=0).out)
    assert database_command("current", code=0).out == "aaaa\n"


async def test_a_failed_script_leaves_no_journal_without_its_revision(
    database_command: Command, history: Project, pg
) -> None:
    script = database_command("upgrade", "--sql", code=0).out
    await pg.execute("CREATE TABLE book (id int)")
    with pytest.raises(AssertionError, match='relation "book" already exists'):
        psql(database_command, script)
    assert await tables(pg) == {"book", "alembic_version"}


@pytest.mark.cells(2)
@pytest.mark.parametrize(
    ("arguments", "state"),
    [
        (["upgrade", "--sql"], "current"),
        (["upgrade", "base:aaaa", "--sql"], "pending"),
        (["stamp", "head", "--sql"], "current"),
        (["ensure_version", "--sql"], "empty"),
    ],
)
async def test_without_the_journal(
    database_command: Command, history: Project, pg, arguments: list[str], state: str
) -> None:
    script = database_command(*arguments, "--no-journal", code=0).out
    assert "asyncmig_journal" not in script
    assert "asyncmig_journal" in database_command(*arguments, code=0).out
    psql(database_command, script)
    assert "asyncmig_journal" not in await tables(pg)
    assert database_command("status", "--json", code=0).document["state"] == state
    # a later run creates it
    database_command("upgrade", code=0)
    assert database_command("status", "--json", code=0).document["state"] == "current"


@pytest.mark.parametrize("words", ["upgrade", "downgrade base", "stamp head", "ensure_version"])
def test_a_run_has_its_journal(command: Command, history: Project, words: str) -> None:
    refused = command(*words.split(), "--no-journal", code=2)
    assert refused.err.startswith("error: --no-journal is for --sql\nhint: ")
