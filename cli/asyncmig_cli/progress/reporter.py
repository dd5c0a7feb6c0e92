"""The seam between a run and its display, and the choice between the displays."""

import os
from importlib.util import find_spec
from types import TracebackType
from typing import Protocol, Self

from asyncmig.events import Event
from asyncmig_cli.console import Stream

__all__ = ["Reporter", "Silence", "choose_reporter"]


class Reporter(Protocol):
    """Shows a run, event by event. What happens to its stream never stops the run."""

    def __call__(self, event: Event) -> None:
        """Show ``event``."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

    def say(self, text: str) -> None:
        """Show a line of our own."""

    def abandon(self) -> None:
        """Leave the terminal as it was; nothing more will be shown."""


class Silence:
    """Shows nothing."""

    def __call__(self, event: Event) -> None:
        """Nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def say(self, text: str) -> None:
        """Nothing."""

    def abandon(self) -> None:
        """Nothing."""


def choose_reporter(stream: Stream, *, quiet: bool, live: bool | None) -> Reporter:
    """A live display on a terminal, plain lines elsewhere, nothing when quiet.

    Args:
        stream: where it is shown: standard error.
        quiet: whether to show nothing.
        live: True or False to decide against what the stream is.
    """
    if quiet:
        return Silence()
    wanted = _terminal_moves(stream) if live is None else live
    # rich comes with typer, but not with typer-slim.
    if wanted and find_spec("rich") is not None:
        from asyncmig_cli.progress.live import LiveReporter

        return LiveReporter(stream)
    from asyncmig_cli.progress.lines import LineReporter

    return LineReporter(stream)


def _terminal_moves(stream: Stream) -> bool:
    """False for a pipe, and for a terminal that cannot move its cursor."""
    return stream.terminal and os.environ.get("TERM") not in {"dumb", "unknown"}
