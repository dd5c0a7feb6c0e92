"""Entities in the order of their dependencies, without a server."""

from __future__ import annotations

from asyncmig.catalog.entities import Entity, EntityKey, Need
from asyncmig.diff.entities.dependency_order import (
    creation_order,
    dependencies,
    dependents,
    providers,
    source_words,
    with_resolved_overloads,
)
from support.catalogs import function, trigger, view


def by_key(*items: Entity) -> dict[EntityKey, Entity]:
    return {item.key: item for item in items}


def relation(name: str) -> Need:
    return Need("relation", "public", name)


BASE = view("base", "SELECT 1")
MIDDLE = view("middle", "SELECT * FROM base", [relation("base")])
TOP = view("a_top", "SELECT * FROM middle", [relation("middle"), relation("book")])
ALL = by_key(TOP, MIDDLE, BASE)


def test_each_view_after_those_that_it_reads():
    assert [key.name for key in creation_order(ALL, ALL)] == ["base", "middle", "a_top"]


def test_independent_entities_by_kind_and_name():
    number = function("zz", "SELECT 1")
    entities = by_key(view("b", "SELECT 1"), view("a", "SELECT 1"), number)
    assert [key.name for key in creation_order(entities, entities)] == ["zz", "a", "b"]


def test_only_the_given_keys():
    assert creation_order({TOP.key}, ALL) == [TOP.key]


def test_a_sql_function_after_those_that_its_source_names():
    first = function("a", "SELECT b()")
    second = function("b", "SELECT 1")
    entities = by_key(first, second)
    assert creation_order(entities, entities) == [second.key, first.key]
    other = by_key(function("a", "RETURN b();", language="plpgsql"), second)
    assert creation_order(other, other) == [first.key, second.key]


def test_everything_above_and_below():
    assert dependencies([TOP.key], ALL) == {TOP.key, MIDDLE.key, BASE.key}
    assert dependencies([BASE.key], ALL) == {BASE.key}
    assert dependents([BASE.key], ALL) == {TOP.key, MIDDLE.key, BASE.key}
    assert dependents([TOP.key], ALL) == {TOP.key}
    unknown = EntityKey("view", "public", "unknown")
    assert dependencies([unknown], ALL) == dependents([unknown], ALL) == set()


def test_an_entity_that_needs_itself():
    itself = view("loop", "SELECT * FROM loop", [relation("loop")])
    entities = by_key(itself)
    assert creation_order(entities, entities) == [itself.key]
    assert dependents([itself.key], entities) == {itself.key}


def test_what_provides_a_need():
    composite = EntityKey("composite_type", "public", "price")
    number = function("number", "SELECT 1")
    entities = {composite: BASE, number.key: number, BASE.key: BASE}
    needs = [
        Need("type", "public", "price"),
        Need("routine", "public", "number", ""),
        Need("routine", "public", "number", "integer"),
        Need("column", "public", "base", "id"),
        relation("elsewhere"),
    ]
    assert list(providers(needs, entities)) == [composite, number.key, BASE.key]


def test_a_call_of_an_overload_that_does_not_exist():
    need = Need("routine", "public", "number", "text")
    caller, callee = view("v", "SELECT number('a')", [need]), function("number", "SELECT 1")
    resolved = with_resolved_overloads(by_key(caller, callee))
    assert resolved[caller.key].needs == {Need("routine", "public", "number", "")}
    alone = with_resolved_overloads(by_key(caller))
    assert alone[caller.key] is caller
    known = view("v", "SELECT number()", [Need("routine", "public", "number", "")])
    assert with_resolved_overloads(by_key(known, callee))[known.key] is known


def test_words_of_a_source():
    assert source_words(function("f", "SELECT a FROM b.c")) == {"SELECT", "a", "FROM", "b", "c"}
    assert source_words(BASE) == source_words(None) == frozenset()


def test_descriptions_of_keys():
    assert TOP.key.describe("public") == "view a_top"
    assert TOP.key.describe() == "view public.a_top"
    assert function("f", "SELECT 1").key.describe("public") == "function f()"
    assert trigger("touched", "book").key.describe("public") == "trigger touched on book"
    assert EntityKey("row_security", "public", "book").describe("public") == "row security book"
