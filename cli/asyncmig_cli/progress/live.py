"""Live progress on a terminal: the current revision, statement, and progress of the server."""

import sys
from time import monotonic
from typing import TYPE_CHECKING, Self

from asyncmig import events
from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import count, duration
from asyncmig_cli.progress.lines import (
    LineReporter,
    awaited_text,
    backfill_end,
    backfill_text,
    blocked_text,
    first_line,
    holder_text,
    notice_text,
    retry_text,
)

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.live import Live
    from rich.text import Text

__all__ = ["LiveReporter"]

# Finished steps are printed together at this interval (seconds), so that printing slows no run down.
PRINT_EVERY = 0.1


class Picture:
    """The state of the display; rich draws it several times a second."""

    def __init__(self, direction: str, total: int) -> None:
        self.direction = direction
        self.total = total
        self.finished = 0
        self.revision = ""
        self.message = ""
        self.phase = ""
        self.statement = ""
        self.share: float | None = None
        self.stage = ""
        self.waiting = ""
        self.began = monotonic()

    def step(self, revision: str, message: str) -> None:
        """Start a step; the state of the previous one is cleared."""
        self.revision, self.message = revision, message
        self.phase = self.statement = self.stage = self.waiting = ""
        self.share = None

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.progress_bar import ProgressBar
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        spinner = Spinner("dots" if console.encoding.startswith("utf") else "line", style="cyan")
        spinner.start_time = self.began
        top = Table.grid(padding=(0, 1), expand=True)
        cells: list[RenderableType] = [spinner.render(console.get_time())]
        top.add_column()
        if self.total:
            top.add_column(justify="right", no_wrap=True)
            top.add_column(width=max(6, min(30, options.max_width // 4)))
            bar = ProgressBar(total=self.total, completed=self.finished)
            cells += [f"{self.finished}/{self.total}", bar]
        top.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        top.add_column(justify="right", no_wrap=True, style="dim")
        doing = Text.assemble((self.revision, "bold"), " ", self.message)
        cells.append(doing if self.total else Text(self.waiting or self.direction))
        cells.append(_clock(monotonic() - self.began))
        top.add_row(*cells)
        yield top
        if self.waiting and self.total:
            yield _clipped(f"  {self.waiting}", "yellow")
        if self.phase or self.statement:
            yield _clipped(f"  {self.phase}  {self.statement}".rstrip(), "dim")
        if self.stage:
            row = Table.grid(padding=(0, 1))
            row.add_column(width=1)
            row.add_column(width=max(10, min(40, options.max_width // 3)))
            row.add_column(no_wrap=True, overflow="ellipsis")
            completed = None if self.share is None else 100 * self.share
            share = "" if self.share is None else f"{self.share:4.0%} "
            bar = ProgressBar(
                total=100 if completed is not None else None, completed=completed or 0
            )
            row.add_row("", bar, f"{share}{self.stage}")
            yield row


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _clipped(text: str, style: str) -> "Text":
    from rich.text import Text

    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


class LiveReporter:
    """Draws on ``stream``; rich is imported when there is something to draw."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.lines = LineReporter(stream)
        self.live: Live | None = None
        self.picture = Picture("", 0)
        self.messages: dict[str, str] = {}
        self.ready: list[str] = []
        self.printed = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abandon()

    def abandon(self) -> None:
        """Remove the display and print the finished steps."""
        try:
            self._print(force=True)
            if self.live is not None:
                self.live.stop()
        except (OSError, ValueError):
            self.lines.is_closed = True
        self.live = None

    def say(self, text: str) -> None:
        """Print a line above the display."""
        self.ready.append(text)
        self._print(force=True)

    def __call__(self, event: events.Event) -> None:
        """Update the display."""
        if self.lines.is_closed:
            return
        try:
            self._take(event)
            self._print()
        except (OSError, ValueError):
            self.lines.is_closed = True

    def _take(self, event: events.Event) -> None:
        picture = self.picture
        match event:
            case events.DatabaseConnected():
                self.say(str(event))
            case events.ConfigWarning():
                self.say(f"note: {event.message}")
            case events.RunStarted():
                self.picture = Picture(event.direction, len(event.revisions))
                self._show()
            case events.ConnectionWaiting():
                picture.waiting = f"waiting for the database: {event.reason}"
                self._show()
            case events.LockWaiting():
                picture.waiting = f"waiting for the lock, {holder_text(event)}"
                self._show()
            case events.LockAcquired():
                picture.waiting = ""
            case events.StepStarted():
                # A batch starts many steps before the first of them is finished.
                self.messages[event.revision] = event.message
                # the phase of another revision that is still running stays visible
                if not picture.phase or picture.revision == event.revision:
                    picture.step(event.revision, event.message)
            case events.BatchSent() if event.revisions:
                self._batch(event)
            case events.LockBlocked():
                picture.waiting = blocked_text(event)
            case events.TransactionsAwaited():
                picture.waiting = awaited_text(event)
            case events.PhaseRetried():
                picture.waiting = f"attempt {event.attempt} of {event.attempts}"
                self.ready.append(retry_text(event))
            case events.PhaseStarted():
                picture.step(event.revision, self.messages.get(event.revision, ""))
                picture.phase = f"phase {event.phase + 1}, {event.kind}"
            case events.StatementStarted():
                picture.waiting = ""
                picture.statement = first_line(event.sql)
                picture.stage, picture.share = "", None
            case events.StatementProgress():
                picture.statement = first_line(event.sql)
                picture.stage, picture.share = event.stage, event.fraction
                if not event.stage.startswith("waiting"):
                    picture.waiting = ""
            case events.BackfillStarted():
                picture.waiting = ""
                picture.statement = f"backfill {event.backfill}"
                picture.stage = f"about {count(event.total, 'row')}"
                picture.share = event.scanned / event.total if event.total else None
                self._show()
            case events.BackfillProgress():
                picture.waiting = ""
                picture.stage = backfill_text(event)
                picture.share = event.scanned / event.total if event.total else None
            case events.BackfillWaiting():
                picture.waiting = event.reason
            case events.BackfillFinished():
                picture.stage, picture.share = "", None
                self.ready.append(backfill_end(event))
            case events.ServerNotice():
                self.ready.append(notice_text(event))
            case events.PhaseFinished():
                picture.phase = picture.statement = picture.stage = picture.waiting = ""
            case events.StepFinished():
                picture.finished = event.number
                self.ready.append(self._finished(event))
            case events.RunFinished():
                self.abandon()
            case _:
                pass

    def _batch(self, event: events.BatchSent) -> None:
        first, last = event.revisions[0], event.revisions[-1]
        name = first if first == last else f"{first} … {last}"
        self.picture.step(self.stream.fit(name), self.messages.get(first, ""))
        revisions = count(len(event.revisions), "revision")
        statements = count(event.statements, "statement")
        self.picture.phase = f"{revisions}, {statements} in one message"

    def _finished(self, event: events.StepFinished) -> str:
        tick = self.stream.style("✓", "green")
        name = self.stream.style(event.revision, "bold")
        took = self.stream.style(f"({duration(event.elapsed)})", "dim")
        message = self.messages.pop(event.revision, "")
        return " ".join(part for part in (tick, name, message, took) if part)

    def _show(self) -> None:
        if self.live is not None:
            return
        from rich.console import Console
        from rich.live import Live

        console = Console(
            file=self.stream.file,
            force_terminal=True,
            no_color=not self.stream.color,
            highlight=False,
            markup=False,
        )
        self.live = Live(
            get_renderable=lambda: self.picture,
            console=console,
            transient=True,
            refresh_per_second=10,
            redirect_stdout=sys.stdout.isatty(),
        )
        self.live.start()

    def _print(self, *, force: bool = False) -> None:
        if not self.ready or (not force and monotonic() - self.printed < PRINT_EVERY):
            return
        text, self.ready = self.stream.fit("\n".join(self.ready)), []
        self.printed = monotonic()
        if self.live is None:
            self.lines.say(text)
        else:
            from rich.text import Text

            self.live.console.print(Text.from_ansi(text), soft_wrap=True)
