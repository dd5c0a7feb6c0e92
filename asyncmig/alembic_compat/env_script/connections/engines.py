"""Engines for an ``env.py``: SQLAlchemy's own, on asyncpg's connections.

A synchronous engine gets a dialect of asyncmig's, whatever PostgreSQL driver its URL names, so that none
has to be installed. An asynchronous one for asyncpg is SQLAlchemy's, unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext import asyncio as sqlalchemy_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from asyncmig.alembic_compat.env_script.connections.connecting import ConnectionMaker, Connector
from asyncmig.alembic_compat.env_script.connections.dialect import (
    ASYNC_DRIVER,
    SYNC_DRIVER,
    register_dialects,
)
from asyncmig.alembic_compat.env_script.connections.libpq import refusal
from asyncmig.alembic_compat.env_script.statements import StatementLog, place_in
from asyncmig.errors import UrlError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from asyncmig.alembic_compat.env_script.connections.given_engine import GivenEngine
    from asyncmig.alembic_compat.env_script.connections.url_override import UrlOverride

__all__ = ["EnvEngines"]

_POSTGRES = frozenset({"postgresql", "postgres"})


class EnvEngines:
    """Makes the engines of one execution of an ``env.py``.

    Args:
        path: the file.
        maker: makes connections.
        override: a URL that goes before those of the file.
        log: of what is executed.
    """

    def __init__(
        self, path: Path, maker: ConnectionMaker, override: UrlOverride, log: StatementLog
    ) -> None:
        self._path = path
        self._maker = maker
        self._override = override
        self._log = log
        self._begun: set[int] = set()
        self._ours: set[int] = set()

    # in the place of SQLAlchemy's functions

    def create_engine(self, url: Any, **kwargs: Any) -> Engine:
        """``sqlalchemy.create_engine``."""
        place = place_in(self._path)
        written = _parsed(url, place)
        if not _is_postgres(written):
            return sqlalchemy.create_engine(url, **kwargs)
        used = self._override.applied(written, place)
        if (
            written.drivername == "postgresql+asyncpg"
        ):  # env.py wraps it: AsyncEngine(create_engine())
            if self._override.given is not None:
                return self.copy_of_given(self._override.given)
            text, arguments = self._asyncpg_arguments(used, kwargs)
            engine = sqlalchemy.create_engine(text, **arguments)
            self.watch(engine)
            return engine
        return self._made(used, SYNC_DRIVER, place, kwargs, written=written)

    def create_async_engine(self, url: Any, **kwargs: Any) -> AsyncEngine:
        """``sqlalchemy.ext.asyncio.create_async_engine``."""
        place = place_in(self._path)
        written = _parsed(url, place)
        if not _is_postgres(written):
            return sqlalchemy_asyncio.create_async_engine(url, **kwargs)
        used = self._override.applied(written, place)
        if written.drivername.partition("+")[2] in {"", "asyncpg"}:
            if self._override.given is not None:
                return AsyncEngine(self.copy_of_given(self._override.given))
            if "async_creator" in kwargs:
                self.require_no_url(kwargs["async_creator"], place)
            text, arguments = self._asyncpg_arguments(used, kwargs)
            engine = sqlalchemy_asyncio.create_async_engine(text, **arguments)
            self.watch(engine.sync_engine)
            return engine
        if "async_creator" in kwargs:
            raise refusal(
                f"async_creator of an engine for {written.drivername}",
                place,
                "write postgresql+asyncpg:// and give a creator of asyncpg's connections",
            )
        return AsyncEngine(
            self._made(used, ASYNC_DRIVER, place, {**kwargs, "_is_async": True}, written=written)
        )

    def engine_from_config(
        self, configuration: Mapping[str, Any], prefix: str = "sqlalchemy.", **kwargs: Any
    ) -> Engine:
        """``sqlalchemy.engine_from_config``."""
        options = _of_prefix(configuration, prefix, kwargs)
        return self.create_engine(options.pop("url"), **options)

    def async_engine_from_config(
        self, configuration: Mapping[str, Any], prefix: str = "sqlalchemy.", **kwargs: Any
    ) -> AsyncEngine:
        """``sqlalchemy.ext.asyncio.async_engine_from_config``."""
        options = _of_prefix(configuration, prefix, kwargs)
        return self.create_async_engine(options.pop("url"), **options)

    # engines of the application

    def engine_for(
        self,
        written: URL,
        *,
        connect: Callable[[Any, Any], Any],
        place: str | None,
        **kwargs: Any,
    ) -> Engine:
        """An engine that connects as one of another driver's would.

        Args:
            written: the other engine's URL.
            connect: called with the dialect and the pool's record; gives a connection.
            place: for messages.
            **kwargs: for ``create_engine``.
        """
        used = self._override.applied(written, place)
        if used is not written:
            return self._made(used, SYNC_DRIVER, place, kwargs, written=written)
        engine = self._made(written, SYNC_DRIVER, place, kwargs, written=written)
        engine.pool._creator = lambda rec: connect(engine.dialect, rec)  # noqa: SLF001 - no public name
        self._replace_creator(engine, place)
        return engine

    def connector(self, place: str | None) -> Connector:
        """What connects for an engine made at this place."""
        return Connector(self._maker, place)

    def is_of_env(self, engine: Any) -> bool:
        """Whether an engine was made here, or is SQLAlchemy's own for asyncpg and watched."""
        return id(getattr(engine, "pool", engine)) in self._ours

    def note_begun(self, connection: Any) -> None:
        """Note that the open transaction of a connection is the file's own."""
        self._begun.add(id(connection.get_transaction()))

    def began_explicitly(self, connection: Any) -> bool:
        """Whether ``begin()`` was called for the open transaction of a connection."""
        return id(connection.get_transaction()) in self._begun

    def require_no_url(self, creator: Any, place: str | None) -> None:
        """Check that no URL is to be used in place of what a ``creator`` connects with.

        Raises:
            UrlError: ``--url`` or ``ASYNCMIG_URL`` names another database.
        """
        if self._override.text is not None and self._override.given is None:
            name = getattr(creator, "__qualname__", repr(creator))
            raise refusal(
                f"a URL in the place of what creator {name} connects with",
                place,
                f"leave {self._override.source} out: env.py chooses the database",
            )

    def copy_of_given(self, given: GivenEngine) -> Engine:
        """The engine that the migrator was given, with connections for the event loop of ``env.py``."""
        engine = given.copy()
        self.watch(engine)
        return engine

    def overridden(self, written: URL, place: str) -> tuple[URL | Engine, dict[str, Any]]:
        """What an application's engine for asyncpg connects with: a URL, and the arguments that differ.

        It is an engine where the migrator was given one.
        """
        used = self._override.applied(written, place)
        if self._override.given is not None:
            return self.copy_of_given(self._override.given), {}
        if used is written:
            return written, {}
        return used.set(drivername=written.drivername), self._override.asyncpg_arguments()

    def url_source(self, url: URL) -> str | None:
        """Where an engine's URL was written, for a person to read; None for an engine that was given."""
        if self._override.given is not None:
            return None
        if self._override.source is not None:
            return f"{self._override.source}, in the place of env.py's"
        settings = self._maker.settings
        if settings.valid_url and settings.url_source and _same(settings.valid_url, url):
            return settings.url_source
        return "env.py"

    # parts

    def _asyncpg_arguments(self, url: URL, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The URL and the arguments of an engine of SQLAlchemy's own for asyncpg."""
        text, arguments = self._override.for_asyncpg(url)
        if arguments:
            kwargs = {**kwargs, "connect_args": {**arguments, **kwargs.get("connect_args", {})}}
        return text, kwargs

    def _made(
        self, url: URL, driver: str, place: str | None, kwargs: dict[str, Any], *, written: URL
    ) -> Engine:
        register_dialects()
        creator = kwargs.pop("creator", None)
        pool = kwargs.get("pool")
        if pool is not None:
            creator, kwargs["pool"] = creator or pool._creator, pool.recreate()  # noqa: SLF001
        if creator is not None:
            self.require_no_url(creator, place)
        if self._override.given is not None:
            creator = None
        kwargs.pop("module", None)
        engine = sqlalchemy.create_engine(
            url.set(drivername=driver), asyncmig_connector=self.connector(place), **kwargs
        )
        engine.url = url.set(drivername=written.drivername)
        if creator is not None:
            engine.pool._creator = creator  # noqa: SLF001 - it has no public name
        self._replace_creator(engine, place)
        self.watch(engine)
        return engine

    def _replace_creator(self, engine: Engine, place: str | None) -> None:
        """Replace the pool's ``creator``, so that all its connections run on asyncmig's."""
        pool = engine.pool
        connector = self.connector(place)
        creator, call = pool._creator, pool._invoke_creator  # noqa: SLF001 - they have no public names
        name = getattr(creator, "__qualname__", repr(creator))

        def made(record: Any) -> Any:
            return connector.adopted(engine.dialect, call(record), f"creator {name}")

        pool._creator = made  # type: ignore[assignment]  # noqa: SLF001 - it has no public name

    def watch(self, engine: Engine) -> None:
        """Note the transactions of an engine, and what is executed on asyncpg's."""
        if id(engine.pool) in self._ours:
            return
        self._ours.add(id(engine.pool))
        event.listen(engine, "begin", self._begin)
        if engine.dialect.driver == "asyncpg":
            self._note_connecting(engine)
            event.listen(engine.pool, "connect", self._connected)
            event.listen(engine, "before_cursor_execute", self._executing, retval=True)
            event.listen(engine, "commit", self._ended)
            event.listen(engine, "rollback", self._undone)

    def _note_connecting(self, engine: Engine) -> None:
        """Note each attempt to connect. The dialect may be an application's, so it gets no listener."""
        pool = engine.pool
        create = pool._invoke_creator  # noqa: SLF001 - it has no public name

        def connect(record: Any) -> Any:
            self._maker.target = engine.url.set(drivername="postgresql").render_as_string()
            self._maker.thread.adopt_task()
            return create(record)

        pool._creator = connect  # type: ignore[assignment]  # noqa: SLF001 - it has no public name

    def _connected(self, dbapi_connection: Any, _record: Any) -> None:
        self._maker.thread.adopt_connection(dbapi_connection.driver_connection)

    def _executing(
        self, connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> tuple[str, Any]:
        if id(connection) in self._log.handed:
            return statement, parameters
        kept = self._log.filtered(connection, statement)
        return (statement, parameters) if kept is not None else ("SELECT WHERE false", ())

    def _ended(self, connection: Any) -> None:
        self._log.committed(connection)

    def _undone(self, connection: Any) -> None:
        self._log.rolled_back(connection)

    def _begin(self, connection: Any) -> None:
        import sys

        frame = sys._getframe(1)  # noqa: SLF001 - only the stack tells begin() from autobegin
        for _ in range(12):
            if frame is None:
                return
            if frame.f_code is _BEGIN:
                self._begun.add(id(connection.get_transaction()))
                return
            frame = frame.f_back  # type: ignore[assignment]  # None ends it


_BEGIN = sqlalchemy.engine.Connection.begin.__code__


def _parsed(url: Any, place: str | None) -> URL:
    try:
        return make_url(url)
    except ArgumentError as error:
        where = f" ({place})" if place else ""
        raise UrlError(
            f"env.py makes an engine of something that is no URL{where}",
            hint="write postgresql://user:password@host/database",
            source=place,
        ) from error


def _same(text: str, url: URL) -> bool:
    try:
        return make_url(text) == url
    except ArgumentError:
        return False


def _is_postgres(url: URL) -> bool:
    return url.drivername.partition("+")[0] in _POSTGRES


def _of_prefix(
    configuration: Mapping[str, Any], prefix: str, kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """The options of a section, as SQLAlchemy reads them."""
    options = {
        key[len(prefix) :]: value for key, value in configuration.items() if key.startswith(prefix)
    }
    options["_coerce_config"] = True
    options.update(kwargs)
    if "url" not in options:
        raise UrlError(
            f"the configuration has no {prefix}url",
            hint=f"write {prefix}url in the file, or set it in env.py: config.set_main_option()",
        )
    return options
