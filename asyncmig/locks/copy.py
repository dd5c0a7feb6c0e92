"""A schema-only copy of a database: tables, types, views and the rest, without rows.

The catalog of the database is read and compared with an empty one, as autogenerate compares models; the
operations that create everything are compiled and run in the copy. A statement that fails there is left
out and reported, and so is everything that the database has and the copy does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio.to_thread
import asyncpg

from asyncmig.catalog.entity_reading import entities_of, read_entity_rows
from asyncmig.catalog.model import Catalog
from asyncmig.catalog.reading import catalog_of, read_rows
from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.diff.compare import compare
from asyncmig.shadow.environment import read_environment
from asyncmig.shadow.scratch_schemas import PRINTING, rolled_back_transaction
from asyncmig.sql.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.catalog.entity_reading import EntityRows
    from asyncmig.catalog.reading import CatalogRows
    from asyncmig.database.session import Session
    from asyncmig.shadow.environment import DatabaseEnvironment

__all__ = ["SourceSchema", "build_copy", "read_source"]

_SCHEMAS = """\
SELECT nspname AS name FROM pg_catalog.pg_namespace
WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' ORDER BY nspname"""

_ROLES = "SELECT rolname AS name FROM pg_catalog.pg_roles WHERE rolname NOT LIKE 'pg\\_%'"

_NOT_OF_EXTENSION = """\
NOT EXISTS (SELECT FROM pg_catalog.pg_depend x
            WHERE x.classid = '{catalog}'::pg_catalog.regclass AND x.objid = o.oid AND x.deptype = 'e')"""
_IN_SCHEMAS = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"


def _of(catalog: str, kind: str, name: str, namespace: str, where: str = "true") -> str:
    return f"""\
SELECT {kind} || ' ' || n.nspname || '.' || {name} AS description
FROM pg_catalog.{catalog} o JOIN pg_catalog.pg_namespace n ON n.oid = o.{namespace}
WHERE {_IN_SCHEMAS} AND {where} AND {_NOT_OF_EXTENSION.format(catalog=catalog)}"""


_OBJECTS = "\nUNION ALL\n".join(
    [
        _of(
            "pg_class",
            """CASE o.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view'
    WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table'
    ELSE 'index' END""",
            "o.relname",
            "relnamespace",
            "o.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'i', 'I')",
        ),
        _of(
            "pg_proc",
            "'function'",
            "o.proname || '(' || pg_catalog.pg_get_function_identity_arguments(o.oid) || ')'",
            "pronamespace",
        ),
        _of("pg_type", "'type'", "o.typname", "typnamespace", "o.typtype IN ('e', 'd', 'r', 'm')"),
        _of("pg_operator", "'operator'", "o.oprname", "oprnamespace"),
        _of("pg_collation", "'collation'", "o.collname", "collnamespace"),
        _of("pg_ts_config", "'text search configuration'", "o.cfgname", "cfgnamespace"),
        _of("pg_statistic_ext", "'statistics'", "o.stxname", "stxnamespace"),
        """\
SELECT 'constraint ' || o.conname || ' of ' || n.nspname || '.' || c.relname
FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE o.contype IN ('c', 'f', 'p', 'u', 'x') AND """
        + _IN_SCHEMAS,
        """\
SELECT 'trigger ' || o.tgname || ' of ' || n.nspname || '.' || c.relname
FROM pg_catalog.pg_trigger o JOIN pg_catalog.pg_class c ON c.oid = o.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE NOT o.tgisinternal AND """
        + _IN_SCHEMAS,
        "SELECT 'event trigger ' || evtname FROM pg_catalog.pg_event_trigger",
        "SELECT 'extension ' || extname FROM pg_catalog.pg_extension",
    ]
)

# the catalog has partitioned tables, and not their partitions
_PARTITIONS = """\
SELECT format('CREATE TABLE %I.%I PARTITION OF %s %s', n.nspname, c.relname, i.inhparent::pg_catalog.regclass,
              pg_catalog.pg_get_expr(c.relpartbound, c.oid))
       || coalesce(' PARTITION BY ' || pg_catalog.pg_get_partkeydef(c.oid), '') AS sql
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid
WHERE c.relispartition AND c.relkind IN ('r', 'p') AND n.nspname = ANY($1)
ORDER BY (SELECT count(*) FROM pg_catalog.pg_partition_ancestors(c.oid)), n.nspname, c.relname"""

_INDEXES_OF_PARTITIONS = """\
SELECT pg_catalog.pg_get_indexdef(i.indexrelid) AS sql
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class t ON t.oid = i.indrelid
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE t.relispartition AND t.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY($1)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid)"""

_STATEMENTS_A_MESSAGE = 100
LOCK_MILLISECONDS = 2000
"""How long the database may be read behind an ACCESS EXCLUSIVE lock of another session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSchema:
    """What is read of a database for its copy.

    Attributes:
        environment: search path, settings and extensions.
        schemas: the names of its schemas.
        rows: the rows of the catalog query.
        entities: the rows of the entity query.
        partitions: the statements that create partitions and their own indexes.
        objects: a description of each object, to see what the copy lacks.
        roles: the roles of the server.
    """

    environment: DatabaseEnvironment
    schemas: tuple[str, ...]
    rows: CatalogRows
    entities: EntityRows
    partitions: tuple[str, ...]
    objects: frozenset[str]
    roles: tuple[str, ...]

    def statements(self) -> list[str]:
        """The statements that create everything; it takes a while, so call it in a thread."""
        default = self.environment.default_schema
        # event triggers would fire while the copy is made
        rows = [(kind, value) for kind, value in self.entities if kind != "event_trigger"]
        found = replace(catalog_of(self.rows, default_schema=default), entities=entities_of(rows))
        empty = Catalog(default_schema=default, schemas=frozenset({"public"}))
        dialect = MigrationDialect()
        statements = [
            compiled.sql
            for operation in compare(empty, found)
            for compiled in compile_operation(operation, dialect)
        ]
        # an index that is not of the parent comes behind those of the parent
        return [*statements, *self.partitions]


_READING = f"; SET LOCAL transaction_read_only = on; SET LOCAL lock_timeout = {LOCK_MILLISECONDS}"


async def read_source(session: Session) -> SourceSchema:
    """Read a database.

    The only locks are ACCESS SHARE: on catalogs, and on relations whose expressions the server prints.

    Raises:
        asyncpg.LockNotAvailableError: another session holds ACCESS EXCLUSIVE on one of them.
    """
    async with rolled_back_transaction(session, _READING):
        environment = await read_environment(session)
        schemas = tuple(row["name"] for row in await session.fetch(_SCHEMAS))
        roles = tuple(row["name"] for row in await session.fetch(_ROLES))
        await session.send(PRINTING)
        partitions = await session.fetch(_PARTITIONS, list(schemas))
        indexes = await session.fetch(_INDEXES_OF_PARTITIONS, list(schemas))
        return SourceSchema(
            environment=environment,
            schemas=schemas,
            rows=await read_rows(session.fetch, schemas),
            entities=await read_entity_rows(session.fetch, schemas),
            partitions=tuple(row["sql"] for row in (*partitions, *indexes)),
            objects=await _objects(session.driver),
            roles=roles,
        )


async def _objects(connection: asyncpg.Connection) -> frozenset[str]:
    return frozenset(row[0] for row in await connection.fetch(_OBJECTS))


async def build_copy(connection: asyncpg.Connection, source: SourceSchema) -> tuple[str, ...]:
    """Create the schema in an empty database.

    Returns:
        what the copy lacks, one line each.
    """
    statements = await anyio.to_thread.run_sync(source.statements)
    environment = source.environment
    existing = {row["name"] for row in await connection.fetch(_ROLES)}
    for role in source.roles:
        if role not in existing:
            await _try(connection, f"CREATE ROLE {identifier(role)}")
    for name, value in environment.settings.items():
        await _try(connection, f"SET {name} = {literal(value)}")
    path = f"SET search_path = {environment.search_path or literal('')}"
    schemas = [f"CREATE SCHEMA IF NOT EXISTS {identifier(name)}" for name in source.schemas]
    await connection.execute("; ".join(["SET check_function_bodies = off", *schemas, path]))
    refused: list[str] = []
    for start in range(0, len(statements), _STATEMENTS_A_MESSAGE):
        refused += await _create(connection, statements[start : start + _STATEMENTS_A_MESSAGE])
    lacking = sorted(source.objects - await _objects(connection))
    return (*refused, *(f"the copy lacks the {description}" for description in lacking))


async def _create(connection: asyncpg.Connection, statements: Sequence[str]) -> list[str]:
    """Run statements in one message, or one by one where one of them fails."""
    # every CREATE SCHEMA was run before
    wanted = [sql for sql in statements if not sql.startswith("CREATE SCHEMA ")]
    if not wanted or await _try(connection, ";\n".join(wanted)) is None:
        return []
    messages = [(sql, await _try(connection, sql)) for sql in wanted]
    return [
        f"not copied: {message} ({sql.splitlines()[0][:80]})"
        for sql, message in messages
        if message is not None
    ]


async def _try(connection: asyncpg.Connection, sql: str) -> str | None:
    """Run a message; the server's message where it fails, and then nothing of it is kept."""
    try:
        await connection.execute(sql)
    except asyncpg.PostgresError as error:
        return str(error)
    return None
