"""Making a shadow database look like the one whose models are built in it, for one transaction."""

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

_DECLARED = "what it needs must be among the models or be declared"


async def check_replicable(
    session: Session, place: DatabaseEnvironment, name: str, version: int
) -> DatabaseEnvironment:
    """Look whether models of another database can be built in a shadow.

    Args:
        session: of the shadow; its ``search_path`` is empty afterwards.
        place: the other database.
        name: of the shadow, for messages.
        version: of the other database's server; the shadow's must be the same.

    Raises:
        DatabaseError: nothing can be built there, or what is built would be printed otherwise.
    """
    if session.server_version != version:
        raise DatabaseError(
            f"the shadow {name} is PostgreSQL {session.server_version}, and {place.database} is "
            f"{version}: they print the same models differently",
            hint=f"set shadow_url to a database of a PostgreSQL {version}",
        )
    await session.send("SET LOCAL search_path = pg_catalog")
    shadow = await read_environment(session)
    await session.send("SET LOCAL search_path = ''")
    if shadow.read_only:
        raise DatabaseError(
            f"the shadow {name} is read-only",
            hint="set shadow_url to a database in which scratch schemas may be built",
        )
    if not shadow.may_create:
        raise DatabaseError(
            f"role {shadow.role} may not create schemas in the shadow {name}",
            hint=f"GRANT CREATE ON DATABASE {identifier(shadow.database)} TO {identifier(shadow.role)}",
            sqlstate="42501",
        )
    there = {extension.name: extension.schema for extension in shadow.extensions}
    for extension in place.extensions:
        found = there.get(extension.name, extension.schema)
        if found != extension.schema:
            raise DatabaseError(
                f"the extension {extension.name} is in the schema {found} of the shadow {name}, and in "
                f"{extension.schema} of {place.database}",
                hint=f"in the shadow: ALTER EXTENSION {identifier(extension.name)} SET SCHEMA "
                f"{identifier(extension.schema)}",
            )
    return shadow


async def replicate_environment(
    session: Session,
    place: DatabaseEnvironment,
    shadow: DatabaseEnvironment,
    name: str,
    roles: Sequence[str] = (),
) -> MissingObjects:
    """Give a shadow's transaction the settings, extensions and roles of another database.

    Args:
        session: of the shadow.
        place: the other database.
        shadow: as it was found.
        name: of the shadow, for messages.
        roles: that are to be there, of ``roles_in``.

    Returns:
        The hints for what is refused: what it may miss in the shadow.

    Raises:
        DatabaseError: a time limit was reached.
    """
    for setting, value in place.settings.items():
        if shadow.settings.get(setting, value) != value:
            await _try_in_savepoint(session, f"SET LOCAL {setting} = {literal(value)}")
    there = {extension.name for extension in shadow.extensions}
    absent = [
        extension.name
        for extension in place.extensions
        if extension.name not in there and not await _create_extension(session, extension)
    ]
    await session.send("SET LOCAL search_path = ''")
    lacking = await create_temporary_roles(session, roles)
    models = _advice(place, name, absent)
    if not lacking:
        return MissingObjects(models=models, declared=f"{_DECLARED}; {models}")
    plural = "s" if len(lacking) > 1 else ""
    return MissingObjects(
        models=models,
        declared=f"the shadow {name} lacks the role{plural} {', '.join(lacking)} of {place.database}, "
        f"and {shadow.role} may not create roles there: "
        f"{'; '.join(f'CREATE ROLE {identifier(role)}' for role in lacking)} in the shadow, or set "
        "shadow_url to a server in which its role may",
    )


def _advice(place: DatabaseEnvironment, name: str, absent: Sequence[str]) -> str:
    if not absent:
        return (
            f"the shadow {name} has what it had before and the extensions of {place.database}: "
            "functions and types that models use without declaring them must be made there too"
        )
    return (
        f"the shadow {name} lacks extensions of {place.database}, {', '.join(absent)}: install them "
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
    """Whether the server took it; where not, nothing of it stays."""
    try:
        await session.send_in_savepoint(sql)
    except asyncpg.PostgresError:
        return False
    return True
