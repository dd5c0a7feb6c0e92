"""Names in the server's text, and names that the server makes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.catalog.entities import Entities, EntityKey, View
from asyncmig.catalog.model import Catalog, Enum
from asyncmig.catalog.object_name import ObjectName
from asyncmig.diff.schema_items.default_names import is_default_name, temporary_names
from asyncmig.diff.schema_items.printed_sql import (
    included_in,
    with_column,
    with_key_columns,
    with_label,
    with_object,
    without_casts,
)
from asyncmig.results import CheckResult, Difference
from asyncmig.sql.default_names import default_name


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("((a)::text = 'a'::text)", "((b)::text = 'a'::text)"),
        ("(a > 0) AND (NOT a IS NULL)", "(b > 0) AND (NOT b IS NULL)"),
        ("a(a, x => a, a => 1)", "a(b, x => b, a => 1)"),
        ("((x)::a.a = (a COLLATE a))", "((x)::a.a = (b COLLATE a))"),
        ("EXTRACT(a FROM a)", "EXTRACT(a FROM b)"),
        (
            "btree (a a, lower(a) DESC) INCLUDE (a) WHERE a",
            "btree (b a, lower(b) DESC) INCLUDE (b) WHERE b",
        ),
        ("'it''s a' || \"a\" || E'a\\'a'", "'it''s a' || b || E'a\\'a'"),
        ("(c).a + (a).c", "(c).a + (b).c"),
        ("(x)::character a, a", "(x)::character a, b"),
    ],
)
def test_only_columns_are_columns(text, renamed):
    assert with_column(text, "a", "b") == renamed


def test_the_sides_of_a_foreign_key():
    text = "FOREIGN KEY (a, c) REFERENCES a.a(a, c) ON DELETE SET NULL (a)"
    local = with_key_columns(text, "a", "b", local=True, foreign=False)
    assert local == "FOREIGN KEY (b, c) REFERENCES a.a(a, c) ON DELETE SET NULL (b)"
    foreign = with_key_columns(text, "a", "b", local=False, foreign=True)
    assert foreign == "FOREIGN KEY (a, c) REFERENCES a.a(b, c) ON DELETE SET NULL (a)"


def test_a_name_that_is_not_in_a_text_changes_nothing():
    text = "FOREIGN KEY (a) REFERENCES s.t(c)"
    assert with_key_columns(text, "x", "b", local=True, foreign=True) == text
    assert with_label("'ok'::s.mood", ObjectName("s", "mood"), "bad", "good") == "'ok'::s.mood"
    assert with_object("s.t", ObjectName("s", "u"), ObjectName("s", "v")) == "s.t"


@pytest.mark.parametrize(
    ("definition", "included"),
    [
        ('UNIQUE (a) INCLUDE (b, "C d") DEFERRABLE', ("b", "C d")),
        ("PRIMARY KEY (include)", ()),
    ],
)
def test_included_columns(definition, included):
    assert included_in(definition) == included


def test_objects_are_known_by_their_schema():
    old, new = ObjectName("s", "t"), ObjectName("s", "New")
    text = "nextval('s.t'::regclass) + s.t + o.t + t + 's.t'::text"
    assert with_object(text, old, new) == (
        "nextval('s.\"New\"'::regclass) + s.\"New\" + o.t + t + 's.t'::text"
    )


def test_labels_are_known_by_their_type():
    text = "CASE 'it''s' WHEN 'it''s'::s.mood THEN 'it''s'::text ELSE 'it''s'::s.other END"
    assert with_label(text, ObjectName("s", "mood"), "it's", "a\\b") == (
        "CASE 'it''s' WHEN E'a\\\\b'::s.mood THEN 'it''s'::text ELSE 'it''s'::s.other END"
    )


def test_the_longer_part_of_a_name_is_cut():
    assert default_name("book", "", "pkey") == "book_pkey"
    assert default_name("t" * 60, "c" * 10, "key") == "t" * 48 + "_" + "c" * 10 + "_key"
    assert default_name("ü" * 30, "", "pkey") == "ü" * 29 + "_pkey"


def test_what_somebody_chose_is_not_the_servers():
    assert is_default_name("book_title_key", "book", ["title"], "key")
    assert is_default_name("book_title_key2", "book", ["title"], "key")
    assert not is_default_name("book_title_keys", "book", ["title"], "key")
    assert not is_default_name("uq_title", "book", ["title"], "key")


def test_a_retired_type_gets_a_name_that_nobody_has():
    long = "x" * 62

    def there(*names: str) -> Catalog:
        places = [ObjectName("s", name) for name in names]
        return Catalog(
            default_schema="s", enums={place: Enum(name=place, labels=()) for place in places}
        )

    view = View(key=EntityKey("view", "s", "size_old"), query="SELECT 1")
    after = replace(there("mood"), entities=Entities(by_key={view.key: view}))
    before = there(
        "mood", "mood_old", "mood_old2", "size", f"{long}a", f"{long}b", "\N{SNOWMAN}" * 21
    )
    found = temporary_names(before.enums, before, after)
    assert {place.name: name for place, name in found.items()} == {
        "mood": "mood_old3",
        "mood_old": "mood_old_old",
        "mood_old2": "mood_old2_old",
        "size": "size_old2",
        f"{long}a": "x" * 59 + "_old",
        f"{long}b": "x" * 58 + "_old2",
        "\N{SNOWMAN}" * 21: "\N{SNOWMAN}" * 19 + "_old",
    }


def test_a_check_told_as_text():
    change = Difference(change="alter_column", object="t.a", before="TEXT", after="DATE")
    raw = Difference(change="execute", object="", sql=("ALTER INDEX a\nRENAME TO b",))
    found = CheckResult(differences=(change, raw))
    assert str(found) == "~ alter_column t.a: TEXT -> DATE\n~ ALTER INDEX a"
    both = CheckResult(differences=(change,), databases={"x": CheckResult(differences=(change,))})
    assert str(both) == "x:\n~ alter_column t.a: TEXT -> DATE"
    assert str(CheckResult()) == "the database matches the models"


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("((price)::numeric(10,2) > (0)::numeric)", "price > 0"),
        ("(at)::timestamp(3) without time zone < now()", "at < now"),
        (
            "((code)::text = ANY ((ARRAY['a'::character varying, 'b'::s.mood])::text[]))",
            "code = ANY ARRAY [ 'a' , 'b' ]",
        ),
        ('(d)::double precision AND (e)::text COLLATE "C"', 'd AND e COLLATE "C"'),
        ("f((a)::integer, b)", "f a , b"),
        ("st_area((g)::public.geometry(Point,4326)) > 0", "st_area g > 0"),
    ],
)
def test_casts_do_not_count(text, bare):
    assert without_casts(text) == bare
