"""The schema of a database as a value, to compare it before an upgrade and after its downgrade."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.catalog.entity_reading import entities_of, read_entity_rows
from asyncmig.catalog.reading import catalog_of, read_rows
from asyncmig.diff.compare import compare
from asyncmig.diff.report import differences
from asyncmig.shadow.scratch_schemas import PRINTING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import asyncpg

    from asyncmig.catalog.entity_reading import EntityRows
    from asyncmig.catalog.reading import CatalogRows

__all__ = ["Snapshot", "describe_changes", "read_snapshot"]

Snapshot = tuple["CatalogRows", "EntityRows"]
"""The rows of the catalog queries; equal rows are equal schemas."""

_SCHEMAS = """\
SELECT nspname FROM pg_catalog.pg_namespace
WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' ORDER BY nspname"""
_BOOKKEEPING = frozenset({"alembic_version", "asyncmig_journal", "asyncmig_backfill"})


async def read_snapshot(connection: asyncpg.Connection) -> Snapshot:
    """Read the schema of all schemas that are not PostgreSQL's."""
    async with connection.transaction(readonly=True):
        schemas = [row[0] for row in await connection.fetch(_SCHEMAS)]
        await connection.execute(PRINTING)
        rows = await read_rows(connection.fetch, schemas)
        return rows, await read_entity_rows(connection.fetch, schemas)


def describe_changes(before: Snapshot, after: Snapshot) -> Iterator[str]:
    """What ``after`` has, lacks or has in another form; the bookkeeping tables do not count."""
    if before == after:
        return
    old, new = (
        replace(catalog_of(rows, default_schema="public"), entities=entities_of(entities))
        for rows, entities in (before, after)
    )
    for one in differences(compare(old, new)):
        if one.object.partition(".")[0] not in _BOOKKEEPING:
            yield str(one)
