"""The two streams of the command, and what they can show: colour, width, Unicode."""

import os
import shutil
import sys
from typing import TextIO

from asyncmig.errors import FileError

__all__ = ["BrokenOutputError", "Console", "Stream", "open_console"]

STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}

# What our own texts use beyond ASCII, and how a terminal that cannot show it gets to see it.
FALLBACKS = str.maketrans(
    {
        "─": "-",
        "│": "|",
        "┼": "+",
        "→": "->",
        "·": "-",
        "…": "~",  # one column for one column: tables stay aligned
        "✓": "*",
        "✗": "x",
        "━": "=",
    }
)


class BrokenOutputError(Exception):
    """Whoever read our output has gone away: nobody is left to tell anything."""


class Stream:
    """One output stream.

    Attributes:
        color: True when styles are written.
        unicode: True when the stream's encoding has the signs that we draw with.
        terminal: True when a person looks at it.
    """

    def __init__(self, file: TextIO, *, color: bool, terminal: bool) -> None:
        self.file = file
        self.color = color
        self.terminal = terminal
        self.unicode = _can_encode(file.encoding)

    @property
    def width(self) -> int | None:
        """Columns of the terminal; None for a pipe or a file, whose lines may be of any length.

        ``COLUMNS`` sets it for both.
        """
        if not self.terminal and not os.environ.get("COLUMNS"):
            return None
        return max(20, shutil.get_terminal_size((100, 24)).columns)

    def style(self, text: str, *styles: str) -> str:
        """``text`` in the given styles, or as it is where colour is off."""
        if not self.color or not text:
            return text
        codes = ";".join(STYLES[style] for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m"

    def fit(self, text: str) -> str:
        """``text`` with our own signs replaced where the encoding has none of them."""
        return text if self.unicode else text.translate(FALLBACKS)

    def write(self, text: str) -> None:
        """Write ``text`` as it is.

        Raises:
            BrokenOutputError: nobody reads any more.
            FileError: it cannot be written, to a full disk for example.
        """
        try:
            self.file.write(text)
        except OSError as error:
            raise _output_error(error) from error

    def write_utf8(self, text: str) -> None:
        """Write ``text``, whose characters matter, as UTF-8, unless a terminal shows it."""
        reconfigure = getattr(self.file, "reconfigure", None)
        if reconfigure is not None and not self.terminal:
            reconfigure(encoding="utf-8")
        self.write(text)

    def line(self, text: str = "") -> None:
        """Write one line (or several), our own signs fitted to the encoding."""
        self.write(f"{self.fit(text)}\n")

    def flush(self) -> None:
        """Hand over what is buffered."""
        try:
            self.file.flush()
        except OSError as error:
            raise _output_error(error) from error

    def abandon(self) -> None:
        """Send what is still buffered nowhere, or the interpreter would complain at its end."""
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())
            self.file.flush()
        except (OSError, ValueError):
            return


class Console:
    """Standard output for results, standard error for everything that is said along the way."""

    def __init__(self, out: Stream, err: Stream) -> None:
        self.out = out
        self.err = err
        self.reserved = False

    def reserve(self) -> None:
        """Keep standard output for the one document that will be written.

        What scripts, hooks and their child processes print from now on goes to standard error.
        """
        if self.reserved:
            return
        self.reserved = True
        try:
            number, other = self.out.file.fileno(), self.err.file.fileno()
        except (AttributeError, OSError):  # not a file of the system: nobody else can write to it
            return
        self.out.flush()
        copy = os.fdopen(os.dup(number), "w", encoding=self.out.file.encoding, errors="replace")
        os.dup2(other, number)
        self.out.file = copy


def _output_error(error: OSError) -> Exception:
    if isinstance(error, BrokenPipeError):
        return BrokenOutputError()
    message = f"cannot write the output: {(error.strerror or str(error)).lower()}"
    return FileError(message, hint="is the disk full?")


def open_console(out: TextIO | None = None, err: TextIO | None = None) -> Console:
    """The console of this process, or of the given streams."""
    return Console(
        _stream(out or sys.stdout or _nowhere()), _stream(err or sys.stderr or _nowhere())
    )


def _nowhere() -> TextIO:
    """In place of a stream that was closed before we began."""
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  # lives as long as we do


def _stream(file: TextIO) -> Stream:
    # A message of a revision may hold any character: it must never end the command.
    reconfigure = getattr(file, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")
    terminal = file.isatty()
    return Stream(file, color=_wants_color(terminal=terminal), terminal=terminal)


def _wants_color(*, terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR")
    if forced:
        return forced != "0"
    return terminal and os.environ.get("TERM") != "dumb"


def _can_encode(encoding: str | None) -> bool:
    try:
        "".join(map(chr, FALLBACKS)).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
