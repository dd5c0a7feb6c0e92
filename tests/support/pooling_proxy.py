"""A tiny PgBouncer: the server connections that its clients bring along are shared by all of them.

In ``transaction`` mode a client is served by the connection that has been idle for longest, and keeps
it for one transaction; in ``session`` mode it keeps its own. Logins pass through to the server, so that
passwords work; the process id that the client is told may be made up, as PgBouncer does. COPY does not.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Mode = Literal["transaction", "session"]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class PoolingProxy:
    """One listening socket; ``swaps`` counts how often a client was given another server process."""

    def __init__(self, url: str, mode: Mode, *, made_up_ids: bool) -> None:
        self.url = ""
        self.swaps = 0
        self._server = urlsplit(url)
        self._mode = mode
        self._made_up_ids = made_up_ids
        self._idle: asyncio.Queue[Streams] = asyncio.Queue()
        self._servers: list[Streams] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client until it goes."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                own = await self._log_in(reader, writer)
                if own is not None:
                    await self._serve_transactions(reader, writer, own)
        finally:
            writer.transport.abort()

    async def close(self) -> None:
        """End every connection."""
        for _, writer in self._servers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _log_in(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Streams | None:
        server = await self._connect()
        self._servers.append(server)
        size = await reader.readexactly(4)
        rest = await reader.readexactly(struct.unpack("!I", size)[0] - 4)
        server[1].write(size + rest)
        if rest[:4] == struct.pack("!I", 80877102):  # a request to cancel: no answer follows
            return None
        while True:
            kind, message = await _message(server[0])
            if kind == b"K" and self._made_up_ids:
                message = message[:5] + struct.pack("!I", 7) + message[9:]
            writer.write(message)
            if kind == b"Z":
                return server
            if kind == b"R" and struct.unpack("!I", message[5:9])[0] in {3, 5, 10, 11}:
                server[1].write((await _message(reader))[1])

    async def _serve_transactions(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, own: Streams
    ) -> None:
        if self._mode == "transaction":
            self._idle.put_nowait(own)
        last = own
        while True:
            kind, message = await _message(reader)
            if kind == b"X":
                return
            server = own if self._mode == "session" else await self._idle.get()
            self.swaps += server is not last
            last = server
            ready: asyncio.Queue[bytes] = asyncio.Queue()
            answers = asyncio.create_task(_pass_on(server[0], writer, ready))
            try:
                while True:
                    server[1].write(message)
                    if kind in {b"Q", b"S"} and await ready.get() == b"I":
                        break
                    kind, message = await _message(reader)
            finally:
                answers.cancel()
                await asyncio.gather(answers, return_exceptions=True)
            if self._mode == "transaction":
                self._idle.put_nowait(server)

    async def _connect(self) -> Streams:
        host = (
            dict(parse_qsl(self._server.query)).get("host") or self._server.hostname or "localhost"
        )
        port = self._server.port or 5432
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)


async def _pass_on(
    server: asyncio.StreamReader, writer: asyncio.StreamWriter, ready: asyncio.Queue[bytes]
) -> None:
    """Pass answers on; after each that is complete, the state of the transaction."""
    try:
        while True:
            kind, message = await _message(server)
            writer.write(message)
            if kind == b"Z":
                ready.put_nowait(message[5:6])
                if message[5:6] == b"I":
                    return
    except (OSError, asyncio.IncompleteReadError):
        ready.put_nowait(b"I")
        writer.transport.abort()


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    return head[:1], head + await reader.readexactly(struct.unpack("!I", head[1:])[0] - 4)


@asynccontextmanager
async def pooling_proxy(
    url: str, mode: Mode = "transaction", *, made_up_ids: bool = True
) -> AsyncIterator[PoolingProxy]:
    """A pooling proxy in front of ``url``."""
    proxy = PoolingProxy(url, mode, made_up_ids=made_up_ids)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    host = f"{login}@127.0.0.1:{port}" if login else f"127.0.0.1:{port}"
    proxy.url = urlunsplit(("postgresql", host, parts.path, "sslmode=disable", ""))
    try:
        yield proxy
    finally:
        listener.close()
        await proxy.close()
