"""What the catalogs say about the columns of online changes, as plain data for the plan and the journal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from asyncmig.bookkeeping.rewrite_facts import obstacle_of, read_recorded
from asyncmig.plan.moves import direction_of
from asyncmig.plan.online.changes import OnlineChanges
from asyncmig.plan.online_columns import find_column_requests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asyncmig.bookkeeping.state import DatabaseState
    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session
    from asyncmig.plan.online.requests import ColumnRequest
    from asyncmig.plan.planner import Planner
    from asyncmig.plan.run_script import AnyScript
    from asyncmig.revisions.graph.moves import Move

__all__ = ["read_documents", "read_online_changes"]

_ROOT = """\
SELECT c.oid, a.attnum, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
FROM pg_catalog.pg_class AS c
LEFT JOIN pg_catalog.pg_attribute AS a
  ON a.attrelid = c.oid AND a.attname = $2 AND NOT a.attisdropped AND a.attnum > 0
WHERE c.oid = pg_catalog.to_regclass($1)"""

_MARK = """\
SELECT pg_catalog.obj_description(t.tgfoid, 'pg_proc') AS mark
FROM pg_catalog.pg_trigger AS t
WHERE t.tgrelid = pg_catalog.to_regclass($1) AND t.tgname = ANY ($2::name[]) AND NOT t.tgisinternal"""

_REFERENCING = """\
SELECT f.conrelid AS oid, f.conkey[k.position] AS attnum,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type
FROM pg_catalog.pg_constraint AS f
CROSS JOIN LATERAL unnest(f.confkey) WITH ORDINALITY AS k (number, position)
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[k.position]
WHERE f.contype = 'f' AND f.confrelid = $1 AND k.number = $2 AND f.conparentid = 0
ORDER BY f.conrelid, 2"""

_TABLE = r"""
WITH wanted AS (
    SELECT a.* FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = $1 AND a.attnum = ANY ($2::int2[])
), uses AS (
    SELECT x.indexrelid AS oid, jsonb_object_agg(w.attname,
        (SELECT count(*) FROM unnest(x.indkey::int2[]) AS k (number) WHERE k.number = w.attnum)
        + (SELECT count(*) FROM regexp_matches(
            coalesce(x.indexprs::text, '') || coalesce(x.indpred::text, ''),
            ':varattno ' || w.attnum || ' ', 'g'))) AS counts
    FROM pg_catalog.pg_index AS x CROSS JOIN wanted AS w WHERE x.indrelid = $1
    GROUP BY x.indexrelid
), index_ AS (
    SELECT x.*, u.counts, c.relname FROM pg_catalog.pg_index AS x
    JOIN uses AS u ON u.oid = x.indexrelid JOIN pg_catalog.pg_class AS c ON c.oid = x.indexrelid
    WHERE EXISTS (SELECT FROM jsonb_each_text(u.counts) AS e WHERE e.value::int > 0)
       OR x.indexprs::text ~ ':varattno 0 ' OR x.indpred::text ~ ':varattno 0 '
), constraint_ AS (
    SELECT k.* FROM pg_catalog.pg_constraint AS k
    WHERE k.conrelid = $1 AND k.contype <> 't'
      AND (EXISTS (SELECT FROM wanted AS w WHERE w.attnum = ANY (k.conkey))
           OR k.conbin::text ~ ':varattno 0 '
           OR k.conindid IN (SELECT indexrelid FROM index_) AND k.contype IN ('p', 'u', 'x'))
), foreign_key AS (
    SELECT k.* FROM pg_catalog.pg_constraint AS k
    WHERE k.contype = 'f' AND k.conparentid = 0
      AND (k.conrelid = $1 AND EXISTS (SELECT FROM wanted AS w WHERE w.attnum = ANY (k.conkey))
           OR k.confrelid = $1 AND EXISTS (SELECT FROM wanted AS w WHERE w.attnum = ANY (k.confkey)))
), dependent AS (
    SELECT DISTINCT d.classid, d.objid, d.objsubid
    FROM pg_catalog.pg_depend AS d
    WHERE (d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = $1
             AND d.refobjsubid IN (SELECT attnum FROM wanted)
        OR d.refclassid = 'pg_catalog.pg_constraint'::regclass
             AND d.refobjid IN (SELECT oid FROM constraint_)
        OR d.refclassid = 'pg_catalog.pg_class'::regclass
             AND d.refobjid IN (SELECT indexrelid FROM index_))
      AND NOT (d.classid = 'pg_catalog.pg_constraint'::regclass
               AND d.objid IN (SELECT oid FROM constraint_ UNION ALL SELECT oid FROM foreign_key))
      AND NOT (d.classid = 'pg_catalog.pg_class'::regclass
               AND d.objid IN (SELECT indexrelid FROM index_))
      AND NOT (d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
               AND EXISTS (SELECT FROM pg_catalog.pg_sequence AS s WHERE s.seqrelid = d.objid))
      AND NOT (d.classid = 'pg_catalog.pg_attrdef'::regclass
               AND d.objid IN (SELECT ad.oid FROM pg_catalog.pg_attrdef AS ad
                               JOIN wanted AS w ON w.attnum = ad.adnum AND ad.adrelid = $1))
      AND NOT (d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = $1 AND d.deptype = 'i')
      AND NOT (d.classid = 'pg_catalog.pg_trigger'::regclass AND d.objid IN (
                   SELECT t.oid FROM pg_catalog.pg_trigger AS t WHERE t.tgisinternal))
      AND d.deptype NOT IN ('P', 'S')
)
SELECT jsonb_build_object(
    'schema', n.nspname, 'name', c.relname, 'oid', c.oid::bigint, 'kind', c.relkind,
    'persistence', c.relpersistence, 'is_partition', c.relispartition,
    'inherits', EXISTS (SELECT FROM pg_catalog.pg_inherits WHERE inhrelid = $1 OR inhparent = $1),
    'is_typed', c.reloftype <> 0, 'forces_row_security', c.relforcerowsecurity,
    'publications', (SELECT coalesce(jsonb_agg(p.pubname ORDER BY p.pubname), '[]')
        FROM pg_catalog.pg_publication AS p
        WHERE EXISTS (SELECT FROM pg_catalog.pg_publication_tables AS t
                      WHERE t.pubname = p.pubname AND t.schemaname = n.nspname
                        AND t.tablename = c.relname)),
    'rules', (SELECT coalesce(jsonb_agg(r.rulename ORDER BY r.rulename), '[]')
        FROM pg_catalog.pg_rewrite AS r WHERE r.ev_class = $1),
    'triggers', (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'name', t.tgname, 'before', t.tgtype & 2 = 2, 'row', t.tgtype & 1 = 1,
            'insert', t.tgtype & 4 = 4, 'update', t.tgtype & 16 = 16,
            'enabled', t.tgenabled <> 'D') ORDER BY t.tgname), '[]')
        FROM pg_catalog.pg_trigger AS t WHERE t.tgrelid = $1 AND NOT t.tgisinternal),
    'replica_identity', c.relreplident,
    'names', (SELECT coalesce(jsonb_agg(a.attname), '[]') FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped),
    'objects', (SELECT coalesce(jsonb_agg(name ORDER BY name), '[]') FROM (
        SELECT conname AS name FROM pg_catalog.pg_constraint
        WHERE conrelid = $1 OR confrelid = $1
        UNION SELECT i.relname FROM pg_catalog.pg_index AS x
        JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid WHERE x.indrelid = $1) AS o),
    'not_valid', (SELECT coalesce(jsonb_agg(name ORDER BY name), '[]') FROM (
        SELECT conname AS name FROM pg_catalog.pg_constraint
        WHERE (conrelid = $1 OR confrelid = $1) AND NOT convalidated
        UNION SELECT i.relname FROM pg_catalog.pg_index AS x
        JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
        WHERE x.indrelid = $1 AND NOT x.indisvalid) AS o),
    'has_key', EXISTS (SELECT FROM pg_catalog.pg_index AS x WHERE x.indrelid = $1 AND x.indisunique
        AND x.indisvalid AND x.indpred IS NULL AND x.indexprs IS NULL
        AND NOT EXISTS (SELECT FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k (number, position)
            JOIN pg_catalog.pg_attribute AS a ON a.attrelid = $1 AND a.attnum = k.number
            WHERE k.position <= x.indnkeyatts AND NOT a.attnotnull)),
    'columns', (SELECT jsonb_agg(jsonb_build_object(
            'name', a.attname, 'number', a.attnum,
            'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
            'collation', (SELECT pg_catalog.quote_ident(cn.nspname) || '.'
                    || pg_catalog.quote_ident(co.collname)
                FROM pg_catalog.pg_collation AS co
                JOIN pg_catalog.pg_namespace AS cn ON cn.oid = co.collnamespace
                WHERE co.oid = a.attcollation AND a.attcollation <> y.typcollation),
            'not_null', a.attnotnull,
            'not_null_name', (SELECT k.conname FROM pg_catalog.pg_constraint AS k
                WHERE k.conrelid = $1 AND k.contype = 'n' AND k.conkey = ARRAY[a.attnum]),
            'identity', a.attidentity, 'generated', a.attgenerated,
            'default', (SELECT pg_catalog.pg_get_expr(ad.adbin, $1) FROM pg_catalog.pg_attrdef AS ad
                WHERE ad.adrelid = $1 AND ad.adnum = a.attnum),
            'comment', pg_catalog.col_description($1, a.attnum),
            'statistics', nullif(a.attstattarget, -1),
            'options', pg_catalog.to_jsonb(a.attoptions),
            'storage', nullif(a.attstorage, y.typstorage), 'compression', nullif(a.attcompression, ''),
            'can_compare', pg_catalog.to_regoperator(pg_catalog.format('pg_catalog.=(%s,%s)',
                pg_catalog.format_type(a.atttypid, NULL), pg_catalog.format_type(a.atttypid, NULL)))
                IS NOT NULL,
            'label', EXISTS (SELECT FROM pg_catalog.pg_seclabel AS l
                WHERE l.classoid = 'pg_catalog.pg_class'::regclass AND l.objoid = $1
                  AND l.objsubid = a.attnum),
            'grants', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'role', r.rolname, 'privilege', g.privilege_type, 'grantable', g.is_grantable,
                    'by_owner', g.grantor = c.relowner) ORDER BY r.rolname, g.privilege_type), '[]')
                FROM pg_catalog.aclexplode(a.attacl) AS g
                LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = g.grantee),
            'sequence', (SELECT jsonb_build_object(
                    'schema', sn.nspname, 'name', sc.relname,
                    'type', pg_catalog.format_type(s.seqtypid, NULL),
                    'start', s.seqstart::text, 'increment', s.seqincrement::text,
                    'min', s.seqmin::text, 'max', s.seqmax::text, 'cache', s.seqcache::text,
                    'cycle', s.seqcycle, 'has_grants', sc.relacl IS NOT NULL,
                    'comment', pg_catalog.obj_description(sc.oid, 'pg_class'))
                FROM pg_catalog.pg_depend AS d
                JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = d.objid
                JOIN pg_catalog.pg_class AS sc ON sc.oid = s.seqrelid
                JOIN pg_catalog.pg_namespace AS sn ON sn.oid = sc.relnamespace
                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
                  AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = $1
                  AND d.refobjsubid = a.attnum ORDER BY d.objid LIMIT 1),
            'sequences', (SELECT count(*) FROM pg_catalog.pg_depend AS d
                JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = d.objid
                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')
                  AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = $1
                  AND d.refobjsubid = a.attnum)
        ) ORDER BY a.attnum) FROM wanted AS a JOIN pg_catalog.pg_type AS y ON y.oid = a.atttypid),
    'indexes', (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'name', x.relname, 'definition', pg_catalog.pg_get_indexdef(x.indexrelid),
            'uses', x.counts, 'unique', x.indisunique, 'valid', x.indisvalid,
            'whole_row', coalesce(x.indexprs::text ~ ':varattno 0 ', false)
                OR coalesce(x.indpred::text ~ ':varattno 0 ', false),
            'tablespace', (SELECT t.spcname FROM pg_catalog.pg_tablespace AS t
                WHERE t.oid = i.reltablespace),
            'clustered', x.indisclustered, 'replica_identity', x.indisreplident,
            'statistics', EXISTS (SELECT FROM pg_catalog.pg_attribute AS ia
                WHERE ia.attrelid = x.indexrelid AND ia.attstattarget > -1),
            'comment', pg_catalog.obj_description(x.indexrelid, 'pg_class')) ORDER BY x.relname), '[]')
        FROM index_ AS x JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
        WHERE NOT EXISTS (SELECT FROM constraint_ AS k WHERE k.conindid = x.indexrelid
                            AND k.contype = 'x')),
    'constraints', (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'name', k.conname, 'kind', k.contype,
            'definition', pg_catalog.pg_get_constraintdef(k.oid),
            'uses', (SELECT jsonb_object_agg(w.attname, (SELECT count(*) FROM regexp_matches(
                k.conbin::text, ':varattno ' || w.attnum || ' ', 'g'))) FROM wanted AS w),
            'whole_row', coalesce(k.conbin::text ~ ':varattno 0 ', false),
            'index', (SELECT i.relname FROM pg_catalog.pg_class AS i
                WHERE i.oid = k.conindid AND k.contype IN ('p', 'u', 'x')),
            'deferrable', k.condeferrable, 'deferred', k.condeferred, 'validated', k.convalidated,
            'enforced', coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced')::bool, true),
            'period', coalesce((pg_catalog.to_jsonb(k) ->> 'conperiod')::bool, false),
            'comment', pg_catalog.obj_description(k.oid, 'pg_constraint')) ORDER BY k.conname), '[]')
        FROM constraint_ AS k WHERE k.contype NOT IN ('f', 'n')),
    'foreign_keys', (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'name', k.conname, 'schema', fn.nspname, 'table', fc.relname,
            'columns', (SELECT jsonb_agg(a.attname ORDER BY o.position)
                FROM unnest(k.conkey) WITH ORDINALITY AS o (number, position)
                JOIN pg_catalog.pg_attribute AS a
                  ON a.attrelid = k.conrelid AND a.attnum = o.number),
            'to_schema', tn.nspname, 'to_table', tc.relname,
            'to_columns', (SELECT jsonb_agg(a.attname ORDER BY o.position)
                FROM unnest(k.confkey) WITH ORDINALITY AS o (number, position)
                JOIN pg_catalog.pg_attribute AS a
                  ON a.attrelid = k.confrelid AND a.attnum = o.number),
            'match', k.confmatchtype, 'on_update', k.confupdtype, 'on_delete', k.confdeltype,
            'set_columns', (SELECT jsonb_agg(a.attname ORDER BY o.position)
                FROM jsonb_array_elements_text(CASE jsonb_typeof(pg_catalog.to_jsonb(k) -> 'confdelsetcols')
                    WHEN 'array' THEN pg_catalog.to_jsonb(k) -> 'confdelsetcols' ELSE '[]' END)
                    WITH ORDINALITY AS o (number, position)
                JOIN pg_catalog.pg_attribute AS a
                  ON a.attrelid = k.conrelid AND a.attnum = o.number::int2),
            'deferrable', k.condeferrable, 'deferred', k.condeferred, 'validated', k.convalidated,
            'enforced', coalesce((pg_catalog.to_jsonb(k) ->> 'conenforced')::bool, true),
            'period', coalesce((pg_catalog.to_jsonb(k) ->> 'conperiod')::bool, false),
            'from_kind', fc.relkind, 'to_kind', tc.relkind, 'from_partition', fc.relispartition,
            'comment', pg_catalog.obj_description(k.oid, 'pg_constraint'))
            ORDER BY fn.nspname, fc.relname, k.conname), '[]')
        FROM foreign_key AS k
        JOIN pg_catalog.pg_class AS fc ON fc.oid = k.conrelid
        JOIN pg_catalog.pg_namespace AS fn ON fn.oid = fc.relnamespace
        JOIN pg_catalog.pg_class AS tc ON tc.oid = k.confrelid
        JOIN pg_catalog.pg_namespace AS tn ON tn.oid = tc.relnamespace),
    'dependents', (SELECT coalesce(jsonb_agg(DISTINCT coalesce(
            (SELECT CASE v.relkind WHEN 'm' THEN 'materialized view ' WHEN 'v' THEN 'view '
                    ELSE 'rule of ' END || v.oid::regclass::text
             FROM pg_catalog.pg_rewrite AS r JOIN pg_catalog.pg_class AS v ON v.oid = r.ev_class
             WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid),
            (SELECT o.type || ' ' || o.identity
             FROM pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) AS o))), '[]')
        FROM dependent AS d)
)::text AS facts
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = $1"""


async def read_online_changes(
    session: Session,
    settings: Settings,
    state: DatabaseState,
    planner: Planner,
    moves: Sequence[Move],
    scripts: Mapping[str, AnyScript],
) -> OnlineChanges:
    """The online changes of a plan whose scripts have some.

    Args:
        session: any session.
        settings: of the run.
        state: the partial revisions.
        planner: records the scripts that have some once without a database, to learn which columns they name.
        moves: of the plan.
        scripts: of the moves, by revision id.
    """
    changes = OnlineChanges(
        recorded=await read_recorded(session, settings, state),
        obstacle=obstacle_of(session, settings),
        graph=planner.graph,
        directions={move.revision.id: direction_of(move) for move in moves},
    )
    changes.requested = find_column_requests(planner, moves, scripts)
    await read_documents(session, changes, changes.requested)
    return changes


async def read_documents(
    session: Session, changes: OnlineChanges, requests: Sequence[ColumnRequest]
) -> None:
    """Read the documents of columns, as the database is now."""
    changes.documents = {request.key: await _document(session, request) for request in requests}


async def _document(session: Session, request: ColumnRequest) -> dict[str, Any]:
    """What a change of a column depends on; ``missing`` says that there is no such thing."""
    marks = await session.fetch(_MARK, request.table, list(request.triggers))
    mark = json.loads(marks[0]["mark"] or "null") if marks else None
    column = request.column
    if request.kind == "finish" and mark is not None:
        column = mark["old"]
    rows = await session.fetch(_ROOT, request.table, column)
    if not rows:
        return {"missing": "table"}
    if rows[0]["attnum"] is None:
        return {"missing": "column", "mark": mark}
    group = {(rows[0]["oid"], rows[0]["attnum"])}
    if request.kind == "alter":
        group = await _group(session, rows[0]["oid"], rows[0]["attnum"], rows[0]["type"])
    tables = []
    for oid in sorted({oid for oid, _ in group}, key=lambda oid: (oid != rows[0]["oid"], oid)):
        numbers = sorted(number for table, number in group if table == oid)
        found = await session.fetch(_TABLE, oid, numbers)
        tables.append(json.loads(found[0]["facts"]))
    version = session.driver.get_server_version().major
    return {"version": version, "column": column, "mark": mark, "tables": tables}


async def _group(session: Session, oid: int, number: int, type_: str) -> set[tuple[int, int]]:
    """A column, and the columns of its type that refer to it by foreign keys, at any distance."""
    group = {(oid, number)}
    todo = [(oid, number)]
    while todo:
        for row in await session.fetch(_REFERENCING, *todo.pop()):
            found = (row["oid"], row["attnum"])
            if row["type"] == type_ and found not in group:
                group.add(found)
                todo.append(found)
    return group
