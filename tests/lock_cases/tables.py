"""Whole tables, partitions, and properties of tables."""

from __future__ import annotations

from lock_cases.case import PARTITIONED, case

_DEFAULT = "CREATE TABLE pd PARTITION OF p DEFAULT;"
_FREE = """
CREATE TABLE child (id int NOT NULL, a int, b text);
INSERT INTO child SELECT i, i, 'x' FROM generate_series(200, 250) i;
"""
_PROVED = "ALTER TABLE child ADD CHECK (id >= 200 AND id < 300);"
_FOREIGN_KEY = "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (r_id) REFERENCES r (id);"
_ATTACH = "ALTER TABLE p ATTACH PARTITION child FOR VALUES FROM (200) TO (300)"

TABLES = (
    case("create_table", "CREATE TABLE t2 (id int)"),
    case("create_table: references", "CREATE TABLE t2 (id int REFERENCES r)"),
    case("create_table: inherits", "CREATE TABLE child (x int) INHERITS (t)"),
    case("create_table: like", "CREATE TABLE t2 (LIKE t INCLUDING ALL)"),
    case("create_table_as", "CREATE TABLE t2 AS SELECT * FROM t"),
    case(
        "create_partition",
        "CREATE TABLE child PARTITION OF p FOR VALUES FROM (200) TO (300)",
        PARTITIONED,
    ),
    case(
        "create_partition: default partition exists",
        "CREATE TABLE child PARTITION OF p FOR VALUES FROM (200) TO (300)",
        PARTITIONED + _DEFAULT,
    ),
    case("drop_table", "DROP TABLE t"),
    case("drop_table: references another", "DROP TABLE t", _FOREIGN_KEY),
    case("drop_table: referenced, cascade", "DROP TABLE r CASCADE", _FOREIGN_KEY),
    case("drop_table: partition", "DROP TABLE p1", PARTITIONED),
    case("truncate", "TRUNCATE t"),
    case("truncate: cascade", "TRUNCATE r CASCADE", _FOREIGN_KEY),
    case("rename_table", "ALTER TABLE t RENAME TO t2"),
    case(
        "set_schema", "ALTER TABLE t SET SCHEMA elsewhere", "CREATE SCHEMA IF NOT EXISTS elsewhere;"
    ),
    case("set_owner", "ALTER TABLE t OWNER TO CURRENT_USER"),
    case("set_logged", "ALTER TABLE t SET LOGGED", "ALTER TABLE t SET UNLOGGED;"),
    case("set_unlogged", "ALTER TABLE t SET UNLOGGED"),
    case("set_access_method", "ALTER TABLE t SET ACCESS METHOD heap", since=15),
    case("set_tablespace", "ALTER TABLE t SET TABLESPACE pg_default"),
    case("set_storage_parameters", "ALTER TABLE t SET (fillfactor = 70)"),
    case("set_storage_parameters: autovacuum", "ALTER TABLE t SET (autovacuum_enabled = off)"),
    case(
        "set_storage_parameters: user_catalog_table",
        "ALTER TABLE t SET (user_catalog_table = true)",
    ),
    case("cluster_on", "ALTER TABLE t CLUSTER ON i"),
    case("set_without_cluster", "ALTER TABLE t SET WITHOUT CLUSTER"),
    case("replica_identity", "ALTER TABLE t REPLICA IDENTITY FULL"),
    case("enable_trigger", "ALTER TABLE t ENABLE TRIGGER USER"),
    case("disable_trigger", "ALTER TABLE t DISABLE TRIGGER USER"),
    case(
        "enable_rule",
        "ALTER TABLE t ENABLE RULE u",
        "CREATE RULE u AS ON DELETE TO t DO ALSO NOTIFY x;",
    ),
    case(
        "disable_rule",
        "ALTER TABLE t DISABLE RULE u",
        "CREATE RULE u AS ON DELETE TO t DO ALSO NOTIFY x;",
    ),
    case("enable_row_security", "ALTER TABLE t ENABLE ROW LEVEL SECURITY"),
    case("disable_row_security", "ALTER TABLE t DISABLE ROW LEVEL SECURITY"),
    case("force_row_security", "ALTER TABLE t FORCE ROW LEVEL SECURITY"),
    case("no_force_row_security", "ALTER TABLE t NO FORCE ROW LEVEL SECURITY"),
    case(
        "inherit",
        "ALTER TABLE child INHERIT parent",
        _FREE + "CREATE TABLE parent (id int NOT NULL);",
    ),
    case(
        "no_inherit",
        "ALTER TABLE child NO INHERIT parent",
        "CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent);",
    ),
    case(
        "of_type",
        "ALTER TABLE t OF y",
        "DROP TABLE t; CREATE TYPE y AS (id int); CREATE TABLE t (id int);",
    ),
    case(
        "not_of_type",
        "ALTER TABLE t NOT OF",
        "DROP TABLE t; CREATE TYPE y AS (id int); CREATE TABLE t OF y;",
    ),
    case("attach_partition", _ATTACH, PARTITIONED + _FREE),
    case("attach_partition: a CHECK proves the bounds", _ATTACH, PARTITIONED + _FREE + _PROVED),
    case("attach_partition: default partition exists", _ATTACH, PARTITIONED + _DEFAULT + _FREE),
    case("detach_partition", "ALTER TABLE p DETACH PARTITION p1", PARTITIONED),
    case(
        "detach_partition_concurrently",
        "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY",
        PARTITIONED,
    ),
    case("lock_table", "LOCK TABLE t IN SHARE MODE"),
    case("vacuum", "VACUUM t"),
    case("vacuum_full", "VACUUM FULL t"),
    case("analyze", "ANALYZE t"),
    case("cluster", "CLUSTER t USING i"),
)
