"""Comments that allow a finding: ``# asyncmig: allow RULE reason``, ``-- asyncmig: allow RULE reason``.

A comment behind code is about the statement of that line; one with a line of its own is about the
statement below. At the head of a file, outside of every function or above the first section of a SQL
file, it is about the whole file. SQL comments in the strings of a Python file count like those of a SQL
file.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.revisions.files.python_ast import tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Silence", "read_silences"]

_ALLOW = re.compile(
    r"(?:#|--)+\s*asyncmig\s*:\s*allow\b[ \t]*(?P<rule>[\w-]*)[ \t:]*(?P<reason>[^\n]*)",
    re.IGNORECASE,
)
_SECTION = re.compile(r"--\s*(upgrade|downgrade)\s*:?\s*", re.IGNORECASE)
_ONLY_COMMENT = re.compile(r"\s*(#|--|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A comment that allows a rule.

    Attributes:
        rule: as written; may be empty or unknown.
        reason: may be empty, which is a finding.
        line: of the comment.
        first: the first line that it is about; 0 is the whole file.
        last: the last one.
    """

    rule: str
    reason: str
    line: int
    first: int
    last: int

    @property
    def of_file(self) -> bool:
        """It is about the whole file."""
        return self.first == 0

    def covers(self, line: int | None) -> bool:
        """Whether a finding at that line of the file is meant."""
        return self.of_file or (line is not None and self.first <= line <= self.last)


@dataclass(frozen=True, slots=True)
class _Comment:
    rule: str
    reason: str
    line: int
    alone: bool


def read_silences(text: str, *, sql: bool) -> tuple[Silence, ...]:
    """The silences of a revision file; those of its downgrade are left out, which is not linted.

    Args:
        text: the file.
        sql: it is a SQL revision.
    """
    if "asyncmig" not in text:
        return ()
    return tuple(_of_sql(text) if sql else _of_python(text))


def _of_sql(text: str) -> Iterator[Silence]:
    lines = text.splitlines()
    section, first_code = "", 0
    for number, line in enumerate(lines, start=1):
        if match := _SECTION.fullmatch(line.strip()):
            section, first_code = match[1].lower(), first_code or number
        elif not first_code and _ONLY_COMMENT.match(line) is None:
            first_code = number
        for comment in _comments(line, number):
            if section == "downgrade":
                continue
            if comment.alone and not first_code:
                yield _silence(comment, 0, 0)
            else:
                yield _silence(comment, *_lines_of_sql(lines, comment))


def _of_python(text: str) -> Iterator[Silence]:
    lines = text.splitlines()
    try:
        tree = tree_of(text)
        hashes = {
            token.start[0]: token.string
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.COMMENT
        }
    except (SyntaxError, tokenize.TokenError):
        return
    functions = [node for node in tree.body if isinstance(node, _FUNCTIONS)]
    strings = _long_strings(tree)
    for number, line in enumerate(lines, start=1):
        within = next((span for span in strings if span.first <= number <= span.last), None)
        if number not in hashes and within is None:
            continue
        around = next(
            (node for node in functions if node.lineno <= number <= (node.end_lineno or 0)), None
        )
        if around is not None and around.name == "downgrade":
            continue
        for comment in _comments(hashes.get(number, line), number):
            alone = _ONLY_COMMENT.match(line) is not None
            placed = _Comment(comment.rule, comment.reason, number, alone)
            if within is not None and number not in hashes:
                # the origin of a statement counts its lines from the line of the call
                first, last = _lines_of_sql(lines, placed)
                yield _silence(placed, first - within.offset, last - within.offset)
            elif around is None and alone and not _is_above_code(lines, number, functions):
                yield _silence(placed, 0, 0)
            else:
                yield _silence(placed, *_lines_of_python(tree, lines, placed))


class _LongString(NamedTuple):
    """A string of several lines: its first and last line, and how far below its statement it begins."""

    first: int
    last: int
    offset: int


def _long_strings(tree: ast.Module) -> list[_LongString]:
    found: dict[int, _LongString] = {}
    for statement in ast.walk(tree):
        if not isinstance(statement, ast.stmt) or hasattr(statement, "body"):
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno != node.lineno:
                last = node.end_lineno or node.lineno
                found[node.lineno] = _LongString(node.lineno, last, node.lineno - statement.lineno)
    return list(found.values())


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _is_above_code(
    lines: list[str], number: int, functions: list[ast.FunctionDef | ast.AsyncFunctionDef]
) -> bool:
    """Whether a comment outside of functions is right above one: then it is about that function."""
    below = _next_code(lines, number)
    return any(node.lineno == below for node in functions if node.name != "upgrade")


def _comments(line: str, number: int) -> Iterator[_Comment]:
    if match := _ALLOW.search(line):
        reason = match["reason"].strip().removesuffix("*/").strip()
        alone = _ONLY_COMMENT.match(line) is not None
        yield _Comment(match["rule"].lower().replace("_", "-"), reason, number, alone)


def _silence(comment: _Comment, first: int, last: int) -> Silence:
    return Silence(
        rule=comment.rule, reason=comment.reason, line=comment.line, first=first, last=last
    )


def _next_code(lines: list[str], number: int) -> int:
    """The next line that is more than a comment; the comment's own where none follows."""
    for below in range(number, len(lines)):
        if _ONLY_COMMENT.match(lines[below]) is None:
            return below + 1
    return number


def _lines_of_sql(lines: list[str], comment: _Comment) -> tuple[int, int]:
    """The lines of the statement that a comment in SQL is about."""
    start = _next_code(lines, comment.line) if comment.alone else comment.line
    while not comment.alone and start > 1:
        above = lines[start - 2]
        if _ONLY_COMMENT.match(above) is not None or _ends_statement(above):
            break
        start -= 1
    end = max(start, comment.line)
    while end < len(lines) and not _ends_statement(lines[end - 1]):
        if not lines[end].strip():
            break
        end += 1
    return start, end


def _ends_statement(line: str) -> bool:
    code = line.partition("--")[0].rstrip()
    return code.endswith((";", '"""', "'''", '""")', "''')"))


def _lines_of_python(tree: ast.Module, lines: list[str], comment: _Comment) -> tuple[int, int]:
    """The lines of the statement that a comment in Python is about, a whole ``with`` or ``for`` too."""
    line = _next_code(lines, comment.line) if comment.alone else comment.line
    found = (line, line)
    for node in ast.walk(tree):
        if not isinstance(node, ast.stmt) or node.end_lineno is None:
            continue
        simple = not hasattr(node, "body")
        if (simple and node.lineno <= line <= node.end_lineno) or node.lineno == line:
            if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and not comment.alone:
                continue
            found = (min(found[0], node.lineno), max(found[1], node.end_lineno))
    return found
