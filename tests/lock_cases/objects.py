"""Views, sequences, types, and what belongs to a table."""

from __future__ import annotations

from lock_cases.case import case

_FUNCTION = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
_TRIGGER = f"{_FUNCTION} CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();"
_VIEW = "CREATE VIEW v AS SELECT id, a FROM t;"
_MATERIALIZED = (
    "CREATE MATERIALIZED VIEW m AS SELECT id, a FROM t; CREATE UNIQUE INDEX m_index ON m (id);"
)
_MOOD = "CREATE TYPE mood AS ENUM ('a', 'b');"
_DOMAIN = (
    "CREATE DOMAIN y AS int; CREATE TABLE t2 (x y); INSERT INTO t2 SELECT generate_series(1, 20);"
)
_COMPOSITE = "CREATE TYPE y AS (x int); "
_SEQUENCE = "CREATE SEQUENCE s;"

OBJECTS = (
    case("create_view", "CREATE VIEW v AS SELECT * FROM t"),
    case("replace_view", "CREATE OR REPLACE VIEW v AS SELECT id, a FROM t", _VIEW),
    case("rename_view", "ALTER VIEW v RENAME TO w", _VIEW),
    case("drop_view", "DROP VIEW v", _VIEW),
    case("create_materialized_view", "CREATE MATERIALIZED VIEW m AS SELECT * FROM t"),
    case("refresh_materialized_view", "REFRESH MATERIALIZED VIEW m", _MATERIALIZED),
    case(
        "refresh_materialized_view_concurrently",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY m",
        _MATERIALIZED,
    ),
    case("rename_materialized_view", "ALTER MATERIALIZED VIEW m RENAME TO w", _MATERIALIZED),
    case("drop_materialized_view", "DROP MATERIALIZED VIEW m", _MATERIALIZED),
    case("create_sequence", "CREATE SEQUENCE s"),
    case("alter_sequence", "ALTER SEQUENCE s RESTART WITH 5", _SEQUENCE),
    case("alter_sequence: owned by", "ALTER SEQUENCE s OWNED BY t.a", _SEQUENCE),
    case("rename_sequence", "ALTER SEQUENCE s RENAME TO x", _SEQUENCE),
    case("drop_sequence", "DROP SEQUENCE s", _SEQUENCE),
    case("create_type", _MOOD.removesuffix(";")),
    case("rename_type", "ALTER TYPE mood RENAME TO x", _MOOD),
    case("drop_type", "DROP TYPE mood", _MOOD),
    case(
        "drop_type: cascade to a column",
        "DROP TYPE mood CASCADE",
        _MOOD + "CREATE TABLE t2 (x mood);",
    ),
    case(
        "add_enum_value",
        "ALTER TYPE mood ADD VALUE 'c'",
        _MOOD + "CREATE TABLE t2 (x mood); INSERT INTO t2 VALUES ('a');",
    ),
    case(
        "rename_enum_value",
        "ALTER TYPE mood RENAME VALUE 'b' TO 'c'",
        _MOOD + "CREATE TABLE t2 (x mood); INSERT INTO t2 VALUES ('a');",
    ),
    case("add_attribute", "ALTER TYPE y ADD ATTRIBUTE z int", _COMPOSITE),
    case("drop_attribute", "ALTER TYPE y DROP ATTRIBUTE x", _COMPOSITE),
    case("rename_attribute", "ALTER TYPE y RENAME ATTRIBUTE x TO z", _COMPOSITE),
    case("alter_attribute_type", "ALTER TYPE y ALTER ATTRIBUTE x TYPE bigint", _COMPOSITE),
    case(
        "alter_attribute_type: a table uses the type",
        "ALTER TYPE y ALTER ATTRIBUTE x TYPE bigint",
        _COMPOSITE + "CREATE TABLE t2 (z y);",
    ),
    case("create_domain", "CREATE DOMAIN y AS int"),
    case("rename_domain", "ALTER DOMAIN y RENAME TO z", _DOMAIN),
    case("drop_domain", "DROP DOMAIN y", "CREATE DOMAIN y AS int;"),
    case("set_domain_default", "ALTER DOMAIN y SET DEFAULT 5", _DOMAIN),
    case("set_domain_not_null", "ALTER DOMAIN y SET NOT NULL", _DOMAIN),
    case("drop_domain_not_null", "ALTER DOMAIN y DROP NOT NULL", _DOMAIN),
    case("add_domain_constraint", "ALTER DOMAIN y ADD CONSTRAINT c CHECK (value > 0)", _DOMAIN),
    case(
        "add_domain_constraint: not valid",
        "ALTER DOMAIN y ADD CONSTRAINT c CHECK (value > 0) NOT VALID",
        _DOMAIN,
    ),
    case(
        "validate_domain_constraint",
        "ALTER DOMAIN y VALIDATE CONSTRAINT c",
        _DOMAIN + "ALTER DOMAIN y ADD CONSTRAINT c CHECK (value > 0) NOT VALID;",
    ),
    case(
        "drop_domain_constraint",
        "ALTER DOMAIN y DROP CONSTRAINT c",
        _DOMAIN + "ALTER DOMAIN y ADD CONSTRAINT c CHECK (value > 0);",
    ),
    case(
        "rename_domain_constraint",
        "ALTER DOMAIN y RENAME CONSTRAINT c TO e",
        _DOMAIN + "ALTER DOMAIN y ADD CONSTRAINT c CHECK (value > 0);",
    ),
    case(
        "create_trigger",
        "CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()",
        _FUNCTION,
    ),
    case("rename_trigger", "ALTER TRIGGER g ON t RENAME TO h", _TRIGGER),
    case("drop_trigger", "DROP TRIGGER g ON t", _TRIGGER),
    case("create_rule", "CREATE RULE u AS ON DELETE TO t DO ALSO NOTIFY x"),
    case("drop_rule", "DROP RULE u ON t", "CREATE RULE u AS ON DELETE TO t DO ALSO NOTIFY x;"),
    case("create_policy", "CREATE POLICY o ON t USING (true)"),
    case("alter_policy", "ALTER POLICY o ON t USING (false)", "CREATE POLICY o ON t;"),
    case("drop_policy", "DROP POLICY o ON t", "CREATE POLICY o ON t;"),
    case("create_statistics", "CREATE STATISTICS e ON a, b FROM t"),
    case("drop_statistics", "DROP STATISTICS e", "CREATE STATISTICS e ON a, b FROM t;"),
    case("comment: table", "COMMENT ON TABLE t IS 'x'"),
    case("comment: column", "COMMENT ON COLUMN t.a IS 'x'"),
    case("comment: index", "COMMENT ON INDEX i IS 'x'"),
    case("comment: constraint", "COMMENT ON CONSTRAINT t_pkey ON t IS 'x'"),
    case("grant", "GRANT SELECT ON t TO PUBLIC"),
    case("revoke", "REVOKE SELECT ON t FROM PUBLIC"),
    case("create_function", "CREATE FUNCTION h() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    case("alter_function", "ALTER FUNCTION f() STABLE", _FUNCTION),
    case("drop_function", "DROP FUNCTION f()", _FUNCTION),
    case("drop_function: cascade to a trigger", "DROP FUNCTION f() CASCADE", _TRIGGER),
    case("create_schema", "CREATE SCHEMA other"),
    case("rename_schema", "ALTER SCHEMA other RENAME TO another", "CREATE SCHEMA other;"),
    case("drop_schema", "DROP SCHEMA other", "CREATE SCHEMA other;"),
    case("create_extension", "CREATE EXTENSION plpgsql", "DROP EXTENSION plpgsql;"),
    case("alter_extension", "ALTER EXTENSION plpgsql UPDATE"),
    case("drop_extension", "DROP EXTENSION plpgsql"),
    case("create_object", 'CREATE COLLATION x FROM "C"'),
    case("alter_object", "ALTER COLLATION x RENAME TO y", 'CREATE COLLATION x FROM "C";'),
    case("drop_object", "DROP COLLATION x", 'CREATE COLLATION x FROM "C";'),
    case("create_publication", "CREATE PUBLICATION b FOR TABLE t"),
    case("alter_publication", "ALTER PUBLICATION b ADD TABLE t", "CREATE PUBLICATION b;"),
)
