"""Sentences as the comments of a script, none wider than its code."""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING

from asyncmig.render.source.layout import WIDTH

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["comment_lines", "together"]

# PostgreSQL's names hold none, so that it stands for a blank and nothing else
_TIED = "\0"


def together(code: str) -> str:
    """Code within a sentence: it is not broken where it fits on a line of its own."""
    return code.replace(" ", _TIED)


def comment_lines(sentences: Iterable[str], mark: str = "#") -> list[str]:
    """The lines of a comment, each sentence from a new one; a line break in a name is a blank.

    Args:
        sentences: without a mark.
        mark: what begins a comment.
    """
    width = WIDTH - len(mark) - 1
    return [
        f"{mark} {line.replace(_TIED, ' ')}"
        for sentence in sentences
        for line in wrap(
            re.sub(r"[^ \n]+", lambda found: _loosened(found[0], width), sentence),
            width,
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]


def _loosened(word: str, width: int) -> str:
    return word if len(word) <= width else word.replace(_TIED, " ")
