"""Engines that the application made elsewhere and an ``env.py`` uses: ``from app.db import engine``.

While an ``env.py`` runs, and in its thread and tasks alone, ``connect`` of an engine for another driver than
asyncpg goes to a twin: the same URL, connect arguments, creator, pool and listeners, on the dialect of
``create_engine`` in an ``env.py``. The application's engine is left as it is.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Engine

from asyncmig.alembic_compat.engine_methods import EngineMethods
from asyncmig.alembic_compat.env_script.connections.copied_listeners import (
    copy_engine_listeners,
    copy_pool_listeners,
)
from asyncmig.alembic_compat.imports import current_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from asyncmig.alembic_compat.env_script.connections.engines import EnvEngines

__all__ = ["ApplicationEngines", "application_engines"]


class ApplicationEngines:
    """The twins of one execution of an ``env.py``."""

    def __init__(self, engines: EnvEngines) -> None:
        self._engines = engines
        self._twins: dict[int, tuple[Engine, Engine]] = {}
        self._lock = threading.RLock()

    def twin(self, engine: Engine) -> Engine | None:
        """The engine to connect with; None is this one itself."""
        if engine.dialect.name != "postgresql" or self._engines.is_of_env(engine):
            return None
        with self._lock:
            found = self._twins.get(id(engine.pool))
            if found is None:
                made = self._asynchronous if engine.dialect.driver == "asyncpg" else self._made
                found = self._twins[id(engine.pool)] = (engine, made(engine))
        twin = found[1]
        options = engine.get_execution_options()
        return twin.execution_options(**options) if options else twin

    def _asynchronous(self, engine: Engine) -> Engine:
        """A twin for asyncpg: the application's pool holds connections of another event loop."""
        place = f"the engine for {engine.url.render_as_string(hide_password=True)}"
        used, changed = self._engines.overridden(engine.url, place)
        if isinstance(used, Engine):
            return used
        pool: Any = engine.pool.recreate()
        original = pool._creator  # noqa: SLF001 - it has no public name
        made_by_sqlalchemy = _closure(original)
        if made_by_sqlalchemy is None:
            self._engines.require_no_url(original, place)
        elif changed:
            arguments = {**made_by_sqlalchemy["cparams"], **changed}

            def connect(_record: Any) -> Any:
                return engine.dialect.connect(**arguments)

            pool._creator = connect  # noqa: SLF001
        twin = Engine(pool, engine.dialect, used, hide_parameters=engine.hide_parameters)
        copy_engine_listeners(engine, twin)
        self._engines.watch(twin)
        return twin

    def _made(self, engine: Engine) -> Engine:
        place = f"the engine for {engine.url.render_as_string(hide_password=True)}"
        original = engine.pool._creator  # noqa: SLF001 - it has no public name
        made_by_sqlalchemy = _closure(original)
        if made_by_sqlalchemy is None:
            self._engines.require_no_url(original, place)
        connector = self._engines.connector(place)

        def connect(dialect: Any, record: Any) -> Any:
            if made_by_sqlalchemy is None:
                call = engine.pool._invoke_creator  # noqa: SLF001 - the same
                name = getattr(original, "__qualname__", repr(original))
                return connector.adopted(dialect, call(record), f"creator {name}")
            args = list(
                made_by_sqlalchemy.get("cargs_tup") or made_by_sqlalchemy.get("cargs") or ()
            )
            kwargs = dict(made_by_sqlalchemy["cparams"])
            for listener in engine.dialect.dispatch.do_connect:
                made = listener(engine.dialect, record, args, kwargs)
                if made is not None:
                    return connector.adopted(dialect, made, "a do_connect listener")
            return connector.connect(dialect, args, kwargs)

        level = getattr(engine.dialect, "_on_connect_isolation_level", None)
        twin = self._engines.engine_for(
            engine.url,
            connect=connect,
            place=place,
            poolclass=None if engine.dialect.is_async else type(engine.pool),
            hide_parameters=engine.hide_parameters,
            **({"isolation_level": level} if level else {}),
        )
        copy_pool_listeners(engine.pool, twin.pool)
        copy_engine_listeners(engine, twin)
        return twin


def _closure(creator: Any) -> dict[str, Any] | None:
    """The variables of the function by which ``create_engine`` connects; None for another's."""
    if getattr(creator, "__module__", None) != "sqlalchemy.engine.create":
        return None
    cells = creator.__closure__ or ()
    found = {
        name: cell.cell_contents
        for name, cell in zip(creator.__code__.co_freevars, cells, strict=True)
    }
    return found if "cparams" in found else None


def application_engines() -> AbstractContextManager[None]:
    """Let ``connect`` of engines be asked for twins, for a while."""
    return _METHODS.replaced()


def _redirected(_name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Engine, *args: Any, **kwargs: Any) -> Any:
        twins: ApplicationEngines | None = getattr(
            current_environment(), "application_engines", None
        )
        twin = None if twins is None else twins.twin(self)
        return original(self if twin is None else twin, *args, **kwargs)

    return method


_METHODS = EngineMethods(("connect", "raw_connection", "dispose"), _redirected)
