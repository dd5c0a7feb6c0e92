"""The depth of the run in pytest's header, and an error that names what is wrong with it."""

from __future__ import annotations

import pytest

from support.depth import depth


def pytest_configure() -> None:
    try:
        depth()
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_report_header() -> str:
    return f"depth: {depth()}"
