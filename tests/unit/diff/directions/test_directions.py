"""Upgrades and downgrades with renames, on catalogs by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.diff.directions.downgrade import downgrade_operations
from asyncmig.diff.directions.upgrade import upgrade_operations
from asyncmig.diff.renames.apply import apply_rename
from asyncmig.diff.schema_items.rename import Rename
from asyncmig.errors import PlanError
from support.catalogs import (
    COUNTING,
    catalog,
    column,
    enum,
    function,
    name,
    needs_column,
    sides,
    sql,
    table,
    view,
)

WHOLE = replace(COUNTING, type="bigint", maximum=2**63 - 1)
USERS = Rename(kind="table", schema="public", old="users", new="accounts")


def renamed(before, after, *renames):
    """Both sides after renames."""
    both = sides(before, after)
    actual = before
    for item in renames:
        actual = apply_rename(actual, item)
    return replace(both, actual=actual)


def users(*columns, entities=()):
    return catalog(table("users", *columns), *entities)


def accounts(*columns, entities=()):
    return catalog(table("accounts", *columns), *entities)


def test_without_renames_the_second_part_is_empty():
    both = sides(users(column("id")), users(column("id"), column("n")))
    names, changes = upgrade_operations(both)
    assert (sql(names), sql(changes)) == ([], ["ALTER TABLE users ADD COLUMN n INTEGER"])
    back, names = downgrade_operations(both)
    assert (sql(back), sql(names)) == (["ALTER TABLE users DROP COLUMN n"], [])


def test_renames_come_first_and_are_reverted_last():
    both = renamed(users(column("id")), accounts(column("id"), column("n")), USERS)
    names, changes = upgrade_operations(both, [USERS])
    assert sql(names) == ["ALTER TABLE users RENAME TO accounts"]
    assert sql(changes) == ["ALTER TABLE accounts ADD COLUMN n INTEGER"]
    back, names = downgrade_operations(both, [USERS])
    assert sql(back) == ["ALTER TABLE accounts DROP COLUMN n"]
    assert sql(names) == ["ALTER TABLE accounts RENAME TO users"]


def test_a_declared_view_is_created_again_after_a_rename():
    old = view("names", "SELECT id FROM users", needs_column("users", "id"), "id")
    new = view("names", "SELECT id FROM accounts", needs_column("accounts", "id"), "id")
    both = renamed(
        users(column("id"), entities=[old]), accounts(column("id"), entities=[new]), USERS
    )
    names, changes = upgrade_operations(both, [USERS])
    assert sql(names) == ["ALTER TABLE users RENAME TO accounts"]
    assert sql(changes) == ["CREATE OR REPLACE VIEW names AS SELECT id FROM accounts"]
    back, names = downgrade_operations(both, [USERS])
    assert sql(back) == []
    assert sql(names)[0] == "ALTER TABLE accounts RENAME TO users"
    assert sql(names)[-1].endswith("VIEW names AS SELECT id FROM users")


def undeclared(before_type, after_type):
    """An undeclared view on a column that changes its type, in a renamed table."""
    old = view("names", "SELECT n FROM users", needs_column("users", "n"), "n")
    before = users(column("n", before_type), entities=[old])
    wanted = accounts(column("n", after_type))
    kept = apply_rename(before, USERS).entities
    return renamed(before, replace(wanted, entities=kept), USERS)


def test_types_change_before_the_rename_under_an_undeclared_view():
    names, changes = upgrade_operations(undeclared("integer", "text"), [USERS])
    assert [text.partition(" AS ")[0] for text in sql(names)] == [
        "DROP VIEW names",
        "ALTER TABLE users ALTER COLUMN n TYPE TEXT",
        "CREATE VIEW names",
        "ALTER TABLE users RENAME TO accounts",
    ]
    assert sql(changes) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            [column("n"), column("m")],
            [column("n", "text"), column("m")],
            ["n TYPE TEXT"],
        ),
        (
            [column("n"), column("g", generated="(n + 1)")],
            [column("n", "text"), column("g", generated="(length(n))")],
            ["n TYPE TEXT"],
        ),
        (
            [column("n", identity="always", options=COUNTING)],
            [column("n", "bigint", identity="always", options=WHOLE)],
            ["n TYPE BIGINT", f"n SET MAXVALUE {2**63 - 1}"],
        ),
        (
            [column("n", default="1")],
            [column("n", "bigint", default="1")],
            ["n TYPE BIGINT", "n SET DEFAULT 1"],
        ),
        (
            [column("n", default="1")],
            [column("n", "text", default="'a'::text")],
            ["n TYPE TEXT", "n DROP DEFAULT"],
        ),
    ],
)
def test_what_a_column_has_beside_its_type_under_an_undeclared_view(before, after, expected):
    old = view("names", "SELECT n FROM users", needs_column("users", "n"), "n")
    there = users(*before, entities=[old])
    wanted = replace(accounts(*after), entities=apply_rename(there, USERS).entities)
    names, changes = upgrade_operations(renamed(there, wanted, USERS), [USERS])
    altered = [
        text.removeprefix("ALTER TABLE users ALTER COLUMN ")
        for text in sql(names)
        if "ALTER COLUMN" in text
    ]
    assert altered == expected
    last = [] if altered[-1] != "n DROP DEFAULT" else ["n SET DEFAULT 'a'"]
    assert [text.partition("COLUMN ")[2] for text in sql(changes)] == last
    assert sql(names)[0] == "DROP VIEW names"
    assert sql(names)[-1] == "ALTER TABLE users RENAME TO accounts"


def test_an_undeclared_entity_that_cannot_be_created_again():
    both = undeclared("integer", "integer")
    changed = replace(
        both.wanted.tables[name("accounts")],
        columns={"n": column("n", generated="(1 + 1)")},
    )
    wanted = replace(both.wanted, tables={changed.name: changed})
    with pytest.raises(PlanError, match=r"view public\.names uses a renamed object"):
        upgrade_operations(both.with_wanted(wanted), [USERS])


def test_a_rename_names_the_routines_whose_source_has_the_old_name():
    count = function("count_users", "SELECT count(*) FROM users")
    both = renamed(
        users(column("id"), entities=[count]), accounts(column("id"), entities=[count]), USERS
    )
    (rename,), changes = upgrade_operations(both, [USERS])
    assert rename.named_in == ("function count_users()",)  # type: ignore[attr-defined]  # RENAME TO
    assert sql(changes) == []


def test_a_rename_of_a_type_names_no_routine():
    mood = Rename(kind="enum", schema="public", old="mood", new="state")
    there = catalog(enum("mood", "ok"), function("count_users", "SELECT 'ok'::mood"))
    both = renamed(there, replace(there, enums=catalog(enum("state", "ok")).enums), mood)
    names, changes = upgrade_operations(both, [mood])
    assert (sql(names), sql(changes)) == (["ALTER TYPE mood RENAME TO state"], [])


def test_an_old_name_that_a_new_table_has_is_free_before_the_rename_back():
    old = function("count_users", "SELECT count(*) FROM users")
    new = function("count_users", "SELECT count(*) FROM accounts")
    there = users(column("id"), entities=[old])
    wanted = catalog(table("accounts", column("id")), table("users", column("n")), new)
    back, names = downgrade_operations(renamed(there, wanted, USERS), [USERS])
    assert sql(back) == ["DROP TABLE users"]
    assert sql(names)[0] == "ALTER TABLE accounts RENAME TO users"
    assert "FROM users" in sql(names)[1]


def test_old_names_are_restored_first_if_a_restored_source_has_one():
    old = function("count_users", "SELECT count(*) FROM users")
    new = function("count_users", "SELECT count(*) FROM accounts")
    both = renamed(
        users(column("id"), entities=[old]), accounts(column("id"), entities=[new]), USERS
    )
    back, names = downgrade_operations(both, [USERS])
    assert sql(back) == []
    assert sql(names)[0] == "ALTER TABLE accounts RENAME TO users"
    assert "FROM users" in sql(names)[1]
