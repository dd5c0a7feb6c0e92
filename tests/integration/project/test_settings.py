"""What a ``Migrator`` makes of its settings: models, folders of scripts."""

from __future__ import annotations

import sys

import pytest
from sqlalchemy import MetaData

from asyncmig import Migrator

OPTS = "op.execute('SELECT 1'); assert {expected}, op.get_context().opts.get('target_metadata')"


@pytest.fixture
def models(project, monkeypatch):
    (project.path / "d_models.py").write_text(
        "from sqlalchemy import MetaData\nfirst = MetaData(schema='one')\nsecond = MetaData(schema='two')\n"
    )
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield "d_models:first", "d_models:second"
    sys.modules.pop("d_models", None)


@pytest.mark.parametrize(
    ("given", "schemas"),
    [
        (None, None),
        (MetaData(schema="one"), "one"),
        ((MetaData(schema="one"), MetaData(schema="two")), ("one", "two")),
        ("d_models:first", "one"),
        (["d_models:first", MetaData(schema="two")], ("one", "two")),
    ],
)
async def test_scripts_see_the_models(project, models, given, schemas):
    found = "op.get_context().opts.get('target_metadata')"
    read = {
        type(None): found,
        str: f"{found}.schema",
        tuple: f"tuple(models.schema for models in {found})",
    }[type(schemas)]
    project.revision("a1", upgrade=f"assert {read} == {schemas!r}, {found}")
    migrator = Migrator(
        script_location=project.script_location,
        target_metadata=given,
        prepend_sys_path=(project.path,),
    )
    assert len(await migrator.plan(current=[])) == 1


@pytest.mark.parametrize(
    ("current", "steps"), [("base", 2), (["base"], 2), ([], 2), ("a1", 1), (("a1",), 1), ("b2", 0)]
)
async def test_a_plan_begins_where_it_is_told(project, current, steps):
    project.revision("a1")
    project.revision("b2", down="a1")
    migrator = Migrator(script_location=project.script_location)
    assert len(await migrator.plan("head", current=current)) == steps


async def test_several_models_by_settings(project, models):
    project.revision("a1", upgrade="assert len(op.get_context().opts['target_metadata']) == 2")
    settings = project.settings(target_metadata=models, prepend_sys_path=(project.path,))
    assert len(await Migrator(settings=settings).plan(current=[])) == 1


async def test_the_first_models_name_constraints(project):
    project.revision(
        "a1",
        header="import sqlalchemy as sa",
        upgrade='op.create_table("t", sa.Column("i", sa.Integer, primary_key=True))',
    )
    several = (MetaData(naming_convention={"pk": "key_of_%(table_name)s"}), MetaData())
    migrator = Migrator(script_location=project.script_location, target_metadata=several)
    assert "CONSTRAINT key_of_t PRIMARY KEY (i)" in await migrator.sql()


async def test_validate_reads_what_the_commands_read(project, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (project.path / "d_words.py").write_text("WORD = 1\n")
    project.revision("a1", header="from alembic import op\nimport d_words", filename="sub/a1.py")
    settings = project.settings(
        recursive_version_locations=True, prepend_sys_path=(project.path,), url=None
    )
    report = await Migrator(settings=settings).validate()
    assert (report.revisions, report.findings) == (1, ())
    sys.modules.pop("d_words", None)


def test_several_configuration_files(project):
    (project.path / "pyproject.toml").write_text(
        '[tool.alembic]\nscript_location = "migrations"\nversion_table = "own"\n'
    )
    (project.path / "alembic.ini").write_text("[alembic]\nsqlalchemy.url = postgresql://h/d\n")
    paths = [project.path / "pyproject.toml", project.path / "alembic.ini"]
    settings = Migrator.from_config(paths).settings
    assert (settings.url, settings.version_table) == ("postgresql://h/d", "own")
