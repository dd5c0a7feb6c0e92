"""The seam between a run and its display, and the choice between the displays."""

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
    if stream.terminal and os_terminal_moves() if live is None else live:
        from asyncmig_cli.progress.live import LiveReporter

        return LiveReporter(stream)
    from asyncmig_cli.progress.lines import LineReporter

    return LineReporter(stream)


def os_terminal_moves() -> bool:
    """False for a terminal that cannot move its cursor."""
    import os

    return os.environ.get("TERM") not in {"dumb", "unknown"}
