"""Exact SQL of the directives that Alembic does not have, and of their reverse."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from asyncmig.operations.directives.sequences import AlterSequenceOp, SequenceOptions
from asyncmig.operations.directives.views import CreateViewOp, ReplaceViewOp
from support.recording_sink import record, sql_of

CASES = [
    # call, its SQL, the SQL of its reverse (None: there is none)
    (
        lambda op: op.create_schema("shop"),
        "CREATE SCHEMA shop",
        "DROP SCHEMA shop",
    ),
    (
        lambda op: op.create_schema("My Shop", if_not_exists=True, authorization="Bob"),
        'CREATE SCHEMA IF NOT EXISTS "My Shop" AUTHORIZATION "Bob"',
        'DROP SCHEMA IF EXISTS "My Shop"',
    ),
    (
        lambda op: op.drop_schema("shop", if_exists=True, cascade=True),
        "DROP SCHEMA IF EXISTS shop CASCADE",
        "CREATE SCHEMA IF NOT EXISTS shop",
    ),
    (
        lambda op: op.create_extension("uuid-ossp"),
        'CREATE EXTENSION "uuid-ossp"',
        'DROP EXTENSION "uuid-ossp"',
    ),
    (
        lambda op: op.create_extension(
            "postgis", schema="geo", version="3.4", if_not_exists=True, cascade=True
        ),
        "CREATE EXTENSION IF NOT EXISTS postgis SCHEMA geo VERSION '3.4' CASCADE",
        "DROP EXTENSION IF EXISTS postgis",
    ),
    (
        lambda op: op.drop_extension("citext", if_exists=True, cascade=True),
        "DROP EXTENSION IF EXISTS citext CASCADE",
        "CREATE EXTENSION IF NOT EXISTS citext",
    ),
    (
        lambda op: op.create_sequence("s"),
        "CREATE SEQUENCE s",
        "DROP SEQUENCE s",
    ),
    (
        lambda op: op.create_sequence(
            "S",
            schema="shop",
            if_not_exists=True,
            data_type=sa.SmallInteger,
            start=5,
            increment=2,
            minvalue=False,
            maxvalue=99,
            cache=7,
            cycle=True,
            owned_by="shop.Order.id",
        ),
        (
            'CREATE SEQUENCE IF NOT EXISTS shop."S" AS SMALLINT INCREMENT BY 2 START WITH 5 NO MINVALUE '
            'MAXVALUE 99 CACHE 7 CYCLE OWNED BY shop."Order".id'
        ),
        'DROP SEQUENCE IF EXISTS shop."S"',
    ),
    (
        lambda op: op.alter_sequence("s", restart=True, cycle=False, owned_by=False),
        "ALTER SEQUENCE s NO CYCLE RESTART OWNED BY NONE",
        None,
    ),
    (
        lambda op: op.alter_sequence("s", schema="x", if_exists=True, restart=9, minvalue=0),
        "ALTER SEQUENCE IF EXISTS x.s MINVALUE 0 RESTART WITH 9",
        None,
    ),
    (
        lambda op: op.invoke(AlterSequenceOp("s", cache=9, existing=SequenceOptions(cache=1))),
        "ALTER SEQUENCE s CACHE 9",
        "ALTER SEQUENCE s CACHE 1",
    ),
    (
        lambda op: op.drop_sequence("s", schema="x", if_exists=True, cascade=True),
        "DROP SEQUENCE IF EXISTS x.s CASCADE",
        "CREATE SEQUENCE x.s",
    ),
    (
        lambda op: op.create_enum("mood", ["sad", "it's \\ ok"], schema="Odd"),
        "CREATE TYPE \"Odd\".mood AS ENUM ('sad', 'it''s \\ ok')",
        'DROP TYPE "Odd".mood',
    ),
    (
        lambda op: op.add_enum_value("mood", "ok", before="sad", if_not_exists=True, schema="s"),
        "ALTER TYPE s.mood ADD VALUE IF NOT EXISTS 'ok' BEFORE 'sad'",
        None,
    ),
    (
        lambda op: op.add_enum_value("mood", "it's", after="sad"),
        "ALTER TYPE mood ADD VALUE 'it''s' AFTER 'sad'",
        None,
    ),
    (
        lambda op: op.rename_enum_value("mood", "a", "b", schema="s"),
        "ALTER TYPE s.mood RENAME VALUE 'a' TO 'b'",
        "ALTER TYPE s.mood RENAME VALUE 'b' TO 'a'",
    ),
    (
        lambda op: op.rename_enum("mood", "Mood", schema="s"),
        'ALTER TYPE s.mood RENAME TO "Mood"',
        'ALTER TYPE s."Mood" RENAME TO mood',
    ),
    (
        lambda op: op.drop_enum("mood", schema="s", if_exists=True, cascade=True),
        "DROP TYPE IF EXISTS s.mood CASCADE",
        ValueError,
    ),
    (
        lambda op: op.create_view("v", " SELECT 1; "),
        "CREATE VIEW v AS\nSELECT 1",
        "DROP VIEW v",
    ),
    (
        lambda op: op.create_view(
            "V",
            sa.select(sa.column("a")).select_from(sa.table("t")).where(sa.column("b") == "it's"),
            schema="s",
            columns=["x", "Y"],
            options={"security_barrier": True, "check_option": "local"},
        ),
        (
            'CREATE VIEW s."V" (x, "Y") WITH (security_barrier = true, check_option = local) AS\n'
            "SELECT a\nFROM t\nWHERE b = 'it''s'"
        ),
        'DROP VIEW s."V"',
    ),
    (
        lambda op: op.replace_view("v", "SELECT 2", schema="s", columns=["a"]),
        "CREATE OR REPLACE VIEW s.v (a) AS\nSELECT 2",
        None,
    ),
    (
        lambda op: op.invoke(
            ReplaceViewOp("v", "SELECT 2", schema="s", existing=CreateViewOp("v", "SELECT 1"))
        ),
        "CREATE OR REPLACE VIEW s.v AS\nSELECT 2",
        "CREATE OR REPLACE VIEW s.v AS\nSELECT 1",
    ),
    (
        lambda op: op.drop_view("v", schema="s", if_exists=True, cascade=True),
        "DROP VIEW IF EXISTS s.v CASCADE",
        ValueError,
    ),
    (
        lambda op: op.create_materialized_view(
            "m",
            "SELECT 1",
            schema="s",
            columns=["a"],
            options={"fillfactor": 70},
            tablespace="Fast",
            if_not_exists=True,
            with_data=False,
        ),
        (
            'CREATE MATERIALIZED VIEW IF NOT EXISTS s.m (a) WITH (fillfactor = 70) TABLESPACE "Fast" AS\n'
            "SELECT 1\nWITH NO DATA"
        ),
        "DROP MATERIALIZED VIEW IF EXISTS s.m",
    ),
    (
        lambda op: op.drop_materialized_view("m", cascade=True),
        "DROP MATERIALIZED VIEW m CASCADE",
        ValueError,
    ),
    (
        lambda op: op.refresh_materialized_view("m", schema="s", concurrently=True),
        "REFRESH MATERIALIZED VIEW CONCURRENTLY s.m",
        None,
    ),
    (
        lambda op: op.refresh_materialized_view("m", with_data=False),
        "REFRESH MATERIALIZED VIEW m WITH NO DATA",
        None,
    ),
    (
        lambda op: op.create_function("f", body="BEGIN END"),
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$BEGIN END$$",
        "DROP FUNCTION f()",
    ),
    (
        lambda op: op.create_function(
            "f",
            "a numeric(10, 2) DEFAULT (1 + 2), OUT b text, c text[] = '{x,y}', VARIADIC d int[] := '{}'",
            returns=None,
            body="SELECT $$ $body$ $x",
            language="sql",
            schema="s",
            replace=True,
            volatility="stable",
            strict=True,
            security_definer=True,
            parallel="restricted",
            settings={"search_path": "s, pg_temp"},
        ),
        (
            "CREATE OR REPLACE FUNCTION s.f(a numeric(10, 2) DEFAULT (1 + 2), OUT b text, "
            "c text[] = '{x,y}', VARIADIC d int[] := '{}') LANGUAGE sql STABLE STRICT SECURITY DEFINER "
            "PARALLEL RESTRICTED SET search_path = s, pg_temp AS $body2$SELECT $$ $body$ $x$body2$"
        ),
        "DROP FUNCTION s.f(a numeric(10, 2), OUT b text, c text[], VARIADIC d int[])",
    ),
    (
        lambda op: op.create_function("f", body="ends with $"),
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $body$ends with $$body$",
        "DROP FUNCTION f()",
    ),
    (
        lambda op: op.drop_function("f", schema="s", if_exists=True, cascade=True),
        "DROP FUNCTION IF EXISTS s.f CASCADE",
        ValueError,
    ),
    (
        lambda op: op.create_trigger("tr", "t", "before", "update of A, b", "f('x')", schema="s"),
        "CREATE TRIGGER tr BEFORE UPDATE of A, b ON s.t FOR EACH ROW EXECUTE FUNCTION f('x')",
        "DROP TRIGGER tr ON s.t",
    ),
    (
        lambda op: op.create_trigger(
            "tr",
            "t",
            "after",
            ["insert", "delete"],
            "f()",
            for_each="statement",
            when="pg_trigger_depth() = 0",
            referencing="NEW TABLE AS n",
            replace=True,
        ),
        (
            "CREATE OR REPLACE TRIGGER tr AFTER INSERT OR DELETE ON t REFERENCING NEW TABLE AS n "
            "FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION f()"
        ),
        "DROP TRIGGER tr ON t",
    ),
    (
        lambda op: op.create_trigger(
            "tr",
            "t",
            "after",
            "insert",
            "f()",
            constraint=True,
            deferrable=False,
            initially="immediate",
        ),
        (
            "CREATE CONSTRAINT TRIGGER tr AFTER INSERT ON t NOT DEFERRABLE INITIALLY IMMEDIATE "
            "FOR EACH ROW EXECUTE FUNCTION f()"
        ),
        "DROP TRIGGER tr ON t",
    ),
    (
        lambda op: op.drop_trigger("tr", "t", schema="s", if_exists=True, cascade=True),
        "DROP TRIGGER IF EXISTS tr ON s.t CASCADE",
        ValueError,
    ),
    (
        lambda op: op.create_policy("p", "t"),
        "CREATE POLICY p ON t FOR ALL TO PUBLIC",
        "DROP POLICY p ON t",
    ),
    (
        lambda op: op.create_policy(
            "P",
            "t",
            schema="s",
            permissive=False,
            command="update",
            roles=["Bob", "current_user"],
            using="a = 1",
            check="b = 2",
        ),
        (
            'CREATE POLICY "P" ON s.t AS RESTRICTIVE FOR UPDATE TO "Bob", CURRENT_USER USING (a = 1) '
            "WITH CHECK (b = 2)"
        ),
        'DROP POLICY "P" ON s.t',
    ),
    (
        lambda op: op.drop_policy("p", "t", schema="s", if_exists=True),
        "DROP POLICY IF EXISTS p ON s.t",
        ValueError,
    ),
    (
        lambda op: op.enable_rls("t", schema="s"),
        "ALTER TABLE s.t ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE s.t DISABLE ROW LEVEL SECURITY",
    ),
    (
        lambda op: op.enable_rls("t", force=True),
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY",
        "ALTER TABLE t NO FORCE ROW LEVEL SECURITY; ALTER TABLE t DISABLE ROW LEVEL SECURITY",
    ),
    (
        lambda op: op.disable_rls("t"),
        "ALTER TABLE t DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
    ),
    (
        lambda op: op.grant("select", "t", "bob"),
        "GRANT SELECT ON TABLE t TO bob",
        "REVOKE SELECT ON TABLE t FROM bob",
    ),
    (
        lambda op: op.grant(
            ["select (A, b)", "all privileges"],
            ["t", "U"],
            ["Bob", "public"],
            schema="s",
            with_grant_option=True,
        ),
        'GRANT SELECT (A, b), ALL PRIVILEGES ON TABLE s.t, s."U" TO "Bob", PUBLIC WITH GRANT OPTION',
        'REVOKE SELECT (A, b), ALL PRIVILEGES ON TABLE s.t, s."U" FROM "Bob", PUBLIC',
    ),
    (
        lambda op: op.grant("execute", "F(integer, text)", "bob", kind="function", schema="s"),
        'GRANT EXECUTE ON FUNCTION s."F"(integer, text) TO bob',
        'REVOKE EXECUTE ON FUNCTION s."F"(integer, text) FROM bob',
    ),
    (
        lambda op: op.revoke(
            "usage", "s", "bob", kind="schema", grant_option_only=True, cascade=True
        ),
        "REVOKE GRANT OPTION FOR USAGE ON SCHEMA s FROM bob CASCADE",
        "GRANT USAGE ON SCHEMA s TO bob WITH GRANT OPTION",
    ),
    (
        lambda op: op.revoke("all", "s", "session_user", kind="all tables in schema"),
        "REVOKE ALL ON ALL TABLES IN SCHEMA s FROM SESSION_USER",
        "GRANT ALL ON ALL TABLES IN SCHEMA s TO SESSION_USER",
    ),
    (
        lambda op: op.attach_partition("t", "p", "IN ('a')", schema="s", partition_schema="S2"),
        "ALTER TABLE s.t ATTACH PARTITION \"S2\".p FOR VALUES IN ('a')",
        'ALTER TABLE s.t DETACH PARTITION "S2".p',
    ),
    (
        lambda op: op.attach_partition("t", "p", " default", schema="s"),
        "ALTER TABLE s.t ATTACH PARTITION s.p default",
        "ALTER TABLE s.t DETACH PARTITION s.p",
    ),
    (
        lambda op: op.attach_partition("t", "p", "FOR VALUES WITH (MODULUS 2, REMAINDER 0)"),
        "ALTER TABLE t ATTACH PARTITION p FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
        "ALTER TABLE t DETACH PARTITION p",
    ),
    (
        lambda op: op.detach_partition("t", "p", concurrently=True),
        "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
        ValueError,
    ),
    (
        lambda op: op.detach_partition("t", "p", finalize=True),
        "ALTER TABLE t DETACH PARTITION p FINALIZE",
        ValueError,
    ),
    (
        lambda op: op.validate_constraint("Ck", "t", schema="s"),
        'ALTER TABLE s.t VALIDATE CONSTRAINT "Ck"',
        None,
    ),
]


@pytest.mark.parametrize(("call", "sql", "reverse"), CASES, ids=[case[1][:60] for case in CASES])
def test_sql(call, sql, reverse):
    sink = record(call)
    assert "; ".join(sink.sql) == sql
    (operation,) = sink.operations
    if reverse is None:
        with pytest.raises(NotImplementedError, match=type(operation).__name__):
            operation.reverse()
    elif reverse is ValueError:
        with pytest.raises(ValueError, match="again"):
            operation.reverse()
    else:
        undo = operation.reverse()
        assert "; ".join(sql_of(lambda op: op.invoke(undo))) == reverse


@pytest.mark.parametrize(
    ("call", "sql"),
    [case[:2] for case in CASES if case[2] not in {None, ValueError}],
    ids=[case[1][:60] for case in CASES if case[2] not in {None, ValueError}],
)
def test_the_reverse_of_the_reverse(call, sql):
    (operation,) = record(call).operations
    again = operation.reverse().reverse()
    found = "; ".join(sql_of(lambda op: op.invoke(again)))
    # what only says how to behave, not what there is, is not kept
    for word in (
        " CASCADE",
        " IF NOT EXISTS",
        " IF EXISTS",
        " WITH GRANT OPTION",
        " GRANT OPTION FOR",
    ):
        found, sql = found.replace(word, ""), sql.replace(word, "")
    assert found == sql
