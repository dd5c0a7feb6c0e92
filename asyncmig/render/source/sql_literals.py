"""SQL as string literals of a script, of one line or several."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from asyncmig.render.source.layout import WIDTH, Block, Code, string_literal
from asyncmig.sql.lexer import Kind, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["sql_literal"]

_LONGEST = WIDTH - 5
"""Columns of a string on a line of its own, as an argument of a directive."""
_CLAUSES = frozenset(
    {
        "ADD",
        "ALTER",
        "AS",
        "CHECK",
        "DEFERRABLE",
        "EXCLUDE",
        "EXECUTE",
        "FOR",
        "FOREIGN",
        "FROM",
        "INCLUDE",
        "ON",
        "PRIMARY",
        "REFERENCES",
        "RENAME",
        "SET",
        "TO",
        "UNIQUE",
        "USING",
        "WHERE",
        "WITH",
    }
)
_QUOTED = frozenset({Kind.STRING, Kind.QUOTED, Kind.DOLLAR, Kind.UNTERMINATED})


def sql_literal(sql: str, imports: set[str], *, exact: bool) -> Code:
    """A string literal: of one line, or a block in triple quotes.

    Args:
        sql: the text.
        imports: the import that the code needs is added.
        exact: keep all blanks; else lines outside of quotes may be indented further.
    """
    lines = sql.split("\n")
    if len(lines) == 1:
        return _wrapped(sql)
    if any(not line.replace("\t", "").isprintable() for line in lines):
        return _concatenated(lines)
    inside = [f"    {line}" if line else "" for line in lines]
    written = "\n".join(inside).replace("\\", "\\\\").replace('"""', '\\"\\"\\"').split("\n")
    if not exact and not _has_long_quote(sql):
        return Block(('"""', *(line.removeprefix("    ") for line in written), '"""'))
    if dedent("\n".join(inside)) != sql:
        return _concatenated(lines)
    imports.add("from textwrap import dedent")
    last = written.pop()
    if last.endswith('"'):
        last = last[:-1] + '\\"'
    return Block(('dedent("""\\', *written, f'{last or "    "}""")'))


def _has_long_quote(sql: str) -> bool:
    return any(token.kind in _QUOTED and "\n" in token.text for token in tokens(sql))


def _concatenated(lines: Sequence[str]) -> Code:
    """A string for each line, which Python concatenates; one string if all of them fit on a line."""
    whole = string_literal("\n".join(lines))
    if len(whole) <= _LONGEST:
        return whole
    ended = [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    return Block(("(", *(f"    {string_literal(line)}" for line in ended), ")"))


def _wrapped(sql: str) -> Code:
    """A literal of one long line: broken before clauses, and between words in long clauses."""
    if len(string_literal(sql)) <= _LONGEST:
        return string_literal(sql)
    depth, clauses, words = 0, [], []
    for token in tokens(sql):
        depth += (token.text == "(") - (token.text == ")")
        if token.start and sql[token.start - 1] == " ":
            words.append(token.start)
            if depth == 0 and token.word in _CLAUSES:
                clauses.append(token.start)
    lines: list[str] = []
    begin = 0
    for clause in _split_at(sql, clauses):
        end = begin + len(clause)
        inside = [place - begin for place in words if begin < place < end]
        lines += _split_at(clause, inside)
        begin = end
    return Block(tuple(map(string_literal, lines))) if len(lines) > 1 else string_literal(sql)


def _split_at(text: str, places: Iterable[int]) -> Iterator[str]:
    """A text split at some of these places, with parts as long as possible."""
    begin = last = 0
    for place in (*places, len(text)):
        if last > begin and len(string_literal(text[begin:place])) > _LONGEST:
            yield text[begin:last]
            begin = last
        last = place
    yield text[begin:]
