"""asyncmig: schema migrations for PostgreSQL that run inside an asyncio service.

>>> from asyncmig import Migrator
>>> migrator = Migrator("postgresql://app@db/app", script_location="migrations")
>>> await migrator.upgrade()  # doctest: +SKIP

Names are loaded on first use, so that importing the package is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str

    from asyncmig import embedded, errors, events
    from asyncmig.bookkeeping.journal import Decision
    from asyncmig.config.settings import Settings
    from asyncmig.errors import AsyncmigError
    from asyncmig.integrations.asgi import lifespan
    from asyncmig.integrations.workers import migrated
    from asyncmig.migrator import Migrator
    from asyncmig.operations.facade import Operations
    from asyncmig.operations.op_proxy import op
    from asyncmig.plan.model import Direction, Phase, PhaseKind, Plan, Step
    from asyncmig.plan.version_hooks import MigrationInfo
    from asyncmig.results import RunResult, Status
    from asyncmig.sql.statement import Statement

__all__ = [
    "AsyncmigError",
    "Decision",
    "Direction",
    "MigrationInfo",
    "Migrator",
    "Operations",
    "Phase",
    "PhaseKind",
    "Plan",
    "RunResult",
    "Settings",
    "Statement",
    "Status",
    "Step",
    "embedded",
    "errors",
    "events",
    "lifespan",
    "migrated",
    "op",
]

_MODULE_OF = {
    "AsyncmigError": "errors",
    "Decision": "bookkeeping.journal",
    "Direction": "plan.model",
    "MigrationInfo": "plan.version_hooks",
    "Migrator": "migrator",
    "Operations": "operations.facade",
    "Phase": "plan.model",
    "PhaseKind": "plan.model",
    "Plan": "plan.model",
    "RunResult": "results",
    "Settings": "config.settings",
    "Statement": "sql.statement",
    "Status": "results",
    "Step": "plan.model",
    "lifespan": "integrations.asgi",
    "migrated": "integrations.workers",
    "op": "operations.op_proxy",
}
_MODULES = frozenset({"embedded", "errors", "events"})


def __getattr__(name: str) -> object:
    if name == "__version__":
        return import_module("asyncmig.version").asyncmig_version()
    if name in _MODULES:
        return import_module(f"asyncmig.{name}")
    if (module := _MODULE_OF.get(name)) is None:
        raise AttributeError(f"module 'asyncmig' has no attribute {name!r}")
    found = getattr(import_module(f"asyncmig.{module}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
