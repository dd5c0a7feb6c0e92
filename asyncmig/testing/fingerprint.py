"""A text that is the same for two moments of a database whose schemas are the same object for object.

The full snapshot prints every definition, which takes the server far longer than reading the catalogs as they
are. A downgrade that leaves no trace usually leaves the very same rows in the catalogs. If it does not, for
example because it has created a column again, nothing follows: then full snapshots decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg

__all__ = ["read_fingerprint"]

_FIRST_USER_OID = 16384
"""PostgreSQL gives lower OIDs to what initdb creates."""

_TOAST = "SELECT t.oid FROM pg_catalog.pg_class t WHERE t.relnamespace = 'pg_toast'::regnamespace"

_CLASS = """\
relname, relnamespace, reltype, reloftype, relowner, relam, reltablespace, relisshared, relpersistence,
relkind, relchecks, relrowsecurity, relforcerowsecurity, relispopulated, relreplident, relispartition, relacl,
reloptions, relpartbound"""
"""Without statistics and hints (``relpages``, ``relhastriggers``), and without what a rewrite or a dropped
column changes (``relfilenode``, ``relnatts``)."""

_ATTRIBUTE = """\
attrelid, attname, atttypid, attnum, atttypmod, attndims, attstorage, attcompression, attnotnull, atthasdef,
attidentity, attgenerated, attislocal, attinhcount, attcollation, attstattarget, attacl, attoptions,
attfdwoptions"""

_INDEX = """\
indexrelid, indrelid, indisunique, indnullsnotdistinct, indisprimary, indisexclusion, indimmediate,
indisclustered, indisvalid, indisready, indislive, indisreplident, indkey, indcollation, indclass, indoption,
indexprs, indpred"""

_PARTS = (
    # catalog, its columns (all: x), which rows
    ("pg_namespace", "x", "nspname NOT LIKE 'pg\\_%'"),
    ("pg_class", f"oid, {_CLASS}", "oid >= {first} AND relnamespace <> 'pg_toast'::regnamespace"),
    (
        "pg_attribute",
        _ATTRIBUTE,
        "attrelid >= {first} AND attnum > 0 AND NOT attisdropped AND attrelid <> ALL (ARRAY({toast}))",
    ),
    ("pg_index", _INDEX, "indexrelid >= {first} AND indrelid <> ALL (ARRAY({toast}))"),
    (
        "pg_depend",
        "x",
        "objid >= {first} AND objid <> ALL (ARRAY({toast})) AND refobjid <> ALL (ARRAY({toast}))",
    ),
    ("pg_description", "x", "objoid >= {first} OR objoid = 'public'::regnamespace"),
    ("pg_inherits", "x", "inhrelid >= {first}"),
    ("pg_partitioned_table", "x", "true"),
    ("pg_sequence", "x", "true"),
    ("pg_enum", "x", "enumtypid >= {first}"),
    ("pg_range", "x", "rngtypid >= {first}"),
    ("pg_aggregate", "x", "aggfnoid::oid >= {first}"),
    ("pg_seclabel", "x", "true"),
    ("pg_default_acl", "x", "true"),
    ("pg_event_trigger", "x", "true"),
    ("pg_extension", "x", "true"),
    ("pg_policy", "x", "true"),
    ("pg_statistic_ext", "x", "true"),
    ("pg_foreign_table", "x", "true"),
    ("pg_trigger", "x", "NOT tgisinternal"),
    *(
        (name, "x", "oid >= {first}")
        for name in (
            *("pg_attrdef", "pg_constraint", "pg_type", "pg_proc", "pg_rewrite", "pg_collation"),
            *("pg_operator", "pg_opclass", "pg_opfamily", "pg_language", "pg_cast"),
            *("pg_foreign_data_wrapper", "pg_foreign_server"),
        )
    ),
)


async def read_fingerprint(connection: asyncpg.Connection) -> str:
    """Read the rows of the catalogs that belong to user objects, hashed by the server."""
    return str(await connection.fetchval(_query(connection.get_server_version().major)))


def _query(major: int) -> str:
    parts = []
    for catalog, columns, rows in _PARTS:
        value = "x" if columns == "x" else f"ROW({columns})"
        if major < 15:  # the only column here that 14 does not have
            value = value.replace(" indnullsnotdistinct,", "")
        where = rows.format(first=_FIRST_USER_OID, toast=_TOAST)
        parts.append(
            f"SELECT count(*) || ':' || coalesce(sum(pg_catalog.hashtextextended({value}::text, 0)), 0)"
            f" FROM pg_catalog.{catalog} x WHERE {where}"
        )
    fields = ", ".join(f"({part})" for part in parts)
    return f"SELECT pg_catalog.concat_ws(' ', {fields})"
