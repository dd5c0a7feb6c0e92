"""Both sides of a comparison: the database as it is, and the models as the same server builds them.

The models' DDL runs in scratch schemas inside a transaction that is rolled back. Nothing of the
user's is locked or changed, and whatever interrupts it, the server rolls back by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from asyncmig.catalog.declarations import Declarations
from asyncmig.catalog.entity_reading import entities_of, read_entity_rows
from asyncmig.catalog.models import Models
from asyncmig.catalog.reading import catalog_of, read_rows
from asyncmig.engine.beside import Beside
from asyncmig.engine.quoting import identifier
from asyncmig.engine.scratch import print_statements, scratch_names, undone
from asyncmig.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.schema import MetaData

    from asyncmig.catalog.model import Catalog, Table
    from asyncmig.engine.session import Session
    from asyncmig.entities import Entity

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
    """A database and its models with the entities beside them, as one server prints them."""

    actual: Catalog
    wanted: Catalog
    models: Models
    declared: Declarations


async def read_sides(
    session: Session,
    metadatas: Sequence[MetaData],
    *,
    include_schemas: bool = False,
    entities: Sequence[Entity] = (),
) -> Sides:
    """Read the database and the models.

    Args:
        session: on it a transaction, or in a caller's transaction a savepoint, is opened and rolled
            back.
        metadatas: the models.
        include_schemas: look at all schemas of the database; otherwise at those of the models.
        entities: declared beside the models.

    Raises:
        DatabaseError: a privilege is missing, the server is read-only, or it refuses the models;
            then the facts have ``subject`` and ``sql``.
        ConfigError: SQLAlchemy cannot compile the models.
    """
    async with undone(session):
        return await _read(session, metadatas, entities, include_schemas=include_schemas)


async def _read(
    session: Session,
    metadatas: Sequence[MetaData],
    entities: Sequence[Entity],
    *,
    include_schemas: bool,
) -> Sides:
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
    declared = Declarations(entities, models)
    own = sorted(models.schemas | declared.schemas)
    every = own
    if include_schemas:
        every = sorted({*own, *(row["name"] for row in await session.fetch(_SCHEMAS))})
    await session.send("SET LOCAL search_path = ''")
    rows = await read_rows(session.fetch, every)
    actual = replace(
        catalog_of(rows, default_schema=default_schema),
        entities=entities_of(await read_entity_rows(session.fetch, every)),
    )
    scratch = scratch_names({*own, default_schema})
    printed = await print_statements(
        session,
        declared.in_models(models.statements(scratch, actual.enums), scratch),
        scratch,
        default_schema=default_schema,
        search_path=about["search_path"],
        beside=_beside(declared, actual, scratch),
    )
    wanted = printed.catalog(default_schema)
    return Sides(
        actual=actual, wanted=_with_names(wanted, models), models=models, declared=declared
    )


def _beside(declared: Declarations, actual: Catalog, scratch: Mapping[str, str]) -> Beside | None:
    if not declared.entities:
        return None
    return Beside(
        early=declared.early(scratch, actual.entities.extensions), late=declared.late(scratch)
    )


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
