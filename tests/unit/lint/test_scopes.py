"""Which revisions are linted, with which rules, and the messages for wrong calls. No database."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from asyncmig import Migrator
from asyncmig.config.lint_settings import LintSettings
from asyncmig.errors import ConfigError, FileError, RevisionError, TargetError
from support.linted import write_texts

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "CREATE TABLE t (id bigint PRIMARY KEY, a text);"
INDEX = "CREATE INDEX i ON t (a);"
DROP = "DROP TABLE t;"


@pytest.fixture
def location(tmp_path: Path) -> Path:
    return write_texts(tmp_path, TABLE, INDEX, DROP)


def migrator(location: Path, **lint: object) -> Migrator:
    settings = LintSettings(**lint)  # type: ignore[arg-type]  # fields by name
    return Migrator(script_location=location, lint=settings)


async def found(location: Path, *, lint: dict[str, object] | None = None, **scope: object):
    result = await migrator(location, **(lint or {})).lint(offline=True, **scope)
    return [(finding.revision, finding.rule) for finding in result.findings]


async def test_all_revisions_each_as_a_deployment(location):
    assert await found(location, all=True) == [
        ("r1", "create-index-blocking"),
        ("r2", "drop-table"),
    ]


async def test_without_a_scope_offline_all_are_linted_and_it_is_said(location):
    result = await migrator(location).lint(offline=True)
    assert result.revisions == ("r0", "r1", "r2")
    assert result.scope == "all revisions, as no database says which are pending"
    assert result.database is False
    assert result.ok is False


async def test_up_to_a_target(location):
    assert await found(location, target="r1") == [("r1", "create-index-blocking")]


async def test_since_a_revision(location):
    assert await found(location, since="r1") == [("r2", "drop-table")]


async def test_a_table_of_the_same_deployment_is_not_reported(location):
    assert await found(location, since="base") == []


async def test_files(location):
    path = location / "versions" / "r2.sql"
    assert await found(location, files=[path]) == [("r2", "drop-table")]


async def test_start_after(location):
    assert await found(location, all=True, lint={"start_after": "r1"}) == [("r2", "drop-table")]


async def test_a_start_after_that_does_not_exist(location):
    with pytest.raises(RevisionError, match="nowhere"):
        await found(location, all=True, lint={"start_after": "nowhere"})


async def test_a_file_that_is_not_there(location):
    with pytest.raises(FileError, match=r"cannot read .*r9\.sql: no such file or directory"):
        await found(location, files=[location / "versions" / "r9.sql"])


async def test_a_file_that_may_not_be_read(location, monkeypatch):
    from pathlib import Path as PathClass

    path = location / "versions" / "r2.sql"
    real = PathClass.open

    def refuse(self, *args, **kwargs):
        if self == path and "rb" in args:
            raise PermissionError(13, "Permission denied")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(PathClass, "open", refuse)
    with pytest.raises(FileError, match=r"cannot read .*r2\.sql: permission denied"):
        await found(location, files=[path])


async def test_a_file_that_is_no_revision(location):
    path = location / "notes.sql"
    path.write_text("SELECT 1")
    with pytest.raises(FileError, match=r"notes\.sql is not a revision of this project"):
        await found(location, files=[path])


async def test_two_scopes(location):
    with pytest.raises(TargetError, match="since and all choose the revisions"):
        await found(location, since="r1", all=True)


async def test_a_target_and_a_scope(location):
    with pytest.raises(TargetError, match="a target, r1, is for pending revisions"):
        await found(location, target="r1", all=True)


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


async def test_git_diff(tmp_path):
    location = write_texts(tmp_path, TABLE, INDEX)
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    git(tmp_path, "checkout", "-b", "branch")
    write_texts(tmp_path, TABLE, INDEX, DROP, "ALTER TABLE u ADD COLUMN b text NOT NULL;")
    git(tmp_path, "add", "migrations/versions/r2.sql")
    git(tmp_path, "commit", "-m", "second")  # r3 is new and not added
    expected = [("r2", "drop-table"), ("r3", "add-column-not-null")]
    assert await found(location, git_diff="main") == expected


async def test_git_diff_reports_a_revision_behind_others(tmp_path):
    location = write_texts(tmp_path, TABLE, INDEX)
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    versions = location / "versions"
    text = (versions / "r1.sql").read_text().replace("down_revision: r0", "down_revision: new")
    (versions / "r1.sql").write_text(text)
    (versions / "new.sql").write_text(
        "-- new\n-- revision: new\n-- down_revision: r0\n\n-- upgrade\nSELECT 1;\n"
    )
    assert ("new", "history-order") in await found(location, git_diff="main")


async def test_git_diff_outside_of_a_repository(location):
    with pytest.raises(FileError, match="git cannot read"):
        await found(location, git_diff="main")


async def test_git_diff_with_an_unknown_commit(tmp_path):
    location = write_texts(tmp_path, TABLE)
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    with pytest.raises(FileError, match="git knows no commit or branch 'nowhere'"):
        await found(location, git_diff="nowhere")


async def test_a_disabled_rule(location):
    assert await found(location, all=True, lint={"disable": ("drop-table",)}) == [
        ("r1", "create-index-blocking")
    ]


@pytest.mark.parametrize("key", ["disable", "enable", "severity"])
async def test_an_unknown_rule_in_the_settings(location, key):
    value = {"drop-tabel": "note"} if key == "severity" else ("drop-tabel",)
    with pytest.raises(ConfigError, match=f"{key} names the rule 'drop-tabel'") as caught:
        await found(location, lint={key: value})
    assert caught.value.hint == "did you mean 'drop-table'? docs/lint.md lists all rules"


async def test_severity_and_fail_on(location):
    lint = {
        "severity": {"drop-table": "note", "create-index-blocking": "warning"},
        "fail_on": "error",
    }
    result = await migrator(location, **lint).lint(offline=True)
    assert [finding.severity for finding in result.findings] == ["warning", "note"]
    assert result.ok


async def test_the_style_set_is_opt_in(location):
    assert ("r0", "style-short-key") not in await found(location)
    short = write_texts(location.parent, "CREATE TABLE t (id integer PRIMARY KEY);")
    assert ("r0", "style-short-key") in await found(short, lint={"enable": ("style",)})


async def test_a_live_script_and_a_do_block_are_said_to_be_not_analysed(tmp_path):
    location = write_texts(tmp_path, TABLE, "DO $$ BEGIN EXECUTE 'DROP TABLE t'; END $$;")
    body = 'op.get_bind().exec_driver_sql("SELECT 1").all()'
    (location / "versions" / "r2.py").write_text(
        f'revision = "r2"\ndown_revision = "r1"\n\n\ndef upgrade(op):\n    {body}\n'
    )
    result = await migrator(location).lint(offline=True)
    assert [(each.revision, each.rule, each.line) for each in result.findings] == [
        ("r1", "not-analysed", 6),
        ("r2", "not-analysed", 6),
    ]


async def test_silences(tmp_path):
    location = write_texts(
        tmp_path,
        TABLE,
        "-- asyncmig: allow create-index-blocking t is small\nCREATE INDEX i ON t (a);",
        "DROP TABLE t; -- asyncmig: allow drop-table",
        "SELECT 1; -- asyncmig: allow rename nothing to see",
        "SELECT 2; -- asyncmig: allow renmae nothing to see",
    )
    result = await migrator(location).lint(offline=True)
    assert [(each.revision, each.rule, each.allowed, each.reason) for each in result.findings] == [
        ("r1", "create-index-blocking", True, "t is small"),
        ("r2", "drop-table", False, None),
        ("r2", "silence-without-reason", False, None),
        ("r3", "silence-unused", False, None),
        ("r4", "silence-unknown-rule", False, None),
    ]
    assert result.findings[-1].suggestion == "did you mean 'rename'?"
    quiet = migrator(location, disable=("silence-unused", "silence-without-reason"))
    result = await quiet.lint(offline=True)
    assert [(each.revision, each.rule) for each in result.findings] == [
        ("r1", "create-index-blocking"),
        ("r2", "drop-table"),
        ("r4", "silence-unknown-rule"),
    ]


async def test_a_silence_that_a_deployment_of_its_own_needs_is_not_unused(tmp_path):
    location = write_texts(
        tmp_path, "SELECT 1;", TABLE, "DROP TABLE t; -- asyncmig: allow drop-table t is gone"
    )
    assert await found(location, since="r0") == []
