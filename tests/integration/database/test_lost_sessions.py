"""A server that ends the session between two messages: the error is that of a lost connection."""

from __future__ import annotations

import asyncio
import struct
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit

import pytest

from asyncmig import Migrator
from asyncmig.errors import ConnectionLostError

_FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
FATAL = b"E" + struct.pack("!I", len(_FIELDS) + 4) + _FIELDS
SECONDS_UNTIL_CLOSED = 0.2

STATIC = 'op.execute("CREATE TABLE a (id int)")'
BIND = """
op.execute("CREATE TABLE a (id int)")
op.get_bind().exec_driver_sql("SELECT 1")
op.get_bind().exec_driver_sql("SELECT 2")
"""
AWAITING = """
op.execute("CREATE TABLE a (id int)")
await op.fetch("SELECT 1")
await (await op.connection()).fetchval("SELECT 2")
"""


class EndingProxy:
    """Sends the FATAL of a shutdown behind answer ``at``, and closes the connection a moment later."""

    def __init__(self, url: str, at: int) -> None:
        self.ended = False
        self.url = ""
        self._server = urlsplit(url)
        self._at = at
        self._answers = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_in, server_out = await self._connect()
        sending = asyncio.create_task(_pump(reader, server_out))
        try:
            while not self.ended:  # the answers count over all connections
                head = await server_in.readexactly(5)
                body = await server_in.readexactly(struct.unpack("!I", head[1:])[0] - 4)
                writer.write(head + body)
                if head[:1] == b"Z":
                    self._answers += 1
                    self.ended = self._answers == self._at
            writer.write(FATAL)
            await writer.drain()
            await asyncio.sleep(SECONDS_UNTIL_CLOSED)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            pass
        finally:
            sending.cancel()
            for stream in (writer, server_out):
                stream.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        port = self._server.port or 5432
        host = dict(parse_qsl(self._server.query)).get("host") or self._server.hostname
        host = host or "localhost"
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(1 << 16):
        sink.write(chunk)
        await sink.drain()
    sink.write_eof()


@asynccontextmanager
async def ending_proxy(url: str, at: int):
    """A proxy in front of ``url``, without TLS."""
    proxy = EndingProxy(url, at)
    async with await asyncio.start_server(proxy.carry, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        parts = urlsplit(url)
        login = parts.netloc.rpartition("@")[0]
        proxy.url = parts._replace(
            netloc=f"{login}@127.0.0.1:{port}" if login else f"127.0.0.1:{port}",
            query="sslmode=disable",
        ).geturl()
        yield proxy


@pytest.mark.slow
@pytest.mark.cells(1)
@pytest.mark.parametrize(
    ("body", "signature"),
    [(STATIC, "def {name}(op):"), (BIND, "def {name}(op):"), (AWAITING, "async def {name}(op):")],
    ids=["static", "bind", "awaiting"],
)
async def test_the_server_ends_the_session(project, database_url, body, signature):
    project.revision(
        "a1", upgrade=body, downgrade='op.execute("DROP TABLE a")', signature=signature
    )
    project.revision(
        "b1",
        down="a1",
        upgrade='with op.autocommit():\n    op.execute("CREATE INDEX CONCURRENTLY i ON a (id)")',
        downgrade='op.execute("DROP INDEX i")',
    )
    direct = Migrator(database_url, script_location=project.script_location)
    errors = []
    for at in range(2, 40):
        async with ending_proxy(database_url, at) as proxy:
            migrator = Migrator(proxy.url, script_location=project.script_location)
            try:
                await migrator.upgrade()
            except ConnectionLostError as error:
                errors.append(error)
            ended = proxy.ended
        await direct.upgrade()
        assert (await direct.status()).state == "current"
        await direct.downgrade("base")
        if not ended:
            break
    else:
        pytest.fail("the run never got through")
    assert len(errors) >= 5
    for error in errors:
        assert error.message.startswith("the connection was lost: ")
        assert "the version table and the journal show what is committed" in error.hint
