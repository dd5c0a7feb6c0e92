"""Facts of the target that change from minute to minute: sizes, long transactions, who holds locks now.

One query reads them, from catalogs and statistics views alone: functions such as
``pg_total_relation_size`` lock the relation that they measure, and would wait behind a lock.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from asyncmig.results.impact import LongTransaction
from asyncmig.sql.reader import SqlName

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from asyncmig.database.session import Session

__all__ = ["Holder", "LiveFacts", "RelationSize", "read_live_facts"]

LONG_SECONDS = 5.0
"""A transaction that is older than this is long for a lock that waits behind it."""

_LIVE = """\
WITH RECURSIVE wanted AS (
    SELECT c.oid, n.nspname, c.relname, c.relkind
    FROM unnest($1::text[], $2::text[]) w(schema, name)
    JOIN pg_catalog.pg_class c ON c.relname = w.name
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = w.schema
), parts AS (  -- a partitioned table has no file: its partitions do
    SELECT w.oid AS whole, w.oid AS part FROM wanted w
    UNION
    SELECT p.whole, i.inhrelid
    FROM parts p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.part
    JOIN pg_catalog.pg_class c ON c.oid = p.part AND c.relkind IN ('p', 'I')
), files AS (
    SELECT p.whole, c.oid, c.relpages FROM parts p JOIN pg_catalog.pg_class c ON c.oid = p.part
    UNION ALL
    SELECT p.whole, x.oid, x.relpages
    FROM parts p JOIN pg_catalog.pg_index i ON i.indrelid = p.part
    JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
    UNION ALL
    SELECT p.whole, t.oid, t.relpages
    FROM parts p JOIN pg_catalog.pg_class c ON c.oid = p.part
    JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
), sizes AS (
    SELECT w.nspname AS schema, w.relname AS name,
           (SELECT sum(CASE WHEN c.reltuples < 0 OR c.relpages = 0
                            THEN pg_catalog.pg_stat_get_live_tuples(c.oid) ELSE c.reltuples END)::bigint
            FROM parts p JOIN pg_catalog.pg_class c ON c.oid = p.part
            WHERE p.whole = w.oid AND c.relkind IN ('r', 'm', 't')) AS rows,
           (SELECT sum(f.relpages::bigint) * current_setting('block_size')::bigint
            FROM files f WHERE f.whole = w.oid) AS bytes
    FROM wanted w
), holders AS (
    SELECT w.nspname AS schema, w.relname AS name, l.mode, l.pid,
           extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS age,
           a.usename AS role, a.application_name AS application
    FROM wanted w
    JOIN pg_catalog.pg_locks l ON l.relation = w.oid AND l.granted AND l.locktype = 'relation'
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE l.pid <> pg_catalog.pg_backend_pid()
), transactions AS (
    SELECT pid, extract(epoch FROM clock_timestamp() - xact_start)::float8 AS age, usename AS role,
           application_name AS application, state
    FROM pg_catalog.pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_catalog.pg_backend_pid()
      AND xact_start < clock_timestamp() - $3::float8 * interval '1 second'
    ORDER BY xact_start
)
SELECT coalesce((SELECT json_agg(s) FROM sizes s), '[]')::text AS sizes,
       coalesce((SELECT json_agg(h) FROM holders h), '[]')::text AS holders,
       coalesce((SELECT json_agg(t) FROM transactions t), '[]')::text AS transactions,
       (SELECT count(*) FROM pg_catalog.pg_stat_activity
        WHERE datname = current_database() AND query = '<insufficient privilege>') AS hidden"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationSize:
    """Estimates; None where PostgreSQL has none."""

    rows: int | None
    bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A session that holds a lock on a relation of the plan."""

    relation: SqlName
    mode: str
    pid: int
    age: float | None
    role: str | None
    application: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFacts:
    """What the target says about its relations and sessions now.

    Attributes:
        sizes: by relation.
        holders: who holds locks on the relations.
        transactions: those that are open for a while.
        hidden: sessions of other roles of which the server shows no state to this role.
    """

    sizes: Mapping[SqlName, RelationSize] = field(default_factory=dict)
    holders: tuple[Holder, ...] = ()
    transactions: tuple[LongTransaction, ...] = ()
    hidden: int = 0


async def read_live_facts(session: Session, relations: Collection[SqlName]) -> LiveFacts:
    """Read the facts of relations whose schema is given."""
    ordered = sorted(relations, key=str)
    (row,) = await session.fetch(
        _LIVE, [name.schema for name in ordered], [name.name for name in ordered], LONG_SECONDS
    )
    sizes: list[dict[str, Any]] = json.loads(row["sizes"])
    holders: list[dict[str, Any]] = json.loads(row["holders"])
    return LiveFacts(
        sizes={
            SqlName(each["schema"], each["name"]): RelationSize(
                rows=each["rows"], bytes=each["bytes"] or None
            )
            for each in sizes
        },
        holders=tuple(
            Holder(relation=SqlName(each.pop("schema"), each.pop("name")), **each)
            for each in holders
        ),
        transactions=tuple(LongTransaction(**each) for each in json.loads(row["transactions"])),
        hidden=row["hidden"],
    )
