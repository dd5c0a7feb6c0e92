"""Where a directive's error would reach a handler of the script that called it."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace

import pytest

from asyncmig.plan.error_handlers import _HARMLESS, _numbers, is_handled_by_caller

CALLS = {
    "plain": (False, "ask()"),
    "except": (
        True,
        """
        try:
            ask()
        except ValueError:
            pass
        """,
    ),
    "finally": (
        True,
        """
        try:
            ask()
        finally:
            done = True
        """,
    ),
    "behind a try": (
        False,
        """
        try:
            done = True
        except ValueError:
            pass
        ask()
        """,
    ),
    "in the handler": (
        False,
        """
        try:
            raise ValueError
        except ValueError:
            ask()
        """,
    ),
    "in the else of a try": (
        False,
        """
        try:
            done = True
        except ValueError:
            pass
        else:
            ask()
        """,
    ),
    "suppress": (
        True,
        """
        with contextlib.suppress(ValueError):
            ask()
        """,
    ),
    "an object that may suppress": (
        True,
        """
        manager = contextlib.nullcontext()
        with manager:
            ask()
        """,
    ),
    "autocommit_block": (
        False,
        """
        with op.get_context().autocommit_block():
            ask()
        """,
    ),
    "batch inside a try": (
        True,
        """
        try:
            with op.batch_alter_table("t") as batch:
                ask()
        except ValueError:
            pass
        """,
    ),
    "an open file": (
        False,
        """
        with open(__file__) as file:
            ask()
        """,
    ),
    "everything that suppresses nothing": (
        False,
        f"""
        with {", ".join(f"contextlib.{name}()" for name in sorted(_HARMLESS))}:
            ask()
        """,
    ),
    "a helper with a try": (
        True,
        """
        def helper():
            try:
                ask()
            except ValueError:
                pass
        helper()
        """,
    ),
    "a helper called in a try": (
        True,
        """
        def helper():
            ask()
        try:
            helper()
        except ValueError:
            pass
        """,
    ),
    "a function defined in a try": (
        False,
        """
        try:
            def helper():
                ask()
        except ValueError:
            pass
        helper()
        """,
    ),
    "the last of several": (
        True,
        """
        try:
            done = True
        except ValueError:
            pass
        try:
            done = True
            if done:
                ask()
        except ValueError:
            pass
        """,
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_code_with_a_source(name, tmp_path) -> None:
    expected, body = CALLS[name]
    file = tmp_path / "script.py"
    file.write_text(f"def upgrade(ask, op, contextlib):{_indented(body)}\n")
    assert _answers(compile(file.read_text(), str(file), "exec")) == [expected]


@pytest.mark.parametrize(
    ("name", "expected"), [("plain", False), ("except", True), ("behind a try", False)]
)
def test_code_without_a_source(name, expected) -> None:
    source = f"def upgrade(ask, op, contextlib):{_indented(CALLS[name][1])}\n"
    assert _answers(compile(source, "missing.py", "exec")) == [expected]


def test_a_file_that_was_changed_is_read_again(tmp_path) -> None:
    file = tmp_path / "script.py"
    for name in ("autocommit_block", "except"):
        file.write_text(f"def upgrade(ask, op, contextlib):{_indented(CALLS[name][1])}\n")
        expected = [CALLS[name][0]]
        assert _answers(compile(file.read_text(), str(file), "exec")) == expected


def test_a_file_that_is_no_python_any_more_may_handle_it(tmp_path) -> None:
    file = tmp_path / "script.py"
    code = compile(
        f"def upgrade(ask, op, contextlib):{_indented(CALLS['except'][1])}\n", str(file), "exec"
    )
    file.write_text("def upgrade(:\n")
    assert _answers(code) == [True]


def test_a_handler_ends_where_its_byte_code_does() -> None:
    long = "    done = 1\n" * 60
    source = f"def upgrade(ask, op, contextlib):\n{long}{_indented(CALLS['behind a try'][1])}\n"
    assert _answers(compile(source, "missing.py", "exec")) == [False]


def test_the_code_that_asks_is_looked_at_first() -> None:
    told: list[bool] = []
    namespace: dict = {"ask": is_handled_by_caller, "told": told}
    source = "def upgrade():\n    try:\n        told.append(ask())\n    finally:\n        pass\n"
    exec(compile(source, "missing.py", "exec"), namespace)
    _run(namespace["upgrade"])
    assert told == [True]


def _answers(code) -> list[bool]:
    """What the module answers when the compiled function calls it, in the frames of the test's runner."""
    block = contextlib.nullcontext
    op = SimpleNamespace(
        batch_alter_table=lambda _: block(),
        get_context=lambda: SimpleNamespace(autocommit_block=block),
    )
    told: list[bool] = []
    namespace: dict = {"__file__": __file__}
    exec(code, namespace)
    known = SimpleNamespace(
        **{name: lambda *_: block() for name in _HARMLESS}, suppress=contextlib.suppress
    )
    _run(lambda: namespace["upgrade"](lambda: told.append(is_handled_by_caller()), op, known))
    return told


def _run(script) -> None:
    """Call a script from a frame that is taken for the runner's."""
    from asyncmig.plan import run_script

    caller = {"script": script}
    exec(compile("script()", run_script.__file__, "exec"), caller)


def _indented(body: str) -> str:
    lines = body.strip("\n").splitlines()
    margin = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "".join(f"\n    {line[margin:]}" for line in lines)


def test_numbers_of_an_exception_table_have_six_bits_a_byte() -> None:
    table = bytes([1, 2, 0x40 | 1, 0, 0x40 | 1, 0x40 | 2, 3])
    assert list(_numbers(table)) == [1, 2, 64, 4096 + 2 * 64 + 3]
