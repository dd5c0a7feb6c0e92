"""Queries and changes of rows."""

from __future__ import annotations

from lock_cases.case import case

_KEY = "ALTER TABLE t ADD CONSTRAINT x FOREIGN KEY (r_id) REFERENCES r (id);"

ROWS = (
    case("select", "SELECT * FROM t"),
    case("select: for update", "SELECT * FROM t FOR UPDATE"),
    case("insert", "INSERT INTO t (id) VALUES (1000)"),
    case("insert: references another", "INSERT INTO t (id, r_id) VALUES (1000, 1)", _KEY),
    case("update", "UPDATE t SET a = a + 1"),
    case("update: where", "UPDATE t SET b = 'x' WHERE b = '5'"),
    case("delete", "DELETE FROM t"),
    case("delete: where", "DELETE FROM t WHERE b = '5'"),
    case("delete: referenced by another", "DELETE FROM r WHERE id = 1000", _KEY),
    case(
        "merge",
        "MERGE INTO t USING r ON t.id = r.id WHEN MATCHED THEN UPDATE SET a = r.u",
        since=15,
    ),
    case("copy_from", "COPY t FROM '/dev/null'"),
    case("copy_to", "COPY t TO '/dev/null'"),
)
