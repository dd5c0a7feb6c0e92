"""``check`` and ``revision --autogenerate`` as commands."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from asyncmig.results import CheckResult, Difference

if TYPE_CHECKING:
    from conftest import Command
    from fix_project import Project

MODELS = """
import sqlalchemy as sa
metadata = sa.MetaData()
sa.Table("book", metadata,
         sa.Column("id", sa.Integer, primary_key=True),
         sa.Column("title", sa.Text, nullable=False))
"""


@pytest.fixture
def with_models(database_command: Command, project: Project) -> Command:
    (project.path / "shop_models.py").write_text(MODELS)
    (project.path / "asyncmig.toml").write_text(
        'script_location = "migrations"\ntarget_metadata = "shop_models:metadata"\n'
        'prepend_sys_path = ["."]\n'
    )
    return database_command


def test_from_models_to_a_database_and_nothing_is_left(with_models, project):
    first = with_models("check")
    assert (first.code, first.err) == (3, "")
    assert first.out.splitlines() == ["+ create_table book", "different: 1 difference"]

    created = with_models("revision", "--autogenerate", "-m", "books", "--rev-id", "a1")
    assert created.code == 0
    assert created.out.startswith("created migrations/versions/a1_books.py")
    assert with_models("upgrade").code == 0

    same = with_models("check")
    assert (same.code, same.out) == (0, "the same: the database is what the models say\n")
    skipped = with_models("revision", "--autogenerate", "--skip-empty")
    assert skipped.code == 0
    assert "no revision was written" in skipped.out
    assert len(list(project.versions.glob("*.py"))) == 1

    models = project.path / "shop_models.py"
    models.write_text(MODELS.replace("sa.Text, nullable=False", "sa.String(80)"))
    lines = with_models("check", "-v").out.splitlines()
    assert lines[0] == "~ alter_column book.title: TEXT -> VARCHAR(80)"
    assert "    ALTER TABLE book ALTER COLUMN title TYPE VARCHAR(80)" in lines
    assert lines[-1] == "different: 2 differences"


def test_check_as_json(with_models):
    found = with_models("check", "--json")
    assert found.code == 3
    assert set(found.document) == {field.name for field in fields(CheckResult)} | {"ok"}
    assert found.document["ok"] is False
    (difference,) = found.document["differences"]
    assert set(difference) == {field.name for field in fields(Difference)}
    assert (difference["change"], difference["object"]) == ("create_table", "book")


def test_pending_revisions_are_an_error(with_models, project):
    project.revision("a1")
    found = with_models("check")
    assert found.code == 3
    assert "not at head (a1)" in found.err
    assert "asyncmig upgrade" in found.err


@pytest.mark.parametrize(
    "options", [("--autogenerate", "--sql"), ("--skip-empty",)], ids=["sql", "skip"]
)
def test_options_that_contradict_each_other(with_models, options):
    assert with_models("revision", *options).code == 2
