"""Tables in the order of their inheritance, and where a column comes from."""

from __future__ import annotations

from asyncmig.catalog.model import Catalog, Column, Table, TypeName
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.schema_items.inheritance import (
    defining_table,
    parents_first,
    with_inherited_columns,
)
from asyncmig.diff.schema_items.rename import Rename

TEXT = TypeName(text="text", name=ObjectName("pg_catalog", "text"))


def named(name: str) -> ObjectName:
    return ObjectName("public", name)


def table(name: str, *parents: str, column: str = "x") -> Table:
    return Table(
        name=named(name),
        columns={column: Column(name=column, type=TEXT)},
        constraints={},
        indexes={},
        inherits=tuple(map(named, parents)),
    )


def test_parents_come_first_and_others_stay_where_they_are():
    tables = [table("a", "c"), table("b"), table("c"), table("d", "elsewhere")]
    ordered = parents_first({item.name: (item, item) for item in tables})
    assert [name.name for name in ordered] == ["c", "a", "b", "d"]


def test_a_parent_that_becomes_a_child():
    pairs = {
        named("a"): (table("a", "b"), table("a")),
        named("b"): (table("b"), table("b", "a")),
    }
    assert [name.name for name in parents_first(pairs)] == ["b", "a"]


def test_where_a_column_comes_from_and_who_has_it_from_there():
    tables = [table("a"), table("b", "a"), table("c", "b"), table("d", "a", column="y")]
    catalog = Catalog(default_schema="public", tables={item.name: item for item in tables})
    assert defining_table(catalog, named("c"), "x") == named("a")
    assert defining_table(catalog, named("d"), "y") == named("d")
    assert defining_table(catalog, named("unknown"), "x") == named("unknown")
    rename = Rename(kind="column", schema="public", parent="a", old="x", new="z")
    places = [(item.parent, item.inherited) for item in with_inherited_columns(rename, catalog)]
    assert places == [("a", False), ("b", True), ("c", True)]
    whole = Rename(kind="table", schema="public", old="a", new="z")
    assert with_inherited_columns(whole, catalog) == [whole]
