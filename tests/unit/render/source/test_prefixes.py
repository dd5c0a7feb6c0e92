"""The prefixes of names in a script."""

from __future__ import annotations

from types import SimpleNamespace

from asyncmig.render.source.prefixes import Prefixes


def prefixes(**chosen: str | None) -> Prefixes:
    names = ("user_module_prefix", "sqlalchemy_module_prefix", "alembic_module_prefix")
    return Prefixes.of(SimpleNamespace(**{**dict.fromkeys(names), **chosen}))


def test_defaults():
    assert prefixes() == Prefixes(op="op.", sa="sa.", user=None)


def test_those_of_the_user():
    found = prefixes(
        user_module_prefix="app.", sqlalchemy_module_prefix="", alembic_module_prefix="alembic."
    )
    assert found == Prefixes(op="alembic.", sa="", user="app.")
