"""What of a script is layout: its comments, and the places where blanks mean something.

Unlike ``split`` this raises nothing: a quote or comment that never ends takes the rest of the text, and the
error comes when the statements are cut.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.sql.lexer import (
    end_of_block_comment,
    end_of_dollar_quote,
    end_of_quote,
    end_of_string,
    is_escape_string,
)
from asyncmig.sql.slices import search_slices, slices
from asyncmig.sql.split import copy_data, reads_stdin

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Piece", "PieceKind", "normalize_sql", "pieces"]

_STOP = re.compile(r""";|'|"|\$|--|/\*""")
_COMMENTS = frozenset({"--", "/*"})
_BLANKS = re.compile(r"\s+")
_COPY = re.compile(r"\s*(COPY\b)", re.IGNORECASE)
_NOT_BLANK = re.compile(r"\S")


class PieceKind(Enum):
    """What a piece is."""

    COMMENT = "comment"
    VERBATIM = "verbatim"
    """A string, a quoted name, a dollar-quoted body, or the lines of data behind a COPY."""


class Piece(NamedTuple):
    """A part of a text that is not plain SQL."""

    kind: PieceKind
    start: int
    end: int


def pieces(text: str, begin: int = 0) -> Iterator[Piece]:
    """The comments and the verbatim parts of a text, in order.

    Args:
        text: SQL, with the data of its COPY statements.
        begin: the beginning of a statement, or a place between two.
    """
    position = statement = begin
    size = len(text)
    while found := search_slices(_STOP, text, position):
        stop, at = found[0], found.start()
        if stop == ";":
            data = _data_of_copy(text, statement, at)
            if data is not None:
                first, last, position = data
                yield Piece(PieceKind.VERBATIM, first, last)
            else:
                position = at + 1
            statement = position
            continue
        end = _end_of(text, stop, at)
        if stop == "$" and end == at + 1:  # no dollar quote begins here
            position = at + 1
            continue
        position = size if end is None else end
        if stop not in _COMMENTS:
            yield Piece(PieceKind.VERBATIM, at, position)
            continue
        yield Piece(PieceKind.COMMENT, at, position)
        if not _has_text(text, statement, at):
            statement = position


def _end_of(text: str, stop: str, at: int) -> int | None:
    """Behind the comment or quote that begins at a place; None where it never ends."""
    match stop:
        case "--":
            end = text.find("\n", at)
            return None if end == -1 else end
        case "/*":
            return end_of_block_comment(text, at + 2)
        case "'" if is_escape_string(text, at):
            return end_of_string(text, at + 1, escapes=True)
        case "'" | '"':
            return end_of_quote(text, at + 1, stop)
        case _:
            return end_of_dollar_quote(text, at)


def _has_text(text: str, start: int, end: int) -> bool:
    return _NOT_BLANK.search(text, start, end) is not None


def _data_of_copy(text: str, statement: int, semicolon: int) -> tuple[int, int, int] | None:
    """Where the data of a COPY begin and end, and the place behind them; None for other statements."""
    copy = _COPY.match(text, statement, semicolon)
    if copy is None or not reads_stdin(text[copy.start(1) : semicolon]):
        return None
    line_end = text.find("\n", semicolon)
    found = None if line_end == -1 else copy_data(text, line_end + 1)
    return None if found is None else (line_end + 1, *found)


def normalize_sql(text: str) -> str:
    """SQL without comments, with single spaces: equal for scripts that do the same.

    Strings, quoted names, dollar-quoted bodies and the data of a COPY stay as they are, apart from their
    line ends.
    """
    text = text.replace("\r\n", "\n")
    parts: list[str] = []
    position = 0
    for kind, start, end in pieces(text):
        _add_spaced(parts, text, position, start)
        if kind is PieceKind.COMMENT:
            _add_spaced(parts, " ", 0, 1)
        else:
            parts.append(text[start:end])
        position = end
    _add_spaced(parts, text, position, len(text))
    return "".join(parts).strip()


def _add_spaced(parts: list[str], text: str, start: int, end: int) -> None:
    for piece in slices(text, start, end):
        spaced = _BLANKS.sub(" ", piece)
        if parts and parts[-1].endswith(" "):
            spaced = spaced.lstrip(" ")
        if spaced:
            parts.append(spaced)
