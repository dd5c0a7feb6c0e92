"""What every test may use. The fixtures live in ``fix_*.py``, one file a subject."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import pytest

from support.paths import memory_folder

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

USUAL_THRESHOLD = gc.get_threshold()
COLLECTING_THRESHOLD = 200_000
"""New objects before Python looks for garbage: in collecting thousands of tests there is none."""


def pytest_configure(config: pytest.Config) -> None:
    """Write the folders of the tests into memory, and do not search for garbage while collecting.

    Pytest rewrites the assertions of packages with a plugin, in every process again. asyncmig's have none to
    show, and in threads, where asyncmig imports some of its modules, ``ast.parse`` fails now and then
    before Python 3.11.8 (gh-106905).
    """
    if config.getoption("assertmode") != "plain":  # scripts/mutants.py has none rewritten
        hook = config.pluginmanager.rewrite_hook
        hook._must_rewrite.discard("asyncmig")
        hook._marked_for_rewrite_cache.clear()
    if folder := memory_folder():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))
    gc.set_threshold(COLLECTING_THRESHOLD, 20, 20)


def pytest_collection_finish() -> None:
    """Leave the tests and the modules out of every later search for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*USUAL_THRESHOLD)


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
