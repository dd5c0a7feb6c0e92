"""Checksums of scripts: the same as long as a script does the same.

For Python the syntax tree counts: comments, layout, quotes, brackets and docstrings do not. The tree is
written down node by node, field by field, without what differs between Python 3.11 and 3.14: empty
fields, positions, type comments. For SQL the text counts without comments, line ends and runs of blanks.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast

__all__ = ["bytes_checksum", "python_checksum", "sql_checksum"]

_LENGTH = 32


def python_checksum(source: str | bytes) -> str:
    """The checksum of a Python script.

    Raises:
        SyntaxError, ValueError: it is no Python.
    """
    import ast

    return _digest(_flattened(ast.parse(source)))


def sql_checksum(normalised: str) -> str:
    """The checksum of a SQL script, given as ``normalise_sql`` leaves it."""
    return _digest(normalised)


def bytes_checksum(content: bytes) -> str:
    """The checksum of byte code, where there is no source."""
    return hashlib.sha256(content).hexdigest()[:_LENGTH]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]


def _flattened(tree: ast.Module) -> str:
    import ast

    parts: list[str] = []
    # A stack instead of recursion: an expression may be nested deeper than Python recurses.
    todo: list[object] = [tree]
    while todo:
        item = todo.pop()
        if isinstance(item, str):
            parts.append(item)
        elif isinstance(item, ast.AST):
            parts.append(f"({type(item).__name__}")
            inner: list[object] = []
            for field, value in ast.iter_fields(item):
                if field == "body" and _may_have_docstring(item) and isinstance(value, list):
                    value = _without_docstring(value)  # noqa: PLW2901  # the field, as it counts
                if (
                    field in {"type_comment", "type_ignores", "kind"}
                    or value is None
                    or value == []
                ):
                    continue
                inner.append(f" {field}=")
                inner.extend(_pieces(value))
            inner.append(")")
            todo.extend(reversed(inner))
        else:
            parts.append(f"{type(item).__name__}:{item!r}")
    return "".join(parts)


def _pieces(value: object) -> list[object]:
    import ast

    if isinstance(value, list):
        pieces: list[object] = ["["]
        for item in value:
            pieces.extend(_pieces(item))
            pieces.append(",")
        return [*pieces, "]"]
    if isinstance(value, ast.AST):
        return [value]
    return [f"{type(value).__name__}:{value!r}"]


def _may_have_docstring(node: ast.AST) -> bool:
    import ast

    return isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    import ast

    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
        case _:
            return body


def unwritten_functions(source: str | bytes) -> frozenset[str]:
    """The functions at the margin of a module that do nothing but raise ``NotImplementedError``.

    Raises:
        SyntaxError, ValueError: it is no Python.
    """
    import ast

    unwritten: set[str] = set()
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            match _without_docstring(statement.body):
                case [ast.Raise(exc=ast.Name(id="NotImplementedError"))]:
                    unwritten.add(statement.name)
                case [ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError")))]:
                    unwritten.add(statement.name)
                case _:
                    unwritten.discard(statement.name)
    return frozenset(unwritten)
