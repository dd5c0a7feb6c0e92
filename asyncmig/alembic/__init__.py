"""Alembic's Python API, for applications and test suites that were written for Alembic.

::

    from asyncmig.alembic import Config, command

    command.upgrade(Config("alembic.ini"), "head")

Names, arguments and results are those of Alembic 1.20. The functions are synchronous. They may be called
where an event loop runs, but block it: asynchronous code has ``asyncmig.Migrator``.

``install()`` lets ``import alembic`` give these modules in the whole process.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncmig.alembic import command
    from asyncmig.alembic.environment import EnvironmentContext
    from asyncmig.alembic.install import install
    from asyncmig.alembic_compat.facade import autogenerate, context, op
    from asyncmig.alembic_compat.facade.config import Config
    from asyncmig.alembic_compat.facade.migration import MigrationContext
    from asyncmig.alembic_compat.facade.script import ScriptDirectory

__all__ = [
    "Config",
    "EnvironmentContext",
    "MigrationContext",
    "ScriptDirectory",
    "autogenerate",
    "command",
    "context",
    "install",
    "op",
]

_FACADE = "asyncmig.alembic_compat.facade"
_HOMES = {
    "Config": f"{_FACADE}.config",
    "EnvironmentContext": "asyncmig.alembic.environment",
    "MigrationContext": f"{_FACADE}.migration",
    "ScriptDirectory": f"{_FACADE}.script",
    "install": "asyncmig.alembic.install",
}
_MODULES = {
    "autogenerate": f"{_FACADE}.autogenerate",
    "command": "asyncmig.alembic.command",
    "context": f"{_FACADE}.context",
    "op": f"{_FACADE}.op",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _HOMES:
        found = getattr(import_module(_HOMES[name]), name)
        globals()[name] = found  # `install` is also the name of a module
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
