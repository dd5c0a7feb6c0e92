"""``Startup``: what a service does about migrations when it starts, with any framework."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, cast, get_args

from asyncmig.errors import AsyncmigError, ConfigError, NotCurrentError
from asyncmig.revisions.graph.names import listed
from asyncmig.telemetry.event_log import LogOutlet, server_logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from asyncmig.results import RunResult, Status

__all__ = ["DEFAULT_TIMEOUT", "MigratesDatabase", "MigratorSource", "Mode", "Startup", "shortened"]

Mode = Literal["upgrade", "wait", "check", "off"]
"""``upgrade`` runs the pending revisions, or waits for the process that does; ``wait`` waits until another
process has migrated; ``check`` fails if revisions are pending; ``off`` does not connect."""

DEFAULT_TIMEOUT = 600.0
"""The timeout of ``wait`` in seconds, the same as the default of ``lock_wait``."""


class MigratesDatabase(Protocol):
    """The methods of ``Migrator`` that the start of a service needs."""

    def upgrade(self) -> Awaitable[RunResult]:
        """Run the pending revisions."""
        ...

    def wait_until_current(self, timeout: float | None = None) -> Awaitable[Status]:
        """Wait until another process has run them; ``NotCurrentError`` after ``timeout`` seconds."""
        ...

    def status(self) -> Awaitable[Status]:
        """The status of the database."""
        ...


class RunsBackfills(Protocol):
    """The method of ``Migrator`` that ``backfills=True`` needs."""

    def serve_backfills(self) -> Awaitable[None]:
        """Run backfills as they become due, until the task is cancelled."""
        ...


MigratorSource = (
    MigratesDatabase
    | Awaitable[MigratesDatabase]
    | Callable[[], MigratesDatabase | Awaitable[MigratesDatabase]]
)
"""A migrator, an awaitable of one, or a function that returns either. An application that is started more
than once in a process, for example in tests, needs the function: a coroutine can be awaited only once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Startup:
    """The configuration of a start, checked before the event loop runs.

    Attributes:
        migrator: the migrator or its source; not used in mode ``off``.
        mode: see ``Mode``.
        timeout: seconds for mode ``wait``; None waits forever. Mode ``upgrade`` uses the migrator's
            ``lock_wait``.
        backfills: run backfills in the background while the service runs.

    Raises:
        ConfigError: there is no such mode.
    """

    migrator: MigratorSource
    mode: Mode = "upgrade"
    timeout: float | None = DEFAULT_TIMEOUT
    backfills: bool = False
    _log: LogOutlet = field(default_factory=LogOutlet, init=False, compare=False)

    def __post_init__(self) -> None:
        if self.mode not in (modes := get_args(Mode)):
            raise ConfigError(
                f"there is no mode {self.mode!r} for a service's start",
                hint=f"one of {', '.join(modes)}",
                mode=self.mode,
            )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Run the mode; within the block backfills run in the background, if they are to.

        Raises:
            NotCurrentError, AsyncmigError: as ``run``.
        """
        await self.run()
        if not self.backfills or self.mode == "off":
            yield
            return
        import anyio

        migrator = cast("RunsBackfills", await _given(self.migrator))

        async def serve() -> None:
            await migrator.serve_backfills()

        failure: Exception | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(serve)
            try:
                yield
            except Exception as error:  # noqa: BLE001 - raised again below, outside of the group
                failure = error
            group.cancel_scope.cancel()
        if failure is not None:
            raise failure

    async def run(self) -> None:
        """Run the mode in the calling task.

        An error is raised without the traceback of its cause: servers print what ends a start as a traceback,
        and message and hint say what is wrong. The log has the traceback, at level DEBUG.

        Raises:
            NotCurrentError: revisions are pending (``check``), or still are (``wait``).
            AsyncmigError: the upgrade failed, or the database could not be read.
        """
        if self.mode == "off":
            return
        self._log.fallback = server_logger()
        try:
            await self._run(await _given(self.migrator))
        except AsyncmigError as error:
            logging.getLogger("asyncmig.startup").debug("the start failed", exc_info=True)
            _show_hint(error)
            raise shortened(error) from None

    async def _run(self, migrator: MigratesDatabase) -> None:
        _share_log(migrator, self._log)
        if self.mode == "upgrade":
            await migrator.upgrade()
            return
        if self.mode == "wait":
            limit = "" if self.timeout is None else f", at most {self.timeout:g} s"
            self._say(f"waiting until another process has migrated{limit}")
            status = await migrator.wait_until_current(timeout=self.timeout)
        else:
            _check_current(status := await migrator.status())
        self._say(f"the database is {status.state}, at {listed(status.current, empty='base')}")

    def _say(self, text: str) -> None:
        self._log.write("startup", logging.INFO, text, {"asyncmig.mode": self.mode})


async def _given(source: MigratorSource) -> MigratesDatabase:
    found = source() if callable(source) else source
    return await found if inspect.isawaitable(found) else found


def _share_log(migrator: MigratesDatabase, outlet: LogOutlet) -> None:
    """Let the events of a migrator appear in the log of the server, too."""
    from asyncmig.migrator.base import MigratorBase, project_of

    if isinstance(migrator, MigratorBase) and (log := project_of(migrator).log) is not None:
        log.outlet.fallback = outlet.fallback


def shortened(error: AsyncmigError) -> AsyncmigError:
    """The error without the frames in which it was raised; raise it ``from None``."""
    return error.with_traceback(None)


def _show_hint(error: AsyncmigError) -> None:
    """Add the hint as a note: servers log a failed start as a traceback, which shows notes."""
    if error.hint and (note := f"hint: {error.hint}") not in getattr(error, "__notes__", ()):
        error.add_note(note)


def _check_current(status: Status) -> None:
    if status.ok:
        return
    facts = {"current": status.current, "pending": status.pending, "state": status.state}
    if status.state == "diverged":
        raise NotCurrentError(
            f"the database is at {listed(status.unknown)}, which this code does not have",
            hint="deploy the code that has it, or see `asyncmig status`",
            **facts,
        )
    if status.state == "partial":
        stopped = tuple(step.revision for step in status.partial)
        raise NotCurrentError(
            f"{listed(stopped)} is partially applied",
            hint="the next `asyncmig upgrade` continues it",
            **facts,
        )
    count = len(status.pending)
    raise NotCurrentError(
        f"the database is behind: {count} revision{'s' if count != 1 else ''} pending: "
        f"{listed(status.pending)}",
        hint="run `asyncmig upgrade` first, or start with mode='upgrade' or mode='wait'",
        **facts,
    )
