"""Normalizes expressions that PostgreSQL prints in two forms.

Printed SQL usually parses to the expression that it was printed from. A list of varchars does not:
``(status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])`` is
the printed form of ``status IN ('a', 'b')``. Parsed again, it is printed as ``... ANY (ARRAY[('a'::character
varying)::text, ...])``, because the parser applies a cast of ``ARRAY[...]`` to its elements.
"""

from __future__ import annotations

import re

__all__ = ["normalized_sql"]

_START = "(ARRAY["
_END = re.compile(r"\]\)::([^\[\](),']+)\[\]")
_PIECE = re.compile(r"""E?'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|[][(),]|[^][(),'"E]+|E""", re.DOTALL)


def normalized_sql(sql: str) -> str:
    """Return the form in which an expression is printed after it was printed and parsed again.

    Example:
        >>> normalized_sql("(ARRAY['a'::character varying])::text[]")
        "ARRAY[('a'::character varying)::text]"
    """
    place = sql.find(_START)
    while place >= 0:
        inside = place + len(_START)
        elements, end = _elements(sql, inside)
        cast = _END.match(sql, end)
        if cast is None or any(element.startswith("ARRAY[") for element in elements):
            place = sql.find(_START, inside)
            continue
        written = "ARRAY[" + ", ".join(f"({element})::{cast[1]}" for element in elements) + "]"
        sql = sql[:place] + written + sql[cast.end() :]
        place = sql.find(_START, place)
    return sql


def _elements(sql: str, place: int) -> tuple[list[str], int]:
    """The elements up to the closing bracket, and its position."""
    elements: list[str] = []
    depth, begun = 0, place
    while found := _PIECE.match(sql, place):
        piece = found.group()
        if depth == 0 and piece in {",", "]"}:
            elements.append(sql[begun:place].strip())
            begun = found.end()
            if piece == "]":
                return elements, place
        elif piece in {"(", "["}:
            depth += 1
        elif piece in {")", "]"}:
            depth -= 1
        place = found.end()
    return elements, place
