"""Upgrades and downgrades with renames, on catalogs by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.diff.directions.downgrade import downgrade_operations
from asyncmig.diff.directions.upgrade import upgrade_operations
from asyncmig.diff.renames.apply import apply_rename
from asyncmig.diff.schema_items.rename import Rename
from asyncmig.errors import PlanError
from support.catalogs import catalog, column, function, name, needs_column, sides, sql, table, view

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
