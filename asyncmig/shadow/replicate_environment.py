"""Gives a shadow database the settings, extensions and roles of the compared one, for one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from asyncmig.errors import DatabaseError
from asyncmig.shadow.build_errors import MissingObjects
from asyncmig.shadow.environment import read_environment
from asyncmig.shadow.temporary_roles import create_temporary_roles
from asyncmig.sql.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.database.session import Session
    from asyncmig.shadow.environment import DatabaseEnvironment, Extension

__all__ = ["check_replicable", "replicate_environment"]

_DECLARED = "everything that it needs must be in the models or declared"


async def check_replicable(
    session: Session, environment: DatabaseEnvironment, name: str, version: int
) -> DatabaseEnvironment:
    """Check that the models of a database can be built in a shadow.

    Args:
        session: a session of the shadow; its ``search_path`` is empty afterwards.
        environment: the compared database.
        name: the name of the shadow, for messages.
        version: the major version of the compared database, which the shadow must have.

    Raises:
        DatabaseError: models cannot be built there, or would be printed differently.
    """
    if session.server_version != version:
        raise DatabaseError(
            f"the shadow {name} is PostgreSQL {session.server_version}, and {environment.database} is "
            f"{version}: different versions print the same models differently",
            hint=f"set shadow_url to a database of a PostgreSQL {version}",
        )
    await session.send("SET LOCAL search_path = pg_catalog")
    shadow = await read_environment(session)
    await session.send("SET LOCAL search_path = ''")
    if shadow.read_only:
        raise DatabaseError(
            f"the shadow {name} is read-only",
            hint="set shadow_url to a database that accepts writes",
        )
    if not shadow.may_create:
        raise DatabaseError(
            f"role {shadow.role} cannot create schemas in the shadow {name}",
            hint=f"GRANT CREATE ON DATABASE {identifier(shadow.database)} TO {identifier(shadow.role)}",
            sqlstate="42501",
        )
    existing = {extension.name: extension.schema for extension in shadow.extensions}
    for extension in environment.extensions:
        found = existing.get(extension.name, extension.schema)
        if found != extension.schema:
            raise DatabaseError(
                f"the extension {extension.name} is in the schema {found} of the shadow {name}, and in "
                f"{extension.schema} of {environment.database}",
                hint=f"in the shadow: ALTER EXTENSION {identifier(extension.name)} SET SCHEMA "
                f"{identifier(extension.schema)}",
            )
    return shadow


async def replicate_environment(
    session: Session,
    environment: DatabaseEnvironment,
    shadow: DatabaseEnvironment,
    name: str,
    roles: Sequence[str] = (),
) -> MissingObjects:
    """Set the settings, and create the extensions and roles of a database in the transaction of a shadow.

    Args:
        session: a session of the shadow.
        environment: the compared database.
        shadow: the environment of the shadow.
        name: the name of the shadow, for messages.
        roles: the roles that models need, from ``roles_in``.

    Returns:
        The hints for statements that fail, with what the shadow lacks.

    Raises:
        DatabaseError: a timeout is exceeded.
    """
    for setting, value in environment.settings.items():
        if shadow.settings.get(setting, value) != value:
            await _try_in_savepoint(session, f"SET LOCAL {setting} = {literal(value)}")
    existing = {extension.name for extension in shadow.extensions}
    absent = [
        extension.name
        for extension in environment.extensions
        if extension.name not in existing and not await _create_extension(session, extension)
    ]
    await session.send("SET LOCAL search_path = ''")
    lacking = await create_temporary_roles(session, roles)
    models = _advice(environment, name, absent)
    if not lacking:
        return MissingObjects(models=models, declared=f"{_DECLARED}; {models}")
    plural = "s" if len(lacking) > 1 else ""
    return MissingObjects(
        models=models,
        declared=f"the shadow {name} lacks the role{plural} {', '.join(lacking)} of {environment.database}, "
        f"and {shadow.role} cannot create roles there: "
        f"{'; '.join(f'CREATE ROLE {identifier(role)}' for role in lacking)} in the shadow, or set "
        "shadow_url to a server in which its role can",
    )


def _advice(environment: DatabaseEnvironment, name: str, absent: Sequence[str]) -> str:
    if not absent:
        return (
            f"the shadow {name} has its own objects and the extensions of {environment.database}: "
            "functions and types that models use without declaring them must be created there too"
        )
    return (
        f"the shadow {name} lacks extensions of {environment.database}, {', '.join(absent)}: install them "
        "there, or set shadow_url to a server that has them"
    )


async def _create_extension(session: Session, extension: Extension) -> bool:
    schema = identifier(extension.schema)
    begin = "" if extension.schema == "pg_catalog" else f"CREATE SCHEMA IF NOT EXISTS {schema}; "
    sql = f"{begin}CREATE EXTENSION IF NOT EXISTS {identifier(extension.name)} SCHEMA {schema}"
    same = f"{sql} VERSION {literal(extension.version)} CASCADE"
    return await _try_in_savepoint(session, same) or await _try_in_savepoint(
        session, f"{sql} CASCADE"
    )


async def _try_in_savepoint(session: Session, sql: str) -> bool:
    """Run statements; return False if the server rejects one, after which all are rolled back."""
    try:
        await session.send_in_savepoint(sql)
    except asyncpg.PostgresError:
        return False
    return True
