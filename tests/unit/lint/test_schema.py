"""What is known of the tables after statements, as far as their text tells."""

from __future__ import annotations

import pytest

from asyncmig.lint.example import TABLES
from asyncmig.lint.rule import all_rules
from asyncmig.lint.schema.tables import KnownSchema
from asyncmig.lint.schema.tracking import apply_actions, created_objects
from asyncmig.sql.actions.parse import parse_actions
from asyncmig.sql.split import split

PARTITIONED = "CREATE TABLE events (id bigint, at date) PARTITION BY RANGE (at);"


def after(*texts: str) -> KnownSchema:
    schema = KnownSchema()
    for text in texts:
        for statement in split(text):
            apply_actions(schema, parse_actions(statement.text), statement.text)
    return schema


def names(text: str, created: frozenset[str] = frozenset()) -> list[str]:
    return list(created_objects(parse_actions(text), created))


def columns(schema: KnownSchema, table: str) -> dict[str, tuple[str | None, bool]]:
    known = schema.tables[table]
    return {name: (column.type, column.not_null) for name, column in known.columns.items()}


# columns


def test_columns_with_their_types_and_not_null():
    schema = after(
        "CREATE TABLE t (id bigserial, a text NOT NULL, c int PRIMARY KEY)",
        "ALTER TABLE t ADD COLUMN b int GENERATED ALWAYS AS IDENTITY",
        "ALTER TABLE t ADD COLUMN d date",
        "ALTER TABLE t ADD COLUMN IF NOT EXISTS d text",
        "ALTER TABLE t ALTER COLUMN d SET NOT NULL",
        "ALTER TABLE t ALTER COLUMN a TYPE varchar(9), ALTER COLUMN a DROP NOT NULL",
        "ALTER TABLE t RENAME COLUMN a TO e",
        "ALTER TABLE t DROP COLUMN b",
    )
    assert columns(schema, "t") == {
        "id": ("bigserial", True),
        "e": ("varchar(9)", False),
        "c": ("int", True),
        "d": ("date", True),
    }
    assert schema.tables["t"].columns["e"].name == "e"


def test_columns_and_tables_that_are_not_known():
    schema = after(
        "ALTER TABLE other ADD COLUMN a text",
        "CREATE TABLE t (a text)",
        "ALTER TABLE t ALTER COLUMN z TYPE int, ALTER COLUMN z SET NOT NULL",
        "ALTER TABLE t RENAME COLUMN z TO y",
        "ALTER TABLE other RENAME TO another",
        "ALTER INDEX ix RENAME TO iy",
        "DROP INDEX ix",
        "ALTER TABLE t ATTACH PARTITION p DEFAULT",
        "ALTER TABLE t DETACH PARTITION p",
    )
    assert list(schema.tables) == ["t"]
    assert columns(schema, "t") == {"a": ("text", False)}


def test_a_table_that_is_there_already():
    schema = after("CREATE TABLE t (a text)", "CREATE TABLE IF NOT EXISTS t (b int)")
    assert columns(schema, "t") == {"a": ("text", False)}


def test_a_column_of_an_enum_type():
    schema = after(
        "CREATE TYPE mood AS ENUM ('a'); CREATE TYPE pair AS (a int)",
        'CREATE TABLE t (a mood, b public.mood, c "mood", d pair)',
    )
    assert [item.enum for item in schema.tables["t"].columns.values()] == [True, True, True, False]
    assert after("CREATE TYPE mood AS ENUM ('a'); DROP TYPE mood").enums == set()
    altered = after(
        "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (a text)", "ALTER TABLE t ALTER a TYPE mood"
    )
    assert altered.tables["t"].columns["a"].enum


# constraints and indexes


def test_a_dropped_column_takes_its_constraints_and_indexes():
    schema = after(
        "CREATE TABLE t (a int, b int UNIQUE, CONSTRAINT c CHECK (a > 0), CONSTRAINT u UNIQUE (a))",
        "CREATE INDEX ix ON t (a, b); CREATE INDEX iy ON t (b)",
        "ALTER TABLE t DROP COLUMN a",
    )
    assert set(schema.tables["t"].constraints) == {"t_b_key", "c"}
    assert set(schema.tables["t"].indexes) == {"t_b_key", "iy"}
    assert set(schema.index_tables) == {"t_b_key", "iy"}


def test_a_renamed_column_is_renamed_in_its_constraints_and_indexes():
    schema = after(
        "CREATE TABLE t (a int, CONSTRAINT u UNIQUE (a)); CREATE INDEX ix ON t (a)",
        "ALTER TABLE t RENAME COLUMN a TO b",
    )
    known = schema.tables["t"]
    assert known.constraints["u"].columns == known.indexes["ix"].columns == ("b",)


def test_names_that_postgresql_chooses():
    schema = after(
        "CREATE TABLE t (a int CHECK (a > 0), b int REFERENCES o, PRIMARY KEY (a), UNIQUE (a, b),"
        " CHECK (a > 1), CHECK (b > 1), CHECK (b > 2), EXCLUDE USING gist (a WITH =))",
        "ALTER TABLE t ADD CONSTRAINT n NOT NULL b; CREATE INDEX ON t (a); CREATE INDEX ON t (lower(a))",
    )
    assert list(schema.tables["t"].constraints) == [
        "t_a_check",
        "t_b_fkey",
        "t_pkey",
        "t_a_b_key",
        "t_check",
        "t_check1",
        "t_check2",
        "t_excl",
        "n",
    ]
    assert {"t_a_idx", "t_idx"} <= set(schema.tables["t"].indexes)


def test_a_key_and_its_not_null():
    schema = after("CREATE TABLE t (a int)", "ALTER TABLE t ADD PRIMARY KEY (a, z)")
    assert columns(schema, "t") == {"a": ("int", True)}
    schema = after("CREATE TABLE t (a int)", "ALTER TABLE t ADD CONSTRAINT n NOT NULL a")
    assert columns(schema, "t") == {"a": ("int", True)}
    schema = after("CREATE TABLE t (a int)", "ALTER TABLE t ADD CONSTRAINT n NOT NULL z")
    assert columns(schema, "t") == {"a": ("int", False)}


def test_a_constraint_is_valid_when_it_was_validated():
    schema = after(
        "CREATE TABLE t (a int)",
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
        "ALTER TABLE t ADD CONSTRAINT n NOT NULL a NOT VALID",
        "ALTER TABLE t ADD CONSTRAINT m NOT NULL z NOT VALID",
    )
    assert [item.valid for item in schema.tables["t"].constraints.values()] == [False] * 3
    assert columns(schema, "t") == {"a": ("int", False)}
    for name in ("c", "n", "m", "unknown"):
        text = f"ALTER TABLE t VALIDATE CONSTRAINT {name}"
        apply_actions(schema, parse_actions(text), text)
    assert [item.valid for item in schema.tables["t"].constraints.values()] == [True] * 3
    assert columns(schema, "t") == {"a": ("int", True)}


def test_renames_and_drops_of_constraints_and_indexes():
    schema = after(
        "CREATE TABLE shop.t (a int, CONSTRAINT u UNIQUE (a), CONSTRAINT c CHECK (a > 0))",
        "ALTER TABLE shop.t RENAME CONSTRAINT u TO v; ALTER TABLE shop.t RENAME CONSTRAINT c TO d",
        "ALTER TABLE shop.t RENAME CONSTRAINT x TO y",
        "CREATE INDEX i ON shop.t (a); ALTER INDEX shop.i RENAME TO j",
    )
    known = schema.tables["shop.t"]
    assert [item.name for item in known.constraints.values()] == ["v", "d"]
    assert {item.name for item in known.indexes.values()} == set(known.indexes) == {"v", "j"}
    assert schema.index_tables == {"shop.v": "shop.t", "shop.j": "shop.t"}
    dropped = "ALTER TABLE shop.t DROP CONSTRAINT v; ALTER TABLE shop.t DROP CONSTRAINT d; DROP INDEX shop.j"
    for statement in split(dropped):
        apply_actions(schema, parse_actions(statement.text), statement.text)
    assert (known.constraints, known.indexes, schema.index_tables) == ({}, {}, {})


def test_a_key_of_an_index_takes_its_columns():
    schema = after(
        "CREATE TABLE t (a int); CREATE UNIQUE INDEX ix ON t (a)",
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX ix",
        "ALTER TABLE t ADD CONSTRAINT v UNIQUE USING INDEX unknown",
    )
    known = schema.tables["t"]
    assert (known.constraints["u"].columns, known.constraints["v"].columns) == (("a",), ())
    assert set(known.indexes) == set(schema.index_tables) == {"u", "v"}


def test_an_index_that_is_there_already_and_one_with_a_condition():
    schema = after(
        "CREATE TABLE t (a int, b int); CREATE INDEX ix ON t (a)",
        "CREATE INDEX IF NOT EXISTS ix ON t (b); CREATE INDEX iy ON t (b) WHERE b > 0",
    )
    known = schema.tables["t"]
    assert (known.indexes["ix"].columns, known.indexes["iy"].columns) == (("a",), ())
    assert known.covering_index(("b",)) is None


# relations


def test_a_foreign_key_follows_the_table_that_it_refers_to():
    schema = after(
        "CREATE TABLE o (id int); CREATE TABLE t (a int REFERENCES o (id), b int REFERENCES t (a))",
        "CREATE INDEX ix ON o (id); CREATE INDEX iy ON t (a)",
        "ALTER TABLE o RENAME TO p",
    )
    assert schema.referenced("t") == ("p",)
    assert [item.name for item in schema.referencing("p")] == ["t"]
    assert schema.index_tables == {"ix": "p", "iy": "t"}
    assert schema.referenced("unknown") == ()
    text = "DROP TABLE p CASCADE"
    apply_actions(schema, parse_actions(text), text)
    assert list(schema.tables["t"].constraints) == ["t_b_fkey"]
    assert schema.index_tables == {"iy": "t"}


def test_another_schema():
    """Its indexes are in the schema of their table."""
    schema = after(
        "CREATE TABLE t (a int); CREATE INDEX ix ON t (a); CREATE TABLE o (a int UNIQUE)",
        "ALTER TABLE t SET SCHEMA shop",
    )
    assert (list(schema.tables), schema.tables["shop.t"].name) == (["o", "shop.t"], "shop.t")
    assert schema.index_tables == {"o_a_key": "o", "shop.ix": "shop.t"}


def test_partitions_have_the_columns_of_their_parent():
    schema = after(
        PARTITIONED,
        "CREATE TABLE p1 PARTITION OF events DEFAULT; CREATE TABLE p2 (id bigint)",
        "ALTER TABLE events ATTACH PARTITION p2 DEFAULT",
        "CREATE TABLE p3 PARTITION OF unknown DEFAULT",
    )
    assert columns(schema, "p1") == {"id": ("bigint", False), "at": ("date", False)}
    assert [schema.tables[f"p{number}"].partition_of for number in (1, 2, 3)] == [
        "events",
        "events",
        "unknown",
    ]
    text = "ALTER TABLE events DETACH PARTITION p2 CONCURRENTLY"
    apply_actions(schema, parse_actions(text), text)
    assert schema.tables["p2"].partition_of is None


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE t (LIKE o)",
        "CREATE TABLE t (a int) INHERITS (o)",
        "CREATE TABLE t AS SELECT 1 AS a",
        "CREATE VIEW t AS SELECT 1",
    ],
)
def test_relations_whose_columns_are_not_all_known(text):
    assert not after(text).tables["t"].complete


def test_the_columns_that_a_view_uses():
    tables = "CREATE TABLE t (a int, b int); CREATE TABLE o (b int, c int);"
    schema = after(tables, "CREATE VIEW v AS SELECT a, b, c FROM t, o")
    assert schema.tables["t"].views == {"a": ("v",)}
    assert schema.tables["o"].views == {"c": ("v",)}
    again = after(
        tables, "CREATE VIEW v AS SELECT a FROM t; CREATE OR REPLACE VIEW v AS SELECT b FROM t"
    )
    assert again.tables["t"].views == {"a": (), "b": ("v",)}
    of_a_view = after(
        tables, "CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v, t"
    )
    assert of_a_view.tables["t"].views == {"a": ("v",)}


def test_the_volatility_of_functions():
    schema = after(
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION two() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'",
        "CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'",
    )
    assert schema.volatile == {"one": "i", "two": "s"}


def test_what_cannot_be_analysed_may_create_everything():
    assert after("CREATE TABLE t (a int)").complete
    assert not after("DO $$ BEGIN END $$").complete


def test_what_proves_not_null():
    schema = after(
        "CREATE TABLE t (a int, b int, c int, d int)",
        "ALTER TABLE t ADD CHECK (a IS NOT NULL AND (b > 0)), ADD CHECK (b IS NOT NULL OR a > 0)",
        "ALTER TABLE t ADD CONSTRAINT later CHECK (c IS NOT NULL) NOT VALID, ADD CONSTRAINT n NOT NULL d",
    )
    known = schema.tables["t"]
    assert [known.proves_not_null(name) for name in "abcdz"] == [True, False, False, True, False]


# created objects


def test_what_a_statement_creates():
    assert names("CREATE TABLE t (a int)") == ["t"]
    assert names("CREATE TYPE shop.mood AS ENUM ('a')") == ["shop.mood"]
    assert names("CREATE INDEX ix ON t (a)") == []
    created = frozenset({"t"})
    assert names("ALTER TABLE t RENAME TO u", created) == ["u"]
    assert names("ALTER TABLE t SET SCHEMA shop", created) == ["shop.t"]
    assert names("ALTER TABLE o RENAME TO u", created) == []
    assert names("ALTER TABLE o SET SCHEMA shop", created) == []
    assert names("VACUUM") == []


def beginnings(text: str) -> list[str]:
    """The statement, cut behind each word."""
    words = text.split(" ")
    return [" ".join(words[:number]) for number in range(1, len(words) + 1)]


def test_statements_that_are_not_complete_change_nothing_or_are_not_analysed():
    """PostgreSQL refuses them; nothing here fails."""
    examples = [rule.examples for rule in all_rules().values() if rule.examples]
    texts = {text for each in examples for text in (*each.bad, *each.good)}
    texts |= {"CREATE VIEW v AS SELECT 1", "DROP TYPE mood", "CREATE FUNCTION f() RETURNS int"}
    texts |= {"ALTER TABLE customers SET SCHEMA shop", "ALTER INDEX orders_status RENAME TO i"}
    schema = after(TABLES)
    for sql in {
        f"{cut}{more}" for text in texts for cut in beginnings(text) for more in ("", " 1")
    }:
        actions = parse_actions(sql)
        apply_actions(schema, actions, sql)
        assert "" not in {*schema.tables, *created_objects(actions, {"orders"})}, sql
