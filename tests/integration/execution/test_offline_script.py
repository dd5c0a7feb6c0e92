"""Scripts for psql: rows of COPY, and characters that neither locale nor database share."""

from __future__ import annotations

import os
import subprocess
import sys

import asyncpg

from asyncmig import Migrator
from fix_database import postgres_program

LATIN1 = "ENCODING LATIN1 LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"


def psql(url: str, script: str | bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [str(postgres_program("psql")), url, "-v", "ON_ERROR_STOP=1", "-qX", "-f", "-"],
        input=script.encode() if isinstance(script, str) else script,
        capture_output=True,
        check=False,
    )


def run_psql(url: str, script: str | bytes) -> None:
    done = psql(url, script)
    assert done.returncode == 0, done.stderr


async def test_rows_of_copy_follow_their_statement_at_once(project, make_database):
    project.write(
        "a1.sql",
        "-- revision: a1\n\n-- upgrade\n"
        "CREATE TABLE t (i int, x text);\n"
        "CREATE TABLE lines (x text);\n"
        "COPY t FROM stdin;\n1\ta;b\n2\t\\N\n\\.\n"
        "COPY lines FROM stdin; -- the last one is empty\nfirst\n\n\\.\n"
        "COPY t FROM stdin;\n\\.\n"
        "-- phase: autocommit\n"
        "COPY t FROM stdin;\n3\tc\n\\.\n",
    )
    offline, online = make_database(), make_database()
    script = await Migrator(offline, script_location=project.script_location).sql("head")
    run_psql(offline, script.encode())
    await Migrator(online, script_location=project.script_location).upgrade()
    for url in (offline, online):
        connection = await asyncpg.connect(url)
        rows = await connection.fetch("SELECT * FROM t ORDER BY i")
        assert [tuple(row) for row in rows] == [(1, "a;b"), (2, None), (3, "c")]
        rows = await connection.fetch("SELECT * FROM lines")
        assert [row["x"] for row in rows] == ["first", ""]
        await connection.close()


async def test_no_locale_and_no_encoding_changes_a_name(project, database_url, pg):
    project.write(project.path / "asyncmig.toml", 'script_location = "migrations"\n')
    project.revision("a1", upgrade="op.execute('CREATE TABLE \"Straße\" ()')", message="für alle")
    environ = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "asyncmig_cli", "--url", database_url, "upgrade", "--sql"],
        cwd=project.path,
        env=environ,
        capture_output=True,
        check=True,
    )
    written = await Migrator(database_url, script_location=project.script_location).sql("head")
    assert done.stdout.decode() == written
    name = f"latin1_{os.getpid()}"
    await pg.execute(f"DROP DATABASE IF EXISTS {name}")
    await pg.execute(f"CREATE DATABASE {name} {LATIN1}")
    url = database_url.rsplit("/", 1)[0] + f"/{name}"
    try:
        run_psql(url, done.stdout)
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT to_regclass('\"Straße\"') IS NOT NULL")
        await connection.close()
    finally:
        await pg.execute(f"DROP DATABASE {name}")


async def test_a_script_runs_only_where_it_begins(project, database_url, pg):
    project.revision("a1", upgrade="op.execute('CREATE TABLE a ()')")
    project.revision("b1", down="a1", upgrade="op.execute('CREATE TABLE b ()')")
    project.revision("c1", down="b1", upgrade="op.execute('CREATE TABLE c ()')")
    migrator = Migrator(database_url, script_location=project.script_location)
    await migrator.upgrade("a1")
    for wrong in ("base:c1", "b1:c1"):
        done = psql(database_url, await migrator.sql(wrong))
        assert done.returncode == 3
        begin = wrong.partition(":")[0]
        message = f"this script begins at {begin}, and the database is at another revision"
        assert message in done.stderr.decode()
        assert await pg.fetchval("SELECT to_regclass('c')") is None
    run_psql(database_url, await migrator.sql("a1:c1"))
    assert (await migrator.status()).ok


async def test_a_script_from_base_takes_an_empty_version_table(project, database_url):
    project.revision(
        "a1", upgrade="op.execute('CREATE TABLE a ()')", downgrade="op.drop_table('a')"
    )
    migrator = Migrator(database_url, script_location=project.script_location)
    await migrator.upgrade()
    await migrator.downgrade("base")
    run_psql(database_url, await migrator.sql("base:head"))
    assert (await migrator.status()).ok
