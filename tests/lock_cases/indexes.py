"""Indexes."""

from __future__ import annotations

from lock_cases.case import PARTITIONED, case

INDEXES = (
    case("create_index", "CREATE INDEX x ON t (a)"),
    case("create_index: unique", "CREATE UNIQUE INDEX x ON t (a)"),
    case("create_index: partitioned table", "CREATE INDEX x ON p (a)", PARTITIONED),
    case("create_index: only the partitioned table", "CREATE INDEX x ON ONLY p (a)", PARTITIONED),
    case("create_index_concurrently", "CREATE INDEX CONCURRENTLY x ON t (a)"),
    case("drop_index", "DROP INDEX i"),
    case("drop_index_concurrently", "DROP INDEX CONCURRENTLY i"),
    case("reindex: index", "REINDEX INDEX i"),
    case("reindex: table", "REINDEX TABLE t"),
    case("reindex_concurrently: index", "REINDEX INDEX CONCURRENTLY i"),
    case("reindex_concurrently: table", "REINDEX TABLE CONCURRENTLY t"),
    case("rename_index", "ALTER INDEX i RENAME TO x"),
    case(
        "attach_index",
        "ALTER INDEX x ATTACH PARTITION x1",
        PARTITIONED + "CREATE INDEX x ON ONLY p (a); CREATE INDEX x1 ON p1 (a);",
    ),
    case("alter_index", "ALTER INDEX i SET (fillfactor = 70)"),
)
