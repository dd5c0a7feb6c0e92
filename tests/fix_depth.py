"""The depth of the run in pytest's header, and more time for what takes long."""

from __future__ import annotations

import pytest

from support.depth import depth

SLOW_TIMEOUT = 900
"""Seconds for a slow or sampled test that names no timeout of its own."""


def pytest_configure() -> None:
    try:
        depth()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_report_header() -> str:
    return f"depth: {depth()}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marked = any(item.get_closest_marker(name) for name in ("slow", "sampled"))
        if marked and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SLOW_TIMEOUT))
