"""The entity query: one query for all entities of a set of schemas, with a row of JSON for each."""

from __future__ import annotations

__all__ = ["ENTITIES"]

_NO_EXTENSION = """\
NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = '{table}'::regclass AND x.objid = {oid}
            AND x.deptype = 'e')"""

# the constructors of a range type are internal objects of the type
_NOT_OF_TYPE_OR_EXTENSION = """\
NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_proc'::regclass AND x.objid = p.oid
            AND x.deptype IN ('e', 'i'))"""

# looked up in the server's cache: a subquery of pg_roles in each part would have to be planned
_OWNER = "nullif(pg_get_userbyid({owner}), current_user) AS owner"

# an entity on a partition depends on the partitioned table too, whose changes affect it
_PARTITIONED = """\
CASE WHEN c.relispartition
            THEN (SELECT json_build_array(pn.nspname, pc.relname)
                  FROM pg_class pc JOIN pg_namespace pn ON pn.oid = pc.relnamespace
                  WHERE pc.oid = pg_partition_root(c.oid)) END AS partitioned"""

_VIEWS = f"""\
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relkind = 'm' AS materialized,
       pg_get_viewdef(c.oid) AS query, coalesce(c.reloptions, '{{}}') AS options,
       c.relispopulated AS populated, s.spcname AS tablespace,
       {_OWNER.format(owner="c.relowner")},
       obj_description(c.oid, 'pg_class') AS comment,
       ARRAY(SELECT json_build_array(a.attname, format_type(a.atttypid, a.atttypmod),
                                     CASE WHEN a.attcollation <> y.typcollation
                                          THEN a.attcollation::regcollation::text END,
                                     col_description(c.oid, a.attnum),
                                     pg_get_expr(f.adbin, f.adrelid))
             FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
             LEFT JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY a.attnum) AS columns,
       ARRAY(SELECT json_build_array(ic.relname, pg_get_indexdef(i.indexrelid))
             FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid
             WHERE i.indrelid = c.oid ORDER BY ic.relname) AS indexes
FROM namespaces n
JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('v', 'm')
LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
WHERE {_NO_EXTENSION.format(table="pg_class", oid="c.oid")}"""

_ROUTINES = f"""\
SELECT p.oid, n.nspname AS schema, p.proname AS name, p.prokind = 'p' AS procedure,
       ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY u(t, place)
             ORDER BY place) AS types,
       pg_get_function_arguments(p.oid) AS arguments,
       pg_get_function_identity_arguments(p.oid) AS identity, p.pronargdefaults AS defaults,
       pg_get_function_result(p.oid) AS result, l.lanname AS language,
       CASE WHEN p.prosqlbody IS NULL THEN p.prosrc END AS body, p.provolatile AS volatility,
       p.proisstrict AS strict, p.prosecdef AS security_definer, p.proleakproof AS leakproof,
       p.proparallel AS parallel, p.procost AS cost, p.prorows AS rows,
       coalesce(p.proconfig, '{{}}') AS settings, pg_get_functiondef(p.oid) AS definition,
       p.prokind <> 'w' AND p.prosqlbody IS NULL AND p.prosupport = 0 AND p.protrftypes IS NULL
           AND p.probin IS NULL AS plain,
       EXISTS (SELECT FROM pg_depend x LEFT JOIN pg_type y
                   ON x.classid = 'pg_type'::regclass AND y.oid = x.objid
               WHERE x.refclassid = 'pg_proc'::regclass AND x.refobjid = p.oid
                 AND x.classid NOT IN ('pg_class'::regclass, 'pg_attrdef'::regclass,
                     'pg_constraint'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass,
                     'pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_statistic_ext'::regclass,
                     'pg_event_trigger'::regclass)
                 AND y.typtype IS DISTINCT FROM 'd') AS required,
       {_OWNER.format(owner="p.proowner")},
       obj_description(p.oid, 'pg_proc') AS comment
FROM namespaces n
JOIN pg_proc p ON p.pronamespace = n.oid AND p.prokind <> 'a'
JOIN pg_language l ON l.oid = p.prolang
WHERE {_NOT_OF_TYPE_OR_EXTENSION}"""

_AGGREGATES = f"""\
SELECT p.oid, n.nspname AS schema, p.proname AS name,
       ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY u(t, place)
             ORDER BY place) AS types,
       pg_get_function_arguments(p.oid) AS arguments,
       concat_ws(', ', 'SFUNC = ' || a.aggtransfn, 'STYPE = ' || format_type(a.aggtranstype, NULL),
           'SSPACE = ' || nullif(a.aggtransspace, 0), 'FINALFUNC = ' || nullif(a.aggfinalfn::text, '-'),
           CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END,
           CASE WHEN a.aggfinalfn <> 0::oid AND a.aggfinalmodify <> m.usual
                THEN 'FINALFUNC_MODIFY = ' || m.words[strpos('rsw', a.aggfinalmodify::text)] END,
           'COMBINEFUNC = ' || nullif(a.aggcombinefn::text, '-'),
           'SERIALFUNC = ' || nullif(a.aggserialfn::text, '-'),
           'DESERIALFUNC = ' || nullif(a.aggdeserialfn::text, '-'),
           'INITCOND = ' || quote_literal(a.agginitval),
           'MSFUNC = ' || nullif(a.aggmtransfn::text, '-'),
           'MINVFUNC = ' || nullif(a.aggminvtransfn::text, '-'),
           CASE WHEN a.aggmtranstype <> 0 THEN 'MSTYPE = ' || format_type(a.aggmtranstype, NULL) END,
           'MSSPACE = ' || nullif(a.aggmtransspace, 0), 'MFINALFUNC = ' || nullif(a.aggmfinalfn::text, '-'),
           CASE WHEN a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
           CASE WHEN a.aggmfinalfn <> 0::oid AND a.aggmfinalmodify <> m.usual
                THEN 'MFINALFUNC_MODIFY = ' || m.words[strpos('rsw', a.aggmfinalmodify::text)] END,
           'MINITCOND = ' || quote_literal(a.aggminitval),
           'SORTOP = OPERATOR(' || quote_ident(ns.nspname) || '.' || o.oprname || ')',
           CASE p.proparallel WHEN 's' THEN 'PARALLEL = SAFE' WHEN 'r' THEN 'PARALLEL = RESTRICTED' END,
           CASE a.aggkind WHEN 'h' THEN 'HYPOTHETICAL' END) AS options,
       {_OWNER.format(owner="p.proowner")},
       obj_description(p.oid, 'pg_proc') AS comment
FROM namespaces n
JOIN pg_proc p ON p.pronamespace = n.oid
JOIN pg_aggregate a ON a.aggfnoid = p.oid
CROSS JOIN LATERAL (
    SELECT ARRAY['READ_ONLY', 'SHAREABLE', 'READ_WRITE'] AS words,
           CASE a.aggkind WHEN 'n' THEN 'r' ELSE 'w' END AS usual
) m
LEFT JOIN pg_operator o ON o.oid = a.aggsortop
LEFT JOIN pg_namespace ns ON ns.oid = o.oprnamespace
WHERE {_NOT_OF_TYPE_OR_EXTENSION}"""

_RULES = f"""\
SELECT r.oid, n.nspname AS schema, c.relname AS table, r.rulename AS name,
       pg_get_ruledef(r.oid) AS definition, r.ev_enabled AS fires,
       obj_description(r.oid, 'pg_rewrite') AS comment,
       {_PARTITIONED}
FROM namespaces n
JOIN pg_class c ON c.relnamespace = n.oid AND c.relhasrules
JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN'
WHERE {_NO_EXTENSION.format(table="pg_class", oid="c.oid")}"""

_STATISTICS = f"""\
SELECT s.oid, n.nspname AS schema, c.relname AS table, s.stxname AS name,
       pg_get_statisticsobjdef(s.oid) AS definition, nullif(s.stxstattarget, -1) AS target,
       {_OWNER.format(owner="s.stxowner")},
       obj_description(s.oid, 'pg_statistic_ext') AS comment,
       {_PARTITIONED}
FROM namespaces n
JOIN pg_statistic_ext s ON s.stxnamespace = n.oid
JOIN pg_class c ON c.oid = s.stxrelid
WHERE {_NO_EXTENSION.format(table="pg_class", oid="c.oid")}"""

_TRIGGERS = f"""\
SELECT t.oid, n.nspname AS schema, c.relname AS table, t.tgname AS name,
       pg_get_triggerdef(t.oid) AS definition, t.tgenabled AS fires,
       t.tgconstraint <> 0 AS constraint, obj_description(t.oid, 'pg_trigger') AS comment,
       {_PARTITIONED}
FROM namespaces n
JOIN pg_class c ON c.relnamespace = n.oid
JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgparentid = 0
WHERE {_NO_EXTENSION.format(table="pg_class", oid="c.oid")}"""

_POLICIES = f"""\
SELECT p.oid, n.nspname AS schema, c.relname AS table, p.polname AS name,
       p.polpermissive AS permissive, p.polcmd AS command,
       ARRAY(SELECT CASE WHEN u.role = 0 THEN 'public' ELSE pg_get_userbyid(u.role) END
             FROM unnest(p.polroles) u(role) ORDER BY 1) AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS check,
       obj_description(p.oid, 'pg_policy') AS comment,
       {_PARTITIONED}
FROM namespaces n
JOIN pg_class c ON c.relnamespace = n.oid
JOIN pg_policy p ON p.polrelid = c.oid"""

_ROW_SECURITY = """\
SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relrowsecurity AS enabled,
       c.relforcerowsecurity AS forced
FROM namespaces n
JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
WHERE c.relrowsecurity OR c.relforcerowsecurity"""

_COMPOSITES = f"""\
SELECT c.oid, n.nspname AS schema, c.relname AS name,
       {_OWNER.format(owner="c.relowner")},
       obj_description(c.reltype, 'pg_type') AS comment,
       ARRAY(SELECT json_build_array(a.attname, format_type(a.atttypid, a.atttypmod)
                        || CASE WHEN a.attcollation <> y.typcollation
                                THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END)
             FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             ORDER BY a.attnum) AS attributes
FROM namespaces n
JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'c'
WHERE {_NO_EXTENSION.format(table="pg_type", oid="c.reltype")}"""

_EXTENSIONS = """\
SELECT e.oid, e.extname AS name, e.extversion AS version, n.nspname AS schema,
       obj_description(e.oid, 'pg_extension') AS comment
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname <> 'plpgsql'"""

_EVENT_TRIGGERS = f"""\
SELECT v.oid, v.evtname AS name, v.evtevent AS event, coalesce(v.evttags, '{{}}') AS tags,
       v.evtenabled AS fires, n.nspname AS function_schema, p.proname AS function,
       obj_description(v.oid, 'pg_event_trigger') AS comment
FROM pg_event_trigger v
JOIN pg_proc p ON p.oid = v.evtfoid
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE {_NO_EXTENSION.format(table="pg_event_trigger", oid="v.oid")}"""

_SIGNATURE = """\
p.proname || '(' || array_to_string(ARRAY(
               SELECT format_type(t, NULL) FROM unnest(p.proargtypes) WITH ORDINALITY u(t, place)
               ORDER BY place), ', ') || ')'"""

# the objects of other owners: none in most databases
_OWNERS = f"""\
SELECT o.kind, o.schema, o.name, pg_get_userbyid(o.owner) AS owner, current_user AS role
FROM (
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind, n.nspname AS schema,
           c.relname::text AS name, c.relowner AS owner
    FROM namespaces n
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    WHERE NOT c.relispartition AND {_NO_EXTENSION.format(table="pg_class", oid="c.oid")}
    UNION ALL
    SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, n.nspname,
           {_SIGNATURE}, p.proowner
    FROM namespaces n
    JOIN pg_proc p ON p.pronamespace = n.oid
    WHERE {_NOT_OF_TYPE_OR_EXTENSION}
    UNION ALL
    SELECT 'schema', n.nspname, n.nspname, n.nspowner FROM namespaces n
) o
WHERE pg_get_userbyid(o.owner) <> current_user"""

_GRANTS = f"""\
SELECT o.kind, o.schema, o.name, o.column, x.privilege_type AS privilege,
       x.is_grantable AS grantable, CASE WHEN x.grantee <> 0 THEN pg_get_userbyid(x.grantee) END AS role
FROM (
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind, n.nspname AS schema,
           c.relname::text AS name, NULL::name AS column, c.relowner AS owner, c.relacl AS acl
    FROM namespaces n
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    WHERE c.relacl IS NOT NULL AND NOT c.relispartition
      AND {_NO_EXTENSION.format(table="pg_class", oid="c.oid")}
    UNION ALL
    SELECT 'table', n.nspname, c.relname, a.attname, c.relowner, a.attacl
    FROM namespaces n
    JOIN pg_class c ON c.relnamespace = n.oid AND NOT c.relispartition
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE a.attacl IS NOT NULL
      AND {_NO_EXTENSION.format(table="pg_class", oid="c.oid")}
    UNION ALL
    SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, n.nspname,
           {_SIGNATURE},
           NULL, p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
    FROM namespaces n
    JOIN pg_proc p ON p.pronamespace = n.oid
    WHERE {_NOT_OF_TYPE_OR_EXTENSION}
    UNION ALL
    SELECT 'schema', n.nspname, n.nspname, NULL, n.nspowner, n.nspacl
    FROM namespaces n
    WHERE n.nspacl IS NOT NULL
) o
CROSS JOIN aclexplode(o.acl) x
WHERE x.grantee <> o.owner"""

# from the needed objects to the tables: the opposite direction takes minutes if the server has no statistics
# of its catalogs
_TABLE_NEEDS = """\
(SELECT z.* FROM pg_depend z
         WHERE z.refclassid IN ('pg_proc'::regclass, 'pg_type'::regclass) AND z.refobjid >= 16384)"""

_DEPENDENCIES = f"""\
SELECT d.dependent, d.oid, d.schema, d.name,
       CASE WHEN d.refclassid = 'pg_proc'::regclass THEN 'routine'
            WHEN d.refclassid = 'pg_constraint'::regclass THEN 'constraint'
            WHEN rc.oid IS NULL THEN 'type'
            WHEN rc.relkind = 'c' THEN 'type'
            WHEN d.refobjsubid > 0 THEN 'column' ELSE 'relation' END AS kind,
       coalesce(pn.nspname, rn.nspname, tn.nspname) AS ref_schema,
       coalesce(p.proname, rt.relname, b.typname) AS ref_name,
       coalesce(k.conname, a.attname,
                array_to_string(ARRAY(SELECT format_type(t, NULL)
                                      FROM unnest(p.proargtypes) WITH ORDINALITY u(t, place)
                                      ORDER BY place), ', '), '') AS ref_detail
FROM (
    SELECT 'view' AS dependent, r.ev_class AS oid, NULL::name AS schema, NULL::name AS name,
           x.refclassid, x.refobjid, x.refobjsubid
    FROM namespaces n
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('v', 'm')
    JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
    JOIN pg_depend x ON x.classid = 'pg_rewrite'::regclass AND x.objid = r.oid
    WHERE x.refobjid <> c.oid OR x.refclassid <> 'pg_class'::regclass
    UNION ALL
    SELECT 'rule', r.oid, NULL, NULL, x.refclassid, x.refobjid, x.refobjsubid
    FROM namespaces n
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relhasrules
    JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN'
    JOIN pg_depend x ON x.classid = 'pg_rewrite'::regclass AND x.objid = r.oid
    UNION ALL
    SELECT 'statistics', s.oid, NULL, NULL, x.refclassid, x.refobjid, x.refobjsubid
    FROM namespaces n
    JOIN pg_statistic_ext s ON s.stxnamespace = n.oid
    JOIN pg_depend x ON x.classid = 'pg_statistic_ext'::regclass AND x.objid = s.oid
    UNION ALL
    SELECT CASE p.prokind WHEN 'a' THEN 'aggregate' ELSE 'routine' END, p.oid, NULL, NULL,
           x.refclassid, x.refobjid, x.refobjsubid
    FROM namespaces n
    JOIN pg_proc p ON p.pronamespace = n.oid
    JOIN pg_depend x ON x.classid = 'pg_proc'::regclass AND x.objid = p.oid
    UNION ALL
    SELECT 'trigger', t.oid, NULL, NULL, x.refclassid, x.refobjid, x.refobjsubid
    FROM namespaces n
    JOIN pg_class c ON c.relnamespace = n.oid
    JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
    JOIN pg_depend x ON x.classid = 'pg_trigger'::regclass AND x.objid = t.oid
    UNION ALL
    SELECT 'policy', t.oid, NULL, NULL, x.refclassid, x.refobjid, x.refobjsubid
    FROM namespaces n
    JOIN pg_class c ON c.relnamespace = n.oid
    JOIN pg_policy t ON t.polrelid = c.oid
    JOIN pg_depend x ON x.classid = 'pg_policy'::regclass AND x.objid = t.oid
    UNION ALL
    SELECT 'composite_type', c.oid, NULL, NULL, x.refclassid, x.refobjid, x.refobjsubid
    FROM namespaces n
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'c'
    JOIN pg_depend x ON x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.objsubid > 0
    UNION ALL
    SELECT 'table', NULL, n.nspname, c.relname, x.refclassid, x.refobjid, x.refobjsubid
    FROM (
        SELECT coalesce(i.indrelid, x.objid) AS oid, x.refclassid, x.refobjid, x.refobjsubid
        FROM {_TABLE_NEEDS} x LEFT JOIN pg_index i ON i.indexrelid = x.objid
        WHERE x.classid = 'pg_class'::regclass
        UNION ALL
        SELECT f.adrelid, x.refclassid, x.refobjid, x.refobjsubid
        FROM {_TABLE_NEEDS} x JOIN pg_attrdef f ON f.oid = x.objid
        WHERE x.classid = 'pg_attrdef'::regclass
        UNION ALL
        SELECT q.conrelid, x.refclassid, x.refobjid, x.refobjsubid
        FROM {_TABLE_NEEDS} x JOIN pg_constraint q ON q.oid = x.objid
        WHERE x.classid = 'pg_constraint'::regclass
    ) x
    JOIN pg_class c ON c.oid = x.oid AND c.relkind IN ('r', 'p')
    JOIN namespaces n ON n.oid = c.relnamespace
    UNION ALL
    SELECT 'table', NULL, n.nspname, y.typname, x.refclassid, x.refobjid, x.refobjsubid
    FROM {_TABLE_NEEDS} x
    LEFT JOIN pg_constraint q ON x.classid = 'pg_constraint'::regclass AND q.oid = x.objid
    JOIN pg_type y ON y.oid = CASE x.classid WHEN 'pg_type'::regclass THEN x.objid ELSE q.contypid END
                      AND y.typtype = 'd'
    JOIN namespaces n ON n.oid = y.typnamespace
    WHERE x.classid IN ('pg_type'::regclass, 'pg_constraint'::regclass)
      AND x.refclassid = 'pg_proc'::regclass
) d
LEFT JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
LEFT JOIN pg_namespace pn ON pn.oid = p.pronamespace
LEFT JOIN pg_constraint k ON d.refclassid = 'pg_constraint'::regclass AND k.oid = d.refobjid
LEFT JOIN pg_type y ON d.refclassid = 'pg_type'::regclass AND y.oid = d.refobjid
LEFT JOIN pg_type b ON b.oid = CASE WHEN y.typcategory = 'A' AND y.typelem <> 0 THEN y.typelem
                                    ELSE y.oid END
LEFT JOIN pg_namespace tn ON tn.oid = b.typnamespace
LEFT JOIN pg_class rc ON rc.oid = coalesce(
    k.conrelid, CASE WHEN d.refclassid = 'pg_class'::regclass THEN d.refobjid ELSE nullif(b.typrelid, 0) END)
LEFT JOIN pg_class rt ON rt.oid = CASE WHEN rc.relispartition AND rc.relkind IN ('r', 'p', 'f')
                                       THEN pg_partition_root(rc.oid) ELSE rc.oid END
LEFT JOIN pg_namespace rn ON rn.oid = rt.relnamespace
LEFT JOIN pg_attribute a ON d.refclassid = 'pg_class'::regclass AND a.attrelid = d.refobjid
      AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
WHERE d.refobjid >= 16384
  AND d.refclassid IN ('pg_proc'::regclass, 'pg_constraint'::regclass, 'pg_class'::regclass,
                       'pg_type'::regclass)"""

_PARTS = {
    "view": _VIEWS,
    "routine": _ROUTINES,
    "aggregate": _AGGREGATES,
    "rule": _RULES,
    "statistics": _STATISTICS,
    "trigger": _TRIGGERS,
    "policy": _POLICIES,
    "row_security": _ROW_SECURITY,
    "composite_type": _COMPOSITES,
    "extension": _EXTENSIONS,
    "event_trigger": _EVENT_TRIGGERS,
    "grant": _GRANTS,
    "owner": _OWNERS,
    "dependency": _DEPENDENCIES,
}

ENTITIES = (
    "WITH namespaces AS MATERIALIZED (\n"
    "    SELECT n.oid, n.nspname, n.nspowner, n.nspacl FROM pg_namespace n\n"
    "    WHERE n.nspname = ANY($1::text[]))\n"
    + "\nUNION ALL\n".join(
        f"SELECT '{kind}' AS kind, to_json(r)::text AS value FROM (\n{query}\n) r"
        for kind, query in _PARTS.items()
    )
)
"""Takes an array of schema names; returns ``kind`` and ``value``, a JSON object."""
