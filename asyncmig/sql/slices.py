"""Long texts in slices, so that other threads run in between.

``re`` holds Python's global lock for a whole call. A search through megabytes without a match would stop the
event loop, even from a worker thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

__all__ = ["LARGE", "OVERLAP", "SLICE", "contains", "search_slices", "slices"]

LARGE = 50_000
"""Characters of SQL above which a thread works on a text: fewer take some milliseconds."""

SLICE = 1 << 16
"""Characters that one call looks at: about a millisecond."""


OVERLAP = 16
"""Characters that a slice shares with the next one."""


def search_slices(
    pattern: re.Pattern[str], text: str, start: int = 0, end: int | None = None
) -> re.Match[str] | None:
    r"""As ``pattern.search(text, start)``, for a pattern whose matches have less than ``OVERLAP`` characters.

    Args:
        pattern: without assertions other than ``\b``.
        text: the text.
        start: where the search begins.
        end: where it ends; None is the end of the text.
    """
    size = len(text) if end is None else end
    for begin in range(start, size, SLICE):
        cut = min(begin + SLICE + OVERLAP, size)
        found = pattern.search(text, begin, cut)
        if found is not None and (found.end() < cut or cut == size):
            return found  # one that ends at the cut may be longer, or end within a word
    return None


def contains(text: str, word: str) -> bool:
    """Whether a word, given in lower case, occurs in any case."""
    return any(
        word in text[at : at + SLICE + len(word)].lower() for at in range(0, len(text), SLICE)
    )


def slices(text: str, start: int, end: int) -> Iterator[str]:
    """The pieces of a part of a text, one after the other."""
    for at in range(start, end, SLICE):
        yield text[at : min(at + SLICE, end)]
