"""The entities of a MetaData, and those of alembic_utils."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from asyncmig.entities import SqlText, View, register, registered
from asyncmig.entities.declared import UnquotedPolicy, from_alembic_utils
from asyncmig.entities.registry import entities_of
from asyncmig.errors import ConfigError


class Foreign:
    """An entity of alembic_utils."""

    schema = "public"

    def to_sql_statement_create(self) -> sa.TextClause:
        return sa.text("CREATE VIEW public.v AS SELECT 'a\\:b'")


class Several(Foreign):
    """An entity with several statements, of which the first creates it."""

    schema = None

    def to_sql_statement_create(self) -> list[sa.TextClause]:
        return [sa.text("CREATE VIEW w AS SELECT 1"), sa.text("SELECT 2")]


def test_entities_are_kept_in_order():
    metadata = sa.MetaData()
    first, second = View("a", "SELECT 1"), View("b", "SELECT 2")
    assert entities_of(metadata) == ()
    register(metadata, first)
    register(metadata, second)
    assert entities_of(metadata) == registered([metadata, sa.MetaData()]) == (first, second)


def test_entities_of_alembic_utils_become_text():
    metadata = sa.MetaData()
    register(metadata, Foreign(), Several())
    assert registered([metadata]) == (
        SqlText("CREATE VIEW public.v AS SELECT 'a:b'", kind="view", schema="public", name="v"),
        SqlText("CREATE VIEW w AS SELECT 1", kind="view", schema=None, name="w"),
    )


@pytest.mark.parametrize("item", ["CREATE VIEW v AS SELECT 1", sa.table("t"), None])
def test_anything_else_is_refused(item):
    with pytest.raises(ConfigError, match=f"{type(item).__name__} is not an entity"):
        register(sa.MetaData(), item)


def test_the_registry_of_alembic_utils_is_read_if_it_is_imported(monkeypatch):
    module = SimpleNamespace(registry=SimpleNamespace(entities=lambda: [Foreign()]))
    monkeypatch.setitem(sys.modules, "alembic_utils.replaceable_entity", module)
    monkeypatch.delitem(
        sys.modules, "asyncmig.alembic_compat.entity_facade.replaceable_entity", raising=False
    )
    assert [entity.name for entity in registered([])] == ["v"]


class ForeignPolicy:
    """A policy of alembic_utils."""

    schema = "public"

    def __init__(self, on_entity: str) -> None:
        self.on_entity = on_entity.replace('"', "")

    def to_sql_statement_create(self) -> sa.TextClause:
        return sa.text(f"CREATE POLICY own on {self.on_entity} for select using (true)")


@pytest.mark.parametrize(
    ("declared", "known", "table"),
    [
        ('public."CamelCase"', {("public", "CamelCase")}, 'public."CamelCase"'),
        ('public."my table"', {("public", "my table")}, 'public."my table"'),
        ('"Odd"."book"', {("Odd", "book")}, '"Odd".book'),
        # PostgreSQL folds the name
        ("public.Book", {("public", "book")}, "public.Book"),
        ("public.Book", {("public", "book"), ("public", "Book")}, "public.Book"),
        ("public.book", {("public", "book")}, "public.book"),
        ("public.Missing", set(), "public.Missing"),
    ],
)
def test_a_policy_of_alembic_utils_on_a_table_with_capitals(declared, known, table):
    policy = from_alembic_utils(ForeignPolicy(declared))
    assert isinstance(policy, UnquotedPolicy)
    assert policy.on_known_table(known).sql() == [
        f"CREATE POLICY own on {table} for select using (true)"
    ]
