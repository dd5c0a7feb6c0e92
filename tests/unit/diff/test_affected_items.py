"""asyncmig.diff: constraints and indexes around columns and types that change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.diff.compare import compare
from support.catalogs import (
    catalog,
    check,
    column,
    enum,
    foreign_key,
    index,
    sql,
    table,
    unique,
)


def changes(before, after, **options):
    return sql(compare(before, after, **options))


def retyped(item, before: str, after: str, **fields) -> list[str]:
    """The statements for column ``n``, in short, with an item that is on both sides."""
    sides = [
        catalog(table("book", column("n", type_, **fields), column("m"), item))
        for type_ in (before, after)
    ]
    return [
        text.removeprefix("ALTER TABLE book ").partition(" TYPE")[0] for text in changes(*sides)
    ]


INDEX = index("ix", "book", "n")


@pytest.mark.parametrize(
    ("before", "after"),
    [("integer", "bigint"), ("text", "character varying(9)"), ("numeric(5,2)", "numeric(9,2)")],
)
def test_an_index_stays_within_a_family_of_types(before, after) -> None:
    assert retyped(INDEX, before, after) == ["ALTER COLUMN n"]


@pytest.mark.parametrize(("before", "after"), [("text", "integer"), ("integer", "integer[]")])
def test_an_index_is_built_again_for_another_family(before, after) -> None:
    assert retyped(INDEX, before, after) == [
        "DROP INDEX ix",
        "ALTER COLUMN n",
        "CREATE INDEX ix ON book (n)",
    ]


def test_an_index_of_another_column_stays() -> None:
    assert retyped(index("ix", "book", "m"), "text", "integer") == ["ALTER COLUMN n"]


@pytest.mark.parametrize(
    ("item", "again"),
    [
        (check("positive", "(n > 0)"), "ADD CONSTRAINT positive CHECK (n > 0)"),
        (unique("un", "n"), "ADD CONSTRAINT un UNIQUE (n)"),
    ],
)
def test_a_constraint_that_names_the_column_is_added_again(item, again) -> None:
    assert retyped(item, "text", "integer") == [
        f"DROP CONSTRAINT {item.name}",
        "ALTER COLUMN n",
        again,
    ]


def test_a_constraint_that_names_a_replaced_type_is_added_again() -> None:
    item = check("known", "(m = 'ok'::mood)", "m")

    def side(*labels):
        return catalog(enum("public.mood", *labels), table("book", column("m", "text"), item))

    mood = check("known", "(m = 'ok'::public.mood)", "m")
    named = [
        catalog(enum("mood", *labels), table("book", column("m", "text"), mood))
        for labels in (("bad", "ok"), ("ok",))
    ]
    found = changes(*named)
    assert found[0] == "ALTER TABLE book DROP CONSTRAINT known"
    assert any(text.startswith("ALTER TABLE book ADD CONSTRAINT known") for text in found)
    assert not any("known" in text for text in changes(side("bad", "ok"), side("ok")))


def test_an_index_of_a_rebuilt_generated_column_is_built_again() -> None:
    generated = column("g", generated="(n + 1)")
    item = index("ix", "book", "g")
    sides = [
        catalog(table("book", column("n", type_), generated, item)) for type_ in ("text", "integer")
    ]
    found = changes(*sides)
    assert found[0] == "DROP INDEX ix"
    assert found[-1] == "CREATE INDEX ix ON book (g)"


def test_a_foreign_key_of_a_dropped_table_does_not_count_for_tables_that_stay() -> None:
    stays = table("loan", column("n"), foreign_key("fk", "n", "book", "n"))
    key = index("un", "book", "n", unique=True)
    before = catalog(table("book", column("n"), key), stays)
    after = catalog(table("book", column("n")), table("loan", column("n")))
    assert changes(before, after, concurrent_indexes=True)[-1] == "DROP INDEX CONCURRENTLY un"


def test_a_check_of_a_dropped_table_is_no_foreign_key() -> None:
    gone = table("loan", column("n"), check("positive", "(n > 0)", "n"))
    before = catalog(table("book", column("n"), INDEX), gone)
    found = changes(before, catalog(table("book", column("n"))), concurrent_indexes=True)
    assert sorted(found) == ["DROP INDEX CONCURRENTLY ix", "DROP TABLE loan"]


def test_a_foreign_key_to_a_table_outside_of_both_sides_stays() -> None:
    key = foreign_key("fk", "n", "elsewhere")
    before = catalog(table("loan", column("n"), key))
    after = catalog(table("loan", column("n"), column("m"), key))
    assert changes(before, after) == ["ALTER TABLE loan ADD COLUMN m INTEGER"]


class TestComments:
    """Comments of constraints."""

    PLAIN = unique("un", "n")
    SAID = replace(PLAIN, comment="it's")
    COMMENT = "COMMENT ON CONSTRAINT un ON book IS 'it''s'"

    def book(self, *parts):
        return catalog(table("book", column("n"), *parts))

    def test_with_its_table(self) -> None:
        assert changes(catalog(), self.book(self.SAID))[1:] == [self.COMMENT]

    def test_with_a_new_constraint(self) -> None:
        assert changes(self.book(), self.book(self.SAID))[1:] == [self.COMMENT]

    def test_of_a_constraint_that_stays(self) -> None:
        assert changes(self.book(self.PLAIN), self.book(self.SAID)) == [self.COMMENT]
        assert changes(self.book(self.SAID), self.book(self.PLAIN)) == [
            "COMMENT ON CONSTRAINT un ON book IS NULL"
        ]


def test_where_a_table_and_its_index_are_stored() -> None:
    fast = table(
        "book",
        column("n"),
        index("ix", "book", "n", tablespace="fast"),
        tablespace="fast",
        access_method="heap2",
    )
    created = changes(catalog(), catalog(fast))
    assert created[0].endswith("USING heap2 TABLESPACE fast")
    assert created[1] == "CREATE INDEX ix ON book (n) TABLESPACE fast"


def test_a_constraint_that_names_one_of_several_replaced_types_is_added_again() -> None:
    sides = [
        catalog(
            enum("mood", *labels),
            enum("size", *labels),
            table(
                "book",
                column("n", "public.mood", kind="e"),
                column("m"),
                check("ck", "m > length('ok'::public.mood::text)", "m"),
                check("other", "m > 0", "m"),
            ),
        )
        for labels in (("bad", "ok"), ("ok",))
    ]
    found = changes(*sides)
    assert "ALTER TABLE book DROP CONSTRAINT ck" in found
    assert not any("other" in text for text in found)
