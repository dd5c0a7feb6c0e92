"""What a service does about migrations when it starts, whatever framework starts it."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from asyncmig.errors import AsyncmigError, ConfigError, NotCurrentError

if TYPE_CHECKING:
    from asyncmig.results import RunResult, Status

__all__ = ["DEFAULT_TIMEOUT", "MigratesDatabase", "MigratorSource", "Mode", "Startup"]

Mode = Literal["upgrade", "wait", "check", "off"]
"""``upgrade`` runs what is pending, or waits for whoever runs it; ``wait`` only waits; ``check``
fails when the database is behind; ``off`` does not even look."""

DEFAULT_TIMEOUT = 600.0
"""Seconds for which ``wait`` waits: as long as a runner by default waits for the lock."""

_SHOWN = 5


class MigratesDatabase(Protocol):
    """The part of ``Migrator`` that a starting service needs."""

    def upgrade(self) -> Awaitable[RunResult]:
        """Run what is pending."""
        ...

    def wait_until_current(self, timeout: float | None = None) -> Awaitable[Status]:
        """Wait for somebody else to run it; ``NotCurrentError`` after so many seconds."""
        ...

    def status(self) -> Awaitable[Status]:
        """Where the database stands."""
        ...


MigratorSource = (
    MigratesDatabase
    | Awaitable[MigratesDatabase]
    | Callable[[], MigratesDatabase | Awaitable[MigratesDatabase]]
)
"""A migrator, something to await for one, or a function that gives either. An application that is
started more than once in a process (in tests, say) wants the function: a coroutine is spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Startup:
    """One way of starting, fixed before the event loop runs.

    Attributes:
        migrator: where the migrator comes from; not asked for one in mode ``off``.
        mode: what to do.
        timeout: seconds for mode ``wait``; None waits as long as it takes. In mode ``upgrade`` the
            migrator's own ``lock_wait`` counts.

    Raises:
        ConfigError: there is no such mode.
    """

    migrator: MigratorSource
    mode: Mode = "upgrade"
    timeout: float | None = DEFAULT_TIMEOUT

    def __post_init__(self) -> None:
        if self.mode not in (modes := get_args(Mode)):
            raise ConfigError(
                f"there is no mode {self.mode!r} for a service's start",
                hint=f"one of {', '.join(modes)}",
                mode=self.mode,
            )

    async def run(self) -> None:
        """Do it; whatever goes on is part of the calling task and ends with it.

        Raises:
            NotCurrentError: revisions are pending (``check``), or still are (``wait``).
            AsyncmigError: the upgrade failed, or the database could not be asked.
        """
        if self.mode == "off":
            return
        try:
            await self._run(await _given(self.migrator))
        except AsyncmigError as error:
            _show_hint(error)
            raise

    async def _run(self, migrator: MigratesDatabase) -> None:
        if self.mode == "upgrade":
            await migrator.upgrade()
        elif self.mode == "wait":
            await migrator.wait_until_current(timeout=self.timeout)
        else:
            _demand_current(await migrator.status())


async def _given(source: MigratorSource) -> MigratesDatabase:
    found = source() if callable(source) else source
    return await found if inspect.isawaitable(found) else found


def _show_hint(error: AsyncmigError) -> None:
    """Servers log a failed start as a traceback, where only notes tell more than the message."""
    if error.hint and (note := f"hint: {error.hint}") not in getattr(error, "__notes__", ()):
        error.add_note(note)


def _demand_current(status: Status) -> None:
    if status.ok:
        return
    facts = {"current": status.current, "pending": status.pending, "state": status.state}
    if status.state == "diverged":
        raise NotCurrentError(
            f"the database is at {_names(status.unknown)}, which this code does not have",
            hint="deploy the code that has it, or see `asyncmig status`",
            **facts,
        )
    if status.state == "partial":
        stopped = tuple(step.revision for step in status.partial)
        raise NotCurrentError(
            f"the database is in the middle of {_names(stopped)}",
            hint="the next `asyncmig upgrade` goes on from there",
            **facts,
        )
    count = len(status.pending)
    raise NotCurrentError(
        f"the database is behind: {count} revision{'s' if count != 1 else ''} pending: "
        f"{_names(status.pending)}",
        hint="run `asyncmig upgrade` first, or start with mode='upgrade' or mode='wait'",
        **facts,
    )


def _names(revisions: tuple[str, ...]) -> str:
    return ", ".join(revisions[:_SHOWN]) + (", ..." if len(revisions) > _SHOWN else "")
