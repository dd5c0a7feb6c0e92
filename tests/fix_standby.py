"""A primary and a hot standby that streams from it, both embedded servers."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from anyio.from_thread import start_blocking_portal

from asyncmig import embedded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from psycopg2.extensions import connection as Connection  # noqa: N812 - a class

_LIKE_THE_PRIMARY = {
    "autovacuum": "off",
    "fsync": "off",
    "max_connections": "200",
    "max_prepared_transactions": "10",
}


@dataclass(frozen=True)
class Replicated:
    """A primary and its standby; the URLs are a superuser's."""

    primary: str
    standby: str

    def create_database(self, name: str) -> tuple[str, str]:
        """Make a database; its URLs on the primary and on the standby, where it is by then."""
        self.run(f"CREATE DATABASE {name}")
        return _database(self.primary, name), _database(self.standby, name)

    def run(self, sql: str) -> None:
        """Run one statement on the primary, and wait until the standby has it."""
        with closing(_connected(self.primary)) as here, here.cursor() as cursor:
            cursor.execute(sql)
        self.catch_up()

    def catch_up(self) -> None:
        """Wait until the standby has what the primary has now."""
        with closing(_connected(self.primary)) as here, here.cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn()")
            (position,) = cursor.fetchone() or ()
        deadline = time.monotonic() + 30
        with closing(_connected(self.standby)) as there, there.cursor() as cursor:
            while True:
                cursor.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (position,))
                if cursor.fetchone() == (True,):
                    return
                assert time.monotonic() < deadline, "the standby does not follow"
                time.sleep(0.02)


def _connected(url: str) -> Connection:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    return connection


def _database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _copied(primary: embedded.EmbeddedServer, folder: Path) -> None:
    """Make the folder of an embedded server whose data follow the primary's."""
    folder.mkdir()
    (folder / ".gitignore").write_text("*\n")
    (folder / "password").write_text(urlsplit(primary.url).password or "")
    command = [primary.bin / "pg_basebackup", "--pgdata", folder / "data", "--write-recovery-conf"]
    command += ["--checkpoint=fast", "--no-sync", "--dbname", primary.socket_url]
    subprocess.run(command, check=True, capture_output=True)
    owner = primary.data_dir.stat()
    if os.geteuid() != owner.st_uid:  # we are root, whom PostgreSQL does not serve
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


@pytest.fixture(scope="module")
def replicated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicated]:
    """A primary and its standby."""
    folder = tmp_path_factory.mktemp("replicated") / "standby"
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())

        def start(**options: object) -> embedded.EmbeddedServer:
            running = embedded.server(tcp=True, **options)  # type: ignore[arg-type]  # its own
            return stack.enter_context(portal.wrap_async_context_manager(running))

        primary = start()
        _copied(primary, folder)
        standby = start(data_dir=folder, settings=_LIKE_THE_PRIMARY)
        yield Replicated(primary.url, standby.url)
