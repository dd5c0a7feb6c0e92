"""What every test may use. The fixtures live in ``fix_*.py``, one file a subject."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = [
    "fix_depth",
    "fix_server",
    "fix_database",
    "fix_project",
    "fix_autogenerate",
    "fix_standby",
]

# a busy machine is no failure: what is slow is found by counting, never by the clock
settings.register_profile(
    "asyncmig", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("asyncmig")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """One process for each CPU, but at least two: a test often waits for the server.

    ``PYTEST_XDIST_AUTO_NUM_WORKERS`` goes before it.
    """
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None  # xdist reads it
    return max(2, os.cpu_count() or 1)


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is kept in the user's cache folder is not the user's own."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    return folder
