"""Entities after the rename of a table, column, constraint, type or label: keys, needs and printed SQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.catalog.entities import (
    Aggregate,
    CompositeType,
    Entities,
    EntityKey,
    MaterializedView,
    Need,
    Owner,
    Policy,
    RowSecurity,
    Rule,
    Statistics,
    ViewColumn,
)
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.entities.rename import is_predictable, rename_entities
from asyncmig.diff.schema_items.rename import Rename
from support.catalogs import function, grant, name, needs_column, trigger, view

USERS = Rename(kind="table", schema="public", old="users", new="accounts")
FONE = Rename(kind="column", schema="public", parent="users", old="fone", new="phone")
CHECK = Rename(kind="constraint", schema="public", parent="users", old="u_pkey", new="a_pkey")
MOOD = Rename(kind="enum", schema="public", old="mood", new="temper")
LABEL = Rename(kind="enum_value", schema="public", parent="mood", old="ok", new="fine")
INDEX = Rename(kind="index", schema="public", old="ix", new="iy")
MOOD_TYPE = Need("type", "public", "mood")
SECURITY = RowSecurity(key=EntityKey("row_security", "public", "users"))
POLICY = Policy(
    key=EntityKey("policy", "public", "own", "users"),
    permissive=True,
    command="all",
    roles=("public",),
    using="(fone > 0)",
    needs=needs_column("users", "fone"),
)


def renamed(entity, item):
    """The entity after a rename, which keeps no other one."""
    found = rename_entities(Entities(by_key={entity.key: entity}), item)
    ((key, after),) = found.by_key.items()
    assert key == after.key
    return after


def test_a_view_counts_as_changed_if_its_table_or_column_is_renamed():
    """How the server prints it then is not known: with aliases for the old names."""
    names = view("names", "SELECT fone FROM public.users", needs_column("users", "fone"), "fone")
    for item, query, needs in (
        (USERS, "SELECT fone FROM public.accounts", needs_column("accounts", "fone")),
        (FONE, "SELECT fone FROM public.users", needs_column("users", "phone")),
    ):
        after = renamed(names, item)
        assert after.query.startswith(query)
        assert after != replace(names, query=query)
        assert after.needs == needs
        assert not is_predictable(after)
    for item in (CHECK, INDEX, MOOD, replace(FONE, old="name"), replace(USERS, old="shops")):
        after = renamed(names, item)
        assert (after, after.needs) == (names, names.needs)
        assert is_predictable(after)


def test_a_type_and_its_labels_are_printed_with_the_new_names():
    moods = MaterializedView(
        key=EntityKey("materialized_view", "public", "moods"),
        query="SELECT 'ok'::public.mood AS mood",
        columns=(ViewColumn("mood", "public.mood"),),
        needs=frozenset({MOOD_TYPE}),
    )
    after = renamed(moods, MOOD)
    assert after.query == "SELECT 'ok'::public.temper AS mood"
    assert after.columns == (ViewColumn("mood", "public.temper"),)
    assert after.needs == {Need("type", "public", "temper")}
    assert renamed(moods, LABEL).query == "SELECT 'fine'::public.mood AS mood"
    assert is_predictable(after)


def test_a_routine_has_the_types_of_its_arguments_in_its_key():
    feels = replace(
        function("feels", "SELECT 1"),
        key=EntityKey("function", "public", "feels", "public.mood"),
        arguments="m public.mood",
        identity="public.mood",
        result="public.mood",
        definition="CREATE OR REPLACE FUNCTION public.feels(m public.mood)",
    )
    after = renamed(feels, MOOD)
    assert after.key.detail == after.identity == after.result == "public.temper"
    assert after.arguments == "m public.temper"
    assert after.definition == "CREATE OR REPLACE FUNCTION public.feels(m public.temper)"
    procedure = replace(feels, key=feels.key._replace(kind="procedure"), result=None)
    assert renamed(procedure, MOOD).result is None
    caller = view("calls", "SELECT 1", {Need("routine", "public", "feels", "public.mood")})
    assert renamed(caller, MOOD).needs == {Need("routine", "public", "feels", "public.temper")}


@pytest.mark.parametrize(("body", "predictable"), [("SELECT 1", True), (None, False)])
def test_only_a_parsed_body_is_printed_anew(body, predictable):
    counts = replace(function("counts", "", needs_column("users", "id")), body=body)
    assert is_predictable(renamed(counts, USERS)) is predictable


def test_aggregates_and_composite_types_name_types():
    total = Aggregate(
        key=EntityKey("aggregate", "public", "total", "public.mood"),
        arguments="public.mood",
        options="SFUNC = public.worse, STYPE = public.mood",
    )
    after = renamed(total, MOOD)
    assert (after.key.detail, after.arguments) == ("public.temper", "public.temper")
    assert after.options == "SFUNC = public.worse, STYPE = public.temper"
    pair = CompositeType(
        key=EntityKey("composite_type", "public", "pair"), attributes={"one": "public.mood"}
    )
    assert renamed(pair, MOOD).attributes == {"one": "public.temper"}


def test_what_is_on_a_table_follows_it():
    touched = trigger("touched", "users", needs_column("users", "fone"))
    after = renamed(touched, USERS)
    assert after.key == touched.key._replace(detail="accounts")
    assert after.definition.startswith("CREATE TRIGGER touched BEFORE UPDATE ON public.accounts ")
    assert not is_predictable(after)
    assert renamed(SECURITY, USERS).key.name == "accounts"
    elsewhere = replace(USERS, schema="shop")
    assert renamed(touched, elsewhere).key == touched.key
    assert renamed(SECURITY, replace(USERS, old="shops")).key == SECURITY.key
    part = replace(touched, partitioned=name("users"))
    assert renamed(part, USERS).partitioned == name("accounts")


@pytest.mark.parametrize(
    "entity",
    [
        Rule(
            key=EntityKey("rule", "public", "no", "users"),
            definition="CREATE RULE no AS ON DELETE TO public.users DO INSTEAD NOTHING",
        ),
        Statistics(
            key=EntityKey("statistics", "public", "st", "users"),
            definition="CREATE STATISTICS public.st ON id, n FROM public.users",
        ),
    ],
)
def test_definitions_name_their_table(entity):
    assert "public.accounts" in renamed(entity, USERS).definition


def test_the_conditions_of_a_policy_name_columns_and_not_its_table():
    after = renamed(POLICY, USERS)
    assert (after.key.detail, after.using) == ("accounts", "(fone > 0)")
    assert not is_predictable(renamed(POLICY, FONE))
    checked = replace(POLICY, using=None, check="(fone > 0)")
    after = renamed(checked, FONE)
    assert after.using is None
    assert not is_predictable(after)


def test_needs_of_constraints():
    groups = view("groups", "SELECT 1", {Need("constraint", "public", "users", "u_pkey")})
    assert renamed(groups, CHECK).needs == {Need("constraint", "public", "users", "a_pkey")}
    assert renamed(groups, USERS).needs == {Need("constraint", "public", "accounts", "u_pkey")}
    assert renamed(groups, replace(CHECK, old="other")).needs == groups.needs


def test_grants_follow_the_name_of_their_object_and_column():
    reads = grant("SELECT", "users", "app")
    of_column = grant("SELECT", "users", "app", column="fone")
    calls = replace(
        reads,
        key=EntityKey("grant", "public", "feels(public.mood)", "function\0\0app\0EXECUTE"),
        object_kind="function",
        privilege="EXECUTE",
    )
    before = Entities(grants={item.key: item for item in (reads, of_column, calls)})

    def after(item):
        found = rename_entities(before, item).grants
        assert [key for key, each in found.items() if each.key != key] == []
        return list(found.values())

    assert [item.key.name for item in after(USERS)] == [
        "accounts",
        "accounts",
        "feels(public.mood)",
    ]
    assert after(MOOD)[2].key.name == "feels(public.temper)"
    assert after(FONE)[0] == reads
    assert after(FONE)[1].column == "phone"
    assert after(FONE)[1].key.detail == "table\0phone\0app\0SELECT"
    assert after(replace(FONE, old="name"))[1] == of_column


def test_owners_and_the_needs_of_tables_follow():
    owner = Owner("app", "app")
    before = Entities(
        owners={
            ("table", "public", "users"): owner,
            ("function", "public", "feels(public.mood)"): owner,
        },
        table_needs={
            name("users"): frozenset({MOOD_TYPE}),
            name("shops"): needs_column("users", "id"),
        },
    )
    found = rename_entities(before, USERS)
    assert list(found.owners) == [
        ("table", "public", "accounts"),
        ("function", "public", "feels(public.mood)"),
    ]
    assert found.table_needs == {
        name("accounts"): {MOOD_TYPE},
        name("shops"): needs_column("accounts", "id"),
    }
    found = rename_entities(before, MOOD)
    assert list(found.owners)[1] == ("function", "public", "feels(public.temper)")
    assert found.table_needs[ObjectName("public", "users")] == {Need("type", "public", "temper")}
