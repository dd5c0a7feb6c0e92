"""Privileges as GRANT and REVOKE."""

from __future__ import annotations

from dataclasses import replace

from asyncmig.diff.entities.grants import (
    grant_operations,
    implied_grant,
    object_name,
    revoke_operations,
)
from asyncmig.diff.schema_items.schema_items import SchemaItemFactory
from support.catalogs import catalog, function, grant, sql, view

FACTORY = SchemaItemFactory(catalog())
SELECT, INSERT = grant("SELECT", "book", "app"), grant("INSERT", "book", "app")


def granted(*grants):
    return sql(grant_operations(grants, FACTORY))


def revoked(*grants, wanted=()):
    return sql(revoke_operations(grants, {item.key: item for item in wanted}, FACTORY))


def test_privileges_of_a_role_on_an_object_are_one_statement():
    assert granted(SELECT, INSERT) == ["GRANT INSERT, SELECT ON TABLE book TO app"]
    assert revoked(SELECT, INSERT) == ["REVOKE INSERT, SELECT ON TABLE book FROM app"]


def test_objects_roles_and_grant_options_are_apart():
    other = grant("SELECT", "loan", "app")
    reader = grant("SELECT", "book", "reader")
    grantable = grant("UPDATE", "book", "app", grantable=True)
    assert granted(SELECT, other, reader, grantable) == [
        "GRANT SELECT ON TABLE book TO app",
        "GRANT UPDATE ON TABLE book TO app WITH GRANT OPTION",
        "GRANT SELECT ON TABLE book TO reader",
        "GRANT SELECT ON TABLE loan TO app",
    ]


def test_privileges_on_columns():
    columns = [grant("UPDATE", "book", "app", column=name) for name in ("title", "Id")]
    assert granted(SELECT, *columns) == ['GRANT SELECT, UPDATE ("Id", title) ON TABLE book TO app']


def test_only_the_grant_option_of_what_is_kept():
    before = replace(SELECT, grantable=True)
    assert revoked(before, wanted=[SELECT]) == [
        "REVOKE GRANT OPTION FOR SELECT ON TABLE book FROM app"
    ]


def test_public_may_execute_a_new_routine():
    number = function("number", "SELECT 1")
    implied = implied_grant(number.key)
    assert implied.implied
    assert granted(implied) == ["GRANT EXECUTE ON FUNCTION number() TO PUBLIC"]
    assert object_name(number.key) == "number()"
    assert object_name(view("titles", "SELECT 1").key) == "titles"
