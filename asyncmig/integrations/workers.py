"""Migrations at the start of a worker: a context for any of them, and hooks for some.

The hooks are plain functions of the shape that each library calls; none of them is imported.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from asyncmig.integrations.startup import DEFAULT_TIMEOUT, Startup

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from asyncmig.integrations.startup import MigratorSource, Mode

__all__ = ["arq_startup", "faststream_startup", "migrated", "taskiq_startup"]


@asynccontextmanager
async def migrated(
    migrator: MigratorSource,
    mode: Mode = "upgrade",
    *,
    timeout: float | None = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - in mode wait an outcome of its own, not a cancellation
) -> AsyncIterator[None]:
    """Enter with a database that this code can work on.

    Args:
        migrator: a ``Migrator``, or a function that gives one.
        mode: ``upgrade`` (run what is pending, or wait for whoever runs it), ``wait`` (until
            somebody else has), ``check`` (fail if behind), ``off``.
        timeout: seconds for ``wait``; None waits as long as it takes.

    Raises:
        ConfigError: there is no such mode.
        NotCurrentError: revisions are pending (``check``), or still are (``wait``).
        AsyncmigError: the upgrade failed, or the database could not be asked.

    Example::

        async with asyncmig.migrated(migrator, mode="wait"):
            await consume()
    """
    await Startup(migrator=migrator, mode=mode, timeout=timeout).run()
    yield


def arq_startup(
    migrator: MigratorSource,
    mode: Mode = "upgrade",
    *,
    then: Callable[[dict[Any, Any]], Awaitable[None]] | None = None,
    timeout: float | None = DEFAULT_TIMEOUT,
) -> Callable[[dict[Any, Any]], Awaitable[None]]:
    """``on_startup`` for arq; ``then`` is the one that the worker has already.

    Example::

        class WorkerSettings:
            on_startup = arq_startup(migrator, mode="wait")
    """
    startup = Startup(migrator=migrator, mode=mode, timeout=timeout)

    async def on_startup(ctx: dict[Any, Any]) -> None:
        await startup.run()
        if then is not None:
            await then(ctx)

    return on_startup


def taskiq_startup(
    migrator: MigratorSource,
    mode: Mode = "upgrade",
    *,
    timeout: float | None = DEFAULT_TIMEOUT,
) -> Callable[[Any], Awaitable[None]]:
    """An event handler for taskiq; handlers run in the order they were added.

    Example::

        broker.add_event_handler(TaskiqEvents.WORKER_STARTUP, taskiq_startup(migrator))
    """
    startup = Startup(migrator=migrator, mode=mode, timeout=timeout)

    async def on_worker_startup(state: Any) -> None:
        del state  # taskiq's, for what tasks share
        await startup.run()

    return on_worker_startup


def faststream_startup(
    migrator: MigratorSource,
    mode: Mode = "upgrade",
    *,
    timeout: float | None = DEFAULT_TIMEOUT,
) -> Callable[[], Awaitable[None]]:
    """A startup hook for FastStream: it runs before the broker connects.

    Example::

        app = FastStream(broker, on_startup=[faststream_startup(migrator)])
    """
    return Startup(migrator=migrator, mode=mode, timeout=timeout).run
