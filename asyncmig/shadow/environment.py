"""Facts about a database that change how models are built in it: search_path, privileges, settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.database.session import Session

__all__ = [
    "REFERS_OUTSIDE",
    "DatabaseEnvironment",
    "Extension",
    "read_environment",
    "read_environment_key",
]

_SETTINGS = (
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "array_nulls",
    "backslash_quote",
    "bytea_output",
    "check_function_bodies",
    "default_table_access_method",
    "default_text_search_config",
    "default_toast_compression",
    "event_triggers",
    "extra_float_digits",
    "lc_monetary",
    "quote_all_identifiers",
    "standard_conforming_strings",
    "timezone_abbreviations",
    "transform_null_equals",
    "xmlbinary",
    "xmloption",
)
"""The settings that affect how DDL is parsed or printed."""

_ENVIRONMENT = """\
SELECT current_schema() AS default_schema, current_setting('search_path') AS search_path,
       has_database_privilege(current_database(), 'CREATE') AS may_create,
       current_user AS role, current_database() AS database,
       pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean AS read_only,
       version() AS version, pg_my_temp_schema() <> 0 AS has_temporary,
       current_setting('max_locks_per_transaction')::integer
           * (current_setting('max_connections')::integer
              + current_setting('max_prepared_transactions')::integer) AS locks,
       (SELECT jsonb_object_agg(name, setting)::text FROM pg_settings WHERE name = ANY($1)) AS settings,
       ARRAY(SELECT ARRAY[e.extname, n.nspname, e.extversion]
             FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
             ORDER BY e.oid)::text[] AS extensions"""

# Everything except relations that a name or an operator in the text of a model can resolve to. Objects with
# an oid below 16384 belong to the server version, which is part of the key too; those of an extension to the
# extension.
_OWN = """\
{alias}.oid >= 16384 AND NOT EXISTS (
    SELECT FROM pg_depend x
    WHERE x.classid = '{catalog}'::regclass AND x.objid = {alias}.oid AND x.deptype = 'e')"""


def _own(catalog: str, alias: str) -> str:
    return _OWN.format(catalog=catalog, alias=alias)


_ENVIRONMENT_KEY = f"""\
SELECT md5(coalesce(string_agg(fact, E'\\n' ORDER BY fact COLLATE "C"), '')) AS hash
FROM (
    SELECT format('extension %I %s %I', e.extname, e.extversion, n.nspname) AS fact
    FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    UNION ALL
    SELECT format('schema %I %s', n.nspname, has_schema_privilege(n.oid, 'USAGE'))
    FROM pg_namespace n WHERE n.nspname !~ '^pg_(toast_)?temp_'
    UNION ALL
    SELECT format('function %s %s %s %s %s %s %s', p.oid::regprocedure,
                  pg_get_function_arguments(p.oid), p.prorettype::regtype, p.prokind,
                  p.provolatile, p.proretset, p.proisstrict)
    FROM pg_proc p WHERE {_own("pg_proc", "p")}
    UNION ALL
    SELECT format('type %s %s %s %s %s %s %s %s %s %s', y.oid::regtype, y.typtype, y.typcategory,
                  y.typispreferred, format_type(y.typbasetype, y.typtypmod), y.typnotnull, y.typdefault,
                  y.typcollation::regcollation,
                  ARRAY(SELECT l.enumlabel::text FROM pg_enum l WHERE l.enumtypid = y.oid
                        ORDER BY l.enumsortorder),
                  ARRAY(SELECT format('%I %s', a.attname, a.atttypid::regtype) FROM pg_attribute a
                        WHERE a.attrelid = y.typrelid AND a.attnum > 0 ORDER BY a.attnum))
    FROM pg_type y LEFT JOIN pg_class c ON c.oid = y.typrelid
    WHERE y.typcategory <> 'A' AND (c.relkind IS NULL OR c.relkind = 'c') AND {_own("pg_type", "y")}
    UNION ALL
    SELECT format('operator %s %s', o.oid::regoperator, o.oprcode) FROM pg_operator o
    WHERE {_own("pg_operator", "o")}
    UNION ALL
    SELECT format('cast %s %s %s %s %s', k.castsource::regtype, k.casttarget::regtype,
                  k.castfunc::regprocedure, k.castcontext, k.castmethod)
    FROM pg_cast k WHERE {_own("pg_cast", "k")}
    UNION ALL
    SELECT format('operator class %s %I %s %s %s', o.opcnamespace::regnamespace, o.opcname, o.opcmethod,
                  o.opcintype::regtype, o.opcdefault)
    FROM pg_opclass o WHERE {_own("pg_opclass", "o")}
    UNION ALL
    SELECT format('collation %s %I', c.collnamespace::regnamespace, c.collname) FROM pg_collation c
    UNION ALL
    SELECT format('text search %s', t.oid::regconfig) FROM pg_ts_config t
    WHERE {_own("pg_ts_config", "t")}
    UNION ALL
    SELECT format('text search %s', t.oid::regdictionary) FROM pg_ts_dict t
    WHERE {_own("pg_ts_dict", "t")}
    UNION ALL
    SELECT format('method %I', m.amname) FROM pg_am m WHERE m.oid >= 16384
    UNION ALL
    SELECT format('language %I', l.lanname) FROM pg_language l WHERE l.oid >= 16384
    UNION ALL
    SELECT format('event trigger %s', v) FROM pg_event_trigger v
    UNION ALL
    SELECT format('default privileges %s', a) FROM pg_default_acl a
    UNION ALL
    SELECT format('role %I', r.rolname) FROM pg_roles r WHERE r.oid >= 16384
) facts"""


REFERS_OUTSIDE = """\
SELECT EXISTS (
    SELECT FROM pg_depend d
    LEFT JOIN pg_type y ON d.refclassid = 'pg_type'::regclass AND y.oid = d.refobjid
    LEFT JOIN pg_type e ON e.oid = CASE WHEN y.typcategory = 'A' THEN y.typelem ELSE y.oid END
    JOIN pg_class c
      ON c.oid = CASE d.refclassid WHEN 'pg_class'::regclass THEN d.refobjid ELSE e.typrelid END
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE age(d.xmin) <= 0 AND c.oid >= 16384 AND c.relkind NOT IN ('c', 't') AND n.nspname <> ALL($2::text[])
      AND NOT EXISTS (
          SELECT FROM pg_depend x
          WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e'))"""
"""Whether an object that this transaction created depends on a relation outside of the schemas ``$2``.

Such a relation is not part of the key: it can be dropped at any time.
"""


class Extension(NamedTuple):
    """An installed extension."""

    name: str
    schema: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseEnvironment:
    """A database as a session sees it.

    Attributes:
        database: the name of the database.
        role: the role whose privileges apply.
        default_schema: the schema in which unqualified names are created.
        search_path: the schemas in which they are resolved.
        version: the full version of the server.
        settings: settings that affect how text is parsed and printed.
        extensions: the extensions in the order of their creation.
        may_create: the role can create schemas.
        read_only: the server accepts no writes.
        locks: the guaranteed size of the lock table, which all sessions share.
        has_temporary: the session has temporary objects, to which names may resolve.
    """

    database: str
    role: str
    default_schema: str
    search_path: str
    version: str
    settings: Mapping[str, str]
    extensions: tuple[Extension, ...]
    may_create: bool
    read_only: bool
    locks: int
    has_temporary: bool

    @property
    def facts(self) -> list[str]:
        """The facts that affect what is printed."""
        return [
            self.version,
            self.role,
            json.dumps(self.settings, sort_keys=True),
            json.dumps(self.extensions),
        ]


async def read_environment(session: Session) -> DatabaseEnvironment:
    """Read the facts, before the ``search_path`` of the session is emptied.

    Raises:
        DatabaseError: no schema of the search path exists.
    """
    row = (await session.fetch(_ENVIRONMENT, list(_SETTINGS)))[0]
    if row["default_schema"] is None:
        raise DatabaseError(
            f"no schema of the search path {row['search_path']} exists in {row['database']}",
            hint="create the schema, or set search_path",
        )
    return DatabaseEnvironment(
        database=row["database"],
        role=row["role"],
        default_schema=row["default_schema"],
        search_path=row["search_path"],
        version=row["version"],
        settings=json.loads(row["settings"]),
        extensions=tuple(Extension(*item) for item in row["extensions"]),
        may_create=row["may_create"],
        read_only=row["read_only"],
        locks=row["locks"],
        has_temporary=row["has_temporary"],
    )


async def read_environment_key(session: Session) -> str:
    """Return a hash of everything that models can refer to without creating it, except relations.

    Args:
        session: a session with an empty ``search_path``.
    """
    return str((await session.fetch(_ENVIRONMENT_KEY))[0]["hash"])
