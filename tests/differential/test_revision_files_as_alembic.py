"""Alembic as the oracle: the names of new files, and what its own templates turn into."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import alembic
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import given, settings
from hypothesis import strategies as st

from asyncmig.config import Settings, load
from asyncmig.render import NewRevision, write_revision
from asyncmig.render.files.file_name import file_name

TEMPLATES = Path(alembic.__file__).parent / "templates"
MADE = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@given(
    message=st.text(max_size=60),
    limit=st.integers(1, 50),
    template=st.sampled_from(
        ["%(rev)s_%(slug)s", "%(year)d_%(month).2d_%(day).2d_%(hour).2d%(minute).2d-%(rev)s_%(slug)s",
         "%(epoch)d-%(slug)s-%(rev)s", "x%%_%(second)s%(rev)s"]
    ),
)  # fmt: skip
@settings(max_examples=100)
def test_file_names(message, limit, template):
    theirs = ScriptDirectory(".", file_template=template, truncate_slug_length=limit)
    ours = Settings(file_template=template, truncate_slug_length=limit)
    expected = theirs._rev_path(".", "ab12", message, MADE)
    assert Path(file_name(ours, "ab12", message, MADE, ".py")) == expected


@pytest.mark.cells(4)
@pytest.mark.parametrize("template", ["generic", "async", "pyproject", "multidb"])
@pytest.mark.parametrize("down", [(), ("a1",), ("a1", "b1")])
def test_a_project_s_own_mako_template(tmp_path, monkeypatch, template, down):
    """The same file from the same template, whether Mako renders it or our reader."""
    monkeypatch.chdir(tmp_path)
    Path("db/versions").mkdir(parents=True)
    shutil.copy(TEMPLATES / template / "script.py.mako", "db/script.py.mako")
    Path("alembic.ini").write_text(
        "[alembic]\nscript_location = db\ndatabases = one, two\nfile_template = %%(rev)s\n"
    )
    config = Config("alembic.ini")
    theirs = ScriptDirectory.from_config(config)
    theirs._generate_create_date = lambda: MADE  # type: ignore[method-assign]
    for parent in down:
        theirs.generate_revision(parent, None, head="base", config=config)
    script = theirs.generate_revision(
        "c1",
        "add users",
        head=down or "base",
        branch_labels=["left"],
        depends_on=list(down) or None,
        config=config,
        imports="import uuid",
        upgrades="op.execute('x')\n    pass",
        downgrades="pass",
    )
    expected = Path(script.path).read_text()
    Path(script.path).unlink()
    ours = write_revision(
        load(environ={}),
        NewRevision(
            rev_id="c1",
            message="add users",
            down_revisions=down,
            branch_labels=["left"],
            depends_on=down,
            imports=["import uuid"],
            upgrades="op.execute('x')\npass",
            downgrades="pass",
            created=MADE,
        ),
    )
    assert ours.read_text() == expected
