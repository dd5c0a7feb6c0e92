"""Programs run over a new file: each type, and each way to fail."""

from __future__ import annotations

import os
import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from asyncmig.config import PostWriteHook
from asyncmig.errors import ScriptError
from asyncmig.render import run_post_write_hooks


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "a revision.py"
    path.write_text("x   =  1\n")
    return path


def python(code: str, *, name: str = "py", options: str = "", **more: str) -> PostWriteHook:
    """A hook that runs a line of Python with the options as its arguments."""
    options = f'-c "{code}" {options or "REVISION_SCRIPT_FILENAME"}'
    return PostWriteHook(name=name, type="exec", entrypoint=sys.executable, options=options, **more)


APPEND = "import sys; open(sys.argv[1], 'a').write(' '.join(sys.argv[2:]) + '|')"


def test_none(script):
    assert run_post_write_hooks(script, ()) == ()


def test_exec(script):
    hooks = [
        python(APPEND, name="one", options="REVISION_SCRIPT_FILENAME --flag 'two words'"),
        python(APPEND, name="two"),
    ]
    assert run_post_write_hooks(script, hooks) == ("one", "two")
    assert script.read_text() == "x   =  1\n--flag two words||"


def test_module(script):
    hook = PostWriteHook(name="ruff", type="module", entrypoint="ruff", options="format -q")
    # Without the token the file goes first; ruff takes its command there.
    with pytest.raises(ScriptError, match="the post-write hook 'ruff' failed with exit code 2"):
        run_post_write_hooks(script, [hook])
    hook = PostWriteHook(
        name="ruff", type="module", entrypoint="ruff", options="format -q REVISION_SCRIPT_FILENAME"
    )
    assert run_post_write_hooks(script, [hook]) == ("ruff",)
    assert script.read_text() == "x = 1\n"


def test_the_file_goes_first_without_the_token(script):
    hook = PostWriteHook(name="t", type="module", entrypoint="tokenize", options="-e")
    assert run_post_write_hooks(script, [hook]) == ("t",)


def test_console_script(script, monkeypatch, tmp_path):
    (tmp_path / "fmt.py").write_text(
        "import sys\nclass Cli:\n  @staticmethod\n  def main():\n"
        "    open(sys.argv[-1], 'a').write(sys.argv[0])\n    return len(sys.argv) - 3\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = EntryPoints([EntryPoint("fmt-cli", "fmt:Cli.main", "console_scripts")])
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **params: found.select(**params))
    options = "-x REVISION_SCRIPT_FILENAME"
    hook = PostWriteHook(name="fmt", type="console_scripts", entrypoint="fmt-cli", options=options)
    assert run_post_write_hooks(script, [hook]) == ("fmt",)
    assert script.read_text().endswith("fmt-cli")
    failing = PostWriteHook(name="fmt", type="console_scripts", entrypoint="fmt-cli")
    with pytest.raises(ScriptError, match="failed with exit code 255"):
        run_post_write_hooks(script, [failing])


def test_folder(script, tmp_path):
    (tmp_path / "sub").mkdir()
    code = "import os, sys; open(sys.argv[1], 'a').write(os.getcwd())"
    run_post_write_hooks(script, [python(code, cwd=str(tmp_path / "sub"))])
    assert script.read_text().endswith(os.path.realpath(tmp_path / "sub"))


def test_no_input_is_waited_for(script):
    code = "import sys; open(sys.argv[1], 'a').write(repr(sys.stdin.read()))"
    run_post_write_hooks(script, [python(code)])
    assert script.read_text().endswith("''")


@pytest.mark.parametrize(
    ("code", "exit_code", "said", "shown"),
    [
        ("import sys; sys.exit(3)", 3, "", "no output"),
        ("import sys; print('out'); sys.exit('one')", 1, "one", "one"),
        (
            "import sys; print('out'); sys.exit('one\\n\\n  two  ')",
            1,
            "one\n\n  two",
            "\n  one\n    two",
        ),
        ("import sys; print('all is\\nbad'); sys.exit(4)", 4, "all is\nbad", "\n  all is\n  bad"),
        (
            "import sys; print(*range(20), sep='\\n'); sys.exit(5)",
            5,
            "\n".join(map(str, range(20))),
            "\n  ...\n" + "\n".join(f"  {number}" for number in range(12, 20)),
        ),
    ],
)
def test_failure(script, code, exit_code, said, shown):
    code = code.replace("\\n", "\\\\n")
    later = python(APPEND, name="later")
    with pytest.raises(ScriptError) as caught:
        run_post_write_hooks(script, [python(code, name="bad"), later])
    error = caught.value
    assert str(error) == f"the post-write hook 'bad' failed with exit code {exit_code}: {shown}"
    assert error.hint.startswith(f"the revision is written: {script}; ")
    assert error.fields() == {
        "path": str(script),
        "hook": "bad",
        "exit_status": exit_code,
        "stderr": said,
    }
    assert script.read_text() == "x   =  1\n"


@pytest.mark.parametrize(
    ("kind", "entrypoint", "options", "what"),
    [
        ("exec", "/no/such/program", "", "could not be started: /no/such/program: no such file"),
        (
            "module",
            "no_such_module",
            "",
            "names the module 'no_such_module', which is not installed",
        ),
        (
            "module",
            "no_such.module",
            "",
            "names the module 'no_such.module', which is not installed",
        ),
        ("module", "", "", "names the module '', which is not installed"),
        ("console_scripts", "no-such", "", "names the console script 'no-such', which is not inst"),
        ("exec", sys.executable, "'open", "has options that cannot be split: no closing quotation"),
        ("modul", "x", "", "has the unknown type 'modul', did you mean 'module'?"),
        ("zzz", "x", "", "has the unknown type 'zzz'"),
    ],
)
def test_not_started(script, kind, entrypoint, options, what):
    hook = PostWriteHook(name="h", type=kind, entrypoint=entrypoint, options=options)
    with pytest.raises(ScriptError) as caught:
        run_post_write_hooks(script, [hook])
    assert str(caught.value).startswith(f"the post-write hook 'h' {what}")
    assert caught.value.fields()["hook"] == "h"


def test_a_missing_folder(script):
    with pytest.raises(ScriptError, match="could not be started: /no/such/folder: no such file"):
        run_post_write_hooks(script, [python("pass", cwd="/no/such/folder")])


def test_a_runner_of_ones_own(script):
    seen = []
    hook = PostWriteHook(name="h", type="own", entrypoint="", extra={"colour": "blue"})
    runners = {"own": lambda path, options: seen.append((path, options["colour"]))}
    assert run_post_write_hooks(script, [hook], runners=runners) == ("h",)
    assert seen == [(str(script), "blue")]


@pytest.mark.parametrize(
    ("error", "cause"), [(ValueError("no"), "ValueError: no"), (KeyError(), "KeyError")]
)
def test_a_runner_that_fails(script, error, cause):
    def fail(path: object, hook: object) -> None:
        raise error

    hook = PostWriteHook(name="h", type="own", entrypoint="")
    with pytest.raises(ScriptError) as caught:
        run_post_write_hooks(script, [hook], runners={"own": fail})
    assert str(caught.value) == f"the post-write hook 'h' failed: {cause}"
    assert caught.value.__cause__ is error
