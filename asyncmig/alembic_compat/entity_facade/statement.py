r"""``alembic_utils.statement``: texts as entities keep and print them.

Definitions go through ``sa.text``, where a colon begins a parameter: it is written ``\:``.
"""

from __future__ import annotations

import re

__all__ = [
    "coerce_to_quoted",
    "coerce_to_unquoted",
    "escape_colon_for_plpgsql",
    "escape_colon_for_sql",
    "normalize_whitespace",
    "parameter_escaped",
    "strip_double_quotes",
    "strip_terminating_semicolon",
    "without_defaults",
]

_COLON = re.compile(r"::|:")
_COLON_OF_PLPGSQL = re.compile(r"::|:=|\\:|:")
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")
_PIECE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[(\[]|[)\]]|,|.""", re.DOTALL)
_DEFAULT = re.compile(r"""("(?:[^"]|"")*")|\bdefault\b.*|:?=.*""", re.IGNORECASE | re.DOTALL)


def normalize_whitespace(text: str, base_whitespace: str = " ") -> str:
    """Every run of white space as one blank."""
    return base_whitespace.join(text.split())


def strip_terminating_semicolon(sql: str) -> str:
    """A statement without its end."""
    return sql.strip().rstrip(";").strip()


def strip_double_quotes(sql: str) -> str:
    """A name without quotes around it."""
    return sql.strip().strip('"').strip()


def escape_colon_for_sql(sql: str) -> str:
    """Colons for ``sa.text``; casts stay."""
    return _COLON.sub(lambda found: found[0] if len(found[0]) > 1 else r"\:", sql)


def escape_colon_for_plpgsql(sql: str) -> str:
    """Colons for ``sa.text``; casts, assignments and what is escaped already stay."""
    return _COLON_OF_PLPGSQL.sub(lambda found: found[0] if len(found[0]) > 1 else r"\:", sql)


def parameter_escaped(sql: str) -> str:
    """What ``sa.text`` would take for a parameter, escaped: an entity has none."""
    return _PARAMETER.sub(r"\:", sql)


def coerce_to_quoted(text: str) -> str:
    """A name, or a schema and a name, in quotes."""
    return ".".join(f'"{strip_double_quotes(part)}"' for part in text.split(".", 1))


def coerce_to_unquoted(text: str) -> str:
    """A name without any quotes."""
    return text.replace('"', "")


def without_defaults(parameters: str) -> str:
    """The parameters of a function as DROP FUNCTION takes them."""
    pieces = [""]
    depth = 0
    for found in _PIECE.finditer(parameters):
        piece = found[0]
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(piece, 0)
        if piece == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += piece
    bare = (_DEFAULT.sub(lambda found: found[1] or "", piece).strip() for piece in pieces)
    return ", ".join(piece for piece in bare if piece)
