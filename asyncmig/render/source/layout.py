"""Python calls as text: on one line if they fit, else with one argument per line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "WIDTH",
    "Block",
    "Call",
    "Code",
    "ListCode",
    "format_code",
    "one_line",
    "string_literal",
]

WIDTH = 84
"""Columns of a function's body; with its indentation, formatters accept it."""

Code: TypeAlias = "str | Call | ListCode | Block"


@dataclass(frozen=True, slots=True)
class Call:
    """``name(arguments, keyword=...)``."""

    name: str
    arguments: tuple[tuple[str | None, Code], ...]
    multiline: bool = False
    """It is never written on one line."""

    @classmethod
    def of(cls, name: str, /, *arguments: Code, **keywords: Code) -> Call:
        """A call with these arguments."""
        return cls(name, (*((None, item) for item in arguments), *keywords.items()))


@dataclass(frozen=True, slots=True)
class ListCode:
    """A list."""

    items: tuple[Code, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """Code of several lines, which are kept; all but the first may be indented further."""

    lines: tuple[str, ...]


def format_code(code: Code, *, indent: int = 0, behind: int = 0, width: int = WIDTH) -> str:
    """The text of an expression.

    Args:
        code: the expression.
        indent: the indentation of its lines.
        behind: width of the text before it on its first line, without the indentation.
        width: the longest line.
    """
    if isinstance(code, Block):
        rest = (" " * indent + line if line else "" for line in code.lines[1:])
        return "\n".join([code.lines[0], *rest])
    line = one_line(code)
    tall = isinstance(code, Call) and (code.multiline or _has_block(code))
    if isinstance(code, str) or (indent + behind + len(line) < width and not tall):
        return line
    inner = " " * (indent + 4)
    if isinstance(code, ListCode):
        opening, closing = "[", "]"
        parts: list[tuple[str | None, Code]] = [(None, item) for item in code.items]
    else:
        opening, closing = f"{code.name}(", ")"
        parts = list(code.arguments)
    lines = []
    for keyword, item in parts:
        name = _keyword(keyword)
        written = format_code(item, indent=indent + 4, behind=len(name), width=width)
        lines.append(f"{inner}{name}{written},")
    return "\n".join([opening, *lines, " " * indent + closing]) if lines else opening + closing


def _has_block(call: Call) -> bool:
    return any(isinstance(item, Block) for _, item in call.arguments)


def one_line(code: Code) -> str:
    """The text of an expression on one line."""
    if isinstance(code, str):
        return code
    if isinstance(code, Block):
        return " ".join(code.lines)
    if isinstance(code, ListCode):
        return f"[{', '.join(map(one_line, code.items))}]"
    inside = (f"{_keyword(keyword)}{one_line(item)}" for keyword, item in code.arguments)
    return f"{code.name}({', '.join(inside)})"


def _keyword(name: str | None) -> str:
    return "" if name is None else f"{name}="


def string_literal(text: str) -> str:
    """A string literal, in double quotes unless single quotes need fewer backslashes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    parts = (repr(part)[1:-1] for part in text.split(quote))
    return quote + f"\\{quote}".join(parts) + quote
