"""Objects of alembic-utils as statements."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from asyncmig.errors import DirectiveError
from asyncmig.operations.directives.entities import CreateEntityOp, DropEntityOp, ReplaceEntityOp
from support.recording_sink import sql_of


class Thing:
    """An entity as the newer versions of alembic-utils have it."""

    identity = "thing: one"

    def __init__(self, name: str = "one") -> None:
        self.name = name

    def to_sql_statement_create(self) -> sa.TextClause:
        return sa.text(f"CREATE VIEW {self.name} AS SELECT 'a\\:b'")

    def to_sql_statement_drop(self, cascade: bool = False) -> sa.TextClause:
        return sa.text(f"DROP VIEW {self.name}" + " CASCADE" * cascade)

    def to_sql_statement_create_or_replace(self) -> Any:
        yield sa.text(f"DROP VIEW {self.name}")
        yield self.to_sql_statement_create()


class Old(Thing):
    """An entity as older versions have it."""

    def to_sql_statement_drop(self) -> sa.TextClause:  # type: ignore[override]
        return sa.text(f"DROP VIEW {self.name}")

    def to_sql_statement_create_or_replace(self) -> Any:
        return sa.text("CREATE OR REPLACE VIEW one AS SELECT 1")


class Fixed(Thing):
    """An entity that cannot be replaced."""

    def to_sql_statement_create_or_replace(self) -> Any:
        raise NotImplementedError


def test_create_and_drop():
    assert sql_of(lambda op: op.create_entity(Thing())) == ["CREATE VIEW one AS SELECT 'a:b'"]
    assert sql_of(lambda op: op.drop_entity(Thing())) == ["DROP VIEW one"]
    assert sql_of(lambda op: op.drop_entity(Thing(), cascade=True)) == ["DROP VIEW one CASCADE"]
    assert sql_of(lambda op: op.drop_entity(Old())) == ["DROP VIEW one"]


def test_replace():
    assert sql_of(lambda op: op.replace_entity(Thing())) == [
        "DROP VIEW one",
        "CREATE VIEW one AS SELECT 'a:b'",
    ]
    assert sql_of(lambda op: op.replace_entity(Old())) == ["CREATE OR REPLACE VIEW one AS SELECT 1"]
    with pytest.raises(DirectiveError, match="Fixed cannot be replaced") as caught:
        sql_of(lambda op: op.replace_entity(Fixed()))
    assert "two steps" in caught.value.hint


@pytest.mark.parametrize(("target", "name"), [("x", "str"), (Thing, "Thing"), (None, "NoneType")])
def test_anything_else_is_refused(target, name):
    with pytest.raises(DirectiveError, match=f"create_entity takes an entity, not {name}"):
        sql_of(lambda op: op.create_entity(target))


def test_reversing():
    thing, before = Thing(), Thing("two")
    assert isinstance(CreateEntityOp(thing).reverse(), DropEntityOp)
    assert isinstance(DropEntityOp(thing).reverse(), CreateEntityOp)
    undo = ReplaceEntityOp(thing, existing=before).reverse()
    assert (undo.target, undo.existing) == (before, thing)
    with pytest.raises(ValueError, match="cannot restore thing: one"):
        ReplaceEntityOp(thing).reverse()


def test_differences():
    assert CreateEntityOp(Thing()).to_diff_tuple()[:2] == ("create_entity", "thing: one")
    assert DropEntityOp(Thing()).to_diff_tuple() == ("drop_entity", "thing: one")
    kind, identity, statements = ReplaceEntityOp(Thing()).to_diff_tuple()
    assert (kind, identity) == ("replace_or_revert_entity", "thing: one")
    assert "DROP VIEW one" in statements
