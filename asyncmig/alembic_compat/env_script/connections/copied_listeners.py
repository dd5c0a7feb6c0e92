"""Listeners of an engine, copied to another one that connects in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import event

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine
    from sqlalchemy.pool import Pool

__all__ = ["copy_engine_listeners", "copy_pool_listeners"]

_POOL_EVENTS = (
    *("connect", "checkout", "checkin", "reset", "invalidate", "soft_invalidate"),
    *("close", "detach", "close_detached"),
)
_ENGINE_EVENTS = (
    *("before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute"),
    *("begin", "commit", "rollback", "savepoint", "rollback_savepoint", "release_savepoint"),
    *("engine_connect", "set_connection_execution_options", "set_engine_execution_options"),
)
_WITH_RESULT = frozenset({"before_execute", "before_cursor_execute"})


def copy_engine_listeners(source: Engine, target: Engine) -> None:
    """Let the target call what listens to statements, transactions and options of the source."""
    _copy_listeners(source, target, _ENGINE_EVENTS)


def copy_pool_listeners(source: Pool, target: Pool) -> None:
    """Let the target call what listens to connections of the source."""
    _copy_listeners(source, target, _POOL_EVENTS)


def _copy_listeners(source: Any, target: Any, names: tuple[str, ...]) -> None:
    for name in names:
        for listener in tuple(getattr(getattr(source.dispatch, name, None), "listeners", ())):
            # SQLAlchemy's own are of the driver that the application has chosen
            if _is_sqlalchemys(listener):
                continue
            event.listen(
                target, name, listener, **({"retval": True} if name in _WITH_RESULT else {})
            )


def _is_sqlalchemys(listener: Any) -> bool:
    """Whether SQLAlchemy itself listens, perhaps in its wrapper for what is called once."""
    inner = [cell.cell_contents for cell in getattr(listener, "__closure__", None) or ()]
    modules = [str(getattr(each, "__module__", "")) for each in (listener, *inner)]
    return any(
        name in {"sqlalchemy.engine.create", "sqlalchemy.engine.default"}
        or name.startswith("sqlalchemy.dialects.")
        for name in modules
    )
