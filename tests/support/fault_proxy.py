"""A way to PostgreSQL that breaks at a chosen message.

``before``: the message never reaches the server. ``after``: the server gets it, works, and its answer
never arrives. Both end the connection. In a partition no side notices anything: ``lost`` swallows this
message and all that follows, ``unanswered`` swallows the answers from this message on. Messages are counted
over all connections that are made through the proxy, from 1; the bursts of connecting and logging in count
like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

When = Literal["before", "after", "lost", "unanswered"]
CHUNK = 1 << 16


class FaultProxy:
    """One listening socket; ``seen`` counts the client's messages so far."""

    def __init__(self, url: str, at: int | None, when: When) -> None:
        self.seen = 0
        self.broken = False
        self._server = urlsplit(url)
        self._at = at
        self._when = when
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def carry(
        self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter
    ) -> None:
        """Serve one connection until either side ends it, or it breaks."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        server_in, server_out = await self._connect()
        answers = asyncio.create_task(_pump(server_in, client_out, self._swallows_answers))
        try:
            while chunk := await client_in.read(CHUNK):
                self.seen += 1
                if self._at is not None and self.seen >= self._at and self._is_partition:
                    self.broken = True
                    if self._when == "lost":
                        continue
                elif self.seen == self._at:
                    await self._break(answers, server_out, server_in, chunk)
                    return
                server_out.write(chunk)
                await server_out.drain()
        except OSError:
            pass
        finally:
            answers.cancel()
            for writer in (client_out, server_out):
                writer.transport.abort()

    @property
    def _is_partition(self) -> bool:
        return self._when in {"lost", "unanswered"}

    def _swallows_answers(self) -> bool:
        return self._is_partition and self._at is not None and self.seen >= self._at

    async def finished(self) -> None:
        """Wait until every connection is done with, that of a request to cancel as well."""
        if self._is_partition:
            await asyncio.sleep(0.05)  # the driver makes one when a waiting query is cancelled
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _break(
        self,
        answers: asyncio.Task[None],
        server_out: asyncio.StreamWriter,
        server_in: asyncio.StreamReader,
        chunk: bytes,
    ) -> None:
        self.broken = True
        if self._when == "before":
            return
        answers.cancel()
        await asyncio.gather(answers, return_exceptions=True)
        server_out.write(chunk)
        await server_out.drain()
        # the server has done its work once it says that it is ready; a flush is only answered
        last = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(60 if chunk[:1] == b"Q" else 0.2):
                while answer := await server_in.read(CHUNK):
                    last = (last + answer)[-6:]
                    if last.endswith(_READY):
                        return

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host = (
            dict(parse_qsl(self._server.query)).get("host") or self._server.hostname or "localhost"
        )
        port = self._server.port or 5432
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, port)


_READY = (b"Z\0\0\0\5I", b"Z\0\0\0\5T", b"Z\0\0\0\5E")


async def _pump(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, swallows: Callable[[], bool]
) -> None:
    try:
        while chunk := await source.read(CHUNK):
            if swallows():
                continue
            sink.write(chunk)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.transport.abort()


@asynccontextmanager
async def fault_proxy(
    url: str, at: int | None = None, when: When = "before"
) -> AsyncIterator[FaultProxy]:
    """A proxy in front of ``url`` that breaks at message ``at``; None never breaks, and counts."""
    proxy = FaultProxy(url, at, when)
    listener = await asyncio.start_server(proxy.carry, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    proxy.url = urlunsplit(
        (
            "postgresql",
            f"{login}@127.0.0.1:{port}" if login else f"127.0.0.1:{port}",
            parts.path,
            "",
            "",
        )
    )
    try:
        yield proxy
    finally:
        await proxy.finished()
        listener.close()
        await proxy.finished()
