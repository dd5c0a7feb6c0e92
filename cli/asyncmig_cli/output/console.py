"""Standard output and standard error, with their colour, width and encoding."""

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

# The characters beyond ASCII that asyncmig prints, and their replacements in other encodings.
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
    """The reader of the output has closed the pipe."""


class Stream:
    """One output stream.

    Attributes:
        color: True when styles are written.
        unicode: True when the encoding has the characters that are used for drawing.
        terminal: True for a terminal.
    """

    def __init__(self, file: TextIO, *, color: bool, terminal: bool) -> None:
        self.file = file
        self.color = color
        self.terminal = terminal
        self.unicode = _can_encode(file.encoding)

    @property
    def width(self) -> int | None:
        """Columns of the terminal; None for a pipe or a file, where lines may have any length.

        The variable ``COLUMNS`` sets it for both.
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
        """``text`` with the characters replaced that the encoding lacks."""
        return text if self.unicode else text.translate(FALLBACKS)

    def write(self, text: str) -> None:
        """Write ``text`` as it is.

        Raises:
            BrokenOutputError: the reader has closed the pipe.
            FileError: it cannot be written, for example to a full disk.
        """
        try:
            self.file.write(text)
        except OSError as error:
            raise _output_error(error) from error

    def write_utf8(self, text: str) -> None:
        """Write ``text`` as UTF-8; to a terminal in its own encoding."""
        reconfigure = getattr(self.file, "reconfigure", None)
        if reconfigure is not None and not self.terminal:
            reconfigure(encoding="utf-8")
        self.write(text)

    def line(self, text: str = "") -> None:
        """Write one line (or several), with characters that the encoding has."""
        self.write(f"{self.fit(text)}\n")

    def flush(self) -> None:
        """Flush the buffer."""
        try:
            self.file.flush()
        except OSError as error:
            raise _output_error(error) from error

    def abandon(self) -> None:
        """Discard what is buffered; otherwise the interpreter would report an error at exit."""
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())
            self.file.flush()
        except (OSError, ValueError):
            return


class Console:
    """Standard output for results, standard error for progress, notes and errors."""

    def __init__(self, out: Stream, err: Stream) -> None:
        self.out = out
        self.err = err
        self.reserved = False

    def reserve(self) -> None:
        """Reserve standard output for the document that will be written.

        From now on the output of scripts, hooks and their child processes goes to standard error.
        """
        if self.reserved:
            return
        self.reserved = True
        try:
            number, other = self.out.file.fileno(), self.err.file.fileno()
        except (AttributeError, OSError):  # not a file descriptor: no other code writes to it
            return
        self.out.flush()
        copy = os.fdopen(os.dup(number), "w", encoding=self.out.file.encoding, errors="replace")
        os.dup2(other, number)
        self.out.file = copy


def _output_error(error: OSError) -> Exception:
    if isinstance(error, BrokenPipeError):
        return BrokenOutputError()
    message = f"cannot write the output: {FileError.reason(error)}"
    return FileError(message, hint="is the disk full?")


def open_console(out: TextIO | None = None, err: TextIO | None = None) -> Console:
    """The console of this process, or of the given streams."""
    return Console(
        _stream(out or sys.stdout or _nowhere()), _stream(err or sys.stderr or _nowhere())
    )


def _nowhere() -> TextIO:
    """Replaces a stream that was closed before the process started."""
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  # open until the process ends


def _stream(file: TextIO) -> Stream:
    # A message of a revision may have any character, which must not raise an error here.
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
