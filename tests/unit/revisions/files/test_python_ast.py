"""The syntax tree of a script, where Python itself is disturbed while it builds the tree."""

import ast
import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from asyncmig.revisions.files.python_ast import tree_of

SCRIPT = "values = [" + "(1,)," * 200 + "]"


class LostTask:
    """Garbage in a cycle whose finalizer parses, as logging the traceback of a lost task does."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        ast.parse("x = [1]")


@contextmanager
def frequent_collections() -> Iterator[None]:
    thresholds = gc.get_threshold()
    gc.set_threshold(20, 1, 1)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def test_garbage_that_parses_while_a_script_is_parsed_does_not_disturb() -> None:
    gc.collect()
    for _ in range(3):
        LostTask()
    with frequent_collections():
        tree = tree_of(SCRIPT)
    assert ast.dump(tree) == ast.dump(ast.parse(SCRIPT))


def test_a_script_that_python_can_never_parse_is_refused_at_last(monkeypatch) -> None:
    def fail(*_: object) -> ast.Module:
        raise SystemError("AST constructor recursion depth mismatch")

    monkeypatch.setattr(ast, "parse", fail)
    with pytest.raises(SystemError, match="recursion depth mismatch"):
        tree_of(SCRIPT)
