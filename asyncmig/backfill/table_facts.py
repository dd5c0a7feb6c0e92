"""What the catalog says about the table of a backfill: its key, its partitions, and whether it exists."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import asyncpg

from asyncmig.backfill.batches.keys import BatchTable, Key, KeyColumn, block_position
from asyncmig.errors import BackfillError
from asyncmig.plan.model import RowEstimate
from asyncmig.sql.backfills.assigned import assigned_columns, names_in
from asyncmig.sql.quoting import qualified

if TYPE_CHECKING:
    from asyncmig.backfill.batches.keys import Position
    from asyncmig.database.session import Session
    from asyncmig.sql.backfills.definition import Backfill

__all__ = [
    "FirstRange",
    "TableFacts",
    "check_same_table",
    "read_batch_table",
    "read_estimate",
    "read_plan_estimate",
    "read_table",
]

ROWS_PER_BLOCK = 50.0
"""Of a table without statistics."""

_TABLE = """\
SELECT c.oid, c.relkind::text AS kind FROM pg_catalog.pg_class AS c
WHERE c.oid = pg_catalog.to_regclass($1)"""

# the columns of an index are comparable with (a, b) > (x, y) only if none of them is DESC, and if each has
# the operators that < has
_INDEXES = """\
SELECT i.relname::text AS name, x.indisprimary AS is_primary, x.indisunique AS is_unique,
       array_agg(a.attname::text ORDER BY k.position) AS columns,
       array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) || coalesce(
           ' COLLATE ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(l.collname), ''
       ) ORDER BY k.position) AS types,
       bool_and(a.attnotnull) AS not_null,
       bool_and(x.indoption[k.position - 1] = 0 AND o.opcdefault) AS ascending
FROM pg_catalog.pg_index AS x
JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_am AS m ON m.oid = i.relam AND m.amname = 'btree'
CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY AS k (number, position)
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = k.number
JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
JOIN pg_catalog.pg_opclass AS o ON o.oid = x.indclass[k.position - 1]
LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation AND a.attcollation <> t.typcollation
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = l.collnamespace
WHERE x.indrelid = $1 AND x.indisvalid AND x.indpred IS NULL AND x.indexprs IS NULL
  AND k.position <= x.indnkeyatts
GROUP BY x.indexrelid, i.relname, x.indisprimary, x.indisunique, x.indnkeyatts
HAVING count(*) = x.indnkeyatts
ORDER BY x.indisprimary DESC, x.indnkeyatts, i.relname"""

_NOW = """\
SELECT n.nspname::text AS schema, c.relname::text AS name,
       c.oid IS NOT DISTINCT FROM pg_catalog.to_regclass($2)::oid AS is_same
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = $1"""

_PARTITIONS = """\
SELECT c.oid, c.relkind::text AS kind, n.nspname::text AS schema, c.relname::text AS name
FROM pg_catalog.pg_partition_tree($1::oid) AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.relid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE t.isleaf ORDER BY c.oid"""

_PARTITION_KEYS = """\
SELECT pg_catalog.pg_get_partkeydef(p.partrelid) AS key
FROM pg_catalog.pg_partition_tree($1::oid) AS t
JOIN pg_catalog.pg_partitioned_table AS p ON p.partrelid = t.relid"""

_PLACE = """\
SELECT n.nspname::text AS schema, c.relname::text AS name, c.relispartition AS is_partition,
       CASE WHEN c.reltuples > 0 AND c.relpages > 0 THEN c.reltuples / c.relpages END::float8 AS density
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = $1"""

_BLOCKS = """\
SELECT pg_catalog.pg_relation_size($1::oid) / pg_catalog.current_setting('block_size')::bigint AS blocks"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstRange:
    """A range with which a pass begins.

    Attributes:
        relation: the partition; None is the table.
        upper: its end; None is open.
    """

    relation: int | None = None
    upper: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """The table of a backfill, and what a pass over it begins with."""

    oid: int
    first_ranges: tuple[FirstRange, ...]


async def read_table(session: Session, definition: Backfill) -> TableFacts:
    """Look up the table, and make sure that its rows have an order.

    Raises:
        BackfillError: the table does not exist, or no index of it gives an order.
    """
    rows = await session.fetch(_TABLE, definition.table_name)
    if not rows:
        raise BackfillError(
            f"backfill {definition.name}: the table {definition.table_name} does not exist",
            hint="create it in an earlier revision, or correct the name",
            backfill=definition.name,
        )
    oid, kind = rows[0]["oid"], rows[0]["kind"]
    if kind not in {"r", "p"}:
        raise BackfillError(
            f"backfill {definition.name}: {definition.table_name} is not a table",
            hint="name the table whose rows are to be changed",
            backfill=definition.name,
        )
    relations: list[int | None] = [None]
    if kind == "p" and await _is_divided_by_partition(session, definition, oid):
        relations = [row["oid"] for row in await session.fetch(_PARTITIONS, oid)]
    elif kind == "p" and definition.follows_ctid:
        raise BackfillError(
            f"backfill {definition.name}: {definition.table_name} is partitioned, and the statement cannot"
            ' change one partition at a time, as by="ctid" needs',
            hint="leave the columns of the partition key as they are, or give the table a primary key",
            backfill=definition.name,
        )
    ranges = []
    for relation in relations:
        await read_batch_table(session, definition, oid, relation)
        upper = None
        if definition.follows_ctid:
            # rows that are written meanwhile go to further blocks
            blocks = (await session.fetch(_BLOCKS, relation or oid))[0]["blocks"]
            upper = block_position(blocks)
        ranges.append(FirstRange(relation=relation, upper=upper))
    return TableFacts(oid=oid, first_ranges=tuple(ranges))


async def _is_divided_by_partition(session: Session, definition: Backfill, oid: int) -> bool:
    """False where rows may move to another partition, or the statement names the table with its schema."""
    if definition.kind == "update":
        assigned = assigned_columns(definition.assignments)
        keys = await session.fetch(_PARTITION_KEYS, oid)
        if any(assigned & names_in(row["key"]) for row in keys):
            return False
    partitions = await session.fetch(_PARTITIONS, oid)
    for row in partitions[:1]:
        name = qualified(row["schema"], row["name"])
        table = BatchTable(definition=definition, oid=oid, key=Key.ctid(definition), partition=name)
        try:
            await session.fetch(f"EXPLAIN {definition.statement(table=table.sql)}")
        except asyncpg.SyntaxOrAccessError:
            return False
    return True


async def read_batch_table(
    session: Session, definition: Backfill, oid: int, relation: int | None
) -> BatchTable | None:
    """What the batches of a range change: the table, or one of its partitions.

    Returns:
        None for a partition that was dropped or detached.

    Raises:
        BackfillError: no index of it gives an order.
    """
    rows = await session.fetch(_PLACE, relation or oid)
    if not rows or (relation is not None and not rows[0]["is_partition"]):
        return None
    partition = None if relation is None else qualified(rows[0]["schema"], rows[0]["name"])
    return BatchTable(
        definition=definition,
        oid=relation or oid,
        key=await _read_key(session, definition, relation or oid, partition),
        partition=partition,
        rows_per_block=rows[0]["density"] or ROWS_PER_BLOCK,
    )


async def _read_key(
    session: Session, definition: Backfill, relation: int, partition: str | None
) -> Key:
    if definition.follows_ctid:
        return Key.ctid(definition)
    name = partition or definition.table_name
    indexes = await session.fetch(_INDEXES, relation)
    wanted = list(definition.key)
    for index in indexes:
        fits = index["columns"] == wanted if wanted else index["is_unique"]
        if fits and index["not_null"] and index["ascending"]:
            columns = tuple(map(KeyColumn, index["columns"], index["types"]))
            return Key.of(definition, columns, index["name"])
    if wanted:
        raise BackfillError(
            f"backfill {definition.name}: {name} has no index on exactly"
            f" ({', '.join(wanted)}) of NOT NULL columns, ascending",
            hint="create one with CREATE INDEX CONCURRENTLY in an earlier revision, or leave out key=",
            backfill=definition.name,
        )
    raise BackfillError(
        f"backfill {definition.name}: {name} has no primary key, and no unique index of"
        " NOT NULL columns, so its rows cannot be divided into batches",
        hint="add a primary key, name the columns of any B-tree index of NOT NULL columns (key=[...]), or"
        ' let the batches follow the blocks of the table (by="ctid")',
        backfill=definition.name,
    )


async def read_estimate(session: Session, query: str) -> int:
    """How many rows a query gives, as the planner estimates it."""
    return (await _explain(session, query)).rows


async def read_plan_estimate(session: Session, definition: Backfill) -> RowEstimate | None:
    """The rows of a backfill in a plan; None where its table does not exist yet."""
    with suppress(asyncpg.SyntaxOrAccessError):
        return await _explain(session, definition.remaining)
    with suppress(asyncpg.SyntaxOrAccessError):
        found = await _explain(session, f"SELECT * FROM {definition.table_name}")
        return replace(found, whole_table=True)
    return None


async def _explain(session: Session, query: str) -> RowEstimate:
    rows = await session.fetch(f"EXPLAIN (FORMAT JSON) {query}")
    plan = rows[0][0]
    found = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    count = int(found["Plan Rows"])
    return RowEstimate(rows=count, bytes=count * int(found["Plan Width"]))


async def check_same_table(session: Session, definition: Backfill, relation: int) -> None:
    """Make sure that the table is the one with which a job began.

    Raises:
        BackfillError: it was dropped, renamed or replaced.
    """
    rows = await session.fetch(_NOW, relation, definition.table_name)
    if rows and rows[0]["is_same"]:
        return
    what = (
        f"is named {qualified(rows[0]['schema'], rows[0]['name'])} now" if rows else "was dropped"
    )
    raise BackfillError(
        f"backfill {definition.name}: the table {definition.table_name} with which it began {what}",
        hint="restore the table and run the same command again, or"
        f" `asyncmig backfill cancel {definition.name}`",
        backfill=definition.name,
        state="failed",
    )
