"""Operations as differences for people."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from asyncmig.diff.compare import compare
from asyncmig.diff.report import differences
from asyncmig.operations.base.operation import MigrateOperation
from asyncmig.operations.directives.checks import CreateCheckConstraintOp
from asyncmig.operations.directives.columns import AddColumnOp, AlterColumnOp
from asyncmig.operations.directives.constraints import DropConstraintOp
from asyncmig.operations.directives.enums import AddEnumValueOp, RenameEnumOp
from asyncmig.operations.directives.indexes import CreateIndexOp
from asyncmig.operations.directives.tables import RenameTableOp
from support.catalogs import (
    COUNTING,
    catalog,
    column,
    enum,
    function,
    index,
    needs_column,
    primary_key,
    table,
    unique,
    view,
)

ID = column("id", nullable=False)


def book(*parts, **fields):
    return table("book", ID, *parts, primary_key("id", constraint="book_pkey"), **fields)


def found(before, after):
    """Change, object, before and after of each difference."""
    return [
        (item.change, item.object, item.before, item.after)
        for item in differences(compare(before, after))
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            book(column("n")),
            book(column("n", "text")),
            [("alter_column", "book.n", "INTEGER", "TEXT")],
        ),
        (
            book(column("n", default="1")),
            book(column("n", default="2", nullable=False, comment="x")),
            [
                ("alter_column", "book.n", "NULL", "NOT NULL"),
                ("alter_column", "book.n", "default 1", "default 2"),
                ("alter_column", "book.n", "no comment", "comment 'x'"),
            ],
        ),
        (book(), book(column("n", "text")), [("add_column", "book.n", None, "TEXT")]),
        (book(column("n", "text")), book(), [("drop_column", "book.n", "TEXT", None)]),
        (
            book(column("n")),
            book(column("n"), unique("un", "n")),
            [("create_unique_constraint", "book.un", None, "UNIQUE (n)")],
        ),
        (
            book(column("n"), unique("un", "n")),
            book(column("n")),
            [("drop_constraint", "book.un", "UNIQUE (n)", None)],
        ),
        (
            book(),
            book(index("ix", "book", "id", unique=True)),
            [("create_index", "book.ix", None, "UNIQUE ON book (id)")],
        ),
        (
            book(comment="old"),
            book(),
            [("drop_table_comment", "book", "comment 'old'", "no comment")],
        ),
        (
            book(),
            book(comment="new"),
            [("create_table_comment", "book", "no comment", "comment 'new'")],
        ),
        (
            book(partition_key="RANGE (id)"),
            book(partition_key="LIST (id)"),
            [("impossible_change", "book", "RANGE (id)", "LIST (id)")],
        ),
    ],
)
def test_differences_of_tables(before, after, expected):
    both = found(catalog(before), catalog(after))
    if expected[0][0] == "impossible_change":  # an operation without a directive
        both = [("impossible_change", *item[1:]) for item in both]
    assert both == expected


def test_identities_and_generated_columns():
    identity = {"identity": "always", "nullable": False}
    before = catalog(book(column("n", default="1", nullable=False)))
    assert ("alter_column", "book.n", "no default", "identity always") in found(
        before, catalog(book(column("n", **identity)))
    )
    generated = catalog(book(column("n", generated="(id + 1)")))
    stops = found(generated, catalog(book(column("n"))))
    assert stops == [("alter_column", "book.n", "generated", "no default")]


def test_the_options_of_an_identity():
    """`check` must not call a database equal to its models that `revision --autogenerate` would change."""

    def numbered(identity="always", **options):
        counting = replace(COUNTING, **options)
        return catalog(book(column("n", identity=identity, options=counting, nullable=False)))

    plain = numbered()
    assert found(plain, numbered(increment=2, cycle=True)) == [
        (
            "alter_column",
            "book.n",
            "identity always, increment 1, cycle False",
            "identity always, increment 2, cycle True",
        )
    ]
    assert found(plain, numbered("by default", cache=5)) == [
        ("alter_column", "book.n", "identity always, cache 1", "identity by default, cache 5")
    ]
    assert found(plain, plain) == []


@pytest.mark.parametrize(
    ("default", "described"),
    [
        ("it's", "default 'it''s'"),
        (sa.text("now()"), "default now()"),
        (sa.func.now(), "default now()"),
        (sa.Computed("a + 1"), "generated"),
    ],
)
def test_defaults_of_an_operation_of_the_user(default, described):
    operation = AlterColumnOp("book", "n", modify_server_default=default)
    (item,) = differences([operation])
    assert (item.before, item.after) == ("no default", described)


def test_an_enum_type_that_is_replaced_is_not_a_difference_of_its_columns():
    operation = AlterColumnOp("book", "n", existing_type=sa.Text(), modify_type=sa.Text())
    assert list(differences([operation])) == []


@pytest.mark.parametrize(
    ("operation", "definition"),
    [
        (AddColumnOp("book", sa.Column("n", sa.Text)), "TEXT"),
        (AddColumnOp("book", sa.Column("n", sa.Text), if_not_exists=True), "TEXT"),
        (CreateIndexOp("ix", "book", ["n"], if_not_exists=True), "ON book (n)"),
        (CreateIndexOp("ix", "book", ["n"], postgresql_concurrently=True), "ON book (n)"),
        (AddEnumValueOp("mood", "ok", if_not_exists=True), "'ok'"),
        (CreateCheckConstraintOp(None, "book", "n > 0"), None),
    ],
)
def test_the_definition_is_the_statement_behind_the_name(operation, definition):
    """A constraint that PostgreSQL names has none."""
    (item,) = differences([operation])
    assert (item.before, item.after) == (None, definition)


def test_enums():
    assert found(catalog(), catalog(enum("mood", "it's", "ok"))) == [
        ("create_enum", "mood", None, "'it''s', 'ok'")
    ]
    assert found(catalog(enum("mood", "ok")), catalog()) == [("drop_enum", "mood", "'ok'", None)]
    assert found(catalog(enum("mood", "ok")), catalog(enum("mood", "ok", "bad"))) == [
        ("add_enum_value", "mood", None, "'bad'")
    ]


def test_views_and_functions():
    needs = needs_column("book", "id")
    one, two = (view("v", f"SELECT id FROM book LIMIT {number}", needs, "id") for number in (1, 2))
    assert found(catalog(book(), one), catalog(book(), two)) == [
        ("replace_view", "v", "SELECT id FROM book LIMIT 1", "SELECT id FROM book LIMIT 2")
    ]
    before, after = (catalog(function("f", body)) for body in ("SELECT 1", "SELECT 2"))
    ((change, subject, old, new),) = found(before, after)
    assert (change, subject) == ("replace_function", "f")
    assert old is not None
    assert new == old.replace("SELECT 1", "SELECT 2")


def test_a_blocked_drop_names_what_depends_on_it():
    titles = view("titles", "SELECT n FROM book", needs_column("book", "n"), "n")
    (item,) = differences(compare(catalog(book(column("n")), titles), catalog(book(), titles)))
    assert (item.change, item.blocked_by) == ("drop_column", ("view titles",))
    assert item.sql == ("ALTER TABLE book DROP COLUMN n",)


def test_renames():
    operations = [
        RenameTableOp("users", "accounts", schema="shop"),
        RenameEnumOp("mood", "state"),
    ]
    assert [(item.change, item.object, item.after) for item in differences(operations)] == [
        ("rename_table", "shop.users", "accounts"),
        ("rename_enum", "mood", "state"),
    ]


def test_a_constant_that_is_only_set_again_is_no_difference():
    operation = AlterColumnOp(
        "book",
        "n",
        existing_type=sa.Integer(),
        existing_server_default="1",
        modify_type=sa.BigInteger(),
        modify_server_default=sa.text("'1'::bigint"),
    )
    assert [(item.before, item.after) for item in differences([operation])] == [
        ("INTEGER", "BIGINT")
    ]


def test_an_operation_of_the_user():
    class Own(MigrateOperation):
        pass

    (item,) = differences([Own()])
    assert (item.change, item.object, item.sql) == ("Own", "", ())
    (dropped,) = differences([DropConstraintOp("un", "book")])
    assert (dropped.before, dropped.after) == (None, None)
