"""``alembic.context``: the environment of the script that runs, or of the ``env.py`` that is read."""

from __future__ import annotations

from typing import Any

from asyncmig.alembic_compat.imports import current_environment
from asyncmig.errors import ScriptError


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    environment = current_environment()
    if name == "_proxy":
        return environment
    if name == "EnvironmentContext":
        from asyncmig.alembic_compat.facade.environment_context import Environment

        return Environment
    if environment is None:
        raise ScriptError(
            f"alembic.context.{name} was used where asyncmig runs no script",
            hint="use it in env.py, or in upgrade() and downgrade()",
        )
    return getattr(environment, name)
