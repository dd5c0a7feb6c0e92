"""Long texts in slices, so that other threads run in between.

``re`` holds Python's global lock for a whole call. A search through megabytes without a match would stop the
event loop, even from a worker thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

__all__ = ["LARGE", "SLICE", "contains", "search_slices", "slices"]

LARGE = 50_000
"""Characters of SQL above which a thread works on a text: fewer take some milliseconds."""

SLICE = 1 << 16
"""Characters that one call looks at: about a millisecond."""


def search_slices(
    pattern: re.Pattern[str], text: str, start: int = 0, end: int | None = None, *, longest: int
) -> re.Match[str] | None:
    """As ``pattern.search(text, start)``, for a pattern whose match does not depend on what is around it.

    Args:
        pattern: without ``^``, ``$`` and assertions.
        text: the text.
        start: where the search begins.
        end: where it ends; None is the end of the text.
        longest: the characters of the longest match.
    """
    size = len(text) if end is None else end
    while start < size:
        found = pattern.search(text, start, min(start + SLICE + longest - 1, size))
        if found is not None:
            return found
        start += SLICE
    return None


def contains(text: str, word: str) -> bool:
    """Whether a word, given in lower case, occurs in any case."""
    if len(text) <= SLICE:
        return word in text.lower()
    overlap = len(word) - 1
    return any(word in text[at : at + SLICE + overlap].lower() for at in range(0, len(text), SLICE))


def slices(text: str, start: int, end: int) -> Iterator[str]:
    """The pieces of a part of a text, one after the other."""
    for at in range(start, end, SLICE):
        yield text[at : min(at + SLICE, end)]
