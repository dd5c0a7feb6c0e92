"""Both sides of a comparison: the database as it is, and the models as the same server builds them.

The models' DDL runs in scratch schemas inside a transaction that is rolled back. Nothing of the
user's is locked or changed, and whatever interrupts it, the server rolls back by itself.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio
import asyncpg

from asyncmig.catalog.models import Models
from asyncmig.catalog.names import translation
from asyncmig.catalog.reading import read_catalog
from asyncmig.engine.quoting import identifier, literal
from asyncmig.engine.session import CLEANUP_SECONDS
from asyncmig.errors import ConnectionLostError, DatabaseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.schema import MetaData

    from asyncmig.catalog.model import Catalog, Table
    from asyncmig.catalog.models import ModelStatement
    from asyncmig.engine.session import Session

__all__ = ["Sides", "read_sides"]

_SESSION = """\
SELECT current_schema() AS default_schema, current_setting('search_path') AS search_path,
       has_database_privilege(current_database(), 'CREATE') AS may_create,
       current_user AS role, current_database() AS database,
       pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS read_only"""

_SCHEMAS = """\
SELECT nspname AS name FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """A database and its models, as one server prints them."""

    actual: Catalog
    wanted: Catalog
    models: Models


async def read_sides(
    session: Session, metadatas: Sequence[MetaData], *, include_schemas: bool = False
) -> Sides:
    """Read the database and the models.

    Args:
        session: on it a transaction, or in a caller's transaction a savepoint, is opened and rolled
            back.
        metadatas: the models.
        include_schemas: look at all schemas of the database; otherwise at those of the models.

    Raises:
        DatabaseError: a privilege is missing, the server is read-only, or it refuses the models;
            then the facts have ``subject`` and ``sql``.
        ConfigError: SQLAlchemy cannot compile the models.
    """
    inside = session.in_transaction
    await session.send("SAVEPOINT asyncmig_shadow" if inside else "BEGIN")
    try:
        return await _read(session, metadatas, include_schemas=include_schemas)
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(CLEANUP_SECONDS) as scope:
            await _roll_back(session, inside=inside)
        if scope.cancelled_caught:
            session.driver.terminate()


async def _roll_back(session: Session, *, inside: bool) -> None:
    if session.closed:
        return
    undo = "ROLLBACK TO SAVEPOINT asyncmig_shadow; RELEASE SAVEPOINT asyncmig_shadow"
    try:
        await session.send(undo if inside else "ROLLBACK")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionLostError):
        session.driver.terminate()


async def _read(session: Session, metadatas: Sequence[MetaData], *, include_schemas: bool) -> Sides:
    about = (await session.fetch(_SESSION))[0]
    default_schema: str | None = about["default_schema"]
    if default_schema is None:
        raise DatabaseError(
            f"no schema of the search path {about['search_path']} exists in {about['database']}",
            hint="create the schema, or set search_path",
        )
    if about["read_only"]:
        raise DatabaseError(
            f"{about['database']} is read-only, and the models are built in scratch schemas",
            hint="compare on the primary; the scratch schemas are rolled back",
        )
    if not about["may_create"]:
        raise DatabaseError(
            f"role {about['role']} may not create schemas in {about['database']}, and the models are "
            "built in scratch schemas",
            hint=f"GRANT CREATE ON DATABASE {identifier(about['database'])} TO "
            f"{identifier(about['role'])}, or set `role` to one that may; the scratch schemas are "
            "rolled back",
            sqlstate="42501",
        )
    models = Models(
        metadatas, default_schema=default_schema, server_version=(session.server_version,)
    )
    own = sorted(models.schemas)
    every = own
    if include_schemas:
        every = sorted({*own, *(row["name"] for row in await session.fetch(_SCHEMAS))})
    await session.send("SET LOCAL search_path = ''")
    actual = await read_catalog(session.fetch, every, default_schema=default_schema)
    token = f"asyncmig_{secrets.token_hex(6)}"
    meant = sorted({*own, default_schema})
    scratch = {schema: f"{token}_{number}z" for number, schema in enumerate(meant)}
    await _build(session, models, scratch, actual, about["search_path"])
    quoted = await session.fetch(
        "SELECT name, quote_ident(name) AS printed FROM unnest($1::text[]) name", meant
    )
    wanted = await read_catalog(
        session.fetch,
        scratch.values(),
        default_schema=default_schema,
        translate=translation(
            {name: schema for schema, name in scratch.items()},
            {row["name"]: row["printed"] for row in quoted},
        ),
    )
    return Sides(actual=actual, wanted=_with_names(wanted, models), models=models)


async def _build(
    session: Session,
    models: Models,
    scratch: dict[str, str],
    actual: Catalog,
    search_path: str,
) -> None:
    statements = models.statements(scratch, actual.enums)
    path = f"{scratch[models.default_schema]}, {search_path}".removesuffix(', ""')
    before = [f"CREATE SCHEMA {name}" for name in scratch.values()]
    before.append(f"SELECT set_config('search_path', {literal(path)}, true)")
    before.append("SAVEPOINT asyncmig_models")
    after = "RELEASE SAVEPOINT asyncmig_models; SET LOCAL search_path = ''"
    await session.send(";\n".join(before))
    try:
        await session.send(";\n".join([*(item.sql for item in statements), after]))
    except asyncpg.PostgresError:
        await session.send("ROLLBACK TO SAVEPOINT asyncmig_models")
        await _find_guilty(session, statements)
        await session.send(after)


async def _find_guilty(session: Session, statements: Sequence[ModelStatement]) -> None:
    """Send one by one what was refused together."""
    for statement in statements:
        try:
            await session.send(statement.sql)
        except asyncpg.PostgresError as error:
            text = str(error).partition("\n")[0]
            raise DatabaseError(
                f"PostgreSQL refuses the models: {statement.subject}: {text}",
                hint=getattr(error, "hint", None)
                or "what a model needs of the database (extensions, functions) must be there already: "
                "run the migrations that create it first",
                subject=statement.subject,
                sql=statement.sql,
                sqlstate=getattr(error, "sqlstate", None),
            ) from error


def _with_names(catalog: Catalog, models: Models) -> Catalog:
    """Mark the constraints whose names the models leave to the server."""
    named = models.named_constraints()

    def marked(table: Table) -> Table:
        constraints = {
            name: item if (*table.name, name) in named else replace(item, named=False)
            for name, item in table.constraints.items()
        }
        return replace(table, constraints=constraints)

    return replace(catalog, tables={name: marked(table) for name, table in catalog.tables.items()})
