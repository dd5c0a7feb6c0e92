"""``alembic.script.write_hooks``: functions of a project that run over a new revision file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.imports import current_environment

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["REVISION_SCRIPT_TOKEN", "register"]

REVISION_SCRIPT_TOKEN = "REVISION_SCRIPT_FILENAME"  # noqa: S105 - a placeholder in options, no secret


def register(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Name a function as a type of post-write hooks, for the command that executes ``env.py``.

    It is called with the path of the file and the options of the hook.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        hooks = getattr(current_environment(), "write_hooks", None)
        if hooks is not None:
            hooks[name] = function
        return function

    return decorate
