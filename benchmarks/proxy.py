"""A network of a given latency in front of PostgreSQL, which also counts round trips.

::

    with latency_proxy(url, round_trip=0.010) as proxy:
        await Migrator(proxy.url, ...).upgrade()
    assert len(proxy.round_trips) <= 25, proxy.describe()

It runs in a thread with an event loop of its own: sync and async tests use it alike, and what is
measured may be this process or another. Half of the latency lies on the way there and half on the
way back; what is sent meanwhile travels along, as on a real line, and no bandwidth is lost. The TCP
handshake is free of it, since the proxy stands on this machine.

A round trip is a burst of messages from the client, and an answer: it begins with a message that
the client starts after it got something from the server, and counts once the answer gets through.
So a statement of 1 MB or a pipeline of messages is one, and a farewell that nobody answers is none.
"""

from __future__ import annotations

import struct
from collections import deque
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import anyio
import anyio.abc
from anyio.from_thread import start_blocking_portal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from urllib.parse import SplitResult

    from anyio.abc import SocketStream

__all__ = ["Framing", "LatencyProxy", "Message", "RoundTrip", "latency_proxy"]

CHUNK = 1 << 16
IN_FLIGHT = 256  # chunks on their way in one direction: 16 MB
PREVIEW = 160
TLS_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
NEGOTIATION = {TLS_REQUEST: "tls?", GSS_REQUEST: "gss?", CANCEL_REQUEST: "cancel"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The beginning of a message: its type in the protocol, and its text where it carries SQL."""

    type: str
    text: str = ""


@dataclass(slots=True, kw_only=True)
class RoundTrip:
    """One burst of messages and its answer.

    Attributes:
        messages: their types, in the letters of PostgreSQL's protocol (``Q`` is a simple query).
        text: the beginning of the SQL in it.
        size: bytes from the client.
        seconds: from its first byte at the proxy to the first byte of the answer leaving it.
    """

    messages: list[str] = field(default_factory=list)
    text: str = ""
    size: int = 0
    seconds: float = 0.0
    begun: float = 0.0
    answered: bool = False


@dataclass(slots=True, kw_only=True)
class LatencyProxy:
    """A running proxy.

    Attributes:
        url: the server's URL as given, but through here.
        latency: seconds a round trip takes longer.
        round_trips: those that were answered, in order, over all connections.
        connections: how many were made.
    """

    url: str
    latency: float
    round_trips: list[RoundTrip] = field(default_factory=list)
    connections: int = 0

    def reset(self) -> None:
        """Count from zero again."""
        self.round_trips.clear()
        self.connections = 0

    def describe(self) -> str:
        """One line a round trip, to be read where a count is not as expected."""
        return "\n".join(
            f"{number:5} {trip.seconds * 1000:8.2f} ms {trip.size:8} B "
            f"{' '.join(trip.messages)[:30]:30} {' '.join(trip.text.split())[:PREVIEW]}"
            for number, trip in enumerate(self.round_trips, 1)
        )


@contextmanager
def latency_proxy(url: str, *, round_trip: float = 0.0) -> Iterator[LatencyProxy]:
    """Serve a proxy on a free port of the loopback interface while the block lasts.

    Args:
        url: where PostgreSQL is: ``postgresql://user:password@host:port/name``, with any driver's
            name in its scheme; a socket's folder as ``?host=/folder``.
        round_trip: seconds that each round trip shall take longer; 0 counts only.
    """
    with start_blocking_portal() as portal, ExitStack() as stack:
        service = portal.wrap_async_context_manager(_serve(urlsplit(url), round_trip))
        proxy = service.__enter__()
        # what the block raises is not the service's: its task group would wrap it in a group
        stack.callback(service.__exit__, None, None, None)
        yield proxy


@asynccontextmanager
async def _serve(server: SplitResult, latency: float) -> AsyncIterator[LatencyProxy]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    proxy = LatencyProxy(url=_through(server, port), latency=latency)

    async def carry(client: SocketStream) -> None:
        proxy.connections += 1
        async with client:
            try:
                upstream = await _connect(server)
            except OSError:  # the client sees what it would see there: nobody at home
                return
            async with upstream:
                await Conversation(proxy, client, upstream).run()

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, carry)
        yield proxy
        tasks.cancel_scope.cancel()


class Conversation:
    """One connection: two streams of bytes, each as late as the line is long."""

    def __init__(self, proxy: LatencyProxy, client: SocketStream, server: SocketStream) -> None:
        self.proxy = proxy
        self.client = client
        self.server = server
        self.framing = Framing()
        self.trip: RoundTrip | None = None
        self.there = Line(proxy.latency / 2)
        self.back = Line(proxy.latency / 2)

    async def run(self) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.listen_to_client)
            tasks.start_soon(self.speak_to_server)
            tasks.start_soon(self.listen_to_server)
            await self.speak_to_client()
            tasks.cancel_scope.cancel()

    async def listen_to_client(self) -> None:
        async for chunk in _chunks(self.client):
            messages = self.framing.feed(chunk)
            self.note_question(messages, len(chunk))
            if any(message.type in {"tls?", "gss?"} for message in messages):
                await self.back.put(b"N", delay=self.proxy.latency)  # we speak in clear
            else:
                await self.there.put(chunk)
        await self.there.close()

    async def speak_to_server(self) -> None:
        async for chunk in self.there:
            await _send(self.server, chunk)
        await _end(self.server)

    async def listen_to_server(self) -> None:
        async for chunk in _chunks(self.server):
            await self.back.put(chunk)
        await self.back.close()

    async def speak_to_client(self) -> None:
        async for chunk in self.back:
            self.note_answer()
            await _send(self.client, chunk)

    def note_question(self, messages: list[Message], size: int) -> None:
        if messages and (self.trip is None or self.trip.answered):
            self.trip = RoundTrip(begun=anyio.current_time())
        if self.trip is None:
            return
        self.trip.size += size
        self.trip.messages += [message.type for message in messages]
        self.trip.text = self.trip.text or next((m.text for m in messages if m.text), "")

    def note_answer(self) -> None:
        trip = self.trip
        if trip is not None and not trip.answered:
            trip.answered = True
            trip.seconds = anyio.current_time() - trip.begun
            self.proxy.round_trips.append(trip)


class Line:
    """Bytes on their way in one direction: each chunk arrives ``delay`` seconds after it left."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.entrance, self.exit = anyio.create_memory_object_stream[tuple[float, bytes]](IN_FLIGHT)

    async def put(self, chunk: bytes, *, delay: float | None = None) -> None:
        due = anyio.current_time() + (self.delay if delay is None else delay)
        await self.entrance.send((due, chunk))

    async def close(self) -> None:
        await self.put(b"")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with self.entrance, self.exit:
            async for due, chunk in self.exit:
                if self.delay:
                    await anyio.sleep_until(due)
                if not chunk:
                    return
                yield chunk


class Framing:
    """Finds where a client's messages begin in a stream of bytes (PostgreSQL's wire protocol)."""

    def __init__(self) -> None:
        self.header = b""
        self.skip = 0
        self.started = False  # the first message has no type: its length and a number instead

    def feed(self, chunk: bytes) -> list[Message]:
        """The messages that begin in this chunk."""
        messages: deque[Message] = deque()
        view = memoryview(chunk)
        while view:
            taken = min(self.skip, len(view))
            self.skip -= taken
            view = view[taken:]
            if not view:
                break
            wanted = (5 if self.started else 8) - len(self.header)
            self.header += bytes(view[:wanted])
            view = view[wanted:]
            if len(self.header) == (5 if self.started else 8):
                messages.append(self._begin(bytes(view[:PREVIEW])))
        return list(messages)

    def _begin(self, body: bytes) -> Message:
        header, self.header = self.header, b""
        if not self.started:
            length, code = struct.unpack("!ii", header)
            self.skip = length - 8
            self.started = code not in NEGOTIATION
            return Message(type=NEGOTIATION.get(code, "startup"))
        kind, length = header[:1].decode("latin-1"), struct.unpack("!i", header[1:])[0]
        self.skip = length - 4
        return Message(type=kind, text=_sql(kind, body[: self.skip]))


def _sql(kind: str, body: bytes) -> str:
    if kind == "P":  # a prepared statement's name comes first
        body = body.partition(b"\0")[2]
    elif kind != "Q":
        return ""
    return body.partition(b"\0")[0].decode("utf-8", "replace")


async def _chunks(stream: SocketStream) -> AsyncIterator[bytes]:
    while True:
        try:
            yield await stream.receive(CHUNK)
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return


async def _send(stream: SocketStream, chunk: bytes) -> None:
    try:
        await stream.send(chunk)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        return  # that side left; the other one's end closes the conversation


async def _end(stream: SocketStream) -> None:
    try:
        await stream.send_eof()
    except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        return


async def _connect(server: SplitResult) -> SocketStream:
    query = dict(parse_qsl(server.query))
    host = query.get("host") or server.hostname or "127.0.0.1"
    port = int(query.get("port") or server.port or 5432)
    if host.startswith("/"):
        return await anyio.connect_unix(f"{host}/.s.PGSQL.{port}")
    return await anyio.connect_tcp(host, port)


def _through(server: SplitResult, port: int) -> str:
    """The same URL with another address."""
    user = server.netloc.rpartition("@")[0]
    query = [pair for pair in parse_qsl(server.query) if pair[0] not in {"host", "port"}]
    netloc = f"{user}@127.0.0.1:{port}" if user else f"127.0.0.1:{port}"
    return urlunsplit(server._replace(netloc=netloc, query=urlencode(query)))
