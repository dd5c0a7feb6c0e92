"""SQL files as they are read: the header from the beginning, the sections once more where they are needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from asyncmig.errors import ScriptError
from asyncmig.revisions.files.import_script import is_script_module
from asyncmig.revisions.files.read import read_file
from asyncmig.revisions.files.script import load_script
from asyncmig.revisions.graph.revision import Revision, ScriptKind

HEADER = "-- revision: a1\n-- down_revision: b1\n"
LINE = "-- 0123456789\n"
MUCH = LINE * (80_000 // len(LINE))


@pytest.mark.parametrize("before", ["", MUCH])
@pytest.mark.parametrize("behind", ["-- upgrade\nSELECT 1;\n", f"-- upgrade\n{MUCH}SELECT 1;\n"])
def test_the_header_of_a_file_of_any_size(tmp_path: Path, before: str, behind: str) -> None:
    file = tmp_path / "a1.sql"
    file.write_text(f"{HEADER}{before}{behind}")
    found = read_file(str(file))
    assert isinstance(found, Revision)
    assert (found.id, found.down_revisions) == ("a1", ("b1",))


@pytest.fixture
def script(tmp_path: Path):
    """A function: the script of a SQL file with this text."""

    def load(text: str):
        file = tmp_path / "a1.sql"
        file.write_text(text)
        return load_script(Revision(id="a1", path=str(file), kind=ScriptKind.SQL))

    return load


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "expected"),
    [
        ("-- online:\nALTER TABLE t ALTER a TYPE text;", "SELECT 1;", True),
        ("SELECT 1;", "-- online:\nALTER TABLE t ALTER a TYPE text;", True),
        ("-- backfill: name=x\nUPDATE t SET a = 1;", "SELECT 1;", False),
    ],
)
def test_a_section_with_the_mark_of_an_online_change(script, upgrade, downgrade, expected) -> None:
    found = script(f"{HEADER}-- upgrade\n{upgrade}\n-- downgrade\n{downgrade}\n")
    assert found.has_online_change is expected


def test_the_sections_are_read_again_after_they_were_released(script) -> None:
    found = script(f"{HEADER}-- upgrade\nSELECT 1;\n-- downgrade\nSELECT 2;\n")
    upgrade, downgrade = found.upgrade, found.downgrade
    found.release()
    assert (found.upgrade, found.downgrade) == (upgrade, downgrade)


def test_a_file_that_was_changed_meanwhile_is_refused(script) -> None:
    found = script(f"{HEADER}-- upgrade\nSELECT 1;\n")
    found.release()
    Path(found.revision.path).write_text(f"{HEADER}-- upgrade\nSELECT 2;\n")
    with pytest.raises(ScriptError, match="was changed while revision a1 ran") as caught:
        found.upgrade  # noqa: B018 - reading it is what raises
    assert caught.value.hint == "run the same command again"


def test_the_modules_of_scripts_have_names_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "a1.py"
    file.write_text("revision = 'a1'\ndef upgrade(op): pass\n")
    found = load_script(Revision(id="a1", path=str(file)))
    assert is_script_module(found.upgrade.__module__)
    assert not is_script_module(__name__)
