"""The ``EnvironmentContext`` that is entered, in which ``script.run_env()`` executes an ``env.py``."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from asyncmig.errors import ScriptError

__all__ = ["ExecutableEnvironment", "entered_environment", "running_environment_context"]


class ExecutableEnvironment(Protocol):
    """What can execute an ``env.py``."""

    def execute(self) -> None:
        """Execute it, and return when it has ended."""
        ...


entered_environment: ContextVar[ExecutableEnvironment | None] = ContextVar(
    "asyncmig_entered_environment", default=None
)


def running_environment_context() -> ExecutableEnvironment:
    """The environment of this context.

    Raises:
        ScriptError: there is none.
    """
    found = entered_environment.get()
    if found is None:
        raise ScriptError(
            "run_env() was called outside of an EnvironmentContext",
            hint="with EnvironmentContext(config, script, fn=...): script.run_env()",
        )
    return found
