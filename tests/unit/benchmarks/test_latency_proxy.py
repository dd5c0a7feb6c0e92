"""The proxy: where messages begin, what a round trip is, and that latency is added."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.proxy import Framing, latency_proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STARTUP = struct.pack("!ii", 13, 196608) + b"user\0"
TLS_REQUEST = struct.pack("!ii", 8, 80877103)
CANCEL = struct.pack("!iiii", 16, 80877102, 1, 2)
READY = b"Z\0\0\0\5I"


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def query(sql: str) -> bytes:
    return message(b"Q", sql.encode() + b"\0")


class TestFraming:
    def test_the_first_message_has_no_type(self):
        assert [m.type for m in Framing().feed(STARTUP + query("select 1"))] == ["startup", "Q"]

    def test_negotiation_is_followed_by_the_startup_message(self):
        framing = Framing()
        assert [m.type for m in framing.feed(TLS_REQUEST)] == ["tls?"]
        assert [m.type for m in framing.feed(STARTUP)] == ["startup"]

    def test_a_request_to_cancel_is_told_apart(self):
        assert [m.type for m in Framing().feed(CANCEL)] == ["cancel"]

    def test_sql_is_shown_of_simple_queries_and_prepared_statements(self):
        stream = STARTUP + query("select 1") + message(b"P", b"name\0select $1\0\0\0")
        assert [m.text for m in Framing().feed(stream)] == ["", "select 1", "select $1"]

    def test_a_password_is_not_shown(self):
        stream = STARTUP + message(b"p", b"secret\0")
        assert all("secret" not in m.text for m in Framing().feed(stream))

    @given(
        bodies=st.lists(st.binary(max_size=40), max_size=8),
        cuts=st.lists(st.integers(min_value=1, max_value=30), min_size=1, max_size=30),
    )
    def test_messages_are_found_however_the_stream_is_cut(self, bodies, cuts):
        stream = TLS_REQUEST + STARTUP + b"".join(message(b"d", body) for body in bodies)
        framing, found, at = Framing(), [], 0
        while at < len(stream):
            size = cuts[at % len(cuts)]
            found += framing.feed(stream[at : at + size])
            at += size
        assert [m.type for m in found] == ["tls?", "startup"] + ["d"] * len(bodies)


@contextmanager
def fake_server(talk: Callable[[socket.socket], None], path: Path | None = None) -> Iterator[str]:
    """One connection's worth of a server, and its URL."""
    family = socket.AF_UNIX if path else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind(str(path) if path else ("127.0.0.1", 0))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(ConnectionResetError):  # the other side may leave first
                talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        if path:
            yield f"postgresql://app@/db?host={path.parent}&sslmode=disable"
        else:
            yield f"postgresql+asyncpg://app:secret@127.0.0.1:{listener.getsockname()[1]}/db"
        thread.join(timeout=10)
        assert not thread.is_alive()


def answer_each_receive(connection: socket.socket) -> None:
    while connection.recv(1 << 20):
        connection.sendall(READY)


@contextmanager
def client(url: str) -> Iterator[socket.socket]:
    port = int(url.rpartition("@127.0.0.1:")[2].partition("/")[0])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def ask(connection: socket.socket, question: bytes) -> bytes:
    connection.sendall(question)
    return connection.recv(1 << 16)


class TestCounting:
    def test_every_answered_burst_is_one_round_trip(self):
        with fake_server(answer_each_receive) as url, latency_proxy(url) as proxy:
            with client(proxy.url) as connection:
                for question in (STARTUP, query("a") + query("b"), query("c")):
                    assert ask(connection, question) == READY
                connection.sendall(message(b"X", b""))
            assert [trip.messages for trip in proxy.round_trips] == [["startup"], ["Q", "Q"], ["Q"]]
            assert proxy.connections == 1

    def test_one_message_is_one_round_trip_however_early_the_server_talks(self):
        """A notice comes back before the client has sent the last byte of its statement."""
        whole = query("x" * 300_000)

        def talk(connection: socket.socket) -> None:
            connection.recv(len(STARTUP), socket.MSG_WAITALL)
            received = 0
            while received < len(whole):
                received += len(connection.recv(1 << 16))
                connection.sendall(b"N\0\0\0\5\0")
            connection.sendall(READY)
            connection.recv(1)

        with fake_server(talk) as url, latency_proxy(url) as proxy:
            with client(proxy.url) as connection:
                connection.sendall(STARTUP)
                connection.sendall(whole[:200_000])
                assert connection.recv(6) == b"N\0\0\0\5\0"
                connection.sendall(whole[200_000:])
                while not connection.recv(1 << 16).endswith(READY):
                    pass
            assert len(proxy.round_trips) == 1
            assert proxy.round_trips[0].size == len(STARTUP) + len(whole)

    def test_it_counts_from_zero_again(self):
        with fake_server(answer_each_receive) as url, latency_proxy(url) as proxy:
            with client(proxy.url) as connection:
                ask(connection, STARTUP)
                proxy.reset()
                ask(connection, query("select 1"))
            assert [trip.text for trip in proxy.round_trips] == ["select 1"]
            assert "select 1" in proxy.describe()

    def test_what_the_block_raises_comes_out_as_it_is(self):
        with (
            pytest.raises(ZeroDivisionError),
            latency_proxy("postgresql://app@127.0.0.1:5432/db"),
        ):
            raise ZeroDivisionError

    def test_tls_is_declined_by_the_proxy_itself(self):
        heard: list[bytes] = []

        def talk(connection: socket.socket) -> None:
            heard.append(connection.recv(1 << 16))
            connection.sendall(READY)
            connection.recv(1)

        with fake_server(talk) as url, latency_proxy(url) as proxy:
            with client(proxy.url) as connection:
                assert ask(connection, TLS_REQUEST) == b"N"
                assert ask(connection, STARTUP) == READY
            assert heard == [STARTUP]
            assert len(proxy.round_trips) == 2


class TestLine:
    def test_each_round_trip_takes_the_latency_longer(self):
        with (
            fake_server(answer_each_receive) as url,
            latency_proxy(url, round_trip=0.05) as proxy,
            client(proxy.url) as connection,
        ):
            for question in (TLS_REQUEST, STARTUP, query("select 1")):
                begun = time.perf_counter()
                ask(connection, question)
                assert time.perf_counter() - begun >= 0.049

    def test_what_is_sent_meanwhile_does_not_wait_in_line(self):
        """Forty bursts under way at once need the latency once, not forty times."""

        def talk(connection: socket.socket) -> None:
            received = b""
            while not received.endswith(b"last\0"):
                received += connection.recv(1 << 16)
            connection.sendall(READY)
            connection.recv(1)

        with (
            fake_server(talk) as url,
            latency_proxy(url, round_trip=0.2) as proxy,
            client(proxy.url) as connection,
        ):
            begun = time.perf_counter()
            connection.sendall(STARTUP)
            for _ in range(40):
                connection.sendall(query("x"))
                time.sleep(0.001)
            assert ask(connection, query("last")) == READY
            assert 0.2 <= time.perf_counter() - begun < 40 * 0.1
            assert len(proxy.round_trips) == 1

    def test_the_answer_is_complete_when_the_server_hangs_up(self):
        def talk(connection: socket.socket) -> None:
            connection.recv(1 << 16)
            connection.sendall(b"N" * 1_000_000)

        with (
            fake_server(talk) as url,
            latency_proxy(url, round_trip=0.02) as proxy,
            client(proxy.url) as connection,
        ):
            connection.sendall(STARTUP)
            received = 0
            while chunk := connection.recv(1 << 16):
                received += len(chunk)
            assert received == 1_000_000


class TestAddress:
    def test_only_the_address_of_the_url_changes(self):
        with latency_proxy("postgresql+asyncpg://app:s%40cret@db.example:5433/shop?a=b") as proxy:
            assert proxy.url.startswith("postgresql+asyncpg://app:s%40cret@127.0.0.1:")
            assert proxy.url.endswith("/shop?a=b")

    def test_a_unix_socket_is_reached(self, tmp_path):
        path = tmp_path / ".s.PGSQL.5432"
        with fake_server(answer_each_receive, path) as url, latency_proxy(url) as proxy:
            assert "host=" not in proxy.url
            assert "sslmode=disable" in proxy.url
            with client(proxy.url) as connection:
                assert ask(connection, STARTUP) == READY

    def test_without_a_server_the_client_is_hung_up_on(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            url = f"postgresql://app@127.0.0.1:{probe.getsockname()[1]}/db"
        with latency_proxy(url) as proxy, client(proxy.url) as connection:
            assert connection.recv(1) == b""
            assert proxy.round_trips == []
