"""What safe rewrites depend on: facts of the database, and the answers recorded for partial revisions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from asyncmig.database.concurrency import import_in_thread
from asyncmig.sql.quoting import literal, qualified
from asyncmig.sql.reader import SqlName

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from asyncmig.bookkeeping.state import DatabaseState
    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session
    from asyncmig.plan.rewrites.facts import DatabaseFacts, Partition
    from asyncmig.plan.rewrites.rewriting import Rewriting

__all__ = ["needs_facts_column", "obstacle_of", "read_recorded", "read_rewriting"]

_FACTS = """\
WITH relation AS (
    SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
           pg_catalog.pg_table_is_visible(c.oid) AS visible, c.relispopulated AS populated
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('p', 'I', 'm') OR c.relispartition AND c.relkind IN ('r', 'f')
)
SELECT
    pg_catalog.current_setting('server_version_num')::int / 10000 AS version,
    (SELECT json_agg(json_build_array(r.schema, r.name, r.visible, t.partdefid <> 0,
            (SELECT json_agg(json_build_array(child.schema, child.name,
                                              parent.schema, parent.name, child.kind)
                             ORDER BY tree.level, child.schema, child.name)
             FROM pg_catalog.pg_partition_tree(r.oid) AS tree
             JOIN relation AS child ON child.oid = tree.relid
             JOIN relation AS parent ON parent.oid = tree.parentrelid
             WHERE tree.level > 0)))
     FROM relation AS r JOIN pg_catalog.pg_partitioned_table AS t ON t.partrelid = r.oid
    )::text AS partitioned,
    (SELECT json_agg(json_build_array(schema, name, visible)) FROM relation
     WHERE kind = 'I')::text AS indexes,
    (SELECT json_agg(json_build_array(schema, name, visible)) FROM relation
     WHERE kind = 'm' AND populated AND EXISTS (
         SELECT FROM pg_catalog.pg_index AS i
         WHERE i.indrelid = relation.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
           AND i.indpred IS NULL AND i.indexprs IS NULL
     ))::text AS refreshable,
    (SELECT json_agg(json_build_array(n.nspname, c.relname, pg_catalog.pg_table_is_visible(c.oid)))
     FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
       AND NOT EXISTS (
         SELECT FROM pg_catalog.pg_index AS i
         JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
         JOIN pg_catalog.pg_am AS m ON m.oid = x.relam
         WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND m.amname = 'btree'
           AND i.indpred IS NULL AND i.indexprs IS NULL
           AND NOT EXISTS (
             SELECT FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS k (position)
             JOIN pg_catalog.pg_attribute AS a
               ON a.attrelid = c.oid AND a.attnum = i.indkey[k.position]
             WHERE NOT a.attnotnull OR i.indoption[k.position] <> 0
           )
     ))::text AS without_key,
    (SELECT json_agg(DISTINCT p.proname) FROM pg_catalog.pg_proc AS p
     JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
     WHERE p.provolatile = 'v' AND p.prokind = 'f' AND p.prorettype <> 'pg_catalog.trigger'::regtype
       AND n.nspname NOT IN ('pg_catalog', 'information_schema'))::text AS volatile_functions"""

# the row of a phase that failed has none, so the newest row of the same application that has some counts
_RECORDED = """\
SELECT j.revision, (
    SELECT pg_catalog.to_jsonb(o) ->> 'rewrite_facts' FROM {journal} AS o
    WHERE o.revision = j.revision AND o.id <= j.id
      AND o.id > coalesce((SELECT max(f.id) FROM {journal} AS f
                           WHERE f.revision = j.revision AND f.final), 0)
      AND pg_catalog.to_jsonb(o) ->> 'rewrite_facts' IS NOT NULL
    ORDER BY o.id DESC LIMIT 1) AS facts
FROM {journal} AS j
WHERE j.id = ANY ($1::bigint[])"""

_COLUMN = """\
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_attribute
    WHERE attrelid = {journal}::regclass AND attname = 'rewrite_facts' AND NOT attisdropped
) AS present"""


async def read_rewriting(
    session: Session, settings: Settings, state: DatabaseState
) -> Rewriting | None:
    """The safe rewrites of a plan for a database; None where none are made.

    Args:
        session: any session.
        settings: of the run.
        state: the partial revisions.
    """
    recorded = await read_recorded(session, settings, state)
    if not (settings.safe_rewrites or any(map(_has_rewrites, recorded.values()))):
        return None
    await import_in_thread("asyncmig.plan.rewrites.rewriting")
    from asyncmig.plan.rewrites.rewriting import Rewriting

    return Rewriting(
        enabled=settings.safe_rewrites,
        database=await _read_facts(session),
        recorded=recorded,
        obstacle=obstacle_of(session, settings),
    )


def obstacle_of(session: Session, settings: Settings) -> str | None:
    """Why no phase can be committed by itself; None where each can."""
    if session.caller_transaction:
        return "the caller's transaction cannot be divided"
    return one_transaction_obstacle(settings)


def one_transaction_obstacle(settings: Settings) -> str | None:
    """Why no rewrite is made where all revisions share a transaction."""
    return (
        'transaction = "all" commits nothing in between' if settings.transaction == "all" else None
    )


async def needs_facts_column(session: Session, settings: Settings, state: DatabaseState) -> bool:
    """True for a journal of an older version of asyncmig, which has no place for the answers."""
    if not (settings.journal and state.has_journal):
        return False
    journal = literal(qualified(state.schema, settings.journal_table))
    return not (await session.fetch(_COLUMN.format(journal=journal)))[0]["present"]


async def read_recorded(
    session: Session, settings: Settings, state: DatabaseState
) -> dict[str, Mapping[str, Any] | None]:
    """By partial revision, the answers that its first run has recorded; None where it made no rewrites."""
    if not state.partial or not settings.journal:
        return {}
    journal = qualified(state.schema, settings.journal_table)
    rows = await session.fetch(
        _RECORDED.format(journal=journal), [entry.journal_id for entry in state.partial]
    )
    return {row["revision"]: json.loads(row["facts"] or "null") for row in rows}


def _has_rewrites(recorded: Mapping[str, Any] | None) -> bool:
    return recorded is not None and recorded.get("safe_rewrites") is not False


async def _read_facts(session: Session) -> DatabaseFacts:
    from asyncmig.plan.rewrites.facts import DatabaseFacts, Partition

    row = (await session.fetch(_FACTS))[0]
    partitioned = json.loads(row["partitioned"] or "[]")
    partitions: dict[SqlName, tuple[Partition, ...]] = {}
    with_default = set[SqlName]()
    for schema, name, visible, has_default, tree in partitioned:
        for key in _names(schema, name, visible):
            partitions[key] = tuple(Partition.of_row(each) for each in tree or ())
            if has_default:
                with_default.add(key)
    return DatabaseFacts(
        version=row["version"],
        partitions=partitions,
        with_default_partition=frozenset(with_default),
        partitioned_indexes=_all_names(row["indexes"]),
        refreshable=_all_names(row["refreshable"]),
        without_key=_all_names(row["without_key"]),
        volatile_functions=frozenset(json.loads(row["volatile_functions"] or "[]")),
    )


def _all_names(rows: str | None) -> frozenset[SqlName]:
    found: Iterable[tuple[str, str, bool]] = json.loads(rows or "[]")
    return frozenset(name for row in found for name in _names(*row))


def _names(schema: str, name: str, visible: bool) -> Iterator[SqlName]:
    yield SqlName(schema, name)
    if visible:
        yield SqlName(None, name)
