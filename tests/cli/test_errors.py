"""Calls that fail: one clear message with a hint, the exit code, no traceback."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fix_project import Project
from support.command import PROGRAM, Command, Outcome


def told(outcome: Outcome, code: int) -> str:
    """The message and its hint, after checking that there is nothing else."""
    assert outcome.code == code, outcome
    assert outcome.out == "", outcome
    assert "Traceback" not in outcome.err
    assert re.search(r"^error: [^\n]+$", outcome.err, re.MULTILINE), outcome.err
    assert re.search(r"^hint: [^\n]+$", outcome.err, re.MULTILINE), outcome.err
    return outcome.err


def test_no_configuration(command: Command, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "asyncmig init" in told(command("heads", cwd=empty), 1)
    assert command("heads", "--json", cwd=empty, code=1).error["type"] == "ConfigNotFoundError"


def test_a_configuration_that_is_not_there(command: Command) -> None:
    assert "other.toml" in told(command("-c", "other.toml", "heads"), 2)


def test_a_wrong_key_names_the_nearest(command: Command, project: Project) -> None:
    (project.path / "asyncmig.toml").write_text('script_locaton = "migrations"\n')
    assert "script_location" in told(command("heads"), 1)
    fields = command("heads", "--json", code=1).error["fields"]
    assert fields["nearest"] == "script_location"


def test_an_unknown_revision(command: Command, branched: Project) -> None:
    assert "aaab" in told(command("show", "aaab"), 1)
    error = command("show", "aaab", "--json", code=1).error
    assert error["type"] == "RevisionNotFoundError"
    assert error["fields"]["revision"] == "aaab"


def test_two_heads(command: Command, branched: Project) -> None:
    assert "merge" in told(command("upgrade", "head", "--sql"), 1)
    error = command("--json", "show", "head", code=1).error
    assert error["type"] == "MultipleHeadsError"
    assert sorted(error["fields"]["heads"]) == ["dddd", "eeee"]


def test_a_broken_history(command: Command, project: Project) -> None:
    project.revision("aaaa", down="zzzz")
    assert "zzzz" in told(command("heads"), 1)


def test_no_url(command: Command, project: Project) -> None:
    project.revision("aaaa")
    assert "--url" in told(command("upgrade"), 1)


@pytest.mark.parametrize("url", ["mysql://root@localhost/app", "nonsense", "postgresql://h:port/x"])
def test_a_bad_url(command: Command, url: str) -> None:
    told(command("current", "--url", url), 2)
    assert command("current", "--url", url, "--json", code=2).error["type"] == "UrlError"


def test_no_server(command: Command, tmp_path: Path) -> None:
    url = f"postgresql://app:secret@/app?host={tmp_path}"
    message = told(command("current", "--url", url), 1)
    assert "secret" not in message
    assert (
        command("current", "--url", url, "--json", code=1).error["type"] == "ConnectionFailedError"
    )


def test_a_port_where_nobody_listens(command: Command) -> None:
    told(command("upgrade", "--url", "postgresql://app@127.0.0.1:9/app"), 1)


def test_an_unwritable_folder(command: Command, project: Project) -> None:
    # A path below a regular file: not even root may write there.
    (project.path / "file").write_text("")
    told(command("init", "file/migrations", "-c", "new.toml"), 1)
    assert command("init", "file/migrations", "-c", "new.toml", "--json", code=1).error
    (project.path / "asyncmig.toml").write_text('script_location = "file/migrations"\n')
    told(command("revision", "-m", "x"), 1)


def test_a_directory_that_is_not_empty(command: Command, project: Project) -> None:
    project.revision("aaaa")
    told(command("init", "migrations", "-c", "new.toml"), 1)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", '[tool.asyncmig]\nscript_location = "my migrations"\n'),
        ("alembic.ini", "[alembic]\nscript_location = my migrations\n"),
    ],
)
def test_a_script_directory_that_git_did_not_keep(
    command: Command, tmp_path: Path, name: str, text: str
) -> None:
    """The hint makes it, and no second configuration that would take precedence."""
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / name).write_text(text)
    for call in (("heads",), ("validate",), ("upgrade", "--sql")):
        message = told(command(*call, cwd=folder), 1)
        assert "my migrations/versions does not exist" in message
        assert f"hint: {folder / name} names it: " in message
    making = message.rstrip().rpartition("folders: ")[2]
    subprocess.run(shlex.split(making), check=True)
    assert command("heads", cwd=folder, code=0).out == ""
    command("revision", "-m", "first", cwd=folder, code=0)
    assert len(command("heads", "--json", cwd=folder, code=0).document["heads"]) == 1


def test_versions_alone_that_git_did_not_keep(command: Command, project: Project) -> None:
    project.versions.rmdir()
    assert command("heads", code=0).out == ""
    command("revision", "-m", "first", code=0)
    assert project.versions.is_dir()


PYPROJECT = '[tool.asyncmig]\nscript_location = "db"\n'
ALEMBIC = '[tool.alembic]\nscript_location = "db"\n'


@pytest.mark.parametrize(
    ("there", "text", "template", "what"),
    [
        ("pyproject.toml", PYPROJECT, "generic", "asyncmig.toml would take precedence"),
        ("pyproject.toml", ALEMBIC, "multidb", "asyncmig.toml would take precedence"),
        ("pyproject.toml", ALEMBIC, "pyproject", "pyproject.toml would take precedence"),
        ("alembic.ini", "[alembic]\n", "generic", "asyncmig.toml would take precedence"),
        ("asyncmig.toml", "", "pyproject", "it takes precedence over pyproject.toml"),
        ("pyproject.toml", PYPROJECT, "pyproject", "already has a [tool.asyncmig] table"),
        ("asyncmig.toml", "", "generic", "already exists"),
    ],
)
def test_init_beside_another_configuration(
    command: Command, tmp_path: Path, there: str, text: str, template: str, what: str
) -> None:
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / there).write_text(text)
    message = told(command("init", "db", "-t", template, cwd=folder), 1)
    assert str(folder / there) in message
    assert what in message
    assert [path.name for path in folder.iterdir()] == [there]


def test_init_beside_another_configuration_under_another_name(
    command: Command, project: Project
) -> None:
    out = command("init", "other", "-c", "other.toml", code=0).out
    assert "\n  asyncmig -c other.toml upgrade\n" in out
    (project.path / "folder").mkdir()
    command("init", "more", "-c", "folder/asyncmig.toml", code=0)
    told(command("init", "other", "-c", "pyproject.toml"), 1)


def test_init_finds_the_models(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "clone"
    folder.mkdir()
    base = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): pass\n"
    (folder / "models.py").write_text(base)
    out = command("init", "db", cwd=folder, code=0).out
    assert "models: models:Base.metadata\n" in out
    (folder / "audit.py").write_text(base)
    several = command("init", "other", "-c", "other.toml", cwd=folder, code=0)
    assert several.err == (
        "note: several models were found: audit:Base.metadata, models:Base.metadata; "
        "set target_metadata, or give --metadata\n"
    )
    assert '# target_metadata = "' in (folder / "other.toml").read_text()
    arguments = ("--metadata", "audit:Base.metadata", "--json")
    named = command("init", "third", "-c", "third.toml", *arguments, cwd=folder, code=0).document
    assert named["target_metadata"] == ["audit:Base.metadata"]


def test_a_script_with_a_syntax_error(command: Command, project: Project) -> None:
    project.revision("aaaa", upgrade="op.execute('SELECT 1'")
    message = told(command("upgrade", "--sql"), 1)
    assert "aaaa.py" in message
    error = command("upgrade", "--sql", "--json", code=1).error
    assert error["type"] == "ScriptError"
    assert error["fields"]["line"]


def test_a_script_that_raises(command: Command, project: Project) -> None:
    project.revision("aaaa", upgrade="raise KeyError('city')")
    assert "city" in told(command("upgrade", "--sql"), 1)


def test_raiseerr_adds_the_traceback(command: Command) -> None:
    outcome = command("heads", "-c", "other.toml", "--raiseerr", code=2)
    assert "Traceback (most recent call last)" in outcome.err
    assert "error: " in outcome.err
    outcome = command("--raiseerr", "heads", "-c", "other.toml", "--json", code=2)
    assert outcome.error["type"] == "ConfigNotFoundError"
    assert "Traceback" in outcome.err


@pytest.mark.cells(5)
@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ("upgrad", "did you mean 'upgrade'"),
        ("downgrade", "TARGET"),
        ("heads --frobnicate", "--frobnicate"),
        ("heads extra", "extra"),
        ("heads -3", "-3"),
        ("upgrade a:b", "--sql"),
        ("upgrade --sql --dry-run", "--dry-run"),
        ("upgrade --lock-timeout soon", "'soon' is not a duration"),
        ("current --wait-for-database long", "is not a duration"),
        ("log --limit many", "'many' is not a number"),
        ("current --url x --embedded", "two databases"),
        ("init x --multidb -t sql", "two templates"),
        ("-c", "argument"),
        ("--json heads --frobnicate", "--frobnicate"),
    ],
)
def test_a_wrong_call_ends_with_2(command: Command, arguments: str, part: str) -> None:
    outcome = command(*arguments.split(), code=2)
    assert part in outcome.err + outcome.out
    assert "Traceback" not in outcome.err


def test_a_wrong_call_is_a_document_too(command: Command) -> None:
    for arguments in (["heads", "--nope", "--json"], ["--json", "nope"], ["--json", "downgrade"]):
        assert command(*arguments, code=2).error["hint"]


def test_without_arguments_the_help_is_shown(command: Command) -> None:
    outcome = command(code=2)
    assert "Usage: asyncmig" in outcome.out


def test_no_editor(command: Command, branched: Project) -> None:
    assert "$EDITOR" in told(command("edit", "aaaa"), 1)
    told(command("edit", "aaaa", env={"EDITOR": "no-such-editor-anywhere"}), 1)


def test_an_editor_gets_the_file(command: Command, branched: Project) -> None:
    outcome = command("edit", "aaaa", env={"EDITOR": "cat"}, code=0)
    assert outcome.out == (branched.versions / "aaaa.py").read_text()
    assert command("edit", "aaaa", env={"VISUAL": "sh -c 'exit 7'", "EDITOR": "cat"}).code == 7


def test_a_bug_is_told_in_short(command: Command, project: Project) -> None:
    project.write(
        str(project.path / "tomllib.py"),
        "TOMLDecodeError = ValueError\ndef loads(text): raise RuntimeError('boom\\nsecond')\n",
    )
    outcome = command("heads", env={"PYTHONPATH": str(project.path)}, code=1)
    assert "unexpected RuntimeError: boom\n" in outcome.err
    assert "--raiseerr" in outcome.err
    assert "Traceback" not in outcome.err
    outcome = command("heads", "--raiseerr", env={"PYTHONPATH": str(project.path)}, code=1)
    assert "RuntimeError: boom\nsecond" in outcome.err


def test_a_working_directory_that_was_deleted(command: Command, project: Project) -> None:
    folder = project.path / "gone"
    folder.mkdir()
    program = "import os, sys; os.rmdir(os.getcwd()); os.execv(sys.argv[1], sys.argv[1:])"
    for words in ("heads", "init migrations"):
        folder.mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, "-c", program, *PROGRAM, *words.split()],
            cwd=folder,
            env=command.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr.startswith(
            "error: the working directory was deleted\nhint: change to a folder that exists\nsee: "
        )
