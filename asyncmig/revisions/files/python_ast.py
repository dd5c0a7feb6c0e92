"""The syntax tree of a Python revision file: its metadata, and what it does.

Every function here parses; nothing is executed.
"""

from __future__ import annotations

import ast
import re
import warnings
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from asyncmig.errors import ScriptError
from asyncmig.revisions.files.fields import FIELDS, MENTION, SETTERS
from asyncmig.revisions.graph.revision import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Unwritten", "flattened", "parse", "read_tree", "tree_of", "unwritten_functions"]

_ATTEMPTS = 10
_LINE_START = re.compile(r"^[^\s)\]}#]", re.MULTILINE)
_SETTERS_FROM_INSIDE = frozenset(("globals", "exec", "modules"))

_SILENT = frozenset(("ctx", "kind", "type_comment", "type_ignores"))

_DOCUMENTED = frozenset((ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def parse(text: str | bytes, path: str) -> ast.Module:
    """The syntax tree of a script.

    Raises:
        ScriptError: it is no Python. Facts: ``path``, ``line``, ``text``.
    """
    try:
        return _parsed(text)
    except SyntaxError as error:
        culprit = (error.text or "").strip()
        where = path if error.lineno is None else f"{path}:{error.lineno}"
        raise ScriptError(
            f"{where} is not valid Python: {error.msg}",
            hint=f"correct the line: {culprit}" if culprit else "correct the file",
            path=path,
            line=error.lineno,
            text=culprit,
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise ScriptError(
            f"{path} is not valid Python: {error}", hint="correct the file", path=path
        ) from error


def _parsed(text: str | bytes) -> ast.Module:
    with warnings.catch_warnings():
        # Python warns of doubtful escapes when it compiles the script; once is enough.
        warnings.simplefilter("ignore")
        return tree_of(text)


def tree_of(text: str | bytes, path: str = "<unknown>") -> ast.Module:
    """``ast.parse``, repeated where garbage collection has disturbed it.

    Before 3.11.8 Python counts the depth of all trees under construction in one variable (gh-106905). No
    other code runs while Python builds a tree, except finalizers of garbage. If a finalizer parses (logging a
    traceback does), or lets a thread run that parses, the count is wrong, and Python raises SystemError
    instead of returning the tree. The next attempt finds that garbage gone.
    """
    for _ in range(_ATTEMPTS - 1):
        with suppress(SystemError):
            return ast.parse(text, path)
    return ast.parse(text, path)


# -- metadata -----------------------------------------------------------------------------------


def read_tree(text: str, path: str) -> tuple[dict[str, object], str]:
    """The values of the fields that count, ``COMPUTED`` where they are no literals; the docstring.

    Raises:
        ScriptError: it is no Python.
    """
    tree = _first_part(text) or parse(text, path)
    values: dict[str, object] = {}
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in FIELDS:
                values[name] = _literal(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if name in FIELDS:
                if value is not None:
                    values[name] = _literal(value)
            case _:
                values.update(dict.fromkeys(_bound_by(statement), Verdict.COMPUTED))
    # A function may be called after the assignments, wherever it is defined.
    values.update(dict.fromkeys(_bound_inside(tree), Verdict.COMPUTED))
    if "revision" not in values:
        parse(text, path)  # perhaps it is no Python at all: then say that first
    return values, ast.get_docstring(tree, clean=False) or ""


def _first_part(text: str) -> ast.Module | None:
    """The tree up to the first line at the margin after the last mention of a name that counts."""
    end = len(text)
    for mention in MENTION.finditer(text):
        after = _LINE_START.search(text, mention.end())
        end = after.start() if after else len(text)
    try:
        # A line at the margin begins a statement, or stands inside of a string or bracket, or
        # belongs to a compound statement. Unless the first is true, what is before is no Python.
        return _parsed(text[:end])
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    """The fields that a statement may set when the module is executed."""
    for node in _executed(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()) if name in FIELDS:
                yield name
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in SETTERS:
                yield from FIELDS
            case ast.alias(name="*"):
                yield from FIELDS
            case ast.alias(name=name, asname=asname) if (asname or name) in FIELDS:
                yield asname or name
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
                | ast.ExceptHandler(name=str(name))
                | ast.MatchAs(name=str(name))
                | ast.MatchStar(name=str(name))
                | ast.MatchMapping(rest=str(name))
            ) if name in FIELDS:
                yield name
            case _:
                pass


def _executed(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, without the bodies of functions."""
    todo = [node]
    while todo:
        current = todo.pop()
        yield current
        for field, value in ast.iter_fields(current):
            if field == "body" and isinstance(current, _Function):
                continue
            items = value if isinstance(value, list) else [value]
            todo.extend(item for item in items if isinstance(item, ast.AST))


def _bound_inside(tree: ast.Module) -> Iterator[str]:
    """The fields that a function's body may set in the module, if it is called."""
    for function in ast.walk(tree):
        if isinstance(function, _Function):
            for node in ast.walk(function):
                match node:
                    case ast.Global(names=names):
                        yield from set(names).intersection(FIELDS)
                    case ast.Name(id=name) | ast.Attribute(attr=name) if (
                        name in _SETTERS_FROM_INSIDE
                    ):
                        yield from FIELDS
                    case _:
                        pass


def _literal(node: ast.expr) -> object:
    match node:
        case ast.Constant(value=None | str() as value):
            return value
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            start, end = _literal(left), _literal(right)
            if isinstance(start, str) and isinstance(end, str):
                return start + end
            return Verdict.COMPUTED
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            values = tuple(_literal(item) for item in items)
            if all(value is None or isinstance(value, str) for value in values):
                return values
            return Verdict.COMPUTED
        case ast.Call(func=ast.Name(id="tuple" | "list" | "set"), args=[], keywords=[]):
            return ()
        case _:
            return Verdict.COMPUTED


# -- what a script does -------------------------------------------------------------------------


class Unwritten(NamedTuple):
    """Where a function raises ``NotImplementedError``, and what it says to that."""

    line: int
    message: str | None


def unwritten_functions(tree: ast.Module) -> dict[str, Unwritten]:
    """The functions of a module that do nothing but raise ``NotImplementedError``, by name."""
    unwritten: dict[str, Unwritten] = {}
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            match _without_docstring(statement.body):
                case [ast.Raise(exc=ast.Name(id="NotImplementedError"), lineno=line)]:
                    unwritten[statement.name] = Unwritten(line, None)
                case [
                    ast.Raise(
                        exc=ast.Call(func=ast.Name(id="NotImplementedError"), args=said),
                        lineno=line,
                    )
                ]:
                    unwritten[statement.name] = Unwritten(line, _said(said))
                case _:
                    unwritten.pop(statement.name, None)
    return unwritten


def _said(arguments: Sequence[ast.expr]) -> str | None:
    """The message of an exception that has not been raised yet."""
    match arguments:
        case []:
            return None
        case [ast.Constant(value=str(text))]:
            return text
        case _:
            return ", ".join(map(ast.unparse, arguments))


def flattened(tree: ast.Module) -> str:
    """A tree as text: the same for scripts that differ in comments, layout and docstrings only.

    Written node by node and field by field, without what differs between Python 3.11 and 3.14 or
    does not matter: positions, empty fields, type comments, prefixes of strings.
    """
    line: list[str] = []
    nodes: list[ast.AST] = [tree]
    # Level by level instead of by recursion: a long sum nests deeper than Python recurses. "*" stands
    # for the next node that was not written yet.
    for node in nodes:
        kind = type(node)
        line.append(f"\n{kind.__name__}")
        for field in _telling(kind._fields):
            value = getattr(node, field, None)
            if value is None or value == []:
                continue
            items: Sequence[Any] = value if isinstance(value, list) else (value,)
            if field == "body" and kind in _DOCUMENTED:
                items = _without_docstring(items)
            elif kind is ast.JoinedStr:
                items = _joined(items)
            line.append(f"{field}/{len(items)}")
            for item in items:
                if isinstance(item, ast.AST):
                    line.append("*")
                    nodes.append(item)
                else:
                    # !a, since what is printable depends on the version of Python
                    line.append(f"{type(item).__name__}:{item!a}")
    return " ".join(line)


@cache
def _telling(fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(field for field in fields if field not in _SILENT)


def _joined(pieces: Sequence[ast.expr]) -> list[ast.expr]:
    # Into how many pieces the text of an f-string falls, empty ones included, is Python's choice.
    joined: list[ast.expr] = []
    for piece in pieces:
        match joined, piece:
            case _, ast.Constant(value=""):
                pass
            case [*_, ast.Constant(value=str(before))], ast.Constant(value=str(after)):
                joined[-1] = ast.Constant(before + after)
            case _:
                joined.append(piece)
    return joined


def _without_docstring(body: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
        case _:
            return body
