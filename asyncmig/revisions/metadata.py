"""What a Python revision file says of itself, read without running it.

Four names count: ``revision``, ``down_revision``, ``branch_labels``, ``depends_on``; and the docstring.
Reading gets by with as little as the file allows:

1. The head of nearly every script is a docstring, comments, imports and one-line assignments. A regular
   expression accounts for each of its lines from the first on, so it cannot be fooled by text inside a
   string, and gives up at anything else.
2. Otherwise the part of the file up to the last place where one of the names occurs is parsed.
3. What is not a literal there (a call, an ``if``, a star import ...) is *computed*: only running the
   script can tell, and that is the caller's business.

In all three the rest of the file must not mention the names, or anything that could set them unseen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.errors import ScriptError
from asyncmig.revisions.revision import Revision, ScriptKind

if TYPE_CHECKING:
    import ast
    from collections.abc import Mapping

__all__ = ["COMPUTED", "FIELDS", "decode", "name_from_file", "read_metadata", "revision_from"]

FIELDS = ("revision", "down_revision", "branch_labels", "depends_on")

_Value = str | tuple[str, ...] | None

COMPUTED = object()
"""Stands for metadata that only running the script can tell."""

# What can set a module's variables without naming them in plain sight.
_HIDDEN = r"globals|locals|vars|exec|eval|setattr|__dict__|__setattr__"
_MENTION = re.compile(rf"\b(?:{'|'.join(FIELDS)}|{_HIDDEN})\b|\bimport[ \t(]*\*")
_SETTER_CALLS = frozenset(_HIDDEN.split("|"))

_QUOTED = r"""'[^'\\\n]*'|"[^"\\\n]*\""""
_DOCSTRING = re.compile(
    r"""(?:[ \t]*(?:\#[^\n]*)?\n)*(?:[rRuU]?(?:\"{3}(?P<double>(?:[^"\\]|"(?!""))*)\"{3}|'{3}(?P<single>(?:[^'\\]|'(?!''))*)'{3})[ \t]*(?:\#[^\n]*)?(?:\n|\Z))?"""
)
_HEAD_LINE = re.compile(
    rf"""
      [ \t]* (?:\#[^\n]*)? \n                                            # blank, comment
    | (?:import|from)[ ] [\w., \t]+ (?:\#[^\n]*)? \n                     # import on one line
    | from[ ] [\w.]+ [ ] import[ ]? \( [\w,\s]* \) [ \t]* (?:\#[^\n]*)? \n
    | (?P<name>{"|".join(FIELDS)}) (?:[ \t]*:[^=\n#"']+|[ \t]*:[ \t]*(?:{_QUOTED}))? [ \t]*=[ \t]*
      (?: None
        | (?P<one>{_QUOTED})
        | [(\[] (?P<many>[ \t]*(?:(?:{_QUOTED})[ \t]*,[ \t]*)*(?:{_QUOTED})?[ \t]*) [)\]]
      ) [ \t]* (?:\#[^\n]*)? \n
    """,
    re.VERBOSE,
)
_STRING = re.compile(_QUOTED)
_LINE_START = re.compile(r"^[^\s)\]}#]", re.MULTILINE)
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.MULTILINE)
_ID_AS_FILE_NAME = re.compile(r"([a-f0-9]+)\.py")


@dataclass(slots=True)
class _Facts:
    doc: str
    values: dict[str, object]


def read_metadata(source: bytes, path: str) -> Revision | None:
    """The metadata of a Python revision file, or None where only running the script can tell it.

    Args:
        source: what the file holds.
        path: the file, for the result and for errors.

    Raises:
        ScriptError: it is no Python, or says nothing, or something unusable, of itself.
    """
    text = decode(source, path)
    facts = _read_head(text) or _read_tree(text, path)
    if COMPUTED in facts.values.values():
        return None
    return revision_from(facts.values, facts.doc, path)


def revision_from(values: Mapping[str, object], doc: str | None, path: str) -> Revision:
    """Make a revision of the four values as a script has them.

    Raises:
        ScriptError: ``revision`` or ``down_revision`` is missing, or one of the four is not made of
            strings.
    """
    name = values["revision"] if "revision" in values else name_from_file(path)
    if name is None:
        raise ScriptError(
            f"{path} is no revision: it has no `revision`",
            hint='add `revision = "..."` and `down_revision = "..."`, or move the file out of the folder of '
            "revisions",
            path=path,
        )
    if not isinstance(name, str):
        raise ScriptError(
            f"`revision` in {path} is {name!r}, and must be a string",
            hint='write `revision = "..."`',
            path=path,
        )
    if "down_revision" not in values:
        raise ScriptError(
            f"revision '{name}' has no `down_revision` ({path})",
            hint="write `down_revision = None` for the first revision of a branch, else the id below it",
            path=path,
            revision=name,
        )
    written = (doc or "").strip()
    return Revision(
        id=name,
        down_revisions=_names(values, "down_revision", path),
        depends_on=_names(values, "depends_on", path),
        branch_labels=_names(values, "branch_labels", path),
        message=written.partition("\n")[0].rstrip(),
        doc=written,
        path=path,
        kind=ScriptKind.PYTHON,
    )


def name_from_file(path: str) -> str | None:
    """The id that a file's name is, where it is nothing but one: how the oldest Alembic scripts have it."""
    match = _ID_AS_FILE_NAME.fullmatch(re.split(r"[/\\]", path)[-1])
    return match[1] if match else None


def _names(values: Mapping[str, object], field: str, path: str) -> tuple[str, ...]:
    value = values.get(field)
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, tuple | list | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        names = tuple(dict.fromkeys(item for item in items if isinstance(item, str)))
        if not any(item is not None and not isinstance(item, str) for item in items):
            return names
    raise ScriptError(
        f"`{field}` in {path} is {value!r}, and must be a string, several strings or None",
        hint=f'write for example `{field} = "..."`',
        path=path,
    )


def decode(source: bytes, path: str) -> str:
    """The text of a Python file, by its coding cookie or as UTF-8, with plain line ends."""
    encoding = "utf-8-sig"
    if b"coding" in (start := source[:400]) and _CODING.search(b"\n".join(start.split(b"\n")[:2])):
        import io
        import tokenize

        try:
            encoding = tokenize.detect_encoding(io.BytesIO(source).readline)[0]
        except SyntaxError as error:
            raise ScriptError(
                f"{path} cannot be read: {error}", hint="save it as UTF-8", path=path
            ) from error
    try:
        text = source.decode(encoding)
    except UnicodeDecodeError as error:
        raise ScriptError(
            f"{path} is not {encoding.removesuffix('-sig')}: byte {error.start} cannot be decoded",
            hint="save it as UTF-8, or name its encoding in the first line: # -*- coding: ... -*-",
            path=path,
            line=source.count(b"\n", 0, error.start) + 1,
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


# -- the head of the file, line by line ---------------------------------------------------------


def _read_head(text: str) -> _Facts | None:
    docstring = _DOCSTRING.match(text)
    assert docstring is not None, "every part of the pattern is optional"
    position = docstring.end()
    values: dict[str, object] = {}
    while line := _HEAD_LINE.match(text, position):
        position = line.end()
        if name := line["name"]:
            values[name] = _literal_in(line)
    if "revision" not in values or "down_revision" not in values or _MENTION.search(text, position):
        return None
    return _Facts(docstring["double"] or docstring["single"] or "", values)


def _literal_in(line: re.Match[str]) -> _Value:
    if (one := line["one"]) is not None:
        return one[1:-1]
    if (many := line["many"]) is None:
        return None
    strings = tuple(string[1:-1] for string in _STRING.findall(many))
    if "(" in line[0] and len(strings) == 1 and "," not in many:
        return strings[0]  # brackets around one string make no tuple
    return strings


# -- the syntax tree ----------------------------------------------------------------------------


def _read_tree(text: str, path: str) -> _Facts:
    import ast

    end = len(text)
    for mention in _MENTION.finditer(text):
        after = _LINE_START.search(text, mention.end())
        end = after.start() if after else len(text)
    try:
        # The cut is where a line begins at the margin: either between two statements, or inside a
        # string or a bracket, and then what stands before it is no Python.
        tree = ast.parse(text[:end])
    except (SyntaxError, ValueError):
        tree = _parse(text, path)
    values: dict[str, object] = {}
    for statement in tree.body:
        _read_statement(statement, values)
    if "revision" not in values and end < len(text):
        _parse(text, path)  # perhaps it is no Python at all: say that first
    return _Facts(ast.get_docstring(tree, clean=False) or "", values)


def _parse(text: str, path: str) -> ast.Module:
    import ast

    try:
        return ast.parse(text, path)
    except SyntaxError as error:
        raise ScriptError(
            f"{path}:{error.lineno} is no Python: {error.msg}",
            hint=f"correct the line: {error.text.strip()}" if error.text else "correct the file",
            path=path,
            line=error.lineno,
            text=(error.text or "").strip(),
        ) from error
    except ValueError as error:
        raise ScriptError(
            f"{path} is no Python: {error}", hint="correct the file", path=path
        ) from error


def _read_statement(statement: ast.stmt, values: dict[str, object]) -> None:
    import ast

    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in FIELDS:
            values[name] = _literal(value)
            return
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if name in FIELDS:
            if value is not None:
                values[name] = _literal(value)
            return
    for node in ast.walk(statement):
        for name in _may_set(node, inside=node is not statement):
            values[name] = COMPUTED


def _may_set(node: ast.AST, *, inside: bool) -> tuple[str, ...]:
    """The names that this piece of code may give another value, as far as one can see."""
    import ast

    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            found = [name]
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _SETTER_CALLS:
            return FIELDS
        case ast.alias(name="*"):
            return FIELDS
        case ast.alias(name=name, asname=asname):
            found = [asname or name.partition(".")[0]]
        case ast.Global(names=names):
            found = names
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            found = [name]
        case (
            ast.ExceptHandler(name=str(name))
            | ast.MatchAs(name=str(name))
            | ast.MatchStar(name=str(name))
        ):
            found = [name]
        case ast.MatchMapping(rest=str(name)):
            found = [name]
        case _:
            return ()
    return tuple(name for name in found if name in FIELDS)


def _literal(node: ast.expr) -> object:
    import ast

    match node:
        case ast.Constant(value=None | str() as value):
            return value
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = (_literal(left), _literal(right))
            return parts[0] + parts[1] if all(isinstance(part, str) for part in parts) else COMPUTED
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            values = tuple(_literal(item) for item in items)
            if all(value is None or isinstance(value, str) for value in values):
                return values
            return COMPUTED
        case ast.Call(func=ast.Name(id="tuple" | "list" | "set"), args=[], keywords=[]):
            return ()
        case _:
            return COMPUTED
