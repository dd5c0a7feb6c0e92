"""The version of asyncmig."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

__all__ = ["asyncmig_version"]


def asyncmig_version() -> str:
    """The installed version, or ``unknown`` in a source tree that was never installed."""
    try:
        return version("asyncmig")
    except PackageNotFoundError:
        return "unknown"
