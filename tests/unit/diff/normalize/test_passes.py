"""The passes that remove what is not a difference, on catalogs by hand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from asyncmig.catalog.entities import Need
from asyncmig.catalog.model import Dependents
from asyncmig.diff.compare import compare
from asyncmig.diff.normalize.include_filters import without_tables
from asyncmig.diff.normalize.managed import Managed
from asyncmig.diff.normalize.passes import COMPARE_PASSES, PAIR_PASSES, run_passes
from asyncmig.diff.normalize.sides import Rules
from asyncmig.errors import ConfigError
from support.catalogs import (
    catalog,
    check,
    column,
    enum,
    foreign_key,
    grant,
    index,
    name,
    needs_column,
    primary_key,
    sequence,
    sides,
    sql,
    table,
    trigger,
    unique,
    view,
)

ID = column("id", nullable=False)


def normalized(actual, wanted, *, tables=None, managed=None, **hooks):
    """The statements that are left after all passes."""
    named = dict.fromkeys(
        ("include_name", "include_object", "compare_type", "compare_server_default")
    )
    rules = Rules(hooks=SimpleNamespace(**{**named, **hooks}), managed=managed or Managed())
    both = run_passes((*PAIR_PASSES, *COMPARE_PASSES), sides(actual, wanted, tables), rules)
    return sql(compare(both.actual, both.wanted))


def test_properties_that_models_cannot_express_are_kept():
    stored = column("t", "text", storage="EXTERNAL", statistics=100, parameters=("n_distinct=5",))
    key = primary_key("id", parameters=("fillfactor=70",), tablespace="fast")
    ix = index("ix", "book", "t", comment="for searches", tablespace="fast")
    actual = catalog(
        table("book", ID, stored, key, ix, options=("fillfactor=60",), replica_identity="FULL"),
        enum("mood", "ok", comment="how it is"),
        sequence("s", owned_by=(name("book"), "id"), comment="numbers"),
    )
    wanted = catalog(
        table("book", ID, column("t", "text"), primary_key("id"), index("ix", "book", "t")),
        enum("mood", "ok"),
        sequence("s"),
    )
    assert normalized(actual, wanted) == []
    assert sql(compare(actual, wanted)) != []


def test_the_role_of_an_index_ends_with_the_index():
    actual = catalog(table("book", ID, index("ix", "book", "id"), replica_identity="INDEX ix"))
    wanted = catalog(table("book", ID))
    assert normalized(actual, wanted) == [
        "DROP INDEX ix",
        "ALTER TABLE book REPLICA IDENTITY DEFAULT",
    ]


def test_a_validated_constraint_stays_validated():
    later = check("positive", "(id > 0)", "id", validated=False)
    actual = catalog(table("book", ID, replace(later, validated=True)))
    assert normalized(actual, catalog(table("book", ID, later))) == []


def test_a_default_of_an_owned_sequence_is_a_serial_column():
    default = "nextval('public.book_id_seq'::regclass)"
    numbers = sequence("book_id_seq")
    serial = column(
        "id",
        serial=True,
        options=numbers.options,
        sequence=numbers.name,
        owned_default=default,
    )
    wanted = catalog(table("book", column("id", default=default)), numbers)
    assert normalized(catalog(table("book", serial)), wanted) == []


def test_an_unnamed_constraint_keeps_its_name():
    actual = catalog(table("book", ID, unique("chosen", "id")))
    wanted = catalog(table("book", ID, unique("book_id_key", "id", named=False)))
    assert normalized(actual, wanted) == []
    named = catalog(table("book", ID, unique("book_id_key", "id")))
    assert normalized(actual, named) == ["ALTER TABLE book RENAME CONSTRAINT chosen TO book_id_key"]


def test_a_type_that_something_else_uses_is_kept():
    mood = enum("mood", "ok")
    used = {Need("type", "public", "mood"): Dependents(tables=frozenset({name("other.t")}))}
    assert normalized(catalog(mood), catalog()) == ["DROP TYPE mood"]
    assert normalized(catalog(mood, dependents=used), catalog()) == []


def test_a_sequence_that_a_default_uses_is_kept_without_its_lost_owner():
    default = "nextval('public.s'::regclass)"
    numbers = sequence("s", owned_by=(name("gone"), "id"))
    actual = catalog(table("gone", ID), numbers)
    wanted = catalog(table("book", column("id", default=default)))
    assert "DROP SEQUENCE s" not in normalized(actual, wanted)
    assert "ALTER SEQUENCE s OWNED BY NONE" in normalized(actual, wanted)


def test_a_sequence_that_a_default_uses_is_kept():
    """Whether a column owns it or none does, and while the column is kept, with its owner."""
    default = column("id", default="nextval('public.s'::regclass)")
    wanted = catalog(table("book", default, column("n")))
    for owner in (None, (name("book"), "n")):
        actual = catalog(table("book", default, column("n")), sequence("s", owned_by=owner))
        assert normalized(actual, wanted) == []


def test_a_sequence_keeps_its_owner_while_the_column_is_kept():
    owned = sequence("s", owned_by=(name("book"), "n"))
    book = table("book", ID, column("n"))
    assert normalized(catalog(book, owned), catalog(book, sequence("s"))) == []
    for left in (catalog(table("book", ID), sequence("s")), catalog(sequence("s"))):
        assert "ALTER SEQUENCE s OWNED BY NONE" in normalized(catalog(book, owned), left)
    other = sequence("s", owned_by=(name("book"), "id"))
    assert normalized(catalog(book, owned), catalog(book, other)) == [
        "ALTER SEQUENCE s OWNED BY book.id"
    ]


def test_a_default_of_another_sequence_is_not_serial():
    default = "nextval('public.book_id_seq'::regclass)"
    numbers = sequence("book_id_seq")
    serial = column(
        "id",
        serial=True,
        options=numbers.options,
        sequence=numbers.name,
        owned_default="nextval(1)",
    )
    wanted = catalog(table("book", column("id", default=default)), numbers)
    assert "CREATE SEQUENCE book_id_seq AS INTEGER" in normalized(
        catalog(table("book", serial)), wanted
    )


def test_a_key_keeps_the_storage_of_a_key_only():
    key = primary_key("id", constraint="book_key", parameters=("fillfactor=70",))
    actual, wanted = catalog(table("book", ID, key)), unique("book_key", "id")
    assert normalized(actual, catalog(table("book", ID, wanted))) == [
        "ALTER TABLE book DROP CONSTRAINT book_key",
        "ALTER TABLE book ADD CONSTRAINT book_key UNIQUE (id)",
    ]


def test_include_name_excludes_names_of_the_database():
    actual = catalog(table("book", ID, column("secret")), table("other", ID), enum("mood", "ok"))
    asked = []

    def include_name(item, kind, parents):
        asked.append((kind, item, parents.get("table_name")))
        return item not in {"other", "secret", "mood"}

    wanted = catalog(table("book", ID))
    assert normalized(actual, wanted, include_name=include_name) == []
    assert ("schema", None, None) in asked
    assert ("column", "secret", "book") in asked


def test_include_object_excludes_objects_of_both_sides():
    actual = catalog(table("book", ID, unique("un", "id")), table("left", ID), sequence("s"))
    wanted = catalog(table("book", ID, index("ix", "book", "id")), table("right", ID))
    asked = []

    def include_object(item, item_name, kind, reflected, other):
        asked.append((kind, item_name, reflected, other is not None))
        return kind in {"table", "column"} and item_name not in {"left", "right"}

    assert normalized(actual, wanted, include_object=include_object) == []
    assert ("table", "book", False, True) in asked
    assert ("table", "left", True, False) in asked
    assert ("unique_constraint", "un", True, False) in asked
    assert ("index", "ix", False, False) in asked
    assert ("sequence", "s", True, False) in asked


def test_new_and_dropped_tables_that_are_included():
    """Of a new table its indexes are asked about, as in Alembic, and not its columns and constraints."""
    gone = catalog(table("gone", ID))
    new = catalog(
        table(
            "fresh", ID, unique("un", "id"), index("ix", "fresh", "id"), index("iy", "fresh", "id")
        )
    )
    asked = []

    def include_object(_item, item_name, kind, reflected, other):
        asked.append((kind, item_name, reflected, other))
        return item_name != "ix"

    assert normalized(gone, new, include_object=include_object) == [
        "DROP TABLE gone",
        "CREATE TABLE fresh ( id INTEGER NOT NULL, CONSTRAINT un UNIQUE (id) )",
        "CREATE INDEX iy ON fresh (id)",
    ]
    assert asked == [
        ("table", "fresh", False, None),
        ("index", "ix", False, None),
        ("index", "iy", False, None),
        ("table", "gone", True, None),
    ]


def models(type_=sa.Integer, **keywords):
    """The tables of the models as SQLAlchemy's."""
    book = sa.Table("book", sa.MetaData(), sa.Column("n", type_, **keywords))
    return {("public", "book"): book}


@pytest.mark.parametrize(
    ("answer", "left"),
    [(False, []), (lambda *_: False, []), (True, 1), (lambda *_: True, 1), (lambda *_: None, 1)],
)
def test_compare_type(answer, left):
    actual = catalog(table("book", column("n")))
    wanted = catalog(table("book", column("n", "bigint")))
    found = normalized(actual, wanted, tables=models(), compare_type=answer)
    assert len(found) == (left or 0)


def test_compare_against_backend_is_asked_if_the_hook_decides_nothing():
    class Own(sa.Integer):
        cache_ok = True

        def compare_against_backend(self, _dialect, type_):
            return isinstance(type_, sa.BigInteger) or None

    actual = catalog(table("book", column("n", "bigint")))
    wanted = catalog(table("book", column("n")))
    assert normalized(actual, wanted, tables=models(Own)) == []
    other = catalog(table("book", column("n", "text")))
    assert normalized(other, wanted, tables=models(Own)) != []


def test_casts_of_a_column_whose_types_are_equal_for_the_user():
    actual = catalog(
        table(
            "book",
            column("n", "text"),
            check("c", "(n = 'a'::text)", "n"),
            column("m", "text", generated="(n || 'a'::text)"),
        )
    )
    wanted = catalog(
        table(
            "book",
            column("n", "character varying"),
            check("c", "((n)::text = 'a'::text)", "n"),
            column("m", "text", generated="((n)::text || 'a'::text)"),
        )
    )
    assert normalized(actual, wanted, tables=models(sa.String), compare_type=False) == []


def test_what_differs_in_more_than_casts_is_compared():
    """Of the column whose types are equal for the user; parts that only one side has included."""
    types = column("n", "text"), column("n", "character varying")
    actual, wanted = (
        catalog(
            table("book", type_, check("c", text, "n"), index("ix", "book", key), computed, *more)
        )
        for type_, text, key, computed, more in (
            (
                types[0],
                "(n = 'a'::text)",
                "lower(n)",
                column("m", "text", generated="(n || 'a')"),
                (),
            ),
            (
                types[1],
                "((n)::text = 'b'::text)",
                "lower((n)::text)",
                column("m", "text", generated="((n)::text || 'b')"),
                (check("d", "(m <> ''::text)", "m"), index("iy", "book", "m")),
            ),
        )
    )
    found = normalized(actual, wanted, tables=models(sa.String), compare_type=False)
    assert [" ".join(text.split()[:6]) for text in found] == [
        "ALTER TABLE book DROP CONSTRAINT c",
        "ALTER TABLE book DROP COLUMN m",
        "ALTER TABLE book ADD COLUMN m",
        "ALTER TABLE book ADD CONSTRAINT c",
        "ALTER TABLE book ADD CONSTRAINT d",
        "CREATE INDEX iy ON book (m)",
    ]


@pytest.mark.parametrize(("answer", "left"), [(False, 0), (lambda *_: False, 0), (True, 1)])
def test_compare_server_default(answer, left):
    actual = catalog(table("book", column("n", default="1")))
    wanted = catalog(table("book", column("n", default="2")))
    tables = models(server_default="2")
    found = normalized(actual, wanted, tables=tables, compare_server_default=answer)
    assert len(found) == left


def test_compare_server_default_gets_the_default_as_sql():
    heard = []

    def compare_server_default(*arguments):
        heard.append(arguments[3:])

    actual = catalog(table("book", column("n", default="1")))
    wanted = catalog(table("book", column("n", default="2")))
    for default in ("it's", sa.text("1 + 1"), sa.func.abs(2), None):
        normalized(
            actual,
            wanted,
            tables=models(server_default=default),
            compare_server_default=compare_server_default,
        )
    assert [item[0] for item in heard] == ["1"] * 4
    assert [item[2] for item in heard] == ["'it''s'", "1 + 1", "abs(2)", None]


def test_undeclared_entities_are_kept_unless_their_kind_is_managed():
    titles = view("titles", "SELECT 1")
    actual = catalog(titles)
    assert normalized(actual, catalog()) == []
    managed = Managed(listed=frozenset({"view"}))
    assert normalized(actual, catalog(), managed=managed) == ["DROP VIEW titles"]
    declared = Managed(declared=frozenset({"view"}))
    assert normalized(actual, catalog(), managed=declared) == ["DROP VIEW titles"]


def test_an_undeclared_trigger_is_not_kept_without_its_table():
    touched = trigger("touched", "book", needs_column("book", "id"))
    assert normalized(catalog(table("book", ID), touched), catalog()) == ["DROP TABLE book"]


def test_grants_of_an_object_without_declared_grants_are_kept():
    reads, writes = grant("SELECT", "book", "app"), grant("INSERT", "book", "app")
    book = table("book", ID)
    grants = Managed(declared=frozenset({"grant"}))
    assert normalized(catalog(book, reads), catalog(book), managed=grants) == []
    assert normalized(catalog(book, reads), catalog(book, writes), managed=grants) == [
        "REVOKE SELECT ON TABLE book FROM app",
        "GRANT INSERT ON TABLE book TO app",
    ]
    everything = Managed(listed=frozenset({"grant"}))
    assert normalized(catalog(book, reads), catalog(book), managed=everything) == [
        "REVOKE SELECT ON TABLE book FROM app"
    ]


def test_an_unknown_kind_cannot_be_managed():
    declarations = SimpleNamespace(entities=(), kinds=frozenset(), default_schema="public")
    with pytest.raises(ConfigError, match="contains veiw, which is not a kind of entity"):
        Managed.of(declarations, ["veiw"])
    assert Managed.of(declarations, ["view"]).manages("view")


def test_tables_by_name_are_left_out():
    left = without_tables(catalog(table("book", ID), table("log", ID)), {name("log")})
    assert list(left.tables) == [name("book")]


def test_a_foreign_key_is_asked_about_by_its_own_kind():
    key = foreign_key("fk", "id", "book")
    kinds = []

    def include_object(_item, _name, kind, _reflected, _other):
        kinds.append(kind)
        return True

    both = catalog(table("book", ID, key))
    normalized(both, both, include_object=include_object)
    assert "foreign_key_constraint" in kinds
