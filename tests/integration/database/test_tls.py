"""TLS: certificates that are right and wrong, in front of the real server."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import pytest
import trustme

from asyncmig import Migrator
from asyncmig.errors import ConnectionFailedError, UrlError


@dataclass(frozen=True)
class Certificates:
    """Two authorities, of which the first signed the server's certificate, for ``localhost``."""

    server: ssl.SSLContext
    paths: dict[str, str]

    def fill(self, arguments: str) -> str:
        """With the file of ``{authority}`` or ``{stranger}``."""
        return arguments.format_map(self.paths)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Certificates:
    folder = tmp_path_factory.mktemp("certificates")
    paths = {name: folder / f"{name}.pem" for name in ("authority", "stranger")}
    authorities = {name: trustme.CA() for name in paths}
    for name, authority in authorities.items():
        authority.cert_pem.write_to_path(paths[name])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authorities["authority"].issue_cert("localhost").configure_cert(context)
    return Certificates(context, {name: str(path) for name, path in paths.items()})


@asynccontextmanager
async def encrypted(url: str, context: ssl.SSLContext):
    """A port that speaks TLS and leads to the server; gives a URL without sslmode."""
    parts = urlsplit(url)
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            assert await reader.readexactly(8) == b"\0\0\0\x08\x04\xd2\x16\x2f"  # SSLRequest
            writer.write(b"S")
            await writer.start_tls(context)
            server = await asyncio.open_connection(parts.hostname, parts.port)
            for ends in ((reader, server[1]), (server[0], writer)):
                task = asyncio.create_task(pump(*ends))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    login = parts.netloc.rpartition("@")[0]
    port = listener.sockets[0].getsockname()[1]
    try:
        yield urlunsplit(parts._replace(netloc=f"{login}@localhost:{port}"))
    finally:
        listener.close()
        for task in tasks.copy():
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def migrator(project, url: str, **settings: object) -> Migrator:
    project.revision("a1", upgrade="op.execute('CREATE TABLE t ()')")
    return Migrator(url, script_location=project.script_location, **settings)


@pytest.mark.parametrize(
    "arguments",
    [
        "sslmode=require",
        "sslmode=verify-ca&sslrootcert={authority}",
        "sslmode=verify-full&sslrootcert={authority}",
    ],
)
async def test_a_certificate_that_is_right(project, database_url, certificates, arguments):
    async with encrypted(database_url, certificates.server) as url:
        result = await migrator(project, f"{url}?{certificates.fill(arguments)}").upgrade()
    assert result.revisions == ("a1",)


@pytest.mark.parametrize(
    ("host", "arguments", "message"),
    [
        ("localhost", "sslmode=verify-ca&sslrootcert={stranger}", "issuer"),
        ("localhost", "sslmode=verify-full&sslrootcert={stranger}", "issuer"),
        ("127.0.0.1", "sslmode=verify-full&sslrootcert={authority}", "not valid for '127.0.0.1'"),
    ],
)
async def test_a_certificate_that_is_wrong(
    project, database_url, certificates, host, arguments, message
):
    async with encrypted(database_url, certificates.server) as url:
        wrong = url.replace("@localhost:", f"@{host}:")
        wrong += f"?{certificates.fill(arguments)}"
        # to wait would not make it right
        with pytest.raises(ConnectionFailedError, match=message) as caught:
            await migrator(project, wrong, wait_for_database=60).upgrade()
    assert "showed a certificate that is not trusted" in caught.value.message
    assert "sslrootcert" in caught.value.hint


async def test_a_file_that_holds_no_certificate(project, database_url, certificates, tmp_path):
    (tmp_path / "empty.pem").write_text("")
    async with encrypted(database_url, certificates.server) as url:
        wrong = f"{url}?sslmode=verify-full&sslrootcert={tmp_path / 'empty.pem'}"
        with pytest.raises(ConnectionFailedError, match="cannot encrypt the connection"):
            await migrator(project, wrong).status()


@pytest.mark.parametrize("name", ["sslrootcert", "sslcert", "sslkey", "sslcrl"])
async def test_a_file_that_is_not_there_is_named(project, database_url, name):
    with pytest.raises(UrlError, match=rf"{name}=gone\.pem, and there is no such file"):
        await migrator(project, f"{database_url}?sslmode=require&{name}=gone.pem").status()


async def test_a_server_that_does_not_encrypt(project, database_url):
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)
        writer.write(b"N")
        await writer.drain()
        writer.close()

    listener = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener:
        url = f"postgresql://app@127.0.0.1:{port}/app?sslmode=require"
        with pytest.raises(ConnectionFailedError, match="does not encrypt") as caught:
            await migrator(project, url, wait_for_database=60).status()
    assert "sslmode=prefer" in caught.value.hint
