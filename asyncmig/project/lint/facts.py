"""What a database tells the linter: one query about the relations that a plan names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from asyncmig.lint.schema.tables import (
    KnownColumn,
    KnownConstraint,
    KnownIndex,
    KnownSchema,
    KnownTable,
)
from asyncmig.sql.actions.action import ConstraintKind
from asyncmig.sql.actions.parse import parse_actions
from asyncmig.sql.names import called_functions, mentioned_names
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.database.session import Session
    from asyncmig.sql.statement import Statement

__all__ = ["read_facts"]

_KINDS = {"p": "partitioned", "v": "view", "m": "materialized view"}
_CONSTRAINTS = {
    "c": ConstraintKind.CHECK,
    "f": ConstraintKind.FOREIGN_KEY,
    "u": ConstraintKind.UNIQUE,
    "p": ConstraintKind.PRIMARY_KEY,
    "x": ConstraintKind.EXCLUDE,
    "n": ConstraintKind.NOT_NULL,
}

# Catalogs and statistics only. Functions that open a relation, such as pg_relation_size, pg_partition_tree
# and pg_get_expr, would wait for a lock on it. So sizes are estimates: what ANALYZE found, or what the
# statistics count, if that is more.
_FACTS = """\
WITH RECURSIVE named AS (
    SELECT c.oid, c.relname, n.nspname, c.relkind, c.reltuples
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND (c.relname = ANY ($1::text[])
        OR c.oid IN (SELECT i.indrelid FROM pg_catalog.pg_index AS i
                     JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid WHERE x.relname = ANY ($1))
        OR c.oid IN (SELECT k.conrelid FROM pg_catalog.pg_constraint AS k
                     JOIN pg_catalog.pg_class AS x ON x.oid = k.confrelid
                     WHERE k.contype = 'f' AND x.relname = ANY ($1))
        OR c.oid IN (SELECT h.inhrelid FROM pg_catalog.pg_inherits AS h
                     JOIN pg_catalog.pg_class AS x ON x.oid = h.inhparent WHERE x.relname = ANY ($1))
        OR c.oid IN (SELECT a.attrelid FROM pg_catalog.pg_attribute AS a
                     JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
                     WHERE t.typtype = 'd' AND t.typname = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped))
), trees AS (
    SELECT n.oid AS root, n.oid FROM named AS n
    UNION ALL
    SELECT t.root, h.inhrelid FROM trees AS t JOIN pg_catalog.pg_inherits AS h ON h.inhparent = t.oid
), leaves AS (
    SELECT t.root, c.oid, c.reltuples, c.reltoastrelid
    FROM trees AS t JOIN pg_catalog.pg_class AS c ON c.oid = t.oid WHERE c.relkind IN ('r', 'm')
)
SELECT pg_catalog.json_build_object(
'path', pg_catalog.current_schemas(false),
'relations', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
    'schema', r.nspname, 'name', r.relname, 'kind', r.relkind,
    'parent', (SELECT pn.nspname || '.' || p.relname FROM pg_catalog.pg_inherits AS h
               JOIN pg_catalog.pg_class AS p ON p.oid = h.inhparent
               JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
               WHERE h.inhrelid = r.oid AND p.relkind = 'p'),
    'rows', (SELECT pg_catalog.sum(GREATEST(
                 l.reltuples, pg_catalog.pg_stat_get_live_tuples(l.oid), 0))::bigint
             FROM leaves AS l WHERE l.root = r.oid),
    'bytes', (SELECT pg_catalog.sum(x.relpages::bigint)
                     * pg_catalog.current_setting('block_size')::bigint
              FROM leaves AS l JOIN pg_catalog.pg_class AS x
                ON x.oid IN (l.oid, l.reltoastrelid)
                OR x.oid IN (SELECT i.indexrelid FROM pg_catalog.pg_index AS i WHERE i.indrelid = l.oid)
              WHERE l.root = r.oid),
    'columns', (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
                    a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
                    t.typtype = 'e', t.typtype = 'd', t.typname) ORDER BY a.attnum)
                FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
                WHERE a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped),
    'constraints', (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
                        k.conname, k.contype, k.convalidated,
                        ARRAY(SELECT a.attname FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u (n, o)
                              JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = u.n
                              ORDER BY u.o),
                        pg_catalog.pg_get_constraintdef(k.oid),
                        (SELECT fn.nspname || '.' || f.relname FROM pg_catalog.pg_class AS f
                         JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.relnamespace
                         WHERE f.oid = k.confrelid)))
                    FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = r.oid),
    'indexes', (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
                    x.relname, i.indisunique, i.indisvalid,
                    CASE WHEN i.indpred IS NULL THEN
                        ARRAY(SELECT a.attname FROM pg_catalog.unnest(i.indkey::smallint[])
                              WITH ORDINALITY AS u (n, o)
                              JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = u.n
                              WHERE u.o <= i.indnkeyatts ORDER BY u.o) ELSE '{}' END,
                    EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = x.oid
                            AND k.conrelid = r.oid AND k.contype IN ('u', 'p', 'x'))))
                FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
                WHERE i.indrelid = r.oid),
    'views', (SELECT pg_catalog.json_agg(DISTINCT pg_catalog.jsonb_build_array(
                  a.attname, vn.nspname || '.' || v.relname))
              FROM pg_catalog.pg_depend AS d
              JOIN pg_catalog.pg_rewrite AS w
                ON w.oid = d.objid AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
              JOIN pg_catalog.pg_class AS v ON v.oid = w.ev_class
              JOIN pg_catalog.pg_namespace AS vn ON vn.oid = v.relnamespace
              JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = d.refobjsubid
              WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                AND d.refobjid = r.oid AND d.refobjsubid > 0 AND v.oid <> r.oid)
)) FROM named AS r),
'enums', (SELECT pg_catalog.json_agg(t.typname) FROM pg_catalog.pg_type AS t WHERE t.typtype = 'e'),
'functions', (SELECT pg_catalog.json_object_agg(f.proname, f.volatile) FROM (
    SELECT p.proname, pg_catalog.max(p.provolatile::text) AS volatile FROM pg_catalog.pg_proc AS p
    WHERE p.proname = ANY ($2::text[]) GROUP BY p.proname) AS f)
)::text AS facts"""

# a job that has not begun knows its table by name only
_BACKFILLS = """\
SELECT j.name, COALESCE(n.nspname, j.definition ->> 'schema', '') AS schema,
       COALESCE(c.relname, j.definition ->> 'table') AS relation
FROM {table} AS j
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = j.table_oid
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE j.state NOT IN ('done', 'cancelled') AND COALESCE(c.relname, j.definition ->> 'table') IS NOT NULL"""


async def read_facts(
    session: Session, statements: Iterable[Statement], backfills: str
) -> KnownSchema:
    """Read what the linter wants to know about the relations that statements name.

    Args:
        session: an open one; nothing is changed and no table of the user is locked.
        statements: of the plan.
        backfills: the table of backfills as SQL; it need not exist.
    """
    names: set[str] = set()
    functions: set[str] = set()
    for statement in statements:
        names |= {name.name for name in mentioned_names(statement.sql)}
        for action in parse_actions(statement.sql):
            functions |= set(called_functions(action.default or ""))
    (row,) = await session.fetch(_FACTS, sorted(names), sorted(functions))
    schema = _schema(json.loads(row["facts"]))
    exists = await session.fetch(
        f"SELECT pg_catalog.to_regclass({literal(backfills)}) IS NOT NULL AS yes"
    )
    if exists[0]["yes"]:
        await _read_backfills(session, schema, backfills)
    return schema


async def _read_backfills(session: Session, schema: KnownSchema, table: str) -> None:
    for row in await session.fetch(_BACKFILLS.format(table=table)):
        key = _key(row["schema"], row["relation"], ())
        schema.backfills[key] = (*schema.backfills.get(key, ()), row["name"])


def _split(qualified: str) -> tuple[str, str]:
    schema, _, name = qualified.rpartition(".")
    return schema, name


def _key(schema: str, name: str, path: Iterable[str]) -> str:
    return name if schema in ("", "public", *path) else f"{schema}.{name}"


def _schema(found: Any) -> KnownSchema:
    path = found["path"] or []
    schema = KnownSchema(source="database")
    schema.enums = set(found["enums"] or [])
    schema.volatile = dict(found["functions"] or {})

    def key(qualified: str) -> str:
        return _key(*_split(qualified), path)

    for relation in found["relations"] or []:
        table = _table(relation, key)
        schema.tables[table.name] = table
        if relation["schema"] != "public":
            schema.tables.setdefault(f"{relation['schema']}.{relation['name']}", table)
        prefix, _, _ = table.name.rpartition(".")
        for index in table.indexes:
            schema.index_tables[f"{prefix}.{index}" if prefix else index] = table.name
            schema.index_tables.setdefault(f"{relation['schema']}.{index}", table.name)
        for _, _, _, _, is_domain, type_name in relation["columns"] or []:
            if is_domain:
                users = schema.domain_users.get(type_name, ())
                schema.domain_users[type_name] = tuple(dict.fromkeys((*users, table.name)))
    return schema


def _condition(definition: str) -> str:
    """The condition of a CHECK, as ``pg_get_constraintdef`` prints it."""
    return definition.removeprefix("CHECK ").removesuffix(" NOT VALID").removesuffix(" NO INHERIT")


def _table(relation: Any, key: Any) -> KnownTable:
    table = KnownTable(
        name=key(f"{relation['schema']}.{relation['name']}"),
        kind=_KINDS.get(relation["kind"], "table"),
        rows=relation["rows"],
        bytes=relation["bytes"] or None,
        partition_of=key(relation["parent"]) if relation["parent"] else None,
    )
    for name, type_, not_null, enum, _, _ in relation["columns"] or []:
        table.columns[name] = KnownColumn(name=name, type=type_, not_null=not_null, enum=enum)
    for name, kind, valid, columns, expression, references in relation["constraints"] or []:
        if kind in _CONSTRAINTS:
            table.constraints[name] = KnownConstraint(
                name=name,
                kind=_CONSTRAINTS[kind],
                columns=tuple(columns),
                expression=_condition(expression),
                references=key(references) if references else None,
                valid=valid,
            )
    for name, unique, valid, columns, constraint in relation["indexes"] or []:
        table.indexes[name] = KnownIndex(
            name=name, unique=unique, valid=valid, columns=tuple(columns), constraint=constraint
        )
    for column, view in relation["views"] or []:
        table.views[column] = (*table.views.get(column, ()), key(view))
    return table
