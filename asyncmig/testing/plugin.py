"""The pytest plugin: options, fixtures, and the collection of the ready tests.

Everything is imported when a fixture needs it: pytest loads this module in every project in whose environment
asyncmig is installed.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from anyio.from_thread import BlockingPortal
    from sqlalchemy import Engine

    from asyncmig.errors import AsyncmigError
    from asyncmig.migrator import Migrator
    from asyncmig.testing.configuration import TestConfiguration
    from asyncmig.testing.databases import TestDatabases
    from asyncmig.testing.runner import AsyncMigrationRunner
    from asyncmig.testing.stairway import RevisionOutcome
    from asyncmig.testing.sync_runner import MigrationRunner

    Outcomes = dict[str, RevisionOutcome]
    UpgradedDatabase = tuple[MigrationRunner, AsyncmigError | None]

__all__: list[str] = []


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the options; also those of pytest-alembic, unless it is active itself."""
    from asyncmig.testing.collection import add_options

    add_options(parser, pluginmanager)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of the ready tests, and collect them if they were asked for."""
    from asyncmig.testing.collection import READY_TESTS, ReadyTestsCollection

    config.addinivalue_line("markers", f"{READY_TESTS}: the ready tests of asyncmig")
    collection = ReadyTestsCollection(config)
    if collection.is_wanted:
        config.pluginmanager.register(collection, "asyncmig-ready-tests")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the tests of single revisions one test for each revision of the history."""
    if "asyncmig_revision" in metafunc.fixturenames:
        from asyncmig.testing.collection import revisions_of
        from asyncmig.testing.configuration import ANY_REVISION

        found = revisions_of(metafunc.config)
        metafunc.parametrize("asyncmig_revision", found or [ANY_REVISION])


@pytest.fixture(scope="session")
def asyncmig_config(request: pytest.FixtureRequest) -> TestConfiguration | Mapping[str, Any]:
    """The project under test; override it in ``conftest.py``.

    The default takes what a fixture ``alembic_config`` returns, which a project has written for
    pytest-alembic; then the ini key ``asyncmig_config``; or else it searches the configuration file as the
    command does. A dictionary with fields of ``asyncmig.testing.TestConfiguration`` is enough.
    """
    from asyncmig.testing.collection import configured
    from asyncmig.testing.configuration import TestConfiguration
    from asyncmig.testing.former_fixtures import former_config

    former = former_config(request.session)
    if former is None:
        return configured(request.config)
    return TestConfiguration.of(former)


@pytest.fixture(scope="session")
def asyncmig_test_configuration(
    asyncmig_config: TestConfiguration | Mapping[str, Any], request: pytest.FixtureRequest
) -> TestConfiguration:
    """The checked result of ``asyncmig_config``."""
    from asyncmig.testing.collection import completed

    return completed(asyncmig_config, request.config)


@pytest.fixture(scope="session")
def asyncmig_portal() -> Iterator[BlockingPortal]:
    """An event loop in a thread of its own, for the work of the fixtures."""
    from anyio.from_thread import start_blocking_portal

    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="session")
def asyncmig_databases(
    asyncmig_portal: BlockingPortal, request: pytest.FixtureRequest
) -> Iterator[TestDatabases]:
    """Creates databases on the server that was found or started."""
    from asyncmig.testing.databases import open_databases

    url = request.config.getoption("asyncmig_url")
    with ExitStack() as resources:
        yield resources.enter_context(
            asyncmig_portal.wrap_async_context_manager(open_databases(url))
        )


@pytest.fixture
def empty_url(asyncmig_portal: BlockingPortal, asyncmig_databases: TestDatabases) -> Iterator[str]:
    """The URL of a new, empty database; it is dropped after the test."""
    url = asyncmig_portal.call(asyncmig_databases.create)
    yield url
    asyncmig_portal.call(asyncmig_databases.drop, url)


@pytest.fixture(scope="session")
def asyncmig_template(
    asyncmig_portal: BlockingPortal,
    asyncmig_databases: TestDatabases,
    asyncmig_test_configuration: TestConfiguration,
) -> str:
    """The name of a database that is migrated to the heads; it is made once for a state of the history."""
    from asyncmig.testing.template import migrated_template

    return asyncmig_portal.call(migrated_template, asyncmig_databases, asyncmig_test_configuration)


@pytest.fixture
def migrated_url(
    asyncmig_portal: BlockingPortal, asyncmig_databases: TestDatabases, asyncmig_template: str
) -> Iterator[str]:
    """The URL of a new database that is migrated to the heads: a clone; it is dropped after the test."""
    url = asyncmig_portal.call(asyncmig_databases.create, asyncmig_template)
    yield url
    asyncmig_portal.call(asyncmig_databases.drop, url)


@pytest.fixture
def async_migration_runner(
    request: pytest.FixtureRequest, asyncmig_test_configuration: TestConfiguration
) -> AsyncMigrationRunner:
    """Migrates an empty database step by step; its methods are awaited.

    The database is that of the project's ``alembic_engine``, if there is such a fixture.
    """
    from asyncmig.testing.former_fixtures import former_engine_url
    from asyncmig.testing.runner import AsyncMigrationRunner

    url = former_engine_url(request) or request.getfixturevalue("empty_url")
    return AsyncMigrationRunner(url, asyncmig_test_configuration)


@pytest.fixture
def migration_runner(
    async_migration_runner: AsyncMigrationRunner, asyncmig_portal: BlockingPortal
) -> MigrationRunner:
    """Migrates an empty database step by step, in synchronous tests and in asynchronous ones."""
    from asyncmig.testing.sync_runner import MigrationRunner

    return MigrationRunner(async_migration_runner, asyncmig_portal)


@pytest.fixture
def migrator(async_migration_runner: AsyncMigrationRunner) -> Migrator:
    """The ``Migrator`` of the project, on an empty database."""
    return async_migration_runner.migrator


@pytest.fixture(scope="session")
def asyncmig_history(
    asyncmig_portal: BlockingPortal, asyncmig_test_configuration: TestConfiguration
) -> MigrationRunner:
    """A runner for what needs no database: the history and the linter."""
    from asyncmig.testing.runner import AsyncMigrationRunner
    from asyncmig.testing.sync_runner import MigrationRunner

    runner = AsyncMigrationRunner("postgresql://no-database", asyncmig_test_configuration)
    return MigrationRunner(runner, asyncmig_portal)


@pytest.fixture(scope="session")
def asyncmig_upgraded(
    asyncmig_portal: BlockingPortal,
    asyncmig_databases: TestDatabases,
    asyncmig_test_configuration: TestConfiguration,
) -> Iterator[UpgradedDatabase]:
    """A database that the whole history has run on once, and why it could not."""
    from asyncmig.testing.sync_runner import MigrationRunner
    from asyncmig.testing.template import upgraded_database

    with asyncmig_portal.wrap_async_context_manager(
        upgraded_database(asyncmig_databases, asyncmig_test_configuration)
    ) as (runner, error):
        yield MigrationRunner(runner, asyncmig_portal), error


@pytest.fixture(scope="session")
def asyncmig_stairway(
    asyncmig_portal: BlockingPortal,
    asyncmig_databases: TestDatabases,
    asyncmig_test_configuration: TestConfiguration,
) -> Outcomes:
    """What happened when each revision was applied, reverted and applied again."""
    from asyncmig.testing.stairway import climb, climb_in_session

    databases, config = asyncmig_databases, asyncmig_test_configuration
    return _climbed(asyncmig_portal, databases, config, climb_in_session, climb)


def _climbed(
    portal: BlockingPortal,
    databases: TestDatabases,
    config: TestConfiguration,
    in_session: Callable[[AsyncMigrationRunner], Awaitable[Outcomes | None]],
    one_by_one: Callable[[AsyncMigrationRunner], Awaitable[Outcomes]],
) -> Outcomes:
    """The outcomes in one session, or revision by revision where that is not possible."""
    from asyncmig.testing.template import with_database

    found = portal.call(with_database, databases, config, in_session)
    return portal.call(with_database, databases, config, one_by_one) if found is None else found


@pytest.fixture(scope="session")
def asyncmig_traces(
    asyncmig_portal: BlockingPortal,
    asyncmig_databases: TestDatabases,
    asyncmig_test_configuration: TestConfiguration,
    asyncmig_stairway: Outcomes,
) -> Outcomes:
    """The outcomes of ``asyncmig_stairway``, with what downgrades have left different."""
    from asyncmig.testing.stairway import climb, find_traces
    from asyncmig.testing.template import with_database

    differing = {name for name, one in asyncmig_stairway.items() if one.fingerprint_differs}
    if not differing:
        return asyncmig_stairway
    databases, config = asyncmig_databases, asyncmig_test_configuration

    def find(runner: AsyncMigrationRunner) -> Awaitable[dict[str, tuple[str, ...]] | None]:
        return find_traces(runner, differing)

    traces = asyncmig_portal.call(with_database, databases, config, find)
    if traces is None:
        return asyncmig_portal.call(with_database, databases, config, climb)
    for revision, found in traces.items():
        asyncmig_stairway[revision].traces = found
    return asyncmig_stairway


@pytest.fixture(scope="session")
def asyncmig_rows(
    asyncmig_portal: BlockingPortal,
    asyncmig_databases: TestDatabases,
    asyncmig_test_configuration: TestConfiguration,
) -> Outcomes:
    """What happened when each revision was applied to tables with rows."""
    from asyncmig.testing.stairway import climb_with_rows, climb_with_rows_in_session

    databases, config = asyncmig_databases, asyncmig_test_configuration
    in_session, one_by_one = climb_with_rows_in_session, climb_with_rows
    return _climbed(asyncmig_portal, databases, config, in_session, one_by_one)


@pytest.fixture
def alembic_runner(migration_runner: MigrationRunner) -> MigrationRunner:
    """``migration_runner``, by the name that it has in pytest-alembic."""
    return migration_runner


@pytest.fixture
def alembic_engine(empty_url: str) -> Iterator[Engine]:
    """A synchronous SQLAlchemy engine for the database of ``migration_runner``."""
    from asyncmig.testing.former_fixtures import engine_for

    with engine_for(empty_url) as engine:
        yield engine
