"""Collects the ready tests, and reads options: those of asyncmig, and those that pytest-alembic has.

The ready tests belong to no file of the project. They are collected beside its ``conftest.py``, so that
they see the fixtures that it overrides.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import pytest

from asyncmig.errors import AsyncmigError
from asyncmig.testing.configuration import TestConfiguration

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType

__all__ = [
    "READY_TESTS",
    "ReadyTestsCollection",
    "add_options",
    "completed",
    "configured",
    "revisions_of",
]

READY_TESTS = "asyncmig"
"""The marker of the ready tests."""

_FORMER_NAMES = {
    "test_single_head_revision": "test_single_head",
    "test_model_definitions_match_ddl": "test_models_match_the_schema",
    "test_up_down_consistency": "test_stairway",
}
_ONLY_THEIRS = frozenset({"test_all_models_register_on_metadata"})
_OF_PYTEST_ALEMBIC = "pytest_alembic_"


def add_options(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options of the plugin, and those of pytest-alembic unless that plugin adds them."""
    group = parser.getgroup("asyncmig", "tests of migrations")
    group.addoption(
        "--asyncmig",
        action="store_true",
        dest="asyncmig_tests",
        help="Also run the ready tests of asyncmig: single head, upgrade, stairway, models, rows, lint.",
    )
    group.addoption(
        "--asyncmig-url",
        metavar="URL",
        dest="asyncmig_url",
        help="The server for tests. Default: ASYNCMIG_TEST_URL, a testcontainer, a private server.",
    )
    group.addoption(
        "--asyncmig-exclude",
        metavar="NAMES",
        dest="asyncmig_exclude",
        help="Ready tests to leave out, separated by commas.",
    )
    parser.addini("asyncmig_config", "The configuration file of the project under test.")
    parser.addini("asyncmig_exclude", "Ready tests to leave out.", type="args")
    parser.addini("asyncmig_data_loss", "Revisions that may lose rows or values.", type="args")
    parser.addini("asyncmig_tests_path", "The file beside which the ready tests are collected.")
    is_installed = find_spec("pytest_alembic") is not None
    if not is_installed or pluginmanager.is_blocked("pytest_alembic"):
        _add_former_options(parser)


def _add_former_options(parser: pytest.Parser) -> None:
    group = parser.getgroup("asyncmig")
    group.addoption(
        "--test-alembic", action="store_true", dest="asyncmig_tests", help="Same as --asyncmig."
    )
    group.addoption(
        "--alembic-exclude",
        metavar="NAMES",
        dest="asyncmig_exclude",
        help="Same as --asyncmig-exclude.",
    )
    group.addoption(
        "--alembic-tests-path",
        metavar="PATH",
        dest="asyncmig_tests_path",
        help="Same as the ini key asyncmig_tests_path.",
    )
    for name in ("include", "exclude", "include_experimental", "tests_path"):
        parser.addini(f"{_OF_PYTEST_ALEMBIC}{name}", "As in pytest-alembic.", default=None)


def _former_ini(config: pytest.Config, name: str) -> Any:
    try:
        return config.getini(f"{_OF_PYTEST_ALEMBIC}{name}")
    except (KeyError, ValueError):
        return None


def configured(config: pytest.Config) -> TestConfiguration:
    """The configuration that the ini file of pytest gives."""
    named = config.getini("asyncmig_config")
    path = None if not named else config.rootpath / str(named)
    return TestConfiguration(config=path, data_loss=tuple(config.getini("asyncmig_data_loss")))


def completed(
    given: TestConfiguration | Mapping[str, Any] | None, config: pytest.Config
) -> TestConfiguration:
    """What a fixture returned, with the ini file of pytest behind it."""
    from dataclasses import replace

    own = configured(config)
    chosen = TestConfiguration.of(given)
    return replace(
        chosen,
        config=chosen.config if chosen.config is not None else own.config,
        data_loss=(*chosen.data_loss, *own.data_loss),
    )


def revisions_of(config: pytest.Config) -> list[str]:
    """The ids of the history, oldest first; empty if it cannot be read while tests are collected."""
    from asyncmig.config import load
    from asyncmig.revisions.script_directory import ScriptDirectory

    chosen = configured(config)
    try:
        settings = load(chosen.config, url="postgresql://collecting")
        graph = ScriptDirectory.load(
            settings.version_paths,
            recursive=settings.recursive_version_locations,
            sourceless=settings.sourceless,
            named_by=settings.config_path,
        ).graph
    except AsyncmigError:
        return []
    from asyncmig.revisions.graph.describe import describe_history

    return [info.revision for info in reversed(describe_history(graph, None))]


class ReadyTestsCollection:
    """Collects the ready tests once, beside a file of the project."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._is_collected = False
        option = config.option
        self.is_wanted = bool(
            getattr(option, "asyncmig_tests", False)
            or getattr(option, "pytest_alembic_registration_enabled", False)
        )

    @property
    def place(self) -> PurePath | None:
        """The file beside which they are collected, relative to the root folder; None if there is none."""
        chosen = (
            getattr(self.config.option, "asyncmig_tests_path", None)
            or self.config.getini("asyncmig_tests_path")
            or _former_ini(self.config, "tests_path")
        )
        if chosen:
            return PurePath(str(chosen))
        for name in ("tests/conftest.py", "test/conftest.py", "conftest.py"):
            if (self.config.rootpath / name).is_file():
                return PurePath(name)
        return None

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Any:
        """Collect the ready tests at their place."""
        if self._is_collected or not file_path.is_relative_to(self.config.rootpath):
            return None
        place = self.place
        here = file_path.relative_to(self.config.rootpath)
        if place is None:
            if not (here.name.startswith("test_") and here.suffix == ".py"):
                return None
        elif here != place:
            return None
        self._is_collected = True
        return ReadyTests.from_parent(parent, path=file_path, excluded=excluded_tests(self.config))


class ReadyTests(pytest.Module):
    """The module of the ready tests, as if it were beside a file of the project."""

    def __init__(self, *, excluded: frozenset[str], **options: Any) -> None:
        super().__init__(**options)
        self.excluded = excluded
        self._nodeid: str = f"{self.nodeid}::{READY_TESTS}"
        self.add_marker(READY_TESTS)

    def _getobj(self) -> ModuleType:
        from asyncmig.testing import ready_tests

        return ready_tests

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """The tests that are not excluded."""
        return [
            item
            for item in super().collect()
            if getattr(item, "originalname", item.name) not in self.excluded
        ]


def excluded_tests(config: pytest.Config) -> frozenset[str]:
    """The names of the ready tests that options or the ini file exclude.

    Raises:
        pytest.UsageError: there is no ready test of a name.
    """
    from asyncmig.testing import ready_tests

    known = {name for name in vars(ready_tests) if name.startswith("test_")}
    included = _names(_former_ini(config, "include"))
    experimental = _names(_former_ini(config, "include_experimental"))
    if included:
        return frozenset(known - _known(included + experimental, known))
    option = getattr(config.option, "asyncmig_exclude", None)
    chosen = option or config.getini("asyncmig_exclude") or _former_ini(config, "exclude")
    return _known(_names(chosen), known)


def _names(value: Any) -> list[str]:
    text = value if isinstance(value, str) else " ".join(value or ())
    return [
        name if name.startswith("test_") else f"test_{name}"
        for name in text.replace(",", " ").split()
    ]


def _known(names: list[str], known: set[str]) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        current = _FORMER_NAMES.get(name, name)
        if current in known:
            found.add(current)
        elif name not in _ONLY_THEIRS:
            raise pytest.UsageError(
                f"asyncmig has no ready test {name!r}; there are {', '.join(sorted(known))}"
            )
    return frozenset(found)
