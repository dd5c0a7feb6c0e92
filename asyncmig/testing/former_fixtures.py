"""The fixtures that a project has written for pytest-alembic: ``alembic_config`` and ``alembic_engine``."""

from __future__ import annotations

import inspect
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest
    from sqlalchemy import Engine

__all__ = ["engine_for", "former_config", "former_engine_url"]

_PLUGIN = "asyncmig.testing.plugin"
_DRIVERS = {"psycopg": "postgresql+psycopg", "psycopg2": "postgresql+psycopg2"}


def former_config(session: pytest.Session) -> Any:
    """What the fixture ``alembic_config`` of the project returns; None where there is none.

    The function is called, because its scope is that of a test, and the configuration is needed for all.

    Raises:
        ConfigError: the fixture needs other fixtures, or yields.
    """
    found = next(filter(None, (_definition(one, "alembic_config") for one in session.items)), None)
    if found is None:
        return None
    function = found.func
    if found.argnames or inspect.isgeneratorfunction(function):
        raise ConfigError(
            "the fixture alembic_config needs other fixtures, or yields its value",
            hint='rename it to asyncmig_config, and give it the scope "session"',
            name="alembic_config",
        )
    return function()


def former_engine_url(request: pytest.FixtureRequest) -> str | None:
    """The URL of the project's ``alembic_engine``; None where the project does not define that fixture.

    Raises:
        ConfigError: it is not an engine for PostgreSQL.
    """
    if _definition(request.node, "alembic_engine") is None:
        return None
    url = getattr(request.getfixturevalue("alembic_engine"), "url", None)
    if url is None or url.get_backend_name() != "postgresql":
        kind = "no engine" if url is None else f"an engine for {url.get_backend_name()}"
        raise ConfigError(
            f"the fixture alembic_engine returns {kind}; asyncmig migrates PostgreSQL",
            hint="remove the fixture: each test then has a database of its own",
            name="alembic_engine",
        )
    return str(url.set(drivername="postgresql").render_as_string(hide_password=False))


@contextmanager
def engine_for(url: str) -> Iterator[Engine]:
    """A synchronous engine for a database, with the driver that is installed.

    Raises:
        ConfigError: none is.
    """
    from sqlalchemy import create_engine

    driver = next((name for module, name in _DRIVERS.items() if find_spec(module)), None)
    if driver is None:
        raise ConfigError(
            "the fixture alembic_engine needs psycopg or psycopg2, and neither is installed",
            hint="install one, or use migration_runner.fetch() and execute()",
            name="alembic_engine",
        )
    engine = create_engine(url.replace("postgresql", driver, 1))
    try:
        yield engine
    finally:
        engine.dispose()


def _definition(node: pytest.Item, name: str) -> pytest.FixtureDef[Any] | None:
    """The fixture of this name that a test of the project sees, unless it is the plugin's."""
    manager = node.session._fixturemanager  # noqa: SLF001 - pytest has no public way to ask
    found = manager.getfixturedefs(name, node)
    if not found or found[-1].func.__module__ == _PLUGIN:
        return None
    return found[-1]
