"""``asyncmig deploy``: what it shows, what it asks, what stands afterwards."""

from __future__ import annotations

import io
import stat
import sys
from typing import TYPE_CHECKING

import psycopg2
import pytest

from asyncmig import Migrator
from asyncmig.deploy import back_up, deploy, plan_deployment
from asyncmig.errors import ConfigError, PlanError
from asyncmig_cli.application import run
from asyncmig_cli.commands import deploy as deploy_command
from asyncmig_cli.output.console import open_console

if TYPE_CHECKING:
    from pathlib import Path

    from fix_project import Project
    from support.command import Command

CREATE = "op.execute('CREATE TABLE {0} (id int)')"
DROP = "op.execute('DROP TABLE {0}')"


@pytest.fixture
def release(project: Project) -> Project:
    """Two revisions, the first of which is applied."""
    project.revision("aaaa", upgrade=CREATE.format("a"), downgrade="op.execute('DROP TABLE a')")
    project.revision(
        "bbbb", down="aaaa", upgrade=CREATE.format("b"), downgrade="op.execute('DROP TABLE b')"
    )
    return project


@pytest.fixture
def ask(database_url: str):
    """One value of a query."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True

    def one(sql: str) -> object:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            row = cursor.fetchone()
            return None if row is None else row[0]

    yield one
    connection.close()


def tables(ask) -> object:
    return ask(
        "SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND length(relname) = 1"
    )


def test_a_dry_run_shows_all_and_runs_nothing(database_command: Command, release, ask) -> None:
    database_command("upgrade", "aaaa", code=0)
    out = database_command("deploy", "--dry-run", code=0).out
    assert "PostgreSQL" in out
    assert "at aaaa" in out
    assert "1 revision (bbbb)" in out
    assert "CREATE TABLE b (id int);" in out
    document = database_command("deploy", "--dry-run", "--json", code=0).document
    assert document["pending"] == ["bbbb"]
    assert document["plan"]["steps"][0]["revision"] == "bbbb"
    assert tables(ask) == "a"


def test_in_a_pipe_nothing_is_guessed(database_command: Command, release, ask) -> None:
    outcome = database_command("deploy", code=2)
    assert "--yes" in outcome.err
    assert database_command("deploy", "--json", code=2).error["type"] == "UsageError"
    assert tables(ask) is None


@pytest.mark.cells(1)
@pytest.mark.parametrize(
    ("answer", "code", "left"), [("y\n", 0, "a,b"), ("\n", 1, None), ("", 1, None)]
)
def test_a_person_is_asked(
    release: Project, database_url, ask, monkeypatch, answer, code, left
) -> None:
    (release.path / "asyncmig.toml").write_text('script_location = "migrations"\n')
    monkeypatch.chdir(release.path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "stdin", io.StringIO(answer))
    monkeypatch.setattr(deploy_command, "_has_terminal", lambda: True)
    out, err = io.StringIO(), io.StringIO()
    assert run(["deploy", "--url", database_url], open_console(out, err)) == code
    assert "? [y/N]" in err.getvalue()
    assert "CREATE TABLE a" in out.getvalue()
    assert ("nothing was run" in err.getvalue()) == (code == 1)
    assert tables(ask) == left


@pytest.mark.cells(1)
@pytest.mark.parametrize(
    ("name", "beginning"), [("before.sql", b"--\n-- PostgreSQL"), ("x.dump", b"PGDMP")]
)
def test_a_backup_is_written_first(
    database_command: Command, release, ask, name, beginning
) -> None:
    database_command("upgrade", "aaaa", code=0)
    backup = release.path / name
    outcome = database_command("deploy", "--yes", "--backup", name, "--vacuum-analyze", code=0)
    assert f"backup    {name}" in outcome.out
    assert "applied   aaaa → bbbb: 1 revision" in outcome.out
    assert "deployed" in outcome.out
    assert backup.read_bytes().startswith(beginning)
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert b"CREATE TABLE public.a" in backup.read_bytes() or name == "x.dump"
    assert b"TABLE public.b" not in backup.read_bytes()
    assert tables(ask) == "a,b"
    assert ask("SELECT last_vacuum IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'b'")
    # and never overwritten
    release.revision("cccc", down="bbbb", upgrade=CREATE.format("c"))
    error = database_command("deploy", "--yes", "--json", "--backup", name, code=1).error
    assert error["type"] == "FileError"
    assert tables(ask) == "a,b"


def test_a_backup_that_fails_stops_it(database_command: Command, release, ask) -> None:
    error = database_command("deploy", "-y", "--backup", "no/such/x.dump", "--json", code=1).error
    assert error["type"] == "FileError"
    assert "nothing was migrated" in error["hint"]
    assert tables(ask) is None


def test_the_document(database_command: Command, release, ask) -> None:
    document = database_command("deploy", "--yes", "--json", "--tag", "v7", code=0).document
    assert document["before"] == []
    assert document["after"] == ["bbbb"]
    assert document["applied"] == ["aaaa", "bbbb"]
    assert document["verified"] is True
    assert document["backup"] is None
    assert ask("SELECT DISTINCT tag FROM asyncmig_journal") == "v7"
    assert "nothing to deploy" in database_command("deploy", "--yes", code=0).out


def test_a_failure_is_rolled_back(database_command: Command, release, ask) -> None:
    database_command("upgrade", "aaaa", code=0)
    release.revision("cccc", down="bbbb", upgrade="op.execute('SELECT 1/0')")
    outcome = database_command("deploy", "--yes", "--rollback-on-failure", "--json", code=1)
    assert outcome.error["type"] == "StatementFailedError"
    assert outcome.error["fields"]["rolled_back"] == ["bbbb"]
    assert "the database is at aaaa again" in outcome.error["hint"]
    assert tables(ask) == "a"
    assert ask("SELECT version_num FROM alembic_version") == "aaaa"
    # without the option what stands stays
    database_command("deploy", "--yes", code=1)
    assert tables(ask) == "a,b"


def test_back_to_the_base(database_command: Command, release, ask) -> None:
    release.revision("cccc", down="bbbb", upgrade="op.execute('SELECT 1/0')")
    error = database_command("deploy", "-y", "--rollback-on-failure", "--json", code=1).error
    assert error["fields"]["rolled_back"] == ["bbbb", "aaaa"]
    assert "at base again" in error["hint"]
    assert tables(ask) is None


def test_back_over_a_merge_to_the_same_heads(
    database_command: Command, release: Project, ask
) -> None:
    release.revision("cccc", down="aaaa", upgrade=CREATE.format("c"), downgrade=DROP.format("c"))
    database_command("upgrade", "heads", code=0)
    release.revision("dddd", down=("bbbb", "cccc"))
    release.revision("eeee", down="dddd", upgrade=CREATE.format("e"), downgrade=DROP.format("e"))
    release.revision("ffff", down="cccc", upgrade=CREATE.format("f"), downgrade=DROP.format("f"))
    release.revision("gggg", down=("eeee", "ffff"), upgrade="op.execute('SELECT 1/0')")
    error = database_command("deploy", "-y", "--rollback-on-failure", "--json", code=1).error
    assert sorted(error["fields"]["rolled_back"]) == ["dddd", "eeee", "ffff"]
    assert "the database is at bbbb, cccc again" in error["hint"]
    assert tables(ask) == "a,b,c"
    assert ask("SELECT string_agg(version_num, ',' ORDER BY 1) FROM alembic_version") == "bbbb,cccc"


def test_a_missing_downgrade_is_told_before(database_command: Command, release, ask) -> None:
    release.revision("cccc", down="bbbb", upgrade=CREATE.format("c"), downgrade=None)
    error = database_command("deploy", "-y", "--rollback-on-failure", "--json", code=1).error
    assert error["type"] == "IrreversibleError"
    assert tables(ask) is None


def test_half_a_revision_is_left_for_its_author(database_command: Command, release, ask) -> None:
    release.revision(
        "cccc",
        down="bbbb",
        upgrade="op.execute('CREATE TABLE c (id int)')\nop.execute('VACUUM a')\nop.execute('SELECT 1/0')",
    )
    error = database_command("deploy", "-y", "--rollback-on-failure", "--json", code=5).error
    assert error["fields"]["rolled_back"] == []
    assert "restore the backup" in error["hint"]
    assert tables(ask) == "a,b,c"


async def test_a_plan_that_is_no_longer_true(release: Project, database_url) -> None:
    migrator = Migrator(database_url, script_location=release.script_location)
    survey = await plan_deployment(migrator)
    assert survey.pending == ("aaaa", "bbbb")
    await migrator.upgrade("aaaa")
    with pytest.raises(
        PlanError, match="was at base when the plan was confirmed, and is at aaaa now"
    ):
        await deploy(migrator, plan=survey)


async def test_a_program_that_is_too_old(
    release: Project, database_url, tmp_path: Path, monkeypatch
) -> None:
    program = tmp_path / "bin" / "pg_dump"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setattr("asyncmig.embedded.binaries", lambda: tmp_path)
    migrator = Migrator(database_url, script_location=release.script_location)
    with pytest.raises(ConfigError, match=r"pg_dump \(9\)"):
        await back_up(migrator, tmp_path / "x.sql")
    program.write_text(
        "#!/bin/sh\ncase $1 in --version) echo 99;; *) echo 'pg_dump: error: no luck' >&2; exit 1;; esac\n"
    )
    with pytest.raises(Exception, match="pg_dump failed: no luck"):
        await back_up(migrator, tmp_path / "x.sql")
    assert not list(tmp_path.glob("x.sql*"))


def test_ctrl_c_at_the_question_is_told(database_command: Command, release: Project) -> None:
    stopped = database_command.terminal("deploy", typed="\x03")
    assert stopped.code == 130
    assert stopped.out.split("[y/N] ")[1].replace("^C", "").startswith("\nnot confirmed: nothing")


SCANS = """
op.execute("CREATE INDEX filled_id ON filled (id)")
"""


@pytest.fixture
def scanning(project: Project, database_url: str) -> Project:
    """A revision that blocks writes to a table with rows while it scans it."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE filled AS SELECT generate_series(1, 20000) AS id")
        cursor.execute("ANALYZE filled")
    connection.close()
    project.revision("aaaa", upgrade=SCANS, downgrade='op.execute("DROP INDEX filled_id")')
    return project


def test_the_impact_is_shown_before_the_question(database_command: Command, scanning) -> None:
    shown = database_command("deploy", "--dry-run", code=0).out
    assert "blocks writes of filled (20 K rows" in shown
    document = database_command("deploy", "--dry-run", "--json", code=0).document
    assert document["impact"]["level"] == "writes"
    assert document["impact"]["statements"][0]["scans"] == ["filled"]


def test_an_impact_above_the_limit_is_refused(database_command: Command, scanning, ask) -> None:
    refused = database_command("deploy", "--yes", "--max-impact", "brief", code=1)
    assert "blocks writes (level writes), and the highest impact allowed is brief" in refused.err
    assert "CREATE INDEX CONCURRENTLY" in refused.err
    assert ask("SELECT to_regclass('filled_id')") is None
    database_command("deploy", "--yes", "--max-impact", "writes", code=0)


def test_an_unknown_level(database_command: Command, scanning) -> None:
    refused = database_command("deploy", "--yes", "--max-impact", "some", code=2)
    assert "there is no impact level 'some'" in refused.err
