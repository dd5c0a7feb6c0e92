"""Commands that the script directory alone answers."""

import os
import subprocess
from pathlib import Path

import pytest

from fix_project import Project
from support.command import PROGRAM, Command, plain
from support.forked_tools import run_tool


def test_heads(command: Command, branched: Project) -> None:
    assert command("heads", code=0).out == "dddd (left) (head)\neeee (other) (head)\n"
    assert [one["revision"] for one in command("heads", "--json", code=0).document["heads"]] == [
        "dddd",
        "eeee",
    ]


def test_heads_without_those_that_are_depended_on(command: Command, project: Project) -> None:
    project.revision("aaaa")
    project.revision("bbbb", depends_on="aaaa")
    assert command("heads", code=0).out == "aaaa (effective head)\nbbbb (head)\n"
    assert command("heads", "--resolve-dependencies", code=0).out == "bbbb (head)\n"


def test_an_empty_history_is_no_error(command: Command) -> None:
    assert command("heads", code=0).out == ""
    assert command("history", code=0).out == ""
    assert command("history", "--graph", code=0).out == ""
    assert command("branches", "--json", code=0).document == {"branches": []}


def normalised(text: str) -> list[list[str]]:
    """Lines as sorted words: Alembic keeps children and heads in sets, in no order."""
    return sorted(sorted(line.replace(",", " ").split()) for line in text.splitlines())


@pytest.mark.cells(3)
@pytest.mark.parametrize(
    "arguments",
    [
        "history",
        "history -r aaaa:dddd",
        "history -v -r base:bbbb",
        "heads",
        "heads -v",
        "heads --resolve-dependencies",
        "branches",
        "show dddd",
        "show eeee",
    ],
)
def test_lines_are_those_of_alembic(branched: Project, command: Command, arguments: str) -> None:
    branched.revision("ffff", message="needs a head", depends_on="eeee")
    (branched.path / "alembic.ini").write_text("[alembic]\nscript_location = migrations\n")
    alembic = run_tool("alembic", arguments.split(), cwd=branched.path, environ=os.environ)
    assert alembic.code == 0, alembic.err
    assert normalised(command(*arguments.split(), code=0).out) == normalised(alembic.out)


def test_the_graph_is_drawn(command: Command, branched: Project) -> None:
    assert command("history", "--graph", code=0).out.splitlines() == [
        "* dddd (left) (head) (mergepoint) both",
        "|\\",
        "* | bbbb (left) left",
        "| | * eeee (other) (head) (depends on cccc) other",
        "| * cccc right",
        "|/",
        "* aaaa (branchpoint) first",
    ]


def test_branches_show_where_they_go(command: Command, branched: Project) -> None:
    assert command("branches", code=0).out.splitlines()[:3] == [
        "aaaa (branchpoint)",
        "     -> bbbb (left)",
        "     -> cccc",
    ]


def test_show_takes_partial_ids_and_symbols(command: Command, branched: Project) -> None:
    assert command("show", "dddd", code=0) == command("show", "ddd", code=0)
    assert command("show", "left@head", code=0).out.startswith("Rev: dddd (head) (mergepoint)\n")
    document = command("show", "heads", "--json", code=0).document
    assert [one["revision"] for one in document["revisions"]] == ["dddd", "eeee"]


def test_a_range_of_the_last_ones(command: Command, branched: Project) -> None:
    out = command("history", "-r", "-1:bbbb", code=0).out
    for spelled in ("-r-1:bbbb", "-r=-1:bbbb", "--rev-range=-1:bbbb"):
        assert command("history", spelled, code=0).out == out
    assert [line.split(" -> ")[1].split(" ")[0].rstrip(",") for line in out.splitlines()] == [
        "bbbb",
        "aaaa",
    ]


def test_colour_only_on_a_terminal(command: Command, branched: Project) -> None:
    assert "\x1b[" not in command("history", "--graph").out
    assert "\x1b[" in command.terminal("history", "--graph").out
    assert "\x1b[" not in command.terminal("history", "--graph", env={"NO_COLOR": "1"}).out
    assert "\x1b[" in command("history", env={"FORCE_COLOR": "1"}).out
    piped = command("history", "--graph").out
    assert plain(command.terminal("history", "--graph").out) == piped


@pytest.mark.cells(1)
@pytest.mark.parametrize("arguments", ["history", "history --json", "history --graph", "--help"])
def test_a_reader_that_leaves_early_is_not_told_off(
    command: Command, project: Project, arguments: str
) -> None:
    previous = None
    for number in range(300):
        project.revision(f"r{number:04}", down=previous, message="x" * 500)
        previous = f"r{number:04}"
    process = command.start(*arguments.split())
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("history", 1, "no space left"),
        ("history --json", 1, "no space left"),
        ("heads", 1, "no space left"),
        ("heads --nope --json", 2, "no such option: --nope"),
    ],
)
def test_a_full_disk_is_an_error(
    command: Command, branched: Project, arguments: str, code: int, message: str
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, *arguments.split()],
            cwd=command.cwd,
            env=command.environ,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_closed_streams_are_no_error(command: Command, branched: Project) -> None:
    script = " ".join(f"'{word}'" for word in PROGRAM)
    for redirection in (">&-", "2>&-", ">&- 2>&-"):
        subprocess.run(
            ["bash", "-c", f"{script} history --json {redirection}"],
            cwd=command.cwd,
            env=command.environ,
            check=True,
        )


def test_a_terminal_without_unicode_gets_ascii(command: Command, branched: Project) -> None:
    out = command("list_templates", env={"PYTHONIOENCODING": "ascii"}).out
    assert out.isascii()
    assert "---" in out


def test_messages_that_the_encoding_lacks_do_not_fail(command: Command, project: Project) -> None:
    project.revision("aaaa", message="Größe → 日本")
    outcome = command("history", "--graph", env={"PYTHONIOENCODING": "ascii"}, code=0)
    assert "Gr??e -> ??" in outcome.out
    document = command("history", "--json", env={"PYTHONIOENCODING": "ascii"}, code=0).document
    assert document["revisions"][0]["message"] == "Größe → 日本"


def test_another_folder_by_its_configuration(
    command: Command, branched: Project, tmp_path: Path
) -> None:
    file = str(branched.path / "asyncmig.toml")
    before = command("-c", file, "heads", cwd=tmp_path, code=0)
    after = command("heads", "-c", file, cwd=tmp_path, code=0)
    assert before == after
    assert before.out


def test_a_cache_that_others_may_write_is_reported_with_v(
    command: Command, project: Project, tmp_path: Path
) -> None:
    project.revision("aaaa")
    folder = tmp_path / "caches" / "asyncmig"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    env = {"XDG_CACHE_HOME": str(folder.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    verbose, quiet = command("heads", "-v", env=env, code=0), command("heads", env=env, code=0)
    assert f"cache {folder} is not used: other users may write it (mode 0777)" in verbose.err
    assert verbose.out.startswith("Rev: aaaa")
    assert (quiet.out, quiet.err) == ("aaaa (head)\n", "")
