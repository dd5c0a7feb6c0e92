"""Queries about what statements outside a transaction have done, or left behind."""

from __future__ import annotations

__all__ = [
    "DETACH",
    "INDEX",
    "INVALID_INDEXES",
    "LEFTOVERS",
    "OF_A_RELATION",
    "OF_A_SCHEMA",
    "OF_THE_DATABASE",
]

INDEX = """\
SELECT i.indisvalid AS valid, i.indexrelid, n.nspname::text AS schema, c.relname::text AS name,
       i.indrelid::regclass::text AS table_name,
       EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index AS p
               WHERE p.index_relid = i.indexrelid AND p.pid <> pg_catalog.pg_backend_pid()) AS building
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE i.indexrelid = pg_catalog.to_regclass($1)"""

# what REINDEX CONCURRENTLY leaves beside the indexes of a table: of its partitions and its TOAST table, too
LEFTOVERS = """\
WITH RECURSIVE named AS (
{named}
), tables AS (
    SELECT coalesce((SELECT indrelid FROM pg_catalog.pg_index WHERE indexrelid = named.oid), named.oid)
           AS oid
    FROM named
    UNION
    SELECT inhrelid FROM pg_catalog.pg_inherits JOIN tables ON inhparent = tables.oid
), concerned AS (
    SELECT oid FROM tables
    UNION
    SELECT c.reltoastrelid FROM pg_catalog.pg_class AS c JOIN tables USING (oid)
)
SELECT n.nspname::text AS schema, c.relname::text AS name
FROM concerned
JOIN pg_catalog.pg_index AS i ON i.indrelid = concerned.oid
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index AS p
                  WHERE p.relid = i.indrelid AND p.pid <> pg_catalog.pg_backend_pid())
ORDER BY 1, 2"""

OF_A_RELATION = "SELECT pg_catalog.to_regclass($1)::oid AS oid"
OF_A_SCHEMA = """\
SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname = $1"""
OF_THE_DATABASE = """\
SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_'"""

DETACH = """\
SELECT inhdetachpending AS pending FROM pg_catalog.pg_inherits
WHERE inhrelid = pg_catalog.to_regclass($1) AND inhparent = pg_catalog.to_regclass($2)"""

INVALID_INDEXES = """\
SELECT n.nspname::text AS schema, c.relname::text AS name, i.indrelid::regclass::text AS table_name
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE i.indrelid = pg_catalog.to_regclass($1) AND NOT i.indisvalid
ORDER BY 1, 2"""
