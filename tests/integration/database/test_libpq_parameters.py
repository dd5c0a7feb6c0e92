"""Each parameter of libpq against a real server: it takes effect, or nothing is sent."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

import pytest

from asyncmig import Migrator
from asyncmig.config.connection.libpq import PARAMETERS
from asyncmig.database.connections import UrlDatabase
from asyncmig.database.socket_options import DEFAULTS
from asyncmig.errors import UrlError

STRICT = {"require_auth": "scram-sha-256", "channel_binding": "require", "sslcertmode": "require"}
REFUSED = [row for row in PARAMETERS if row.harmless is not None and "*" not in row.harmless]


async def ask(project, url: str, query: str) -> object:
    settings = project.settings(url=url)
    async with UrlDatabase(settings, lambda _: None).session() as session:
        return (await session.fetch(query))[0][0]


async def option(project, url: str, name: int, level: int = socket.IPPROTO_TCP) -> int:
    settings = project.settings(url=url)
    async with UrlDatabase(settings, lambda _: None).observer() as driver:
        assert driver is not None
        return driver._transport.get_extra_info("socket").getsockopt(level, name)


@pytest.mark.parametrize(
    ("argument", "query", "expected"),
    [
        ("application_name=me", "SHOW application_name", "me"),
        ("fallback_application_name=me", "SHOW application_name", "me"),
        ("options=-cwork_mem%3D7MB", "SHOW work_mem", "7MB"),
        ("target_session_attrs=read-write", "SELECT pg_is_in_recovery()", False),
        ("load_balance_hosts=random", "SELECT 1", 1),
        ("client_encoding=LATIN1", "SHOW client_encoding", "UTF8"),
        ("sslcompression=1", "SELECT 1", 1),
        ("connect_timeout=5", "SELECT 1", 1),
        ("channel_binding=prefer&gssencmode=prefer&sslcertmode=allow", "SELECT 1", 1),
    ],
)
async def test_honoured(project, database_url, argument, query, expected):
    assert await ask(project, f"{database_url}?{argument}", query) == expected


async def test_the_environment_and_the_service(project, database_url, monkeypatch, tmp_path):
    parts = urlsplit(database_url)
    (tmp_path / "services").write_text(
        f"[s]\nhost={parts.hostname}\nport={parts.port}\nuser={parts.username}\n"
        f"password={parts.password or ''}\napplication_name=service\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    monkeypatch.setenv("PGDATABASE", parts.path[1:])
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    found = "SELECT current_setting('application_name') || ' ' || current_setting('TimeZone')"
    assert await ask(project, "postgresql://?service=s", found) == "service Asia/Tokyo"
    monkeypatch.setenv("PGSERVICE", "s")
    assert await ask(project, "postgresql://", "SELECT current_database()") == parts.path[1:]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.name)
async def test_nothing_is_sent_when_a_parameter_is_refused(project, row):
    sent = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent.append(await reader.read(1))
        writer.close()

    listener = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener:
        value = STRICT.get(row.name, "9")
        url = f"postgresql://app:hunter2@127.0.0.1:{port}/app?{row.name}={value}"
        with pytest.raises(UrlError, match=row.name) as caught:
            await Migrator(url, script_location=project.script_location).status()
    assert "hunter2" not in str(caught.value)
    assert sent == []


@pytest.mark.parametrize(
    ("argument", "name", "level", "expected"),
    [
        ("", "SO_KEEPALIVE", socket.SOL_SOCKET, 1),
        ("keepalives=0", "SO_KEEPALIVE", socket.SOL_SOCKET, 0),
        ("", "TCP_KEEPIDLE", socket.IPPROTO_TCP, DEFAULTS["keepalives_idle"]),
        ("keepalives_idle=7", "TCP_KEEPIDLE", socket.IPPROTO_TCP, 7),
        ("keepalives_interval=3", "TCP_KEEPINTVL", socket.IPPROTO_TCP, 3),
        ("keepalives_count=2", "TCP_KEEPCNT", socket.IPPROTO_TCP, 2),
        ("", "TCP_USER_TIMEOUT", socket.IPPROTO_TCP, DEFAULTS["tcp_user_timeout"]),
        ("tcp_user_timeout=0", "TCP_USER_TIMEOUT", socket.IPPROTO_TCP, 0),
    ],
)
async def test_options_of_the_socket(project, database_url, argument, name, level, expected):
    found = await option(project, f"{database_url}?{argument}", getattr(socket, name), level)
    assert found == expected
