"""Migrations at the start of a worker: a context for all, and hooks for some libraries.

The hooks are functions with the signature that each library expects; no library is imported.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from asyncmig.errors import AsyncmigError
from asyncmig.integrations.startup import DEFAULT_TIMEOUT, Startup, shortened

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
    backfills: bool = False,
) -> AsyncIterator[None]:
    """Migrate before the body runs.

    Args:
        migrator: a ``Migrator``, or a function that returns one.
        mode: ``upgrade`` (run pending revisions, or wait for the process that runs them), ``wait`` (until
            another process has migrated), ``check`` (fail if revisions are pending), ``off``.
        timeout: seconds for ``wait``; None waits forever.
        backfills: run deferred backfills in a task while the body runs.

    Raises:
        ConfigError: there is no such mode.
        NotCurrentError: revisions are pending (``check``), or still are (``wait``).
        AsyncmigError: the upgrade failed, or the database could not be read.

    Example::

        async with asyncmig.migrated(migrator, mode="wait"):
            await consume()
    """
    startup = Startup(migrator=migrator, mode=mode, timeout=timeout, backfills=backfills)
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(startup.serving())
        except AsyncmigError as error:
            raise shortened(error) from None
        yield


def arq_startup(
    migrator: MigratorSource,
    mode: Mode = "upgrade",
    *,
    then: Callable[[dict[Any, Any]], Awaitable[None]] | None = None,
    timeout: float | None = DEFAULT_TIMEOUT,
) -> Callable[[dict[Any, Any]], Awaitable[None]]:
    """``on_startup`` for arq; ``then`` is the worker's existing one.

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
        del state  # taskiq's state that tasks share
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
