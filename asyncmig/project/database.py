"""The way to a project's database: a URL, or what a caller or an ``env.py`` has given."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from asyncmig.alembic_compat.env_reading.project_runs import ProjectRun
    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.events import Event

__all__ = ["database_of"]


def database_of(
    settings: Settings,
    *,
    handed: Database | None,
    given: AsyncEngine | AsyncConnection | None,
    env: ProjectRun | None,
    emit: Callable[[Event], None],
    writing: bool,
) -> Database:
    """What sessions are taken from.

    Args:
        settings: of the project.
        handed: the connection that an ``env.py`` has handed over; it goes before the others.
        given: the engine or connection that the caller has given; it goes before the URL.
        env: what an ``env.py`` was read to say.
        emit: receives events.
        writing: add what ``env.py`` executes before it migrates.
    """
    from asyncmig.database.connections import UrlDatabase, require_asyncio

    require_asyncio()
    database = handed or (UrlDatabase(settings, emit) if given is None else _wrapped(given))
    if handed is None and env is not None and (env.session or env.setup):
        from asyncmig.alembic_compat.env_reading.prepared_database import PreparedDatabase

        database = PreparedDatabase(database, env.setup if writing else (), env.session)
    if settings.psycopg2_compat:
        from asyncmig.alembic_compat.psycopg2_compat.database import LenientDatabase

        return LenientDatabase(database, {} if env is None else env.schema_translate_map)
    return database


def _wrapped(given: AsyncEngine | AsyncConnection) -> Database:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from asyncmig.database.connections import ConnectionDatabase, EngineDatabase

    if isinstance(given, AsyncConnection):
        return ConnectionDatabase(given)
    return EngineDatabase(given)
