"""What the catalog says about the table of a backfill: its key, its size, and whether it is still there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.backfill.keys import Key, KeyColumn
from asyncmig.errors import BackfillError
from asyncmig.sql.quoting import qualified

if TYPE_CHECKING:
    from asyncmig.database.session import Session
    from asyncmig.sql.backfills.definition import Backfill

__all__ = ["TableFacts", "check_same_table", "read_estimate", "read_table"]

_TABLE = """\
SELECT c.oid, c.relkind::text AS kind, c.relpages::bigint AS pages
FROM pg_catalog.pg_class AS c WHERE c.oid = pg_catalog.to_regclass($1)"""

# the columns of an index are comparable with (a, b) > (x, y) only if none of them is DESC
_INDEXES = """\
SELECT i.relname::text AS name, x.indisprimary AS is_primary, x.indisunique AS is_unique,
       array_agg(a.attname::text ORDER BY k.position) AS columns,
       array_agg(pg_catalog.format_type(a.atttypid, a.atttypmod) ORDER BY k.position) AS types,
       bool_and(a.attnotnull) AS not_null,
       bool_and(x.indoption[k.position - 1] = 0) AS ascending
FROM pg_catalog.pg_index AS x
JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_am AS m ON m.oid = i.relam AND m.amname = 'btree'
CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY AS k (number, position)
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = k.number
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    """The table of a backfill."""

    oid: int
    key: Key
    pages: int


async def read_table(session: Session, definition: Backfill) -> TableFacts:
    """Look up the table, and the key that its batches follow.

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
    indexes = await session.fetch(_INDEXES, oid)
    wanted = list(definition.key)
    for index in indexes:
        fits = index["columns"] == wanted if wanted else index["is_unique"]
        if fits and index["not_null"] and index["ascending"]:
            columns = tuple(map(KeyColumn, index["columns"], index["types"]))
            key = Key.of(definition, columns, index["name"])
            return TableFacts(oid=oid, key=key, pages=rows[0]["pages"])
    if wanted:
        raise BackfillError(
            f"backfill {definition.name}: {definition.table_name} has no index on exactly"
            f" ({', '.join(wanted)}) of NOT NULL columns, ascending",
            hint="create one with CREATE INDEX CONCURRENTLY in an earlier revision, or leave out key=",
            backfill=definition.name,
        )
    raise BackfillError(
        f"backfill {definition.name}: {definition.table_name} has no primary key, and no unique index of"
        " NOT NULL columns, so its rows cannot be divided into batches",
        hint="add a primary key, or name the columns of any B-tree index of NOT NULL columns: key=[...]",
        backfill=definition.name,
    )


async def read_estimate(session: Session, query: str) -> int:
    """How many rows a query gives, as the planner estimates it."""
    rows = await session.fetch(f"EXPLAIN (FORMAT JSON) {query}")
    plan = rows[0][0]
    found = json.loads(plan) if isinstance(plan, str) else plan
    return int(found[0]["Plan"]["Plan Rows"])


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
