"""Options of views as keyword arguments."""

from __future__ import annotations

from typing import Any

__all__ = ["keywords", "printed_option"]


def keywords(options: tuple[str, ...]) -> dict[str, Any] | None:
    """``security_barrier=true`` as a keyword argument; None for no options."""
    found: dict[str, Any] = {}
    for option in options:
        name, _, value = option.partition("=")
        found[name] = {"true": True, "false": False}.get(value, value)
    return found or None


def printed_option(value: Any) -> str:
    """A value in SQL."""
    return str(value).lower() if isinstance(value, bool) else str(value)
