"""Models without tables: when it is said, and how each origin is named."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from asyncmig.autogenerate.empty_models import ModelOrigins, empty_models_notes
from asyncmig.entities import View, register


def with_table() -> sa.MetaData:
    metadata = sa.MetaData()
    sa.Table("book", metadata, sa.Column("id", sa.Integer))
    return metadata


def with_view() -> sa.MetaData:
    metadata = sa.MetaData()
    register(metadata, View("now", "SELECT 1 AS one"))
    return metadata


SPEC = ModelOrigins(specs=["app.db:Base.metadata"], place="asyncmig.toml")


@pytest.mark.parametrize(
    ("origins", "name", "importing"),
    [
        (
            SPEC,
            "target_metadata 'app.db:Base.metadata' in asyncmig.toml",
            "import it in app.db, or",
        ),
        (
            ModelOrigins(specs=["app.db:metadata"]),
            "target_metadata 'app.db:metadata' has",
            "app.db",
        ),
        (ModelOrigins(place="env.py"), "target_metadata in env.py has", "import it in env.py"),
        (ModelOrigins(specs=[None]), "the MetaData given to Migrator has", "import it before"),
    ],
)
def test_each_origin_is_named(origins, name, importing):
    (note,) = empty_models_notes([sa.MetaData()], origins, dropped=["b", "a"], declares=False)
    assert note.startswith(name)
    assert "2 tables are dropped from the database (a, b)" in note
    assert importing in note


def test_of_several_the_empty_one_is_named_where_tables_go():
    models = [with_table(), sa.MetaData()]
    origins = ModelOrigins(specs=["app.a:metadata", "app.b:metadata"])
    (note,) = empty_models_notes(models, origins, dropped=list("dcba"), declares=False)
    assert note.startswith(
        "target_metadata 'app.b:metadata' has no tables, so 4 tables are dropped"
    )
    assert "(a, b, c ...)" in note
    assert empty_models_notes(models, origins, dropped=[], declares=False) == ()


@pytest.mark.parametrize("metadata", [with_table(), with_view()])
def test_models_with_something_in_them_are_not_spoken_of(metadata):
    assert empty_models_notes([metadata], SPEC, dropped=["a"], declares=False) == ()


def test_nothing_at_all_is_said_of_an_empty_database_too():
    (note,) = empty_models_notes([sa.MetaData()], SPEC, dropped=[], declares=False)
    assert "there is nothing to compare with the database" in note
    assert empty_models_notes([sa.MetaData()], SPEC, dropped=[], declares=True) == ()


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        (
            "env.py",
            "give context.configure() in env.py the MetaData: target_metadata=Base.metadata",
        ),
        ("asyncmig.toml", 'set target_metadata = "package.module:Base.metadata"'),
        (None, 'set target_metadata = "package.module:Base.metadata"'),
    ],
)
def test_the_hint_where_there_are_no_models(place, hint):
    assert ModelOrigins(place=place).missing == hint
