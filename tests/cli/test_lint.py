"""``asyncmig lint`` as a process: exit codes, formats, messages, the hook of pre-commit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from support.linted import write_texts
from support.paths import ROOT

if TYPE_CHECKING:
    from fix_project import Project
    from support.command import Command

TABLE = "CREATE TABLE t (id bigint PRIMARY KEY, a text);"
INDEX = "CREATE INDEX i ON t (a);"
MESSAGE = "builds an index on t while writes to it wait (size of t not known)"


@pytest.fixture
def indexed(project: Project) -> Project:
    """A table, and an index that is built in the next revision, in line 6 of its file."""
    write_texts(project.path, TABLE, INDEX)
    return project


def test_findings_give_exit_code_3(command: Command, indexed: Project) -> None:
    done = command("lint", "--offline", code=3)
    assert done.out == (
        f"migrations/versions/r1.sql:6: error create-index-blocking: {MESSAGE}\n"
        "    CREATE INDEX CONCURRENTLY i ON t (a);\n"
        "1 error in 2 revisions, 2 statements, no database\n"
    )


def test_no_findings_give_exit_code_0(command: Command, indexed: Project) -> None:
    done = command("lint", "--offline", "r0")
    assert done.out == "no findings: 1 revision, 1 statement, no database\n"


@pytest.mark.parametrize(("fail_on", "code"), [("error", 3), ("never", 0)])
def test_fail_on(command: Command, indexed: Project, fail_on: str, code: int) -> None:
    command("lint", "--offline", "--fail-on", fail_on, code=code)


def test_files_behind_the_option(command: Command, indexed: Project) -> None:
    first, second = (f"migrations/versions/{name}.sql" for name in ("r0", "r1"))
    assert "create-index-blocking" in command("lint", "--offline", "--files", second, code=3).out
    assert command("lint", "--files", first, second, "--offline").code == 0  # one deployment


@pytest.mark.parametrize("option", [("--json",), ("--format", "json")])
def test_json(command: Command, indexed: Project, option: tuple[str, ...]) -> None:
    document = json.loads(command("lint", "--offline", *option, code=3).out)
    assert document["ok"] is False
    (finding,) = document["findings"]
    assert finding | {"path": finding["path"].rpartition("/")[2]} == {
        "rule": "create-index-blocking",
        "severity": "error",
        "revision": "r1",
        "path": "r1.sql",
        "line": 6,
        "sql": "CREATE INDEX i ON t (a)",
        "message": MESSAGE,
        "suggestion": "CREATE INDEX CONCURRENTLY i ON t (a);",
        "allowed": False,
        "reason": None,
        "table": "t",
        "rows": None,
        "bytes": None,
        "facts": "sql",
    }


def test_formats_of_others(command: Command, indexed: Project) -> None:
    def printed(name: str) -> str:
        return command("lint", "--offline", "--format", name, code=3).out

    assert printed("github").startswith("::error file=migrations/versions/r1.sql,line=6,")
    assert json.loads(printed("gitlab"))[0]["location"]["lines"] == {"begin": 6}
    assert json.loads(printed("sarif"))["version"] == "2.1.0"
    assert printed("markdown").startswith("### asyncmig lint: 1 finding\n")


def test_what_is_allowed_is_shown_when_asked(command: Command, project: Project) -> None:
    write_texts(
        project.path, TABLE, f"-- asyncmig: allow create-index-blocking t is small\n{INDEX}"
    )
    quiet = command("lint", "--offline")
    assert quiet.out == "no findings: 2 revisions, 2 statements, no database, 1 allowed\n"
    assert "    reason: t is small\n" in command("lint", "--offline", "-v").out


def test_pending_revisions_of_a_database(database_command: Command, indexed: Project) -> None:
    database_command("upgrade", "r0")
    out = database_command("lint").out
    assert "note create-index-blocking" in out
    assert "t has 0 rows" in out
    database_command("upgrade")
    assert database_command("lint").out == "nothing to lint: pending revisions\n"


@pytest.mark.cells(3)
@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (
            ("--format", "xml"),
            2,
            "--format is 'xml'",
            "text, json, github, sarif, gitlab, markdown",
        ),
        (("--fail-on", "all"), 2, "--fail-on is 'all'", "error, warning, note, never"),
        (("r0", "r1"), 2, "several targets: r0 r1", "give one target"),
        (("--files",), 2, "--files needs the files to lint", "migrations/versions/FILE"),
        (("--all", "--since", "r0"), 1, "since and all choose the revisions", "give one of them"),
        (("--offline", "--files", "r9.sql"), 1, "cannot read r9.sql: no such file", None),
        (
            ("--offline", "--files", "asyncmig.toml"),
            1,
            "asyncmig.toml is not a revision",
            "history",
        ),
        ((), 1, "no database url in", "lint --offline"),
    ],
)
def test_wrong_calls(
    command: Command,
    indexed: Project,
    arguments: tuple[str, ...],
    code: int,
    message: str,
    hint: str | None,
) -> None:
    done = command("lint", *arguments, code=code)
    assert message in done.err
    assert hint is None or hint in done.err
    assert done.out == ""


def test_an_unknown_rule_in_the_settings(command: Command, indexed: Project) -> None:
    config = indexed.path / "asyncmig.toml"
    config.write_text(config.read_text() + '[lint]\ndisable = ["drop-tabel"]\n')
    done = command("lint", "--offline", code=1)
    assert "[lint] disable names the rule 'drop-tabel', which does not exist" in done.err
    assert "did you mean 'drop-table'?" in done.err


def test_an_unknown_key_in_the_settings(command: Command, indexed: Project) -> None:
    config = indexed.path / "asyncmig.toml"
    config.write_text(config.read_text() + '[lint]\ndisabel = ["drop-table"]\n')
    done = command("lint", "--offline", code=1)
    assert "[lint] disabel is not a key of lint" in done.err
    assert "did you mean 'disable'?" in done.err


def test_the_hook_of_pre_commit_calls_it(command: Command, indexed: Project) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    program, *words = hook["entry"].split()
    assert program == "asyncmig"
    assert command(*words, "migrations/versions/r1.sql", code=3).out.startswith("migrations/")
