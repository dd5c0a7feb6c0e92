"""Finds a PostgreSQL server for tests: a URL, a container, or a private server from a wheel."""

from __future__ import annotations

import os
import warnings
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import Any

import anyio.to_thread

from asyncmig.errors import ConfigError

__all__ = ["FoundServer", "docker_engine_answers", "find_server"]

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - the private server makes a folder of its own in it
_ROOM = 2 << 30
_SPEED = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=200",
    "jit=off",
)


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server; ``url`` is its maintenance database, ``found`` says how it was found."""

    url: str
    found: str


async def find_server(resources: AsyncExitStack, url: str | None = None) -> FoundServer:
    """Find or start a server; it stops with ``resources``.

    First found wins: ``url``, the variable ``ASYNCMIG_TEST_URL``, a container if a Docker engine answers
    (``ASYNCMIG_TEST_IMAGE`` names the image), the wheel of the extra ``embedded``.

    Raises:
        ConfigError: there is none of them.
    """
    if url:
        return FoundServer(url, "--asyncmig-url")
    if url := os.environ.get("ASYNCMIG_TEST_URL"):
        return FoundServer(url, "ASYNCMIG_TEST_URL")
    if await anyio.to_thread.run_sync(docker_engine_answers):
        containers = resources.enter_context(ExitStack())
        return FoundServer(await anyio.to_thread.run_sync(_container, containers), "testcontainer")
    from asyncmig import embedded

    try:
        server = await resources.enter_async_context(
            embedded.server(tcp=True, scratch_dir=_scratch_folder())
        )
    except ConfigError as error:
        raise ConfigError(
            "no PostgreSQL server for tests: ASYNCMIG_TEST_URL is not set, no Docker engine answers, and "
            + error.message,
            hint='set ASYNCMIG_TEST_URL to a server, or: pip install "asyncmig[embedded]"',
        ) from error
    return FoundServer(server.url, "embedded")


def _scratch_folder() -> Path | None:
    """The folder for the files of a private server: in memory if there is room."""
    has_room = _IN_MEMORY.is_dir() and disk_usage(_IN_MEMORY).free > _ROOM
    return _IN_MEMORY if has_room else None


def docker_engine_answers() -> bool:
    """Whether testcontainers is installed and its Docker engine answers; blocks for at most 3 seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ResourceWarning
        )  # docker's client leaks the socket that it tried
        try:
            from testcontainers.core.docker_client import DockerClient

            client = DockerClient(timeout=3).client
            try:
                return bool(client.ping())
            finally:
                client.close()
        except Exception:  # noqa: BLE001 - any failure in any of its layers means that there is no engine
            return False


def _container(resources: ExitStack) -> str:
    container_class: Any
    try:
        from testcontainers.community.postgres import PostgresContainer

        container_class = PostgresContainer
    except ModuleNotFoundError:  # before testcontainers 4.14
        from testcontainers.postgres import PostgresContainer as Former

        container_class = Former
    image = os.environ.get("ASYNCMIG_TEST_IMAGE", "postgres:18-alpine")
    container = container_class(image, username="postgres", dbname="postgres", driver=None)
    container.with_command("postgres " + " ".join(f"-c {option}" for option in _SPEED))
    resources.enter_context(container)
    return str(container.get_connection_url())
