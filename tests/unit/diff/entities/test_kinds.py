"""Each kind of entity: created, changed in place, dropped, or created again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.catalog.entities import (
    Aggregate,
    CompositeType,
    EntityKey,
    EventTrigger,
    Extension,
    MaterializedView,
    Policy,
    RowSecurity,
    Rule,
    Statistics,
    ViewColumn,
)
from asyncmig.diff.compare import compare
from support.catalogs import catalog, column, function, sql, table, trigger, view

BOOK = table("book", column("id"))
AGGREGATE = Aggregate(
    key=EntityKey("aggregate", "public", "total", "integer"),
    arguments="integer",
    options="SFUNC = public.add, STYPE = integer",
)
COMPOSITE = CompositeType(
    key=EntityKey("composite_type", "public", "price"), attributes={"amount": "numeric"}
)
EXTENSION = Extension(key=EntityKey("extension", "", "citext"), version="1.5", schema="public")
MATERIALIZED = MaterializedView(
    key=EntityKey("materialized_view", "public", "counts"),
    query="SELECT 1 AS n",
    columns=(ViewColumn("n", "integer"),),
    indexes={"ix": "CREATE INDEX ix ON public.counts USING btree (n)"},
)
POLICY = Policy(
    key=EntityKey("policy", "public", "own", "book"),
    permissive=True,
    command="select",
    roles=("public",),
    using="(id > 0)",
)
SECURITY = RowSecurity(key=EntityKey("row_security", "public", "book"))
RULE = Rule(
    key=EntityKey("rule", "public", "no_delete", "book"),
    definition="CREATE RULE no_delete AS ON DELETE TO public.book DO INSTEAD NOTHING",
)
STATISTICS = Statistics(
    key=EntityKey("statistics", "public", "st", "book"),
    definition="CREATE STATISTICS st ON id, id FROM public.book",
)
EVENT_TRIGGER = EventTrigger(
    key=EntityKey("event_trigger", "", "seen"),
    event="sql_drop",
    tags=("DROP TABLE",),
    function=("public", "touch"),
)
TRIGGER = trigger("touched", "book")
VIEW = view("titles", "SELECT 1 AS n", (), "n")
CONSTRAINT_TRIGGER = replace(
    TRIGGER,
    constraint=True,
    definition="CREATE CONSTRAINT TRIGGER touched AFTER INSERT ON public.book FROM public.other DEFERRABLE"
    " FOR EACH ROW EXECUTE FUNCTION public.touch()",
)
FUNCTION = function("number", "SELECT 1")


def changes(before, after):
    """The statements between two sets of entities of a table that does not change."""
    found = sql(compare(catalog(BOOK, *before), catalog(BOOK, *after)))
    return [text for text in found if "EXECUTE ON FUNCTION" not in text]


@pytest.mark.parametrize(
    ("entity", "created", "dropped"),
    [
        (
            AGGREGATE,
            ["CREATE AGGREGATE total(integer) (SFUNC = add, STYPE = integer)"],
            ["DROP AGGREGATE total(integer)"],
        ),
        (COMPOSITE, ["CREATE TYPE price AS (amount numeric)"], ["DROP TYPE price"]),
        (
            EXTENSION,
            ["CREATE EXTENSION citext VERSION '1.5'"],
            ["DROP EXTENSION citext"],
        ),
        (
            MATERIALIZED,
            [
                "CREATE MATERIALIZED VIEW counts AS SELECT 1 AS n",
                "CREATE INDEX ix ON counts USING btree (n)",
            ],
            ["DROP MATERIALIZED VIEW counts"],
        ),
        (
            POLICY,
            ["CREATE POLICY own ON book FOR SELECT TO PUBLIC USING (id > 0)"],
            ["DROP POLICY own ON book"],
        ),
        (
            SECURITY,
            ["ALTER TABLE book ENABLE ROW LEVEL SECURITY"],
            ["ALTER TABLE book DISABLE ROW LEVEL SECURITY"],
        ),
        (
            RULE,
            ["CREATE RULE no_delete AS ON DELETE TO book DO INSTEAD NOTHING"],
            ["DROP RULE no_delete ON book"],
        ),
        (
            EVENT_TRIGGER,
            [
                "CREATE EVENT TRIGGER seen ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION touch()"
            ],
            ["DROP EVENT TRIGGER seen"],
        ),
        (STATISTICS, ["CREATE STATISTICS st ON id, id FROM book"], ["DROP STATISTICS st"]),
        (
            TRIGGER,
            [
                "CREATE TRIGGER touched BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION public.touch()"
            ],
            ["DROP TRIGGER touched ON book"],
        ),
        (VIEW, ["CREATE VIEW titles AS SELECT 1 AS n"], ["DROP VIEW titles"]),
        (
            replace(RULE, fires="always"),
            [
                "CREATE RULE no_delete AS ON DELETE TO book DO INSTEAD NOTHING",
                "ALTER TABLE book ENABLE ALWAYS RULE no_delete",
            ],
            ["DROP RULE no_delete ON book"],
        ),
        (
            replace(STATISTICS, target=50),
            [
                "CREATE STATISTICS st ON id, id FROM book",
                "ALTER STATISTICS st SET STATISTICS 50",
            ],
            ["DROP STATISTICS st"],
        ),
        (
            replace(EVENT_TRIGGER, fires="replica", tags=()),
            [
                "CREATE EVENT TRIGGER seen ON sql_drop EXECUTE FUNCTION touch()",
                "ALTER EVENT TRIGGER seen ENABLE REPLICA",
            ],
            ["DROP EVENT TRIGGER seen"],
        ),
        (
            replace(TRIGGER, fires="disabled"),
            [
                "CREATE TRIGGER touched BEFORE UPDATE ON book FOR EACH ROW EXECUTE FUNCTION public.touch()",
                "ALTER TABLE book DISABLE TRIGGER touched",
            ],
            ["DROP TRIGGER touched ON book"],
        ),
        (
            CONSTRAINT_TRIGGER,
            [
                (
                    "CREATE CONSTRAINT TRIGGER touched AFTER INSERT ON book FROM other DEFERRABLE"
                    " FOR EACH ROW EXECUTE FUNCTION public.touch()"
                )
            ],
            ["DROP TRIGGER touched ON book"],
        ),
        (
            replace(SECURITY, forced=True),
            [
                "ALTER TABLE book ENABLE ROW LEVEL SECURITY",
                "ALTER TABLE book FORCE ROW LEVEL SECURITY",
            ],
            [
                "ALTER TABLE book NO FORCE ROW LEVEL SECURITY",
                "ALTER TABLE book DISABLE ROW LEVEL SECURITY",
            ],
        ),
    ],
)
def test_create_and_drop(entity, created, dropped):
    assert changes([], [entity]) == created
    assert changes([entity], []) == dropped


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            COMPOSITE,
            replace(COMPOSITE, attributes={"amount": "integer", "unit": "text"}),
            [
                "ALTER TYPE price ALTER ATTRIBUTE amount TYPE integer",
                "ALTER TYPE price ADD ATTRIBUTE unit text",
            ],
        ),
        (
            COMPOSITE,
            replace(COMPOSITE, attributes={}),
            ["ALTER TYPE price DROP ATTRIBUTE amount"],
        ),
        (
            EXTENSION,
            replace(EXTENSION, version="1.6", schema="ext"),
            ["ALTER EXTENSION citext UPDATE TO '1.6'", "ALTER EXTENSION citext SET SCHEMA ext"],
        ),
        (
            MATERIALIZED,
            replace(MATERIALIZED, options=("fillfactor=70",), indexes={}),
            ["ALTER MATERIALIZED VIEW counts SET (fillfactor = 70)", "DROP INDEX ix"],
        ),
        (
            replace(MATERIALIZED, options=("fillfactor=70",)),
            MATERIALIZED,
            ["ALTER MATERIALIZED VIEW counts RESET (fillfactor)"],
        ),
        (
            SECURITY,
            replace(SECURITY, forced=True),
            ["ALTER TABLE book FORCE ROW LEVEL SECURITY"],
        ),
        (
            RULE,
            replace(RULE, fires="always"),
            ["ALTER TABLE book ENABLE ALWAYS RULE no_delete"],
        ),
        (
            RULE,
            replace(RULE, definition=RULE.definition.replace("DELETE TO", "UPDATE TO")),
            ["CREATE OR REPLACE RULE no_delete AS ON UPDATE TO book DO INSTEAD NOTHING"],
        ),
        (
            STATISTICS,
            replace(STATISTICS, target=50),
            ["ALTER STATISTICS st SET STATISTICS 50"],
        ),
        (
            replace(STATISTICS, target=50),
            STATISTICS,
            ["ALTER STATISTICS st SET STATISTICS -1"],
        ),
        (
            TRIGGER,
            replace(TRIGGER, fires="disabled"),
            ["ALTER TABLE book DISABLE TRIGGER touched"],
        ),
        (
            VIEW,
            replace(VIEW, query="SELECT 2 AS n", comment="two"),
            [
                "CREATE OR REPLACE VIEW titles AS SELECT 2 AS n",
                "COMMENT ON VIEW titles IS 'two'",
            ],
        ),
        (
            MATERIALIZED,
            replace(MATERIALIZED, indexes={"iy": "CREATE INDEX iy ON public.counts (n)"}),
            ["DROP INDEX ix", "CREATE INDEX iy ON counts (n)"],
        ),
        (STATISTICS, replace(STATISTICS, comment="x"), ["COMMENT ON STATISTICS st IS 'x'"]),
        (
            AGGREGATE,
            replace(AGGREGATE, comment="x"),
            ["COMMENT ON AGGREGATE total(integer) IS 'x'"],
        ),
        (FUNCTION, replace(FUNCTION, comment="x"), ["COMMENT ON FUNCTION number() IS 'x'"]),
        (COMPOSITE, replace(COMPOSITE, comment="x"), ["COMMENT ON TYPE price IS 'x'"]),
        (POLICY, replace(POLICY, comment="x"), ["COMMENT ON POLICY own ON book IS 'x'"]),
        (TRIGGER, replace(TRIGGER, comment="x"), ["COMMENT ON TRIGGER touched ON book IS 'x'"]),
        (
            MATERIALIZED,
            replace(MATERIALIZED, comment="x"),
            ["COMMENT ON MATERIALIZED VIEW counts IS 'x'"],
        ),
        (
            EVENT_TRIGGER,
            replace(EVENT_TRIGGER, fires="disabled", comment="x"),
            [
                "ALTER EVENT TRIGGER seen DISABLE",
                "COMMENT ON EVENT TRIGGER seen IS 'x'",
            ],
        ),
        (
            EVENT_TRIGGER,
            replace(EVENT_TRIGGER, comment="x"),
            ["COMMENT ON EVENT TRIGGER seen IS 'x'"],
        ),
        (
            replace(TRIGGER, fires="always"),
            replace(
                TRIGGER, fires="always", definition=TRIGGER.definition.replace("UPDATE", "DELETE")
            ),
            [
                (
                    "CREATE OR REPLACE TRIGGER touched BEFORE DELETE ON book FOR EACH ROW"
                    " EXECUTE FUNCTION public.touch()"
                ),
                "ALTER TABLE book ENABLE ALWAYS TRIGGER touched",
            ],
        ),
        (EXTENSION, replace(EXTENSION, version="1.6"), ["ALTER EXTENSION citext UPDATE TO '1.6'"]),
        (EXTENSION, replace(EXTENSION, schema="ext"), ["ALTER EXTENSION citext SET SCHEMA ext"]),
        (EXTENSION, replace(EXTENSION, comment="x"), ["COMMENT ON EXTENSION citext IS 'x'"]),
        (
            VIEW,
            replace(VIEW, column_comments=(("n", "it's"),)),
            ["COMMENT ON COLUMN titles.n IS 'it''s'"],
        ),
    ],
)
def test_change_in_place(before, after, expected):
    assert changes([before], [after]) == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (AGGREGATE, replace(AGGREGATE, options="SFUNC = public.mul, STYPE = integer")),
        (MATERIALIZED, replace(MATERIALIZED, query="SELECT 2 AS n")),
        (POLICY, replace(POLICY, using="(id > 1)")),
        (EVENT_TRIGGER, replace(EVENT_TRIGGER, tags=())),
        (STATISTICS, replace(STATISTICS, definition="CREATE STATISTICS st ON id FROM public.book")),
        (VIEW, replace(VIEW, columns=(ViewColumn("m", "integer"),))),
        (FUNCTION, replace(FUNCTION, result="text")),
        (
            replace(TRIGGER, constraint=True),
            replace(TRIGGER, constraint=True, definition=TRIGGER.definition + " /* other */"),
        ),
    ],
)
def test_drop_and_create_again(before, after):
    found = changes([before], [after])
    assert found[0].startswith("DROP ")
    assert found[1].startswith("CREATE ")


def test_an_extension_that_is_the_same_is_left():
    assert changes([EXTENSION], [EXTENSION, VIEW]) == ["CREATE VIEW titles AS SELECT 1 AS n"]


def test_a_column_of_a_view_may_have_a_default():
    found = changes([], [replace(VIEW, column_defaults=(("n", "1"),))])
    assert found[1:] == ["ALTER VIEW titles ALTER COLUMN n SET DEFAULT 1"]


def test_a_comment_of_a_column_that_is_the_same_is_left():
    comments = (("n", "one"), ("m", "two"))
    two = view("titles", "SELECT 1 AS n, 2 AS m", (), "n", "m")
    found = changes(
        [replace(two, column_comments=comments)],
        [replace(two, column_comments=(("n", "one"), ("m", "other")))],
    )
    assert found == ["COMMENT ON COLUMN titles.m IS 'other'"]


def test_the_owner_of_another_role_is_restored():
    found = changes([], [replace(VIEW, owner="app", comment="x")])
    assert found[1:] == ["ALTER VIEW titles OWNER TO app", "COMMENT ON VIEW titles IS 'x'"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"volatility": "stable", "parallel": "safe", "cost": 5}, "STABLE PARALLEL SAFE COST 5"),
        ({"settings": ('search_path=shop, "My Shop"',)}, "SET search_path = 'shop', 'My Shop'"),
        ({"settings": ("work_mem=4MB",)}, "SET work_mem = '4MB'"),
        ({"strict": True, "security_definer": True}, "STRICT SECURITY DEFINER"),
    ],
)
def test_properties_of_functions(fields, expected):
    (created,) = changes([], [replace(FUNCTION, **fields)])
    missing = [word for word in expected.split() if word not in created.split()]
    assert missing == [], created


def test_a_function_that_the_directive_cannot_express_is_sql():
    other = replace(FUNCTION, plain=False, definition="CREATE OR REPLACE FUNCTION number() ...")
    assert changes([], [other]) == ["CREATE FUNCTION number() ..."]
    again = replace(other, definition="CREATE OR REPLACE FUNCTION number() other")
    assert changes([other], [again]) == ["CREATE OR REPLACE FUNCTION number() other"]


def test_a_function_with_a_parsed_body_is_sql_with_the_names_of_the_search_path():
    """The server prints the body of ``RETURN`` with schemas; a body in quotes stays as it was written."""
    parsed = replace(
        FUNCTION,
        plain=False,
        body=None,
        definition="CREATE OR REPLACE FUNCTION number() RETURNS public.mood\n RETURN 'a'::public.mood\n",
    )
    assert changes([], [parsed]) == ["CREATE FUNCTION number() RETURNS mood RETURN 'a'::mood"]
    quoted = replace(parsed, body="SELECT 'a'::public.mood")
    assert changes([], [quoted]) == [
        "CREATE FUNCTION number() RETURNS public.mood RETURN 'a'::public.mood"
    ]
