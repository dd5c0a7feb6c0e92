"""Commands against a real database: what they do, say, print as JSON, and end with."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import fields
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import pytest

from asyncmig.config.settings import Settings
from asyncmig.database.advisory_lock import lock_key
from asyncmig.results import (
    CreatedRevision,
    CurrentState,
    JournalEntry,
    ResolveResult,
    RunResult,
    StampResult,
    Status,
    ValidationReport,
    VersionTableResult,
)
from fix_database import MakeDatabase, catalog_dump
from support.command import Command, Outcome, plain

if TYPE_CHECKING:
    from pathlib import Path

    import asyncpg

    from fix_project import Project

SLEEPERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND state = 'active'
  AND wait_event = 'PgSleep' AND pid <> pg_backend_pid()
"""
RUNNERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'asyncmig'
"""
LOCKS = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
WHERE locktype = 'advisory' AND datname = current_database()
"""


async def until_it_sleeps(pg: asyncpg.Connection, process: subprocess.Popen[str]) -> None:
    """Wait until the script of a started run is in its pg_sleep."""
    while not await pg.fetchval(SLEEPERS):
        assert process.poll() is None, process.communicate()
        await anyio.sleep(0.05)


@pytest.fixture
def tables(project: Project) -> Project:
    """Three revisions, the second with a concurrent index."""
    project.revision(
        "aaaa",
        message="first table",
        upgrade='op.execute("CREATE TABLE a (id int)")',
        downgrade='op.execute("DROP TABLE a")',
    )
    project.revision(
        "bbbb",
        down="aaaa",
        message="an index",
        upgrade='op.execute("CREATE INDEX CONCURRENTLY i ON a (id)")',
        downgrade='op.execute("DROP INDEX CONCURRENTLY i")',
    )
    project.revision(
        "cccc",
        down="bbbb",
        message="second table",
        upgrade='op.execute("CREATE TABLE c (id int)")',
        downgrade='op.execute("DROP TABLE c")',
    )
    return project


def has_fields(document: object, kind: type, *more: str) -> None:
    assert isinstance(document, dict)
    assert set(document) == {field.name for field in fields(kind)} | set(more)


def test_up_and_down_with_plain_lines(database_command: Command, tables: Project) -> None:
    run = database_command
    done = run("upgrade", code=0)
    assert re.fullmatch(r"upgraded <base> → cccc: 3 revisions in \S+ m?s\n", done.out)
    first, *lines = done.err.splitlines()
    assert re.fullmatch(r"database \w+ on \S+, url from ASYNCMIG_URL", first)
    assert [re.sub(r" \(.*", "", line) for line in lines] == [
        "[1/3] upgrade aaaa first table",
        "[2/3] upgrade bbbb an index",
        "[3/3] upgrade cccc second table",
    ]
    assert run("current", code=0).out == "cccc (head)\n"
    assert run("upgrade", code=0).out == "nothing to upgrade: the database is at cccc\n"
    assert run("downgrade", "-1", code=0).out.startswith("downgraded cccc → bbbb: 1 revision in ")
    assert run("downgrade", "base", code=0).out.startswith("downgraded bbbb → <base>: 2 revisions")
    assert run("current", code=0).out == ""


def test_quiet_says_nothing(database_command: Command, tables: Project) -> None:
    for arguments in (["upgrade", "-q"], ["-q", "downgrade", "base"], ["stamp", "head", "-q"]):
        assert database_command(*arguments, code=0) == Outcome(0, "", "")
    assert database_command("-q", "current", code=0).out == "cccc (head)\n"


def test_each_command_prints_its_document(database_command: Command, tables: Project) -> None:
    run = database_command
    has_fields(run("ensure_version", "--json", code=0).document, VersionTableResult)
    plan = run("plan", "--json", code=0).document
    assert [step["revision"] for step in plan["steps"]] == ["aaaa", "bbbb", "cccc"]
    assert [phase["kind"] for phase in plan["steps"][1]["phases"]] == ["autocommit"]
    assert run("upgrade", "--dry-run", "--json", code=0).document == plan
    outcome = run("upgrade", "--json", "--tag", "release 7", code=0)
    has_fields(outcome.document, RunResult)
    assert outcome.document["after"] == ["cccc"]
    assert len(outcome.err.splitlines()) == 1 + 3
    assert outcome.document["address"].endswith(run.environ["ASYNCMIG_URL"].rpartition("@")[2])
    assert outcome.document["url_source"] == "ASYNCMIG_URL"
    has_fields(run("current", "--json", code=0).document, CurrentState)
    status = run("status", "--json", code=0).document
    has_fields(status, Status, "ok")
    assert status["ok"] is True
    entries = run("log", "--json", "-l", "2", code=0).document["entries"]
    assert len(entries) == 2
    has_fields(entries[0], JournalEntry)
    assert entries[0]["tag"] == "release 7"
    has_fields(run("stamp", "aaaa", "--json", code=0).document, StampResult)
    has_fields(run("validate", "--json", code=0).document, ValidationReport, "ok")
    history = run("history", "-i", "--json", code=0).document["revisions"]
    assert [one["is_current"] for one in history] == [False, False, True]
    shown = run("show", "current", "--plan", "--json", code=0).document["revisions"]
    assert [step["revision"] for step in shown[0]["plan"]["steps"]] == ["aaaa"]
    created = run("revision", "-m", "more", "--json", code=0).document
    has_fields(created, CreatedRevision)
    assert created["down_revisions"] == ["cccc"]


def test_pending_revisions_end_checks_with_3(database_command: Command, tables: Project) -> None:
    run = database_command
    run("upgrade", "bbbb", code=0)
    assert run("current", "--check-heads", code=3).out == "bbbb\n"
    assert run("current", "--check-heads", "--json", code=3).document["is_current"] is False
    assert run("status", code=0).out.startswith("state     pending  ")
    assert run("status", "--check", "--json", code=3).document["pending"] == ["cccc"]
    listed = run("status", "--list", code=0).out.splitlines()
    assert [line.split()[:2] for line in listed] == [["[X]", "aaaa"], ["[X]", "bbbb"], ["[", "]"]]
    assert listed[2].startswith("[ ] cccc")
    states = run("status", "--list", "--check", "--json", code=3).document["revisions"]
    assert [one["state"] for one in states] == ["applied", "applied", "pending"]
    run("upgrade", code=0)
    run("current", "--check-heads", code=0)
    run("status", "--check", code=0)


def test_the_log_is_filtered(database_command: Command, tables: Project) -> None:
    run = database_command

    def listed(*options: str) -> list[str]:
        entries = run("log", "--json", *options, code=0).document["entries"]
        return [f"{entry['revision']} {entry['direction']}" for entry in entries]

    run("upgrade", "--tag", "release 7", code=0)
    run("downgrade", "-1", code=0)
    everything = listed()
    assert listed("--direction", "downgrade") == ["cccc downgrade"]
    assert listed("--tag", "release 7") == everything[1:]
    assert listed("--since", "2020-01-01", "--state", "done") == everything
    assert listed("--since", "2999-01-01") == []
    first = run("log", "--json", "-l", "1", code=0).document["entries"][0]
    assert listed("--run", first["run"][:13]) == ["cccc downgrade"]
    assert "it is one of" in run("log", "--direction", "up", code=2).err


def test_a_script_that_was_changed_is_told(database_command: Command, tables: Project) -> None:
    run = database_command
    run("upgrade", code=0)
    path = tables.versions / "bbbb.py"
    path.write_text(path.read_text() + "\n    op.execute('SELECT 1')\n")
    assert run("status", "--json", code=0).document["edited"] == ["bbbb"]
    assert "changed since" in run("status", code=0).out
    assert run("status", "--no-scripts", "--json", code=0).document["edited"] == []


async def test_a_table_that_is_locked(
    database_command: Command, tables: Project, pg: asyncpg.Connection
) -> None:
    database_command("upgrade", code=0)
    tables.revision("dddd", down="cccc", upgrade='op.execute("ALTER TABLE a ADD b int")')
    await pg.execute("SET application_name = 'the report'; BEGIN; LOCK TABLE a IN ROW SHARE MODE")
    outcome = database_command("upgrade", "--lock-timeout", "0.3", "--lock-retries", "1", code=1)
    retry = next(line for line in outcome.err.splitlines() if line.startswith("dddd, phase 1"))
    assert f"pid {pg.get_server_pid()} holds a (the report" in retry
    assert "attempt 2 of 2 in " in retry
    assert "tried 2 times" in outcome.err
    once = database_command("upgrade", "--lock-timeout", "0.2", "--lock-retries", "0", code=1)
    assert "attempt" not in once.err
    assert "the report" in once.err
    wrong = database_command("upgrade", "--lock-retries", "-1", code=2)
    assert "lock-retries" in wrong.err


async def test_every_command_that_writes_takes_the_lock(
    database_command: Command, tables: Project, database_url: str, pg: asyncpg.Connection
) -> None:
    run = database_command
    run("upgrade", "aaaa", code=0)
    key = lock_key(Settings(url=database_url), "public")
    await pg.execute(f"SELECT pg_advisory_lock({key})")
    for command in (
        ("stamp", "cccc"),
        ("ensure_version",),
        ("resolve", "aaaa", "--done"),
        ("downgrade", "base"),
        ("deploy", "--yes"),
    ):
        waited = run(*command, "--lock-wait", "0.2", code=4)
        assert f"pid {pg.get_server_pid()}" in waited.err
    run("stamp", "bbbb", "--no-lock", code=0)
    run("ensure_version", "--no-lock", code=0)
    run("deploy", "--yes", "--no-lock", code=0)
    run("downgrade", "-1", "--no-lock", code=0)


def test_a_dry_run_changes_nothing(
    database_command: Command, tables: Project, database_url: str
) -> None:
    before = catalog_dump(database_url, journal=True)
    out = database_command("upgrade", "--dry-run", code=0).out
    assert "CREATE INDEX CONCURRENTLY i ON a (id);" in out
    assert "phase 1/1 autocommit" in out
    assert "migrations/versions/bbbb.py:" in out
    assert catalog_dump(database_url, journal=True) == before


def test_the_offline_script_does_what_the_run_does(
    database_command: Command, tables: Project, database_url: str, make_database: MakeDatabase
) -> None:
    from asyncmig import embedded

    sql = database_command("upgrade", "head", "--sql", code=0)
    assert sql.err == ""
    document = database_command("upgrade", "head", "--sql", "--json", code=0).document
    assert list(document) == ["sql"]
    other = make_database()
    subprocess.run(
        [str(embedded.binaries() / "psql"), "-qX", "-v", "ON_ERROR_STOP=1", "-d", other],
        input=sql.out,
        text=True,
        check=True,
    )
    database_command("upgrade", code=0)
    assert catalog_dump(other, journal=True) == catalog_dump(database_url, journal=True)
    down = database_command("downgrade", "cccc:aaaa", "--sql", code=0).out
    assert "DROP TABLE c" in down
    assert "DROP INDEX CONCURRENTLY i" in down
    assert "version_num" in database_command("stamp", "bbbb", "--sql", code=0).out
    assert "CREATE TABLE" in database_command("ensure_version", "--sql", code=0).out


def test_what_scripts_print_stays_off_the_document(
    database_command: Command, project: Project
) -> None:
    project.revision(
        "aaaa", upgrade="import subprocess; print('noise'); subprocess.run(['echo', 'loud'])"
    )
    assert database_command("upgrade", "--sql", code=0).out.startswith("--")
    outcome = database_command("upgrade", "--json", code=0)
    assert outcome.document["after"] == ["aaaa"]
    assert "noise" in outcome.err
    assert "loud" in outcome.err


def test_a_failing_statement_shows_where(database_command: Command, project: Project) -> None:
    project.revision("aaaa", upgrade='op.execute("CREATE TABLE a (id int)")')
    project.revision(
        "bbbb", down="aaaa", upgrade='op.execute("SELECT 1")\nop.execute("SELECT nope FROM a")'
    )
    outcome = database_command("upgrade", code=1)
    assert "bbbb.py:" in outcome.err
    assert "SELECT nope FROM a" in outcome.err
    assert re.search(r"\n +\^\n", outcome.err)
    assert "Traceback" not in outcome.err
    error = database_command("upgrade", "--json", code=1).error
    assert error["type"] == "StatementFailedError"
    assert error["fields"]["sqlstate"] == "42703"
    assert error["fields"]["revision"] == "bbbb"


def test_half_of_a_revision_ends_with_5(database_command: Command, project: Project) -> None:
    project.revision(
        "aaaa",
        upgrade="""
            op.execute("CREATE TABLE a (id int)")
            op.execute("CREATE INDEX CONCURRENTLY i ON a (id)")
            op.execute("SELECT 1 / 0")
        """,
    )
    assert "Traceback" not in database_command("upgrade", code=5).err
    assert database_command("status", "--check", "--json", code=3).document["state"] == "partial"
    assert "(partial)" in database_command("current", code=0).out
    assert database_command("status", "--list", code=0).out.endswith("(partial)\n")


def test_a_person_settles_what_stopped_half_way(
    database_command: Command, project: Project
) -> None:
    run = database_command
    project.revision(
        "aaaa",
        upgrade="""
            op.execute("CREATE TABLE a (id int)")
            op.execute("CREATE INDEX CONCURRENTLY i ON a (id)")
            op.execute("SELECT 1 / 0")
        """,
    )
    run("resolve", "aaaa", "--forget", code=1)
    run("upgrade", code=5)
    assert run("resolve", "aaaa", code=2).out == ""
    run("resolve", "aaaa", "--done", "--retry", code=2)
    has_fields(run("resolve", "aaaa", "--forget", "--json", code=0).document, ResolveResult)
    assert run("status", "--json", code=0).document["partial"] == []


async def test_a_lock_that_is_held_ends_with_4(
    database_command: Command, tables: Project, pg: asyncpg.Connection
) -> None:
    # Another process of ours holds the lock for as long as its script sleeps.
    tables.revision("dddd", down="cccc", upgrade='op.execute("SELECT pg_sleep(30)")')
    other = database_command.start("upgrade")
    await until_it_sleeps(pg, other)
    outcome = database_command("upgrade", "--lock-wait", "0.5", code=4)
    assert "waiting for the lock" in outcome.err
    assert "Traceback" not in outcome.err
    error = database_command("upgrade", "--lock-wait", "0.3", "--json", code=4).error
    assert error["type"] == "LockNotAcquiredError"


@pytest.mark.cells(1)
@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
async def test_a_signal_rolls_back_and_frees_the_lock(
    database_command: Command, tables: Project, pg: asyncpg.Connection, number: int, code: int
) -> None:
    tables.revision(
        "dddd",
        down="cccc",
        upgrade='op.execute("CREATE TABLE d ()"); op.execute("SELECT pg_sleep(30)")',
    )
    process = database_command.start("upgrade")
    await until_it_sleeps(pg, process)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "rolling back" in err
    assert "Traceback" not in err
    assert await pg.fetchval("SELECT to_regclass('d')") is None
    assert await pg.fetchval(LOCKS) == 0
    assert await pg.fetchval(RUNNERS) == 0


def test_a_live_display_on_a_terminal(database_command: Command, tables: Project) -> None:
    tables.revision(
        "dddd", down="cccc", message="slow", upgrade='op.execute("SELECT pg_sleep(0.5)")'
    )
    screen = database_command.terminal("upgrade", columns=70)
    assert screen.code == 0
    text = plain(screen.out)
    assert "✓ aaaa first table (" in text
    assert "/4 " in text
    assert "upgraded <base> → dddd: 4 revisions" in text
    assert "\x1b[?25l" in screen.out
    assert screen.out.rindex("\x1b[?25h") > screen.out.rindex("\x1b[?25l")


def test_no_progress_means_lines_on_a_terminal_too(
    database_command: Command, tables: Project
) -> None:
    for arguments, env in ((["--no-progress"], {}), ([], {"TERM": "dumb"})):
        screen = database_command.terminal("upgrade", *arguments, env=env)
        assert "[3/3] upgrade cccc second table" in plain(screen.out)
        assert "\x1b[?25l" not in screen.out
        database_command("downgrade", "base", code=0)


def test_connections_that_fail_say_why(
    command: Command, tables: Project, database_url: str
) -> None:
    parts = urlsplit(database_url)
    wrong = database_url.replace(f":{parts.password}@", ":wrong@") if parts.password else None
    missing = parts._replace(path="/no_such_database").geturl()
    for url in filter(None, (wrong, missing)):
        outcome = command("upgrade", "--url", url, code=1)
        assert re.search(r"^error: [^\n]+\nhint: [^\n]+\nsee: [^\n]+\n$", outcome.err), outcome
        assert "Traceback" not in outcome.err
        assert str(parts.password) not in outcome.err or not parts.password
        error = command("upgrade", "--url", url, "--json", code=1).error
        assert error["type"] == "ConnectionFailedError"
    assert "no_such_database" in command("current", "--url", missing, code=1).err


def test_a_url_from_the_environment_and_before_the_name(
    command: Command, tables: Project, database_url: str
) -> None:
    command("current", env={"DATABASE_URL": database_url}, code=0)
    command("--url", database_url, "upgrade", code=0)
    assert command("current", "--url", database_url, code=0).out == "cccc (head)\n"


def test_the_journal_as_a_table(database_command: Command, tables: Project) -> None:
    assert database_command("log", code=0).out == "the journal is empty\n"
    database_command("upgrade", code=0)
    lines = database_command("log", code=0).out.splitlines()
    assert lines[0].split()[:3] == ["when", "revision", "direction"]
    assert [line.split()[2] for line in lines[2:]] == ["cccc", "bbbb", "aaaa"]
    narrow = plain(database_command.terminal("log", columns=50).out)
    assert max(map(len, narrow.splitlines())) <= 50
    one = database_command("log", "--revision", "bbbb", "--json", code=0).document["entries"]
    assert {entry["revision"] for entry in one} == {"bbbb"}


def test_merge_and_revision_write_files(database_command: Command, branched: Project) -> None:
    run = database_command
    done = run("revision", "-m", "on the left", "--head", "left@head", "--rev-id", "f1f1", code=0)
    assert "created migrations/versions/f1f1_on_the_left.py (dddd -> f1f1)" in done.out
    done = run("merge", "heads", "-m", "all", "--rev-id", "f2f2", code=0)
    assert "f2f2" in done.out
    assert run("heads", code=0).out.split()[0] == "f2f2"
    run("upgrade", code=0)
    assert run("current", code=0).out == "f2f2 (head) (mergepoint)\n"
    assert run("revision", "--rev-id", "a:b", "--json", code=2).error["hint"]


def test_validate_names_what_is_wrong(command: Command, branched: Project) -> None:
    assert command("validate", code=0).out.startswith("valid: 5 revisions")
    assert "✓" in command("validate", "-v", code=0).out
    branched.revision("ffff", down="nowhere")
    outcome = command("validate", code=1)
    assert "nowhere" in outcome.out
    assert command("validate", "--json", code=1).document["ok"] is False


def test_a_new_project_works_with_nothing_edited(
    command: Command, database_url: str, tmp_path: Path
) -> None:
    for template in ("generic", "async", "pyproject", "sql"):
        folder = tmp_path / template
        folder.mkdir()
        env = {"DATABASE_URL": database_url}
        command("init", "db", "-t", template, cwd=folder, code=0)
        command("revision", "-m", "first", cwd=folder, env=env, code=0)
        command("upgrade", cwd=folder, env=env, code=0)
        command("downgrade", "base", cwd=folder, env=env, code=0)
        assert json.loads(command("status", "--json", cwd=folder, env=env, code=0).out)["state"]


def test_a_private_server_keeps_its_data(command: Command, tables: Project) -> None:
    command("upgrade", "bbbb", "--embedded", code=0)
    assert command("--embedded", "current", code=0).out == "bbbb\n"
    assert (tables.path / ".asyncmig" / ".gitignore").read_text() == "*\n"


def test_check_of_a_revision(database_command: Command, tables: Project) -> None:
    database_command("upgrade", "bbbb")
    at = database_command("check", "bbbb")
    assert (at.code, at.out) == (0, "at bbbb\n")
    elsewhere = database_command("check", "head")
    assert elsewhere.code == 3
    assert "not at cccc, behind: cccc is not applied; the database is at bbbb" in elsewhere.out
    assert database_command("check", "--json", "base").document["ok"] is False
    assert database_command("check", "nowhere").code == 1


def test_what_the_server_advises_is_told_once(database_command: Command, project: Project) -> None:
    project.sql_revision(
        "aaaa", upgrade="CREATE TABLE t (i int); CREATE VIEW v AS SELECT i FROM t; DROP TABLE t;"
    )
    told = database_command("upgrade", code=1).err
    said = "Use DROP ... CASCADE to drop the dependent objects too."
    assert told.count(said) == 1
    assert f"  server hint {said}\n" in told
    assert "\nhint: nothing of aaaa was kept\nsee: " in told
    error = database_command("upgrade", "--json", code=1).error
    assert error["hint"] == f"{said} nothing of aaaa was kept"
