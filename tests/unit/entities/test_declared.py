"""The SQL of declared entities, without a server."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from asyncmig.entities import (
    Aggregate,
    CompositeType,
    EventTrigger,
    Extension,
    Function,
    Grant,
    MaterializedView,
    Policy,
    Procedure,
    Revoke,
    RowSecurity,
    Rule,
    Sequence,
    SqlText,
    Statistics,
    Trigger,
    View,
    ViewIndex,
)
from asyncmig.entities.declared import DeclaredEntity
from asyncmig.entities.event_triggers import parse_event_trigger
from asyncmig.errors import ConfigError


@pytest.mark.parametrize(
    ("entity", "statements"),
    [
        (
            View("V", "SELECT 1;", schema="s", columns=["a"], options={"security_barrier": True}),
            ['CREATE VIEW s."V" (a) WITH (security_barrier = true) AS\nSELECT 1'],
        ),
        (
            View("v", sa.select(sa.literal_column("1")), comment="it's :a"),
            ["CREATE VIEW v AS\nSELECT 1", "COMMENT ON VIEW v IS 'it''s :a'"],
        ),
        (
            MaterializedView(
                "m",
                "SELECT a FROM t",
                tablespace="fast",
                indexes=[
                    ViewIndex("i", ["a", "(lower(b))"], unique=True, where="a > 0", include=["c"]),
                    ViewIndex("j", ["a"], using="gin"),
                ],
                comment="",
            ),
            [
                "CREATE MATERIALIZED VIEW m TABLESPACE fast AS\nSELECT a FROM t\nWITH NO DATA",
                "CREATE UNIQUE INDEX i ON m (a, (lower(b))) INCLUDE (c) WHERE a > 0",
                "CREATE INDEX j ON m USING gin (a)",
                "COMMENT ON MATERIALIZED VIEW m IS ''",
            ],
        ),
        (
            CompositeType("pair", {"A": "text", "b": sa.String(3)}, schema="s", comment="two"),
            ['CREATE TYPE s.pair AS ("A" text, b VARCHAR(3))', "COMMENT ON TYPE s.pair IS 'two'"],
        ),
        (
            Sequence("s", data_type=sa.SmallInteger, start=5, cycle=True),
            ["CREATE SEQUENCE s AS SMALLINT START WITH 5 CYCLE"],
        ),
        (
            Function(
                "f",
                "a int DEFAULT 1",
                body="SELECT a",
                returns="int",
                language="sql",
                volatility="immutable",
                settings={"search_path": "s"},
                comment="one",
            ),
            [
                (
                    "CREATE FUNCTION f(a int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE"
                    " SET search_path = s AS $$SELECT a$$"
                ),
                "COMMENT ON FUNCTION f(a int) IS 'one'",
            ],
        ),
        (
            Procedure("p", "days int", body="BEGIN END", schema="s", comment="tidy"),
            [
                "CREATE PROCEDURE s.p(days int) LANGUAGE plpgsql AS $$BEGIN END$$",
                "COMMENT ON PROCEDURE s.p(days int) IS 'tidy'",
            ],
        ),
        (
            Trigger(
                "x",
                "t",
                "before",
                ["insert", "update of a"],
                "f()",
                schema="s",
                fires="always",
                comment="c",
            ),
            [
                (
                    "CREATE TRIGGER x BEFORE INSERT OR UPDATE of a ON s.t FOR EACH ROW"
                    " EXECUTE FUNCTION f()"
                ),
                "ALTER TABLE s.t ENABLE ALWAYS TRIGGER x",
                "COMMENT ON TRIGGER x ON s.t IS 'c'",
            ],
        ),
        (
            Aggregate(
                "product",
                "numeric",
                "numeric_mul",
                "numeric",
                initcond="1",
                options={"sspace": 64, "finalfunc_extra": True, "msspace": None},
                comment="all",
            ),
            [
                (
                    "CREATE AGGREGATE product(numeric) (sfunc = numeric_mul, stype = numeric,"
                    " initcond = '1', parallel = unsafe, sspace = 64, finalfunc_extra)"
                ),
                "COMMENT ON AGGREGATE product(numeric) IS 'all'",
            ],
        ),
        (
            Rule("r", "t", "delete", "nothing", instead=True, where="a = '\\:b'", fires="replica"),
            [
                "CREATE RULE r AS ON DELETE TO t WHERE a = '\\:b' DO INSTEAD nothing",
                "ALTER TABLE t ENABLE REPLICA RULE r",
            ],
        ),
        (
            Rule("r", "t", "insert", "(DELETE FROM u; DELETE FROM v)", comment="both"),
            [
                "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; DELETE FROM v)",
                "COMMENT ON RULE r ON t IS 'both'",
            ],
        ),
        (
            Statistics("st", "t", ["a", "(b + 1)"], schema="s", kinds=["mcv"], target=5),
            [
                "CREATE STATISTICS s.st (mcv) ON a, (b + 1) FROM s.t",
                "ALTER STATISTICS s.st SET STATISTICS 5",
            ],
        ),
        (
            Policy(
                "own", "t", command="select", roles=["app", "public"], using="true", comment="c"
            ),
            [
                "CREATE POLICY own ON t FOR SELECT TO app, PUBLIC USING (true)",
                "COMMENT ON POLICY own ON t IS 'c'",
            ],
        ),
        (
            RowSecurity("t", schema="s", force=True),
            [
                "ALTER TABLE s.t ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE s.t FORCE ROW LEVEL SECURITY",
            ],
        ),
        (
            Trigger("x", "t", "after", "delete", "f()"),
            ["CREATE TRIGGER x AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION f()"],
        ),
        (
            EventTrigger(
                "x", "sql_drop", "app.f", tags=["DROP TABLE"], fires="disabled", comment="c"
            ),
            [
                "CREATE EVENT TRIGGER x ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION app.f()",
                "ALTER EVENT TRIGGER x DISABLE",
                "COMMENT ON EVENT TRIGGER x IS 'c'",
            ],
        ),
        (Statistics("st", "t", ["a", "b"]), ["CREATE STATISTICS st ON a, b FROM t"]),
        (Extension("citext", version="1.6"), ["CREATE EXTENSION citext VERSION '1.6'"]),
        (
            Grant(["select", "update (a)"], "t", "app", with_grant_option=True),
            ["GRANT SELECT, UPDATE (a) ON TABLE t TO app WITH GRANT OPTION"],
        ),
        (
            Revoke("execute", "f(int)", "public", object_kind="function", schema="s"),
            ["REVOKE EXECUTE ON FUNCTION s.f(int) FROM PUBLIC"],
        ),
        (SqlText("CREATE VIEW v AS SELECT 1;\n"), ["CREATE VIEW v AS SELECT 1"]),
    ],
)
def test_sql(entity, statements):
    assert entity.sql() == statements


@pytest.mark.parametrize(
    ("entity", "name"),
    [
        (Grant("select", "t", ["a", "b"]), "t to a, b"),
        (Revoke("select", "t", "public"), "t from public"),
        (RowSecurity("t"), "t"),
    ],
)
def test_names_of_what_has_none(entity, name):
    assert entity.name == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('CREATE OR REPLACE VIEW s."V" AS SELECT 1', ("view", "s", "V")),
        ("CREATE FUNCTION f() RETURNS int", ("function", None, "f")),
        ("create materialized view if not exists m as select 1", ("materialized_view", None, "m")),
        ("GRANT SELECT ON t TO app;", ("grant", None, "t TO app")),
        ("CREATE TYPE x", ("composite_type", None, "x")),
    ],
)
def test_the_object_of_a_statement(text, expected):
    entity = SqlText(text)
    assert (entity.kind, entity.schema, entity.name) == expected


@pytest.mark.parametrize("text", ["", "SELECT 1", "CREATE VIEW s.", "GRANT", "CREATE TABLE t ()"])
def test_a_statement_that_creates_no_entity_is_refused(text):
    with pytest.raises(ConfigError, match="declares no entity"):
        SqlText(text)


def test_the_base_class_has_no_sql():
    with pytest.raises(NotImplementedError):
        DeclaredEntity().sql()


@pytest.mark.parametrize(
    ("sql", "definition"),
    [
        (
            'CREATE EVENT TRIGGER "X" ON ddl_command_end EXECUTE PROCEDURE "F"();',
            ("ddl_command_end", (), None, "F"),
        ),
        (
            "create event trigger x on sql_drop when tag in ('drop table', 'B') execute function app.f()",
            ("sql_drop", ("B", "DROP TABLE"), "app", "f"),
        ),
    ],
)
def test_the_definition_of_an_event_trigger(sql, definition):
    declared = SqlText(sql)
    assert (declared.kind, declared.schema, declared.name.lower()) == ("event_trigger", None, "x")
    assert parse_event_trigger(sql) == definition


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE EVENT TRIGGER x",
        "CREATE EVENT TRIGGER x ON sql_drop",
        "CREATE EVENT TRIGGER x ON EXECUTE FUNCTION f()",
        "CREATE EVENT TRIGGER x ON sql_drop EXECUTE f()",
        "CREATE EVENT TRIGGER x ON sql_drop EXECUTE FUNCTION",
        "CREATE TRIGGER x ON sql_drop EXECUTE FUNCTION f()",
    ],
)
def test_what_is_no_event_trigger(sql):
    with pytest.raises(ConfigError, match="no CREATE EVENT TRIGGER"):
        parse_event_trigger(sql)


def test_an_event_trigger_that_fires_as_usual():
    trigger = EventTrigger("e", "ddl_command_end", "f()", tags=["CREATE TABLE", "it's"])
    (created,) = trigger._create()
    tags = "'CREATE TABLE', 'it''s'"
    assert created == (
        f"CREATE EVENT TRIGGER e ON ddl_command_end WHEN TAG IN ({tags}) EXECUTE FUNCTION f()"
    )
