"""SQL of several lines within a script."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from asyncmig.render.layout import Block, Code, string
from asyncmig.sql.lexer import Kind, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["sql_text"]

_QUOTED = frozenset({Kind.STRING, Kind.QUOTED, Kind.DOLLAR, Kind.UNTERMINATED})


def sql_text(sql: str, imports: set[str], *, exact: bool) -> Code:
    """A string of Python's as a reader likes it: one line, or a block between triple quotes.

    Args:
        sql: the text.
        imports: gets the line that the code needs.
        exact: every blank counts; else lines outside of quotes may be indented further.
    """
    lines = sql.split("\n")
    if len(lines) == 1:
        return string(sql)
    if any(not line.replace("\t", "").isprintable() for line in lines):
        return _joined(lines)
    inside = [f"    {line}" if line else "" for line in lines]
    written = "\n".join(inside).replace("\\", "\\\\").replace('"""', '\\"\\"\\"').split("\n")
    if not exact and not _has_long_quote(sql):
        return Block(('"""', *(line.removeprefix("    ") for line in written), '"""'))
    if dedent("\n".join(inside)) != sql:
        return _joined(lines)
    imports.add("from textwrap import dedent")
    last = written.pop()
    if last.endswith('"'):
        last = last[:-1] + '\\"'
    return Block(('dedent("""\\', *written, f'{last or "    "}""")'))


def _has_long_quote(sql: str) -> bool:
    return any(token.kind in _QUOTED and "\n" in token.text for token in tokens(sql))


def _joined(lines: Sequence[str]) -> Block:
    """A string for each line, which Python puts together."""
    ended = [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    return Block(("(", *(f"    {string(line)}" for line in ended), ")"))
