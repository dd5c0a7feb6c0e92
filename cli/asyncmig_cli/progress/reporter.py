"""Reporters show the events of a run; this is their protocol, and the choice of one."""

import os
from contextlib import suppress
from importlib.util import find_spec
from types import TracebackType
from typing import Protocol, Self

from asyncmig.events import EnvWarning, Event
from asyncmig_cli.output.console import BrokenOutputError, Stream

__all__ = ["EnvWarnings", "NullReporter", "Reporter", "choose_reporter"]


class Reporter(Protocol):
    """Shows the events of a run. A failure of its stream never stops the run."""

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
        """Show a line of text."""

    def abandon(self) -> None:
        """Restore the terminal; nothing more is shown."""


class NullReporter:
    """Shows nothing."""

    def __call__(self, event: Event) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def say(self, text: str) -> None:
        """Do nothing."""

    def abandon(self) -> None:
        """Do nothing."""


class EnvWarnings(NullReporter):
    """Shows what the execution of an ``env.py`` warns of, and nothing else."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def __call__(self, event: Event) -> None:
        """Write a line for a warning."""
        if isinstance(event, EnvWarning):
            with suppress(BrokenOutputError, OSError, ValueError):
                self.stream.line(f"note: {event.message}")


def choose_reporter(
    stream: Stream, *, quiet: bool, live: bool | None, as_json: bool = False
) -> Reporter:
    """A live display on a terminal, plain lines elsewhere, nothing when quiet.

    Args:
        stream: standard error.
        quiet: whether to show nothing.
        live: True or False overrides the choice by the stream.
        as_json: write each event as a line of JSON.
    """
    if quiet:
        return NullReporter()
    if as_json:
        from asyncmig_cli.progress.json_lines import JsonReporter

        return JsonReporter(stream)
    is_live = _has_cursor(stream) if live is None else live
    # rich comes with typer, but not with typer-slim.
    if is_live and find_spec("rich") is not None:
        from asyncmig_cli.progress.live import LiveReporter

        return LiveReporter(stream)
    from asyncmig_cli.progress.lines import LineReporter

    return LineReporter(stream)


def _has_cursor(stream: Stream) -> bool:
    """False for a pipe, and for a terminal without cursor movement."""
    return stream.terminal and os.environ.get("TERM") not in {"dumb", "unknown"}
