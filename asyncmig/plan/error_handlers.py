"""Whether the code that calls a directive handles its error.

Directives are buffered, so an error of one of them appears when the buffer is sent, which is too late for
a ``try`` around the call. The recorder asks here first: a call inside a ``try`` is sent at once.
"""

from __future__ import annotations

import ast
import contextlib
import linecache
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.revisions.files.python_ast import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

__all__ = ["is_handled_by_caller"]

_FOLDER = Path(__file__).resolve().parent
_OWN_CODE = (str(_FOLDER.parent), contextlib.__file__, "<frozen")
"""Beginnings of the file names of code that is not the user's."""
_RUNS_SCRIPTS = frozenset(str(_FOLDER / name) for name in ("run_script.py", "version_hooks.py"))
"""The modules that call ``upgrade()``: what is above them does not belong to the script."""

_TRANSPARENT = frozenset({"batch_alter_table", "autocommit_block", "autocommit", "context"})
"""Context managers of asyncmig, which suppress no exception."""
_HARMLESS = _TRANSPARENT | {"open", "nullcontext", "closing", "catch_warnings", "as_file"}
"""... and those of Python that never suppress an exception."""


def is_handled_by_caller() -> bool:
    """True where a frame between the directive and the script's runner catches, or sees, its error."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - inspect.stack() reads source files
    while frame is not None and frame.f_code.co_filename not in _RUNS_SCRIPTS:
        if not frame.f_code.co_filename.startswith(_OWN_CODE) and _is_inside_try(frame):
            return True
        frame = frame.f_back
    return False


def _is_inside_try(frame: FrameType) -> bool:
    code = frame.f_code
    # most functions have no exception table, and need no look at their source
    if not code.co_exceptiontable or not _is_covered(code, frame.f_lasti):
        return False
    linecache.checkcache(code.co_filename)
    blocks = _guarded_lines("".join(linecache.getlines(code.co_filename)))
    if blocks is None:
        return True
    return any(first <= frame.f_lineno <= last for first, last in blocks)


def _is_covered(code: CodeType, offset: int) -> bool:
    return any(start <= offset < end for start, end in _ranges(code))


@lru_cache(maxsize=1024)
def _ranges(code: CodeType) -> tuple[tuple[int, int], ...]:
    """The byte code that has a handler, as CPython notes it: start, length, target, depth."""
    numbers = _numbers(code.co_exceptiontable)
    return tuple(
        (start * 2, (start + length) * 2)
        for start, length, _, _ in zip(numbers, numbers, numbers, numbers, strict=False)
    )


def _numbers(table: bytes) -> Iterator[int]:
    """The table's numbers: six bits a byte, bit 6 says that more follow."""
    value = 0
    for byte in table:
        value = (value << 6) | (byte & 63)
        if not byte & 64:
            yield value
            value = 0


@lru_cache(maxsize=64)
def _guarded_lines(source: str) -> tuple[tuple[int, int], ...] | None:
    """The lines inside ``try`` and inside a ``with`` that may suppress; None without a source."""
    try:
        tree = tree_of(source)
    except (SyntaxError, ValueError):
        return None
    if not tree.body:
        return None
    bodies = [(body[0], body[-1]) for node in ast.walk(tree) if (body := _guarded_body(node))]
    return tuple((first.lineno, last.end_lineno or last.lineno) for first, last in bodies)


def _guarded_body(node: ast.AST) -> list[ast.stmt]:
    match node:
        case ast.Try(body=body) | ast.TryStar(body=body):
            return body
        case ast.With(items=items, body=body) | ast.AsyncWith(items=items, body=body):
            names = {_called_name(item.context_expr) for item in items}
            return [] if names <= _HARMLESS else body
        case _:
            return []


def _called_name(expression: ast.expr) -> str | None:
    """``autocommit_block`` of ``op.get_context().autocommit_block()``."""
    match expression:
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
            return name
        case _:
            return None
