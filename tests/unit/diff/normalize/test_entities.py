"""Entities that are not managed, what declarations leave open, and grants, on catalogs by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from asyncmig import entities
from asyncmig.catalog.declarations import Declarations
from asyncmig.catalog.entities import (
    EntityKey,
    EventTrigger,
    Extension,
    MaterializedView,
    Owner,
    Statistics,
)
from asyncmig.catalog.models import Models
from asyncmig.diff.compare import compare
from asyncmig.diff.normalize.managed import Managed
from asyncmig.diff.normalize.sides import Rules
from asyncmig.diff.normalize.unmanaged_entities import keep_unmanaged
from support.catalogs import (
    catalog,
    column,
    function,
    grant,
    needs_column,
    sequence,
    sides,
    sql,
    table,
    trigger,
    view,
)

BOOK = table("book", column("id"), column("n"))
EXTENSION = Extension(
    key=EntityKey("extension", "", "citext"), version="1.5", schema="ext", comment="x"
)
DECLARED = replace(EXTENSION, version="1.6", schema="public", comment=None)
COUNTS = MaterializedView(key=EntityKey("materialized_view", "public", "counts"), query="SELECT 1")
TITLES = view("titles", "SELECT 1")
TOUCH = function("touch", "SELECT 1")
SEEN = EventTrigger(
    key=EntityKey("event_trigger", "", "seen"), event="sql_drop", function=("public", "touch")
)


def kept(actual, wanted, managed=None, **hooks):
    """The models' catalog with what is kept of the database."""
    named = dict.fromkeys(
        ("include_name", "include_object", "compare_type", "compare_server_default")
    )
    rules = Rules(hooks=SimpleNamespace(**{**named, **hooks}), managed=managed or Managed())
    return keep_unmanaged(sides(actual, wanted), rules).wanted


def left(actual, wanted, managed=None, **hooks):
    """The statements that are left."""
    return sql(compare(actual, kept(actual, wanted, managed, **hooks)))


# declarations


def declared(*items):
    found = Declarations(items, Models([sa.MetaData()], default_schema="public"))
    return Managed.of(found)


def test_an_extension_is_where_and_what_it_is_unless_the_declaration_says_so():
    actual = catalog(EXTENSION)
    assert left(actual, catalog(DECLARED), declared(entities.Extension("citext"))) == []
    own = declared(entities.Extension("citext", schema="public", version="1.6"))
    assert left(actual, catalog(DECLARED), own) == [
        "ALTER EXTENSION citext UPDATE TO '1.6'",
        "ALTER EXTENSION citext SET SCHEMA public",
    ]
    new = left(catalog(), catalog(DECLARED), declared(entities.Extension("citext")))
    assert new == ["CREATE EXTENSION citext"]


def test_an_extension_that_the_shadow_alone_has_is_not_created():
    assert left(catalog(), catalog(DECLARED)) == []


@pytest.mark.parametrize(
    ("declaration", "created"),
    [
        (entities.MaterializedView("counts", "SELECT 1"), "AS SELECT 1"),
        (entities.MaterializedView("counts", "SELECT 1", with_data=False), "SELECT 1 WITH NO DATA"),
    ],
)
def test_a_materialized_view_is_created_with_rows_or_without(declaration, created):
    wanted = catalog(replace(COUNTS, populated=False))
    (text,) = left(catalog(), wanted, declared(declaration))
    assert text.endswith(created)
    assert left(catalog(COUNTS), wanted, declared(declaration)) == []


def test_a_materialized_view_of_alembic_utils_says_it_in_its_text():
    def as_sql(text):
        return SimpleNamespace(
            kind="materialized_view", schema="public", name="counts", sql=lambda: [text]
        )

    for text, populated in (
        ("CREATE MATERIALIZED VIEW counts AS SELECT 1", True),
        ("CREATE MATERIALIZED VIEW counts AS SELECT 1 WITH DATA", True),
        ("CREATE MATERIALIZED VIEW counts AS SELECT 1 with no data;", False),
    ):
        given = SimpleNamespace(
            entities=(as_sql(text),), kinds={"materialized_view"}, default_schema="public"
        )
        managed = Managed.of(given)  # type: ignore[arg-type]  # what Managed.of reads of declarations
        found = kept(catalog(), catalog(COUNTS), managed).entities.by_key[COUNTS.key]
        assert found.populated is populated  # type: ignore[attr-defined]  # a materialized view


def test_a_declared_view_keeps_its_owner():
    actual = catalog(replace(TITLES, owner="app"))
    changed = catalog(replace(TITLES, query="SELECT 2", owner="postgres"))
    assert kept(actual, changed).entities.by_key[TITLES.key].owner == "app"


# undeclared entities of managed kinds


def test_the_function_of_an_event_trigger_that_is_kept_is_kept():
    functions = Managed(listed=frozenset({"function"}))
    both = Managed(listed=frozenset({"function", "event_trigger"}))
    actual = catalog(TOUCH, SEEN)
    assert left(actual, catalog(), functions) == []
    assert left(actual, catalog(), both) == ["DROP EVENT TRIGGER seen", "DROP FUNCTION touch()"]
    excluded = left(actual, catalog(), both, include_object=lambda _, name, *__: name != "seen")
    assert excluded == []


def test_a_function_that_a_type_or_cast_needs_is_kept():
    functions = Managed(listed=frozenset({"function"}))
    assert left(catalog(replace(TOUCH, required=True)), catalog(), functions) == []
    assert left(catalog(TOUCH), catalog(), functions) == ["DROP FUNCTION touch()"]


def test_what_is_on_a_partition_belongs_to_its_parent():
    touched = replace(trigger("touched", "part"), partitioned=BOOK.name)
    triggers = Managed(listed=frozenset({"trigger"}))
    assert left(catalog(BOOK, touched), catalog(BOOK), triggers) == []


def test_undeclared_statistics_are_kept_while_their_columns_are():
    statistics = Statistics(
        key=EntityKey("statistics", "public", "st", "book"),
        definition="CREATE STATISTICS st ON id, n FROM public.book",
        needs=needs_column("book", "n"),
    )
    actual = catalog(BOOK, statistics)
    assert left(actual, catalog(BOOK)) == []
    narrow = kept(actual, catalog(table("book", column("id"))))
    assert narrow.entities.by_key == {}


def test_include_name_is_asked_with_schema_and_table():
    asked = []

    def include_name(name, kind, parents):
        asked.append((kind, name, parents.get("schema_name"), parents.get("table_name")))
        return name not in {"touched", "shop"}

    actual = catalog(BOOK, trigger("touched", "book"), TITLES, view("shop.sales", "SELECT 1"))
    managed = Managed(listed=frozenset({"view", "trigger"}))
    assert left(actual, catalog(BOOK), managed, include_name=include_name) == ["DROP VIEW titles"]
    assert ("trigger", "touched", None, "book") in asked
    assert ("view", "titles", None, None) in asked
    assert ("schema", "shop", None, None) in asked
    assert "sales" not in {name for _, name, *_ in asked}


def test_include_object_gets_the_declared_and_the_existing_entity():
    asked = []

    def include_object(item, name, kind, reflected, other):
        asked.append((item.query, name, kind, reflected, other and other.query))
        return name != "new"

    actual = catalog(TITLES, view("gone", "SELECT 3"))
    wanted = catalog(replace(TITLES, query="SELECT 2"), view("new", "SELECT 4"))
    managed = Managed(declared=frozenset({"view"}))
    assert left(actual, wanted, managed, include_object=include_object) == [
        "DROP VIEW gone",
        "CREATE OR REPLACE VIEW titles AS SELECT 2",
    ]
    assert set(asked) == {
        ("SELECT 2", "titles", "view", False, "SELECT 1"),
        ("SELECT 3", "gone", "view", True, None),
        ("SELECT 4", "new", "view", False, None),
    }


# grants

EVERYTHING = Managed(listed=frozenset({"grant"}))
READS = grant("SELECT", "book", "app")


def test_the_privileges_of_the_comparing_role_are_not_compared():
    """In the shadow it owns everything, so that they are not printed there."""
    actual = catalog(BOOK, READS)
    owners = {("table", "public", "book"): Owner("other", "app")}
    owned = replace(actual, entities=replace(actual.entities, owners=owners))
    assert left(actual, catalog(BOOK), EVERYTHING) == ["REVOKE SELECT ON TABLE book FROM app"]
    assert left(owned, catalog(BOOK), EVERYTHING) == []


def test_a_grant_to_the_owner_is_none():
    actual = catalog(BOOK)
    owners = {("table", "public", "book"): Owner("app", "app")}
    owned = replace(actual, entities=replace(actual.entities, owners=owners))
    assert left(owned, catalog(BOOK, READS), EVERYTHING) == []
    assert left(actual, catalog(BOOK, READS), EVERYTHING) == ["GRANT SELECT ON TABLE book TO app"]


def test_declared_grants_count_if_the_user_includes_them():
    hook = {"include_object": lambda _item, _name, kind, *_: kind != "grant"}
    assert left(catalog(BOOK), catalog(BOOK, READS), EVERYTHING, **hook) == []
    assert left(catalog(BOOK, READS), catalog(BOOK), EVERYTHING, **hook) == []


@pytest.mark.parametrize("managed", [Managed(), Managed(declared=frozenset({"grant"}))])
def test_grants_go_with_the_column_the_sequence_or_the_view_that_has_them(managed):
    usage = replace(
        READS,
        key=EntityKey("grant", "public", "numbers", "sequence\0\0app\0USAGE"),
        object_kind="sequence",
        privilege="USAGE",
    )
    of_view = grant("SELECT", "titles", "app")
    actual = catalog(
        BOOK,
        sequence("numbers"),
        TITLES,
        usage,
        of_view,
        grant("SELECT", "book", "app", column="n"),
    )
    everything = catalog(BOOK, sequence("numbers"), TITLES)
    assert len(kept(actual, everything, managed).entities.grants) == 3
    views = replace(managed, listed=frozenset({"view"}))
    narrow = kept(actual, catalog(table("book", column("id"))), views)
    assert narrow.entities.grants == {}
    elsewhere = kept(catalog(usage), catalog(), managed)
    assert list(elsewhere.entities.grants) == [usage.key]
