"""Comments of a script, wrapped to the width of its code."""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING

from asyncmig.render.source.layout import WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["comment_lines", "unbroken"]

# stands for a blank: names in PostgreSQL cannot contain it
_NO_BREAK = "\0"


def unbroken(code: str) -> str:
    """Code within a sentence: it is not wrapped if it fits on one line."""
    return code.replace(" ", _NO_BREAK)


def comment_lines(sentences: Iterable[str], mark: str = "#") -> list[str]:
    """The lines of a comment; each sentence begins a line, and line breaks in names become blanks.

    Args:
        sentences: without a mark.
        mark: the beginning of a comment.
    """
    width = WIDTH - len(mark) - 1
    return [
        f"{mark} {line.replace(_NO_BREAK, ' ')}"
        for sentence in sentences
        for line in wrap(
            re.sub(r"[^ \n]+", lambda found: _breakable(found[0], width), sentence),
            width,
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]


def _breakable(word: str, width: int) -> str:
    return word if len(word) <= width else word.replace(_NO_BREAK, " ")
