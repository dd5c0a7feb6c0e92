"""The catalog query: one query for all tables, sequences and types of a set of schemas.

It takes an array of schema names and returns JSON: the rows of one kind that belong to one table are in
one text, so that two tables are equal if their texts are. Objects of an extension and partitions are
excluded.
"""

from __future__ import annotations

__all__ = ["CATALOG", "ENUMS", "FIELDS"]

_CHOSEN = """\
WITH tables AS NOT MATERIALIZED (
    SELECT c.oid, n.nspname, c.relname, c.relkind, c.relpersistence, c.reloptions, c.reltablespace, c.relam,
           c.relreplident
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY($1::text[])
      AND NOT EXISTS (
          SELECT FROM pg_depend x
          WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e'))"""

_SCHEMAS = """\
SELECT NULL::oid AS relation, nspname AS place, nspname AS name FROM pg_namespace
WHERE nspname = ANY($1::text[])"""

_TABLES = """\
SELECT t.oid AS relation, t.oid AS place, t.nspname AS schema, t.relname AS name,
       t.relpersistence = 'u' AS unlogged,
       CASE WHEN t.relkind = 'p' THEN pg_get_partkeydef(t.oid) END AS partition_key,
       coalesce(t.reloptions, '{}') AS options, s.spcname AS tablespace,
       nullif(m.amname, current_setting('default_table_access_method')) AS access_method,
       d.description AS comment, h.parents, r.clustered,
       CASE t.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING'
                           WHEN 'i' THEN 'INDEX ' || r.identity END AS replica_identity
FROM tables t
LEFT JOIN (
    SELECT h.inhrelid,
           json_agg(json_build_array(n.nspname, c.relname) ORDER BY h.inhseqno) AS parents
    FROM pg_inherits h
    JOIN pg_class c ON c.oid = h.inhparent AND c.relkind = 'r'
    JOIN pg_namespace n ON n.oid = c.relnamespace
    GROUP BY h.inhrelid
) h ON h.inhrelid = t.oid
LEFT JOIN (
    SELECT i.indrelid, max(c.relname::text) FILTER (WHERE i.indisclustered) AS clustered,
           max(c.relname::text) FILTER (WHERE i.indisreplident) AS identity
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indisclustered OR i.indisreplident
    GROUP BY i.indrelid
) r ON r.indrelid = t.oid
LEFT JOIN pg_tablespace s ON s.oid = t.reltablespace
LEFT JOIN pg_am m ON m.oid = t.relam
LEFT JOIN pg_description d
       ON d.classoid = 'pg_class'::regclass AND d.objoid = t.oid AND d.objsubid = 0"""

_COLUMNS = """\
SELECT a.attrelid AS relation, a.attnum AS place, a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS type,
       bn.nspname AS type_schema, b.typname AS type_name, b.typtype::text AS type_kind,
       b.oid <> y.oid AS array, NOT a.attnotnull AS nullable,
       CASE WHEN a.attcollation <> y.typcollation
            THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END AS collation,
       -- with a table it would be locked, and only what is generated names columns
       pg_get_expr(f.adbin, CASE WHEN a.attgenerated <> '' THEN f.adrelid ELSE 0 END) AS expression,
       a.attidentity::text AS identity,
       a.attgenerated::text AS generated, d.description AS comment,
       CASE WHEN a.attstorage <> y.typstorage
            THEN CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL'
                                   WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END AS storage,
       CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression,
       nullif(a.attstattarget, -1)::int AS statistics, array_to_string(a.attoptions, ',') AS parameters,
       a.attislocal AS local
FROM tables t
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type y ON y.oid = a.atttypid
JOIN pg_type b ON b.oid = CASE WHEN y.typcategory = 'A' AND y.typelem <> 0 THEN y.typelem ELSE y.oid END
JOIN pg_namespace bn ON bn.oid = b.typnamespace
LEFT JOIN pg_collation co ON co.oid = a.attcollation
LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
LEFT JOIN pg_description d
       ON d.classoid = 'pg_class'::regclass AND d.objoid = t.oid AND d.objsubid = a.attnum"""

_CONSTRAINTS = """\
SELECT k.conrelid AS relation, k.oid AS place, k.conname AS name, k.contype::text AS kind,
       pg_get_constraintdef(k.oid) AS definition, k.convalidated AS validated,
       k.condeferrable AS deferrable, k.condeferred AS deferred,
       ARRAY(SELECT a.attname::text
             FROM unnest(k.conkey) WITH ORDINALITY u(number, place)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number
             ORDER BY u.place) AS columns,
       CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END AS expression,
       fn.nspname AS foreign_schema, fc.relname AS foreign_table,
       ARRAY(SELECT a.attname::text
             FROM unnest(k.confkey) WITH ORDINALITY u(number, place)
             JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number
             ORDER BY u.place) AS foreign_columns,
       k.confupdtype::text AS on_update, k.confdeltype::text AS on_delete,
       k.confmatchtype::text AS match, d.description AS comment,
       array_to_string(ic.reloptions, ',') AS parameters, s.spcname AS tablespace
FROM tables t
JOIN pg_constraint k ON k.conrelid = t.oid
LEFT JOIN pg_class ic ON ic.oid = k.conindid AND k.contype IN ('p', 'u', 'x')
LEFT JOIN pg_tablespace s ON s.oid = ic.reltablespace
LEFT JOIN pg_class fc ON fc.oid = k.confrelid AND k.contype = 'f'
LEFT JOIN pg_namespace fn ON fn.oid = fc.relnamespace
LEFT JOIN pg_description d ON d.classoid = 'pg_constraint'::regclass AND d.objoid = k.oid
WHERE k.contype IN ('p', 'u', 'f', 'c', 'x') AND k.conparentid = 0 AND k.conislocal"""

# To print an index, the server opens and locks its table. Most indexes are so simple that a join prints them.
_INDEXES = """\
SELECT x.relation, x.oid AS place, x.name, x.unique, x.valid, x.beginning || x.body AS definition, x.body,
       x.method, x.keys, x.plain_keys, x.include, x.operator_classes, x.orders, x.collated, x.predicate,
       x.options, x.nulls_not_distinct, x.tablespace, x.comment
FROM (
    SELECT i.indrelid AS relation, c.relname AS name, i.indisunique AS unique, i.indisvalid AS valid,
           b.beginning, c.oid,
           CASE WHEN k.plain AND i.indpred IS NULL AND c.reloptions IS NULL AND c.reltablespace = 0
                     AND NOT n.distinct_nulls
                THEN 'USING ' || quote_ident(m.amname) || ' (' || k.listed || ')'
                ELSE substr(pg_get_indexdef(c.oid), 1 + length(b.beginning)) END AS body,
           m.amname AS method, k.keys, k.plain_keys, k.include, k.operator_classes, k.orders, k.collated,
           CASE WHEN i.indpred IS NOT NULL THEN pg_get_expr(i.indpred, i.indrelid) END AS predicate,
           coalesce(c.reloptions, '{}') AS options, n.distinct_nulls AS nulls_not_distinct,
           s.spcname AS tablespace, d.description AS comment
    FROM tables t
    JOIN pg_index i ON i.indrelid = t.oid
    JOIN pg_class c ON c.oid = i.indexrelid
    LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
    LEFT JOIN pg_description d
           ON d.classoid = 'pg_class'::regclass AND d.objoid = c.oid AND d.objsubid = 0
    JOIN pg_am m ON m.oid = c.relam
    CROSS JOIN LATERAL (
        SELECT format('CREATE %sINDEX %I ON %s%I.%I ', CASE WHEN i.indisunique THEN 'UNIQUE ' END,
                      c.relname, CASE WHEN c.relkind = 'I' THEN 'ONLY ' END, t.nspname, t.relname
               ) AS beginning
    ) b
    CROSS JOIN LATERAL (
        SELECT coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS distinct_nulls
    ) n
    CROSS JOIN LATERAL (
        SELECT array_agg(coalesce(a.attname::text, pg_get_indexdef(c.oid, p, false)) ORDER BY p)
                   FILTER (WHERE p <= i.indnkeyatts) AS keys,
               array_agg(i.indkey[p - 1] <> 0 ORDER BY p)
                   FILTER (WHERE p <= i.indnkeyatts) AS plain_keys,
               coalesce(array_agg(a.attname::text ORDER BY p)
                   FILTER (WHERE p > i.indnkeyatts), '{}') AS include,
               array_agg(CASE WHEN o.opcdefault THEN ''
                              ELSE CASE WHEN n.nspname <> 'pg_catalog'
                                        THEN quote_ident(n.nspname) || '.' ELSE '' END
                                   || quote_ident(o.opcname) END ORDER BY p)
                   FILTER (WHERE p <= i.indnkeyatts) AS operator_classes,
               array_agg(CASE i.indoption[p - 1] WHEN 1 THEN ' DESC NULLS LAST' WHEN 2 THEN ' NULLS FIRST'
                                                 WHEN 3 THEN ' DESC' ELSE '' END ORDER BY p)
                   FILTER (WHERE p <= i.indnkeyatts) AS orders,
               coalesce(bool_or(e.attoptions IS NOT NULL
                                OR (i.indkey[p - 1] <> 0 AND i.indcollation[p - 1] <> a.attcollation))
                   FILTER (WHERE p <= i.indnkeyatts), false) AS collated,
               bool_and(p <= i.indnkeyatts AND i.indkey[p - 1] <> 0 AND o.opcdefault
                        AND i.indoption[p - 1] = 0 AND i.indcollation[p - 1] = a.attcollation
                        AND e.attoptions IS NULL) AS plain,
               string_agg(quote_ident(a.attname), ', ' ORDER BY p) AS listed
        FROM generate_series(1, i.indnatts::int) p
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p - 1]
              AND a.attnum > 0
        LEFT JOIN pg_attribute e ON e.attrelid = c.oid AND e.attnum = p
        LEFT JOIN pg_opclass o ON p <= i.indnkeyatts AND o.oid = i.indclass[p - 1]
        LEFT JOIN pg_namespace n ON n.oid = o.opcnamespace
    ) k
    WHERE NOT EXISTS (SELECT FROM pg_constraint k
                      WHERE k.conindid = c.oid AND k.conrelid = t.oid AND k.contype IN ('p', 'u', 'x'))
) x"""

_SEQUENCES = """\
SELECT t.oid AS relation, format('%I.%I', n.nspname, c.relname) COLLATE "C" AS place,
       n.nspname AS schema, c.relname AS name, format_type(s.seqtypid, NULL) AS type,
       s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS minimum, s.seqmax AS maximum,
       s.seqcache AS cache, s.seqcycle AS cycle, d.deptype::text AS dependence,
       format('nextval(%L::regclass)', format('%I.%I', n.nspname, c.relname)) AS next_value,
       tn.nspname AS table_schema, t.relname AS table_name, a.attname AS column,
       m.description AS comment
FROM pg_sequence s
JOIN pg_class c ON c.oid = s.seqrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_description m ON m.classoid = 'pg_class'::regclass AND m.objoid = c.oid AND m.objsubid = 0
LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
      AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_class t ON t.oid = d.refobjid
LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE n.nspname = ANY($1::text[])
  AND NOT EXISTS (SELECT FROM pg_depend x
                  WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')"""

_ENUMS = """\
SELECT NULL::oid AS relation, y.oid AS place, n.nspname AS schema, y.typname AS name,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = y.oid
             ORDER BY e.enumsortorder) AS labels,
       obj_description(y.oid, 'pg_type') AS comment
FROM pg_type y JOIN pg_namespace n ON n.oid = y.typnamespace
WHERE y.typtype = 'e' AND n.nspname = ANY($1::text[])
  AND NOT EXISTS (SELECT FROM pg_depend x
                  WHERE x.classid = 'pg_type'::regclass AND x.objid = y.oid AND x.deptype = 'e')"""

_DOMAINS = """\
SELECT NULL::oid AS relation, y.oid AS place, n.nspname AS schema, y.typname AS name,
       format_type(y.typbasetype, y.typtypmod) AS type,
       NOT y.typnotnull AS nullable, y.typdefault AS default,
       (SELECT k.conname::text FROM pg_constraint k
        WHERE k.contypid = y.oid AND k.contype = 'n'
          AND k.conname <> y.typname || '_not_null') AS not_null_name,
       CASE WHEN y.typcollation <> b.typcollation
            THEN quote_ident(cn.nspname) || '.' || quote_ident(co.collname) END AS collation,
       ARRAY(SELECT k.conname::text FROM pg_constraint k
             WHERE k.contypid = y.oid AND k.contype = 'c' ORDER BY k.conname) AS check_names,
       ARRAY(SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k
             WHERE k.contypid = y.oid AND k.contype = 'c' ORDER BY k.conname) AS checks,
       obj_description(y.oid, 'pg_type') AS comment
FROM pg_type y
JOIN pg_namespace n ON n.oid = y.typnamespace
JOIN pg_type b ON b.oid = y.typbasetype
LEFT JOIN pg_collation co ON co.oid = y.typcollation
LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
WHERE y.typtype = 'd' AND n.nspname = ANY($1::text[])
  AND NOT EXISTS (SELECT FROM pg_depend x
                  WHERE x.classid = 'pg_type'::regclass AND x.objid = y.oid AND x.deptype = 'e')"""

# The dependents that PostgreSQL would list if one of these were dropped. The column of a view is excluded,
# because the query of the view is a dependent too; so are partitions and temporary tables.
_DEPENDENTS = """\
SELECT NULL::oid AS relation, h.oid AS place, h.kind, h.schema, h.name,
       count(DISTINCT (x.classid, x.objid)) FILTER (WHERE c.oid IS NULL AND d.oid IS NULL) AS users,
       coalesce(jsonb_agg(DISTINCT jsonb_build_array(cn.nspname, c.relname))
                FILTER (WHERE c.oid IS NOT NULL), '[]') AS tables,
       coalesce(jsonb_agg(DISTINCT jsonb_build_array(dn.nspname, d.typname))
                FILTER (WHERE d.oid IS NOT NULL), '[]') AS domains
FROM (
    SELECT 'type' AS kind, 'pg_type'::regclass AS class, y.oid, y.typarray AS array, 0::oid AS owner,
           n.nspname AS schema, y.typname AS name
    FROM pg_type y JOIN pg_namespace n ON n.oid = y.typnamespace
    WHERE y.typtype IN ('d', 'e') AND n.nspname = ANY($1::text[])
    UNION ALL
    SELECT 'relation', 'pg_class'::regclass, c.oid, 0, coalesce(o.refobjid, 0), n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.objsubid = 0
          AND o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0 AND o.deptype IN ('a', 'i')
    WHERE c.relkind = 'S' AND n.nspname = ANY($1::text[])
) h
JOIN pg_depend x ON x.refclassid = h.class AND x.refobjid IN (h.oid, h.array) AND x.deptype = 'n'
LEFT JOIN pg_index i ON x.classid = 'pg_class'::regclass AND i.indexrelid = x.objid
LEFT JOIN pg_attrdef f ON x.classid = 'pg_attrdef'::regclass AND f.oid = x.objid
LEFT JOIN pg_constraint k ON x.classid = 'pg_constraint'::regclass AND k.oid = x.objid
LEFT JOIN pg_trigger t ON x.classid = 'pg_trigger'::regclass AND t.oid = x.objid
LEFT JOIN pg_class c ON c.relkind <> 'c' AND c.oid = CASE
    WHEN x.classid = 'pg_class'::regclass THEN coalesce(i.indrelid, x.objid)
    ELSE coalesce(f.adrelid, nullif(k.conrelid, 0)) END
LEFT JOIN pg_namespace cn ON cn.oid = c.relnamespace
LEFT JOIN pg_type d ON d.typtype = 'd' AND d.oid = CASE
    WHEN x.classid = 'pg_type'::regclass THEN x.objid ELSE nullif(k.contypid, 0) END
LEFT JOIN pg_namespace dn ON dn.oid = d.typnamespace
WHERE NOT (c.oid IS NOT NULL AND (c.relispartition OR c.relpersistence = 't' OR c.relkind IN ('v', 'm')))
  AND NOT (t.oid IS NOT NULL AND t.tgparentid <> 0)
  AND NOT (f.oid IS NOT NULL AND f.adrelid = h.owner)  -- there are as many as serial columns
GROUP BY h.kind, h.oid, h.schema, h.name"""

_KINDS = {
    "schemas": (_SCHEMAS, ("name",)),
    "tables": (
        _TABLES,
        (
            *("schema", "name", "unlogged", "partition_key", "options", "tablespace"),
            *("access_method", "comment", "parents", "clustered", "replica_identity"),
        ),
    ),
    "columns": (
        _COLUMNS,
        (
            *("name", "type", "type_schema", "type_name", "type_kind", "array", "nullable"),
            *("collation", "expression", "identity", "generated", "comment", "storage"),
            *("compression", "statistics", "parameters", "local"),
        ),
    ),
    "constraints": (
        _CONSTRAINTS,
        (
            *("name", "kind", "definition", "validated", "deferrable", "deferred", "columns"),
            *("expression", "foreign_schema", "foreign_table", "foreign_columns"),
            *("on_update", "on_delete", "match", "comment", "parameters", "tablespace"),
        ),
    ),
    "indexes": (
        _INDEXES,
        (
            *("name", "unique", "valid", "definition", "body", "method", "keys", "plain_keys"),
            *("include", "operator_classes", "orders", "collated", "predicate", "options"),
            *("nulls_not_distinct", "tablespace", "comment"),
        ),
    ),
    "sequences": (
        _SEQUENCES,
        (
            *("schema", "name", "type", "start", "increment", "minimum", "maximum", "cache"),
            *("cycle", "dependence", "next_value", "table_schema", "table_name", "column"),
            "comment",
        ),
    ),
    "enums": (_ENUMS, ("schema", "name", "labels", "comment")),
    "domains": (
        _DOMAINS,
        (
            *("schema", "name", "type", "nullable", "default", "not_null_name", "collation"),
            *("check_names", "checks", "comment"),
        ),
    ),
    "dependents": (_DEPENDENTS, ("kind", "schema", "name", "users", "tables", "domains")),
}

FIELDS = {kind: fields for kind, (_, fields) in _KINDS.items()}
"""For each kind the fields of its rows, in order."""


def _by_table(kind: str) -> str:
    query, fields = _KINDS[kind]
    row = ", ".join(f'q."{field}"' for field in fields)
    return f"""\
SELECT '{kind}' AS kind, q.relation, json_agg(json_build_array({row}) ORDER BY q.place)::text AS value
FROM (
{query}
) q
GROUP BY q.relation"""


CATALOG = f"{_CHOSEN}\n" + "\nUNION ALL\n".join(map(_by_table, _KINDS))
"""Takes an array of schema names; returns ``kind``, ``relation`` (the oid of the table) and ``value``."""

ENUMS = _by_table("enums")
"""The part of it for enum types."""
