"""Names of revisions in messages: lists of limited length, and suggestions for unknown names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

__all__ = ["did_you_mean", "listed", "nearest_names"]


def listed(names: Collection[str], limit: int = 5, *, empty: str = "") -> str:
    """Names separated by commas, and the number of those beyond the limit.

    Example:
        >>> listed(["a", "b", "c"], limit=2)
        'a, b and 1 more'
    """
    shown = ", ".join(list(names)[:limit]) or empty
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def nearest_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three names similar to this one, best first."""
    import difflib

    return tuple(difflib.get_close_matches(name, known, n=3, cutoff=0.6))


def did_you_mean(nearest: Sequence[str]) -> str | None:
    """The hint for an unknown name that is similar to others."""
    return f"did you mean {' or '.join(repr(name) for name in nearest)}?" if nearest else None
