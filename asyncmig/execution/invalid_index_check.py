"""Refuses ``CREATE INDEX IF NOT EXISTS`` where an invalid index has the name.

A build that failed leaves an invalid index, and PostgreSQL would skip the statement silently. The check is a
statement of its own behind it, in the same message and in scripts for psql as well.
"""

from __future__ import annotations

from asyncmig.sql.classify import classify
from asyncmig.sql.quoting import literal
from asyncmig.sql.slices import contains

__all__ = ["invalid_index_check"]

# an index on ONLY a partitioned table is invalid by design, until all partitions have theirs
_CHECK = """\
DECLARE index record; BEGIN
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname) AS name,
       i.indrelid::regclass AS on_table INTO index
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = pg_catalog.to_regclass({name}) AND c.relkind = 'i' AND NOT i.indisvalid;
IF FOUND THEN
RAISE 'there is an invalid index % on %, left by a build that failed', index.name, index.on_table
USING ERRCODE = 'object_not_in_prerequisite_state',
HINT = 'drop it with `DROP INDEX ' || index.name || '`, then run the same command again';
END IF; END"""


def invalid_index_check(sql: str) -> str | None:
    """A statement that fails where ``sql`` has found an invalid index; None where it cannot."""
    if not contains(sql, "exists"):
        return None
    facts = classify(sql)
    if facts.verb != "CREATE INDEX" or not facts.if_not_exists or facts.object is None:
        return None
    return f"DO {literal(_CHECK.format(name=literal(facts.object.sql)))}"
