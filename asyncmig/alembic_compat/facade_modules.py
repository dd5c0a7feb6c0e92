"""Modules of ``alembic`` that only give names of other modules: one table in the place of a file each."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["ALIASES", "NAMES", "named_module"]

_FACADE = "asyncmig.alembic_compat.facade"
_STEPS = f"{_FACADE}.runtime.steps"
_FUNCTIONS = f"{_FACADE}.autogenerate.functions"

ALIASES = {"alembic.command": "asyncmig.alembic.command"}
"""Modules that are somewhere else as a whole."""

NAMES: dict[str, dict[str, str]] = {
    "alembic.autogenerate.api": {
        "AutogenContext": "asyncmig.autogenerate.context",
        "compare_metadata": _FUNCTIONS,
        "produce_migrations": _FUNCTIONS,
        "render_python_code": _FUNCTIONS,
    },
    "alembic.autogenerate.compare": {"comparators": "asyncmig.autogenerate.dispatch"},
    "alembic.autogenerate.render": {
        "_render_cmd_body": _FUNCTIONS,
        "render_op": _FUNCTIONS,
        "render_op_text": _FUNCTIONS,
        "renderers": "asyncmig.autogenerate.dispatch",
    },
    "alembic.autogenerate.rewriter": {"Rewriter": "asyncmig.autogenerate.rewriter"},
    "alembic.ddl.impl": {"DefaultImpl": "asyncmig.operations.alembic_impl:Implementation"},
    "alembic.ddl.postgresql": {"PostgresqlImpl": "asyncmig.operations.alembic_impl:Implementation"},
    "alembic.environment": {"EnvironmentContext": "asyncmig.alembic.environment"},
    "alembic.operations.base": {
        "AbstractOperations": "asyncmig.operations.facade:Operations",
        "BatchOperations": "asyncmig.operations.batch",
        "Operations": "asyncmig.operations.facade",
    },
    "alembic.operations.schemaobj": {
        "SchemaObjects": "asyncmig.operations.base.schema_objects",
    },
    "alembic.runtime.environment": {"EnvironmentContext": "asyncmig.alembic.environment"},
    "alembic.runtime.migration": {
        "MigrationContext": f"{_FACADE}.migration",
        "MigrationInfo": "asyncmig.plan.version_hooks",
        "MigrationStep": _STEPS,
        "RevisionStep": _STEPS,
        "StampStep": _STEPS,
        "StandaloneContext": "asyncmig.alembic_compat.version_rows",
    },
    "alembic.util.messaging": {
        "err": f"{_FACADE}.util",
        "msg": f"{_FACADE}.util",
        "warn": f"{_FACADE}.util",
    },
}
"""For each module its names, and where each of them is: the module, with ``:`` and a name if it differs."""


def named_module(name: str, own_name: str) -> ModuleType:
    """The module of a name in the table.

    Args:
        name: Alembic's.
        own_name: by which it is known to ``sys.modules``, below the package that stands for ``alembic``.
    """
    found = sys.modules.get(own_name)
    if found is None:
        module = _NamedModule(own_name, NAMES[name])
        parent, _, leaf = own_name.rpartition(".")
        setattr(import_module(parent), leaf, module)
        found = sys.modules.setdefault(own_name, module)
    return found


class _NamedModule(ModuleType):
    """A module whose names are looked up when they are asked for."""

    def __init__(self, name: str, names: dict[str, str]) -> None:
        super().__init__(name, f"``alembic{name.removeprefix(_FACADE)}``.")
        self.__dict__["_names"] = names
        self.__all__ = sorted(known for known in names if not known.startswith("_"))

    def __getattr__(self, name: str) -> Any:
        home = self.__dict__["_names"].get(name)
        if home is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        module, _, other = home.partition(":")
        value = getattr(import_module(module), other or name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.__dict__["_names"]})
