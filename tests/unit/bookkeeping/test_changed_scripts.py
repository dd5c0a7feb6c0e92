"""asyncmig.bookkeeping.changed_scripts: applied scripts that mean something else by now."""

from __future__ import annotations

import pytest

from asyncmig.bookkeeping.changed_scripts import changed_revisions
from asyncmig.bookkeeping.state import DatabaseState
from asyncmig.config.settings import Settings
from asyncmig.revisions.graph.graph import RevisionGraph
from asyncmig.revisions.graph.revision import Revision, ScriptKind
from support.fake_session import FakeSession

PYTHON = "def upgrade(op):\n    op.execute('SELECT 1')\n"
SQL = "-- revision: a\n\n-- upgrade\nSELECT 1;\n"
STATE = DatabaseState(
    heads=frozenset(), schema="app", has_version_table=True, has_journal=True, has_backfills=False
)


class Script:
    """A script on disk, and the journal's checksum of it."""

    def __init__(self, path, text: str, kind: ScriptKind = ScriptKind.PYTHON) -> None:
        self.path = path
        self.kind = kind
        path.write_text(text)

    async def changed(self, checksum: str, state: DatabaseState = STATE) -> tuple[str, ...]:
        revision = Revision(id="a", path=str(self.path), kind=self.kind)
        rows = [
            {"revision": "a", "checksum": checksum},
            {"revision": "of newer code", "checksum": "other"},
        ]
        return await changed_revisions(
            FakeSession(rows={"checksum": rows}),
            Settings(script_location="migrations"),
            state,
            RevisionGraph([revision]),
        )

    @property
    def checksum(self) -> str:
        from asyncmig.bookkeeping.changed_scripts import _meaning

        found = _meaning(Revision(id="a", path=str(self.path), kind=self.kind))
        assert found is not None
        return found


@pytest.mark.parametrize(
    ("name", "kind", "text", "same", "other"),
    [
        ("a.py", ScriptKind.PYTHON, PYTHON, f"# a comment\n{PYTHON}", PYTHON.replace("1", "2")),
        ("a.sql", ScriptKind.SQL, SQL, SQL.replace(";", "; "), SQL.replace("1", "2")),
        ("a.pyc", ScriptKind.PYTHON, "byte code", "byte code", "other byte code"),
    ],
)
async def test_what_a_script_means(tmp_path, name, kind, text, same, other) -> None:
    script = Script(tmp_path / name, text, kind)
    before = script.checksum
    assert await script.changed(before) == ()
    script.path.write_text(same)
    assert await script.changed(before) == ()
    script.path.write_text(other)
    assert await script.changed(before) == ("a",)


async def test_a_script_that_is_gone_is_changed(tmp_path) -> None:
    script = Script(tmp_path / "a.py", PYTHON)
    before = script.checksum
    script.path.unlink()
    assert await script.changed(before) == ("a",)


async def test_without_a_journal_none_is_known_to_be_changed(tmp_path) -> None:
    script = Script(tmp_path / "a.py", PYTHON)
    without = DatabaseState(
        heads=frozenset(),
        schema="app",
        has_version_table=True,
        has_journal=False,
        has_backfills=False,
    )
    assert await script.changed("other", without) == ()
