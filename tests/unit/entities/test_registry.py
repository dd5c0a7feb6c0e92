"""The entities of a MetaData, and those of alembic_utils."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from asyncmig.entities import SqlText, View, register, registered
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
