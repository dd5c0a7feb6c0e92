"""Reads the metadata of a Python revision file without executing it.

The metadata are four variables: ``revision``, ``down_revision``, ``branch_labels``, ``depends_on``; and the
docstring. Reading gets by with as little as the file allows:

1. The head of nearly every script is a docstring, comments, imports and one-line assignments. A
   regular expression accounts for each of its lines from the first on, so that it cannot be fooled
   by text inside a string, and gives up at anything else.
2. Otherwise the part of the file up to the last place where one of the names occurs is parsed; see
   ``asyncmig.revisions.files.python_ast``.
3. If a value is not a literal there (a call, an ``if``, a star import ...), it is *computed*: the caller
   must execute the script.

In all three the rest of the file mentions neither the names nor anything that could set them unseen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.errors import ScriptError
from asyncmig.revisions.files.fields import FIELDS, MENTION, WORDS
from asyncmig.revisions.graph.revision import Revision, ScriptKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["decode", "read_metadata", "revision_from"]

# Everything is possessive (a `+` after the quantifier): a line that does not fit is not tried twice.
_QUOTED = r"""'[^'\\\n]*+'|"[^"\\\n]*+\""""
_END = r"[ \t]*+(?:\#[^\n]*+)?+\n"
_IMPORTED = rf"(?!(?:{'|'.join(WORDS)})\b)\w++"
_DOCSTRING = re.compile(
    rf"""
    (?:{_END})*+                                                    # blank lines, comments
    [rRuU]?+
    (?: \"{{3}}(?P<double>(?:[^"\\]|"(?!""))*+)\"{{3}}
      | '{{3}}(?P<single>(?:[^'\\]|'(?!''))*+)'{{3}}
      | (?P<line>{_QUOTED})
    )
    {_END}
    """,
    re.VERBOSE,
)
_PLAIN_LINES = re.compile(
    rf"""
    (?: {_END}
      | (?:import|from)[ ](?:{_IMPORTED}|[., \t])++{_END}
      | from[ ][\w.]++[ ]import[ ]?+\((?:{_IMPORTED}|[,\s])++\){_END}
    )++
    """,
    re.VERBOSE,
)
_FIELD = re.compile(
    rf"""
    (?P<name>{"|".join(FIELDS)})
    (?:[ \t]*+:(?:[^=\n\#"']++|[ \t]*+(?:{_QUOTED})))?+             # annotation
    [ \t]*+=[ \t]*+
    (?: None
      | (?P<one>{_QUOTED})
      | (?P<open>[(\[])(?P<many>[ \t]*+(?:(?:{_QUOTED})[ \t]*+,[ \t]*+)*(?:{_QUOTED})?[ \t]*+)[)\]]
    )
    {_END}
    """,
    re.VERBOSE,
)
_STRING = re.compile(_QUOTED)
_CODING = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")
_ID_AS_FILE_NAME = re.compile(r"([a-f0-9]+)\.py")


def read_metadata(source: bytes, path: str) -> Revision | Verdict:
    """The metadata of a Python revision file, or ``COMPUTED``.

    Args:
        source: what the file holds.
        path: the file, for the result and for errors.

    Raises:
        ScriptError: it is no Python, or says nothing, or something unusable, of itself.
    """
    text = decode(source, path)
    found = _read_head(text)
    if found is None:
        from asyncmig.revisions.files.python_ast import read_tree

        found = read_tree(text, path)
    values, doc = found
    if Verdict.COMPUTED in values.values():
        return Verdict.COMPUTED
    return revision_from(values, doc, path)


def revision_from(values: Mapping[str, object], doc: str | None, path: str) -> Revision:
    """Make a revision of the four values as a script has them.

    Raises:
        ScriptError: ``revision`` or ``down_revision`` is missing, or one of the four is not made of
            strings.
    """
    name = values["revision"] if "revision" in values else _name_from_file(path)
    if name is None:
        raise ScriptError(
            f"{path} is not a revision: it has no `revision`",
            hint='add `revision = "..."` and `down_revision = "..."`, or move the file out of the '
            "folder of revisions",
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
            hint="write `down_revision = None` for the first revision of a branch, else the id below",
            path=path,
            revision=name,
        )
    written = (doc or "").strip()
    return Revision(
        id=name,
        down_revisions=_names(values, "down_revision", path),
        depends_on=_names(values, "depends_on", path),
        branch_labels=_names(values, "branch_labels", path),
        doc=written,
        path=path,
        kind=ScriptKind.PYTHON,
    )


_MAY_BE_EMPTY = frozenset({"depends_on", "branch_labels"})
_EMPTY = ("", ("",), [""], {""}, False, 0)
"""Values other than None that say "none" in scripts of Alembic, which looks whether they are true."""


def _name_from_file(path: str) -> str | None:
    # The oldest Alembic scripts have no `revision`: their file's name is the id.
    match = _ID_AS_FILE_NAME.fullmatch(re.split(r"[/\\]", path)[-1])
    return match[1] if match else None


def _names(values: Mapping[str, object], field: str, path: str) -> tuple[str, ...]:
    value = values.get(field)
    if value is None or (field in _MAY_BE_EMPTY and value in _EMPTY):
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, tuple | list | set | frozenset):
        items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        if all(item is None or isinstance(item, str) for item in items):
            return tuple(dict.fromkeys(item for item in items if item is not None))
    raise ScriptError(
        f"`{field}` in {path} is {value!r}, and must be a string, several strings or None",
        hint=f'write for example `{field} = "..."`',
        path=path,
    )


def decode(source: bytes, path: str) -> str:
    """The text of a script, by its coding cookie or as UTF-8, with plain line ends.

    Raises:
        ScriptError: it is not in that encoding. Facts: ``path``, ``line``.
    """
    encoding = "utf-8-sig"
    if any(_CODING.match(line) for line in source[:400].split(b"\n", 2)[:2]):
        encoding = _declared_encoding(source, path)
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


def _declared_encoding(source: bytes, path: str) -> str:
    import io
    import tokenize

    try:
        return tokenize.detect_encoding(io.BytesIO(source).readline)[0]
    except SyntaxError as error:
        raise ScriptError(
            f"{path} cannot be read: {error.msg}", hint="save it as UTF-8", path=path, line=1
        ) from error


def _read_head(text: str) -> tuple[dict[str, object], str] | None:
    docstring = _DOCSTRING.match(text)
    position = docstring.end() if docstring else 0
    values: dict[str, object] = {}
    while True:
        if plain := _PLAIN_LINES.match(text, position):
            position = plain.end()
        field = _FIELD.match(text, position)
        if field is None:
            break
        values[field["name"]] = _literal_in(field)
        position = field.end()
    if "revision" not in values or "down_revision" not in values:
        return None
    rest = text[position:]
    mentioned = "*" in rest or any(word in rest for word in WORDS)  # far quicker than the pattern
    if mentioned and MENTION.search(rest):
        return None
    doc = ""
    if docstring:
        doc = docstring["double"] or docstring["single"] or (docstring["line"] or "")[1:-1]
    return values, doc


def _literal_in(line: re.Match[str]) -> str | tuple[str, ...] | None:
    one: str | None = line["one"]
    many: str | None = line["many"]
    if one is not None:
        return one[1:-1]
    if many is None:
        return None
    strings: tuple[str, ...] = tuple(string[1:-1] for string in _STRING.findall(many))
    if line["open"] == "(" and len(strings) == 1 and "," not in many:
        return strings[0]  # brackets around one string make no tuple
    return strings
