"""Composite types whose attributes change while a column uses them: replaced, with a cast for the values."""

from __future__ import annotations

import pytest

from asyncmig.catalog.entities import CompositeType, EntityKey, Need
from asyncmig.diff.compare import compare
from support.catalogs import catalog, column, enum, name, sql, table

ID = column("id", nullable=False)


def composite(type_name: str, needs=(), **attributes: str) -> CompositeType:
    return CompositeType(
        key=EntityKey("composite_type", *name(type_name)),
        attributes=attributes,
        needs=frozenset(needs),
    )


def using(type_: str, *items, table_name: str = "book"):
    """A catalog with a column of that type."""
    return catalog(table(table_name, ID, column("place", type_, kind="c")), *items)


def changes(before, after) -> list[str]:
    return sql(compare(before, after))


def test_one_that_a_column_uses_is_replaced() -> None:
    before = using("public.place", composite("place", x="integer", y="text"))
    after = using("public.place", composite("place", x="bigint", z="text"))
    assert changes(before, after) == [
        "ALTER TYPE place RENAME TO place_old",
        "CREATE TYPE place AS (x bigint, z text)",
        (
            "CREATE FUNCTION place(place_old) RETURNS place LANGUAGE sql STRICT"
            " RETURN ROW(($1).x, NULL)"
        ),
        "CREATE CAST (place_old AS place) WITH FUNCTION place(place_old)",
        "ALTER TABLE book ALTER COLUMN place TYPE place USING place::place",
        "DROP CAST (place_old AS place)",
        "DROP FUNCTION place(place_old)",
        "DROP TYPE place_old",
    ]


def test_one_that_no_column_uses_is_altered() -> None:
    before = catalog(table("book", ID), composite("place", x="integer"))
    after = catalog(table("book", ID), composite("place", x="bigint"))
    assert changes(before, after) == ["ALTER TYPE place ALTER ATTRIBUTE x TYPE bigint"]


def test_a_new_attribute_alone_replaces_nothing() -> None:
    before = using("public.place", composite("place", x="integer"))
    after = using("public.place", composite("place", x="integer", y="text"))
    assert changes(before, after) == ["ALTER TYPE place ADD ATTRIBUTE y text"]


def test_one_of_a_dropped_table_is_altered() -> None:
    before = using("public.place", composite("place", x="integer"))
    after = using("public.place", composite("place", x="bigint"), table_name="other")
    assert not any("CAST" in text for text in changes(before, after))


def test_the_type_of_an_attribute_is_replaced_first() -> None:
    needs = [Need("type", *name("inner_place"), "")]
    outer = composite("place", needs, at="public.inner_place")
    before = using("public.place", composite("inner_place", x="integer"), outer)
    after = using("public.place", composite("inner_place", x="bigint"), outer)
    assert changes(before, after) == [
        "ALTER TYPE inner_place RENAME TO inner_place_old",
        "CREATE TYPE inner_place AS (x bigint)",
        (
            "CREATE FUNCTION inner_place(inner_place_old) RETURNS inner_place LANGUAGE sql STRICT"
            " RETURN ROW(($1).x)"
        ),
        ("CREATE CAST (inner_place_old AS inner_place) WITH FUNCTION inner_place(inner_place_old)"),
        "ALTER TYPE place RENAME TO place_old",
        "CREATE TYPE place AS (at inner_place)",
        (
            "CREATE FUNCTION place(place_old) RETURNS place LANGUAGE sql STRICT"
            " RETURN ROW(($1).at::inner_place)"
        ),
        "CREATE CAST (place_old AS place) WITH FUNCTION place(place_old)",
        "ALTER TABLE book ALTER COLUMN place TYPE place USING place::place",
        "DROP CAST (place_old AS place)",
        "DROP FUNCTION place(place_old)",
        "DROP TYPE place_old",
        "DROP CAST (inner_place_old AS inner_place)",
        "DROP FUNCTION inner_place(inner_place_old)",
        "DROP TYPE inner_place_old",
    ]


@pytest.mark.parametrize(
    ("type_name", "function"), [("place", "place"), ("overlay", '"overlay"'), ("Place", '"Place"')]
)
def test_the_cast_has_the_name_of_the_type(type_name: str, function: str) -> None:
    before = using(f"public.{type_name}", composite(type_name, x="integer"))
    after = using(f"public.{type_name}", composite(type_name, x="text"))
    created = next(text for text in changes(before, after) if "CREATE FUNCTION" in text)
    assert created.startswith(f"CREATE FUNCTION {function}(")
    assert created.endswith(" LANGUAGE sql STRICT RETURN ROW(($1).x)")


def test_an_attribute_of_a_replaced_enum() -> None:
    place = composite("place", [Need("type", *name("mood"), "")], x="public.mood")
    before = using("public.place", enum("mood", "a", "b"), place)
    after = using("public.place", enum("mood", "a"), place)
    found = changes(before, after)
    assert "ALTER TYPE place RENAME TO place_old" in found
    assert any("RETURN ROW(($1).x::text::mood)" in text for text in found)


def test_types_of_attributes_are_created_before_and_dropped_after() -> None:
    inner = composite("inner_place", x="integer")
    outer = composite("place", [Need("type", *name("inner_place"))], at="public.inner_place")
    flat, nested = (
        using("public.place", composite("place", at="integer")),
        using("public.place", inner, outer),
    )
    assert changes(flat, nested)[0] == "CREATE TYPE inner_place AS (x integer)"
    assert "RETURN ROW(($1).at::text::inner_place)" in changes(flat, nested)[3]
    assert changes(nested, flat)[-2:] == ["DROP TYPE place_old", "DROP TYPE inner_place"]
