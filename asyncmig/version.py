"""The version of asyncmig."""

from __future__ import annotations

from functools import cache

__all__ = ["asyncmig_version"]


@cache
def asyncmig_version() -> str:
    """The installed version, or ``unknown`` in a source tree that was never installed."""
    # importing it takes longer than connecting to a database
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("asyncmig")
    except PackageNotFoundError:
        return "unknown"
