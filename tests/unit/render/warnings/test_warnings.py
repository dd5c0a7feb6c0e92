"""The comments of generated scripts: what a reviewer is told, and what not."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from asyncmig.operations.base.containers import ModifyTableOps
from asyncmig.operations.directives.checks import CreateCheckConstraintOp
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp, DropColumnOp
from asyncmig.operations.directives.constraints import DropConstraintOp, ValidateConstraintOp
from asyncmig.operations.directives.exclusions import CreateExcludeConstraintOp
from asyncmig.operations.directives.foreign_keys import CreateForeignKeyOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.operations.directives.keys import CreatePrimaryKeyOp, CreateUniqueConstraintOp
from asyncmig.operations.directives.tables import CreateTableOp, DropTableOp, RenameTableOp
from asyncmig.render.code.operations import render_operations
from asyncmig.render.code.schema_items import ItemWriter
from asyncmig.render.code.sql_operations import render_sql

REWRITES = "rewrites t, which is locked meanwhile"


def remarks(*operations):
    """The comments of a script, without their hashes."""
    lines = render_operations(operations, ItemWriter()).splitlines()
    return [line.removeprefix("# ") for line in lines if line.startswith("#")]


def added(*arguments, schema=None, **keywords):
    return AddColumnOp("t", sa.Column("c", *arguments, **keywords), schema=schema)


def retyped(before, after, **keywords):
    return AlterColumnOp("t", "c", existing_type=before, modify_type=after, **keywords)


def test_the_recipe_for_not_null_names_the_schema():
    recipe = remarks(added(sa.Integer, nullable=False, schema="audit"))
    assert recipe == [
        "fails if audit.t has rows: give a server_default; or add it with nullable=True,",
        'fill it, and then op.alter_column("t", "c", nullable=False, schema="audit")',
    ]


ROWS = {
    "a check": (
        CreateCheckConstraintOp("ck", "orders", "price > 0"),
        "fails if rows of orders violate it",
    ),
    "a check that is validated": (
        ValidateConstraintOp("ck", "orders", schema="shop"),
        "fails if rows of shop.orders violate it",
    ),
    "a unique constraint": (
        CreateUniqueConstraintOp("uq", "orders", ["email"]),
        "fails if two rows of orders have the same email",
    ),
    "a key of several columns": (
        CreatePrimaryKeyOp("pk", "orders", ["a", "b", "c"], schema="shop"),
        "fails if two rows of shop.orders have the same a, b and c",
    ),
    "a unique index": (
        CreateIndexOp("ix", "orders", [sa.text("lower(email)"), sa.text("n DESC")], unique=True),
        "fails if two rows of orders have the same lower(email) and n",
    ),
    "a unique index of a part": (
        CreateIndexOp("ix", "orders", ["n"], unique=True, postgresql_where=sa.text("n > 0")),
        "fails if two rows of orders that it covers have the same n",
    ),
    "a foreign key": (
        CreateForeignKeyOp("fk", "orders", "users", ["user_id"], ["id"]),
        "fails if a value of orders.user_id is in no row of users",
    ),
    "a foreign key of two columns": (
        CreateForeignKeyOp("fk", "orders", "users", ["a", "b"], ["c", "d"], referent_schema="x"),
        "fails if a row of orders has a and b that are together in no row of x.users",
    ),
    "an exclusion constraint": (
        CreateExcludeConstraintOp("ex", "orders", [("during", "&&")], using="gist"),
        "fails if rows of orders conflict",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_may_break_what_comes(name):
    operation, said = ROWS[name]
    assert remarks(operation) == [said]
    # a reviewer of SQL reads the same
    assert render_sql([operation]).startswith(f"-- {said}\n")


def test_no_rows_can_break_what_a_new_table_gets():
    table = CreateTableOp("orders", [sa.Column("n", sa.Integer)])
    shop = CreateTableOp("orders", [sa.Column("n", sa.Integer)], schema="shop")
    for operation, _ in ROWS.values():
        if isinstance(operation, ValidateConstraintOp):
            continue
        new, other = (shop, table) if operation.schema else (table, shop)
        assert remarks(new, operation) == []
        assert len(remarks(other, ModifyTableOps("orders", [operation]))) == 1
    assert remarks(CreateTableOp("t", []), added(sa.Integer, nullable=False)) == []
    assert remarks(CreateTableOp("t", []), retyped(sa.Integer(), sa.SmallInteger())) == []


def test_plain_indexes_and_not_valid_constraints_look_at_no_values():
    later = {"postgresql_not_valid": True}
    assert remarks(CreateIndexOp("ix", "t", ["n"])) == []
    assert remarks(CreateCheckConstraintOp("ck", "t", "n > 0", **later)) == []
    assert remarks(CreateForeignKeyOp("fk", "t", "u", ["a"], ["b"], **later)) == []


def test_a_new_column_of_nulls_breaks_no_key():
    fails = "fails if two rows of t have the same c"
    unique = CreateUniqueConstraintOp("uq", "t", ["c"])
    assert remarks(added(sa.Integer), unique) == []
    assert remarks(added(sa.Integer, server_default="1"), unique) == [fails]
    counted = [f"{REWRITES}: each row gets a number"]
    assert remarks(added(sa.Integer, sa.Identity()), unique) == counted
    same = CreateUniqueConstraintOp("uq", "t", ["c"], postgresql_nulls_not_distinct=True)
    assert remarks(added(sa.Integer), same) == [fails]
    key = CreateForeignKeyOp("fk", "t", "u", ["c", "d"], ["a", "b"])
    full = CreateForeignKeyOp("fk", "t", "u", ["c", "d"], ["a", "b"], match="FULL")
    assert remarks(added(sa.Integer), key) == []
    assert len(remarks(added(sa.Integer), full)) == 1


BUILT_AGAIN = [
    CreateCheckConstraintOp("x", "t", sa.text("n > 0")),
    CreateUniqueConstraintOp("x", "t", ["n"], deferrable=True),
    CreateUniqueConstraintOp("x", "t", ["n"], postgresql_nulls_not_distinct=True),
    CreatePrimaryKeyOp("x", "t", ["n"], schema="shop"),
    CreateForeignKeyOp("x", "t", "u", ["n"], ["m"], source_schema="shop", ondelete="CASCADE"),
    CreateIndexOp("x", "t", ["n"], unique=True, postgresql_where=sa.text("n > 0")),
]


@pytest.mark.parametrize("create", BUILT_AGAIN)
def test_what_is_built_again_as_it_was_is_not_told(create):
    index = isinstance(create, CreateIndexOp)
    place = {"schema": create.schema, "_reverse": create}
    drop = DropIndexOp("x", "t", **create.kw, unique=True, **place) if index else None
    drop = drop or DropConstraintOp("x", "t", **place)
    assert remarks(drop, create) == []
    assert len(remarks(create)) == 1
    column = {"existing_type": sa.Numeric(8, 2), "schema": create.schema}
    rounded = AlterColumnOp("t", "n", modify_type=sa.Integer(), **column)
    wider = AlterColumnOp("t", "n", modify_type=sa.Numeric(9, 2), **column)
    assert remarks(drop, rounded, create)[-1:] == remarks(create)
    assert remarks(drop, wider, create) == []


def test_what_is_built_again_in_another_way_is_told():
    create = CreateUniqueConstraintOp("x", "t", ["n"])
    before = CreateUniqueConstraintOp("x", "t", ["n", "m"])
    assert len(remarks(DropConstraintOp("x", "t", _reverse=before), create)) == 1
    assert len(remarks(DropConstraintOp("x", "t"), create)) == 1
    again = DropConstraintOp("x", "t", _reverse=create)
    generated = AddColumnOp("t", sa.Column("n", sa.Integer, sa.Computed("m % 2", persisted=False)))
    assert len(remarks(again, generated, create)) == 1
    key = CreateForeignKeyOp("x", "t", "u", ["n"], ["m"])
    drop = DropConstraintOp("x", "t", _reverse=key)
    referred = AlterColumnOp("u", "m", existing_type=sa.Text(), modify_type=sa.Integer())
    assert "fails if a value of t.n is in no row of u" in remarks(drop, referred, key)


QUICK = [
    "now()",
    "CURRENT_TIMESTAMP",
    "CURRENT_TIMESTAMP(3)",
    "(now() AT TIME ZONE 'utc'::text)",
    "timezone('utc'::text, now())",
    "'random()'::text",
    "'x'::character varying(10)",
    "'2020-01-01 00:00:00'::timestamp(3) without time zone",
    "ARRAY[]::integer[]",
    "(1 + (2 * 3))",
    "'{}'::jsonb",
]
SLOW = ["gen_random_uuid()", "random()", "clock_timestamp()", "nextval('s'::regclass)"]
UNKNOWN = ["my_ids.next()", '"Next"()', "lower(code())"]


@pytest.mark.parametrize("default", [None, "x", *map(sa.text, QUICK), sa.func.now()])
def test_a_constant_default_rewrites_nothing(default):
    assert remarks(added(sa.Text, server_default=default)) == []


def test_a_default_for_each_row_rewrites_the_table():
    for default in [*map(sa.text, SLOW), sa.func.random()]:
        said = [f"{REWRITES}: the default is evaluated for each row"]
        assert remarks(added(sa.Text, server_default=default)) == said
    for sql in UNKNOWN:
        said = [f"{REWRITES}, if the default calls a volatile function"]
        assert remarks(added(sa.Text, server_default=sa.text(sql))) == said


def test_numbered_and_generated_columns_rewrite_the_table():
    number, value = f"{REWRITES}: each row gets a number", f"{REWRITES}: each row gets its value"
    assert remarks(added(sa.Integer, sa.Identity())) == [number]
    assert remarks(added(sa.Integer, sa.Computed("n + 1", persisted=True))) == [value]
    assert remarks(added(sa.Integer, sa.Computed("n + 1", persisted=False))) == []


def mood(*labels):
    return pgs.ENUM(*labels, name="mood", create_type=False)


def test_another_enum_rewrites_the_table_and_may_lack_labels():
    using = {"postgresql_using": "c::text::mood"}
    assert remarks(retyped(mood("a"), mood("a", "b"), **using)) == [REWRITES]
    lost = [
        "fails if t.c is 'a' or 'b' in a row: change those rows first, or convert them in",
        "postgresql_using",
        REWRITES,
    ]
    before, after = mood("a", "b", "c"), mood("c", "d")
    assert remarks(retyped(before, after, **using)) == lost
    assert remarks(retyped(pgs.ARRAY(before), pgs.ARRAY(after), **using)) == lost


def test_loss_of_values_is_told_as_loss():
    assert remarks(retyped(sa.Numeric(14, 4), sa.Numeric(12, 2))) == [
        f"{REWRITES}; values of c are rounded to 2 decimals;",
        "fails if one does not fit",
    ]
    assert remarks(retyped(sa.DateTime(), sa.Date())) == [
        f"{REWRITES}; values of c are cut to their date"
    ]
    assert remarks(retyped(sa.BigInteger(), sa.Integer())) == [
        f"{REWRITES}; fails if a value of c does not fit"
    ]


def test_comments_are_no_wider_than_code():
    long = "a_name_that_is_as_long_as_names_can_be_in_postgresql_and_longer"
    drop = DropTableOp(long, schema=long)
    drop.twin, drop.hindered_by = "archive", (f"view {long}", f"view {long}", "view v")
    column = sa.Column(long, sa.Integer, nullable=False)
    written = render_operations([drop, AddColumnOp(long, column)], ItemWriter())
    lines = [f"    {line}" for line in written.splitlines() if line.startswith("#")]
    # what is left is a name, which has no place to break it at
    assert all(len(line) <= 88 or len(line.split()) == 2 for line in lines)
    assert len(lines) > 8
    sql = render_sql([drop])
    assert all(len(line) <= 88 or len(line.split()) == 2 for line in sql.splitlines()[:-1])


def test_a_line_break_in_a_name_ends_no_comment():
    assert remarks(DropTableOp("a\nimport os\rb")) == ["drops table a import os b with its rows"]


BLOCKED = (
    "fails: view totals depends on it and is not declared; drop it above this line, or declare it"
)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (DropColumnOp("t", "c"), ["drops column t.c with its data"]),
        (
            DropColumnOp.from_column_and_tablename(
                None, "t", sa.Column("c", sa.Integer, sa.Computed("a + 1"))
            ),
            [],
        ),
        (DropTableOp("t"), ["drops table t with its rows"]),
    ],
)
def test_a_drop_that_something_blocks(operation, expected):
    """A generated column has no data of its own."""
    assert remarks(operation) == expected
    operation.blocked_by = ("view totals",)
    assert " ".join(remarks(operation)) == " ".join([*expected, BLOCKED])


def test_a_rename_names_the_routines_whose_source_has_the_old_name():
    rename = RenameTableOp("old", "new")
    rename.named_in = ("function count_old()",)
    assert " ".join(remarks(rename)) == (
        "the source of function count_old() uses old, which PostgreSQL does not change:"
        " create it again below, or declare it beside the models"
    )


def test_a_nullable_column_without_a_default_needs_no_remark():
    assert remarks(added(sa.Integer)) == []
    assert remarks(added(sa.Integer, server_default="1")) == []


def test_an_index_over_a_column_of_sqlalchemy():
    index = CreateIndexOp("ix", "t", [sa.column("a"), sa.text("lower(b) DESC")], unique=True)
    assert remarks(index) == ["fails if two rows of t have the same a and lower(b)"]
