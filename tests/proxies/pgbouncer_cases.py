"""The same as ``test_pooling_proxies.py`` with the real PgBouncer: ``make test-proxies``.

It is not part of ``make test``, which needs nothing but Python.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, unquote, urlsplit

import anyio
import asyncpg
import pytest

from asyncmig import Migrator
from asyncmig.errors import PoolingError


@asynccontextmanager
async def pgbouncer(url: str, folder, mode: str, **options: object):
    """A PgBouncer in front of a database; gives the URL through it."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    parts = urlsplit(url)
    host = dict(parse_qsl(parts.query)).get("host") or parts.hostname
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lines = {
        "listen_addr": "127.0.0.1",
        "listen_port": port,
        "unix_socket_dir": "",
        "auth_type": "any",
        "pool_mode": mode,
        "ignore_startup_parameters": "extra_float_digits",
        **options,
    }
    settings = "\n".join(f"{name} = {value}" for name, value in lines.items())
    config = folder / f"{mode}.ini"
    config.write_text(
        f"[databases]\n* = host={host} port={parts.port} user={parts.username}"
        f" password={unquote(parts.password or '')}\n[pgbouncer]\n{settings}\n"
    )
    command = [program, str(config)]
    if os.geteuid() == 0:  # it refuses to run as root
        folder.chmod(0o755)
        for parent in folder.parents:
            with contextlib.suppress(OSError):
                parent.chmod(parent.stat().st_mode | 0o011)
        command[1:1] = ["-u", "nobody"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    through = f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"
    try:
        with anyio.fail_after(10):
            while True:
                with contextlib.suppress(OSError, asyncpg.PostgresError):
                    await (await asyncpg.connect(through, statement_cache_size=0)).close()
                    break
                assert process.poll() is None, "pgbouncer ended"
                await anyio.sleep(0.05)
        yield through
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def history(project):
    project.revision("a1", upgrade='op.execute("CREATE TABLE t (i int)")')
    project.revision(
        "b1",
        down="a1",
        header="import sqlalchemy as sa",
        upgrade="""
            op.execute("CREATE INDEX CONCURRENTLY t_i ON t (i)")
            op.get_bind().execute(sa.text("INSERT INTO t VALUES (:i)"), {"i": 1})
        """,
    )
    return project


@pytest.mark.parametrize("others", [0, 1, 4])
@pytest.mark.parametrize("round_robin", [0, 1])
async def test_transaction_mode_is_refused(
    history, database_url, pg, tmp_path, others, round_robin
):
    async with pgbouncer(
        database_url, tmp_path, "transaction", server_round_robin=round_robin
    ) as url:
        clients = [await asyncpg.connect(url, statement_cache_size=0) for _ in range(others)]
        for client in clients:  # each at work at the same time has a server process of its own
            await client.execute("BEGIN")
        for client in clients:
            await client.execute("COMMIT")
        migrator = Migrator(url, script_location=history.script_location)
        with pytest.raises(PoolingError, match="pools by transaction"):
            await migrator.upgrade()
        for client in clients:
            await client.close()
        held = await pg.fetchval(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert held == 0
    assert await pg.fetchval("SELECT to_regclass('t')") is None


async def test_statement_mode_is_refused(history, database_url, pg, tmp_path):
    async with pgbouncer(database_url, tmp_path, "statement") as url:
        migrator = Migrator(url, script_location=history.script_location)
        with pytest.raises(PoolingError):
            await migrator.upgrade()
    assert await pg.fetchval("SELECT to_regclass('t')") is None


async def test_session_mode_works(history, database_url, pg, tmp_path):
    async with pgbouncer(database_url, tmp_path, "session") as url:
        migrator = Migrator(url, script_location=history.script_location)
        assert (await migrator.upgrade()).revisions == ("a1", "b1")
        assert not await migrator.upgrade()
        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(migrator.upgrade)
    assert await pg.fetchval("SELECT count(*) FROM t") == 1


async def test_reading_in_transaction_mode_works(history, database_url, tmp_path):
    await Migrator(database_url, script_location=history.script_location).upgrade()
    async with pgbouncer(database_url, tmp_path, "transaction") as url:
        migrator = Migrator(url, script_location=history.script_location)
        assert (await migrator.status()).state == "current"
        assert not await migrator.upgrade()
