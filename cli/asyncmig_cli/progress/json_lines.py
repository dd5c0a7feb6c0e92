"""Progress as JSON: a line on standard error for each event, for programs that follow a run."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Self

from asyncmig.events import Event
from asyncmig_cli.output.console import BrokenOutputError, Stream

__all__ = ["JsonReporter"]


class JsonReporter:
    """Writes events to ``stream``; when the stream fails it writes no more, and the run continues."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def abandon(self) -> None:
        """Nothing is to be restored."""

    def say(self, text: str) -> None:
        """Write a text that belongs to no event."""
        self._write("Message", {"message": text})

    def __call__(self, event: Event) -> None:
        """Write an event with its fields."""
        self._write(type(event).__name__, asdict(event))

    def _write(self, name: str, fields: dict[str, object]) -> None:
        if self.is_closed:
            return
        line = {"event": name, "at": datetime.now(UTC).isoformat(timespec="milliseconds"), **fields}
        try:
            self.stream.line(json.dumps(line, ensure_ascii=not self.stream.unicode, default=str))
            self.stream.flush()
        except (BrokenOutputError, OSError, ValueError):
            self.is_closed = True
