"""asyncmig.diff.types: schemas, domains, sequences, and their comments."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.diff.compare import compare
from support.catalogs import (
    COUNTING,
    catalog,
    column,
    domain,
    enum,
    name,
    sequence,
    sql,
    table,
)

ID = column("id", nullable=False)


def changes(before, after, **options):
    return sql(compare(before, after, **options))


class TestComments:
    @pytest.mark.parametrize(
        ("make", "kind"),
        [
            (lambda **fields: enum("thing", "ok", **fields), "TYPE"),
            (lambda **fields: domain("thing", "text", **fields), "DOMAIN"),
            (lambda **fields: sequence("thing", **fields), "SEQUENCE"),
        ],
    )
    def test_only_a_change_is_a_statement(self, make, kind) -> None:
        same = catalog(make(comment="one"), table("book", ID))
        assert changes(same, catalog(make(comment="one"))) == ["DROP TABLE book"]
        assert changes(same, catalog(make(comment="two"), table("book", ID))) == [
            f"COMMENT ON {kind} thing IS 'two'"
        ]
        assert changes(same, catalog(make(), table("book", ID))) == [
            f"COMMENT ON {kind} thing IS NULL"
        ]

    def test_a_new_type_has_its_comment(self) -> None:
        found = changes(catalog(), catalog(enum("mood", "ok", comment="one")))
        assert found[-1] == "COMMENT ON TYPE mood IS 'one'"

    def test_a_replaced_type_has_its_comment_again(self) -> None:
        before = catalog(enum("mood", "bad", "ok", comment="one"))
        after = catalog(enum("mood", "ok", comment="one"))
        assert "COMMENT ON TYPE mood IS 'one'" in changes(before, after)

    def test_a_replaced_type_gets_no_label_besides(self) -> None:
        found = changes(catalog(enum("mood", "bad", "ok")), catalog(enum("mood", "new", "ok")))
        assert not any("ADD VALUE" in text for text in found)


class TestDomains:
    def test_all_parts_of_one(self) -> None:
        price = domain(
            "price",
            "text",
            collation='"C"',
            default="'0'::text",
            nullable=False,
            checks=(("positive", "CHECK ((VALUE > ''::text))"),),
        )
        (created,) = changes(catalog(), catalog(price))
        assert created == (
            "CREATE DOMAIN price AS text COLLATE \"C\" DEFAULT '0'::text NOT NULL "
            "CONSTRAINT positive CHECK ((VALUE > ''::text))"
        )

    @pytest.mark.parametrize(
        ("before", "after", "expected"),
        [
            ({"default": "1"}, {"default": "2"}, ["SET DEFAULT 2"]),
            ({"default": "1"}, {}, ["DROP DEFAULT"]),
            ({"default": "1", "nullable": False}, {"nullable": False}, ["DROP DEFAULT"]),
            ({}, {"nullable": False}, ["SET NOT NULL"]),
            ({"nullable": False}, {}, ["DROP NOT NULL"]),
            ({}, {"nullable": False, "not_null_name": "nn"}, ["ADD CONSTRAINT nn NOT NULL"]),
            (
                {"nullable": False},
                {"nullable": False, "not_null_name": "nn"},
                ["RENAME CONSTRAINT price_not_null TO nn"],
            ),
            (
                {"nullable": False, "not_null_name": "nn"},
                {"nullable": False},
                ["RENAME CONSTRAINT nn TO price_not_null"],
            ),
            (
                {"checks": (("a", "CHECK (VALUE > 1)"), ("b", "CHECK (VALUE < 9)"))},
                {"checks": (("a", "CHECK (VALUE > 2)"), ("b", "CHECK (VALUE < 9)"))},
                ["DROP CONSTRAINT a", "ADD CONSTRAINT a CHECK (VALUE > 2)"],
            ),
        ],
    )
    def test_one_is_altered(self, before, after, expected) -> None:
        found = changes(
            catalog(domain("price", "integer", **before)),
            catalog(domain("price", "integer", **after)),
        )
        assert found == [f"ALTER DOMAIN price {change}" for change in expected]

    def test_a_replaced_one_keeps_the_name_of_its_not_null(self) -> None:
        before = catalog(domain("price", "integer", nullable=False))
        after = catalog(domain("price", "bigint", nullable=False))
        assert "CREATE DOMAIN price AS bigint CONSTRAINT price_not_null NOT NULL" in changes(
            before, after
        )

    def test_a_domain_of_a_replaced_enum_is_replaced_behind_it(self) -> None:
        def moods(*labels):
            return catalog(enum("mood", *labels), domain("feeling", "public.mood"))

        found = changes(moods("bad", "ok"), moods("ok"))
        assert [text for text in found if "feeling" in text] == [
            "ALTER DOMAIN feeling RENAME TO feeling_old",
            "CREATE DOMAIN feeling AS mood",
            "DROP DOMAIN feeling_old",
        ]
        assert found[-2:] == ["DROP DOMAIN feeling_old", "DROP TYPE mood_old"]

    @pytest.mark.parametrize(
        ("old", "new", "array", "using"),
        [
            ("integer", "bigint", "", "n::price"),
            ("integer", "text", "", "n::text::price"),
            ("integer", "text", "[]", "n::text[]::price[]"),
            ("bigint", "integer", "[]", "n::price[]"),
        ],
    )
    def test_values_are_converted(self, old, new, array, using) -> None:
        book = table("book", column("n", f"public.price{array}", kind="d"))
        found = changes(catalog(domain("price", old), book), catalog(domain("price", new), book))
        assert [text.rpartition(" USING ")[2] for text in found if " USING " in text] == [using]


class TestSequences:
    def test_a_sequence_of_a_dropped_table_is_dropped_with_it(self) -> None:
        owned = sequence("s", owned_by=(name("book"), "id"))
        assert changes(catalog(table("book", ID), owned), catalog()) == ["DROP TABLE book"]

    def test_a_new_one_gets_its_owner_at_the_end(self) -> None:
        owned = sequence("s", owned_by=(name("book"), "id"))
        found = changes(catalog(table("book", ID)), catalog(table("book", ID), owned))
        assert found[0].startswith("CREATE SEQUENCE s")
        assert found[-1] == "ALTER SEQUENCE s OWNED BY book.id"

    def test_one_of_a_column_that_is_kept_is_dropped(self) -> None:
        owned = sequence("s", owned_by=(name("book"), "id"))
        found = changes(catalog(table("book", ID), owned), catalog(table("book", ID)))
        assert found == ["DROP SEQUENCE s"]

    def test_one_that_outlives_its_owner_is_released_first(self) -> None:
        owned = sequence("s", owned_by=(name("book"), "id"))
        found = changes(catalog(table("book", ID), owned), catalog(sequence("s")))
        assert found == ["ALTER SEQUENCE s OWNED BY NONE", "DROP TABLE book"]

    def test_one_that_changes_its_direction_restarts(self) -> None:
        down = replace(COUNTING, increment=-1, start=-1, minimum=-9, maximum=-1)
        found = changes(catalog(sequence("s")), catalog(sequence("s", options=down)))
        assert found[0].endswith("INCREMENT BY -1 START WITH -1 MINVALUE -9 MAXVALUE -1 RESTART")
        assert (
            "RESTART"
            not in changes(
                catalog(sequence("s")), catalog(sequence("s", options=replace(COUNTING, cache=9)))
            )[0]
        )

    def test_its_type(self) -> None:
        big = replace(COUNTING, type="bigint", maximum=2**63 - 1)
        (created,) = changes(catalog(), catalog(sequence("s", options=big)))
        assert " AS " not in created
        small = replace(COUNTING, type="smallint")
        assert changes(catalog(sequence("s")), catalog(sequence("s", options=small))) == [
            "ALTER SEQUENCE s AS SMALLINT"
        ]
        assert changes(catalog(), catalog(sequence("s", options=small)))[0].startswith(
            "CREATE SEQUENCE s AS SMALLINT"
        )


def identity(sequence_name: str | None, **fields):
    named = None if sequence_name is None else name(sequence_name)
    return table(
        "book", column("id", identity="always", options=COUNTING, sequence=named, **fields)
    )


class TestIdentitySequences:
    def test_one_of_another_name_is_renamed(self) -> None:
        found = changes(catalog(), catalog(identity("numbers")))
        assert found[-1] == "ALTER SEQUENCE book_id_seq RENAME TO numbers"
        assert len(found) == 2

    @pytest.mark.parametrize("default", ["book_id_seq", "book_id_seq1", None])
    def test_a_default_name_stays(self, default) -> None:
        assert len(changes(catalog(), catalog(identity(default)))) == 1

    def test_a_kept_identity_keeps_its_sequence(self) -> None:
        before, after = identity("other"), identity("numbers", comment="new")
        assert changes(catalog(before), catalog(after)) == ["COMMENT ON COLUMN book.id IS 'new'"]

    def test_an_identity_that_restarts_has_a_new_sequence(self) -> None:
        down = replace(COUNTING, increment=-1, start=-1, minimum=-9, maximum=-1)
        after = column("id", identity="always", options=down, sequence=name("numbers"))
        found = changes(catalog(identity("other")), catalog(table("book", after)))
        assert found[-1] == "ALTER SEQUENCE book_id_seq RENAME TO numbers"

    def test_where_the_default_name_is_taken_it_is_left(self) -> None:
        taken = catalog(sequence("book_id_seq"))
        after = catalog(sequence("book_id_seq"), identity("numbers"))
        assert not any("RENAME" in text for text in changes(taken, after))

    def test_the_default_name_may_be_taken_in_another_schema(self) -> None:
        schemas = frozenset({"public", "shop"})
        taken = catalog(sequence("shop.book_id_seq"), schemas=schemas)
        after = catalog(sequence("shop.book_id_seq"), identity("numbers"), schemas=schemas)
        assert changes(taken, after)[-1] == "ALTER SEQUENCE book_id_seq RENAME TO numbers"

    def test_a_column_that_becomes_an_identity(self) -> None:
        before = catalog(table("book", column("id")))
        assert changes(before, catalog(identity("numbers")))[-1].endswith("RENAME TO numbers")


class TestSchemas:
    def test_a_schema_is_created_for_its_first_object_and_dropped_with_its_last(self) -> None:
        there = catalog(enum("shop.mood", "ok"), schemas=frozenset({"public", "shop"}))
        assert changes(catalog(), there)[0] == "CREATE SCHEMA shop"
        assert changes(there, catalog())[-1] == "DROP SCHEMA shop"

    def test_one_that_is_there_is_not_created(self) -> None:
        both = frozenset({"public", "shop"})
        there = catalog(enum("shop.mood", "ok"), schemas=both)
        assert changes(catalog(schemas=both), there) == ["CREATE TYPE shop.mood AS ENUM ('ok')"]

    def test_one_that_keeps_an_object_stays(self) -> None:
        both = frozenset({"public", "shop"})
        before = catalog(enum("shop.mood", "ok"), enum("shop.other", "ok"), schemas=both)
        after = catalog(enum("shop.other", "ok"), schemas=both)
        assert changes(before, after) == ["DROP TYPE shop.mood"]
