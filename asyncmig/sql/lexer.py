r"""PostgreSQL's lexical rules, as far as they decide where a statement ends and what it is.

Written after the documentation, "Lexical Structure" (4.1). One assumption:
``standard_conforming_strings`` is on, PostgreSQL's default since 9.1, so a backslash means something
in ``E'...'`` only. Characters above ASCII belong to identifiers, as they do for the server; white
space is ASCII's.

Nothing here raises: a quote or comment that never ends gives a last token of its own kind, and the
caller decides what that means.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.sql.slices import search_slices

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "Kind",
    "Token",
    "end_of_block_comment",
    "end_of_dollar_quote",
    "end_of_quote",
    "end_of_string",
    "identifier_value",
    "is_escape_string",
    "string_value",
    "tokens",
]

# Letters are those of ASCII, ``_`` and all above ASCII. The classes say what is none: the compiler of ``re``
# takes milliseconds for each range up to U+10FFFF.
_LETTER = r"[^\x00-@\[-^`{-\x7f]"
_LETTER_OR_DIGIT = r"[^\x00-/:-@\[-^`{-\x7f]"
_IN_NAME = r"[^\x00-#%-/:-@\[-^`{-\x7f]"

_TOKEN = re.compile(
    rf"""
      (?P<space>[ \t\n\r\f\v]+|--[^\n\r]*)
    | (?P<block>/\*)
    | (?P<escape>[eE]')
    | (?P<string>(?:[bBxXnN]|[uU]&)?')
    | (?P<quoted>(?:[uU]&)?")
    | (?P<word>{_LETTER}{_IN_NAME}*)
    | (?P<dollar>\$(?:{_LETTER}{_LETTER_OR_DIGIT}*)?\$)
    | (?P<number>\.?[0-9](?:(?<=[eE])[+-]|[0-9A-Za-z_.])*)
    | (?P<symbol>::|\$[0-9]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_INSIDE_NAME = re.compile(_IN_NAME)
_DOLLAR_QUOTE = re.compile(rf"\$(?:{_LETTER}{_LETTER_OR_DIGIT}*)?\$")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_ESCAPE_EDGE = re.compile(r"'|\\")
# what separates two parts of one string constant: a line break, and comments
_CONTINUATION = re.compile(r"(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*[\n\r])*'")


class Kind(Enum):
    """What a token is. White space and comments are left out."""

    WORD = "word"
    QUOTED = "quoted identifier"
    STRING = "string constant"
    DOLLAR = "dollar-quoted string"
    NUMBER = "number"
    SYMBOL = "symbol"
    UNTERMINATED = "unterminated"
    """A quote or comment that never ends; it takes the rest of the text."""


class Token(NamedTuple):
    """A piece of SQL: its kind, its text as written, and where that begins and ends."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        """The keyword in capitals, or the symbol; empty for quoted things, which are never one."""
        return self.text.upper() if self.kind in (Kind.WORD, Kind.SYMBOL) else ""


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """The tokens of ``text`` from ``start`` on, one at a time."""
    position, size = start, len(text)
    while found := _TOKEN.match(text, position):
        after = found.end()
        end: int | None = after
        match found.lastgroup:
            case "space":
                position = after
                continue
            case "word":
                kind = Kind.WORD
            case "symbol":
                kind = Kind.SYMBOL
            case "number":
                kind = Kind.NUMBER
            case "block":
                kind, end = Kind.UNTERMINATED, end_of_block_comment(text, after)
                if end is not None:
                    position = end
                    continue
            case "quoted":
                kind, end = Kind.QUOTED, end_of_quote(text, after, '"')
            case "dollar":
                kind, end = Kind.DOLLAR, end_of_dollar_quote(text, position)
            case group:
                kind = Kind.STRING
                end = end_of_string(text, after, escapes=group == "escape")
        if end is None:
            kind, end = Kind.UNTERMINATED, size
        yield Token(kind, text[position:end], position, end)
        position = end


def end_of_quote(text: str, inside: int, quote: str = "'") -> int | None:
    """Behind the closing quote, given a place inside; a doubled quote does not close."""
    while (at := text.find(quote, inside)) != -1:
        if not text.startswith(quote, at + 1):
            return at + 1
        inside = at + 2
    return None


def end_of_string(text: str, inside: int, *, escapes: bool) -> int | None:
    """Behind a string constant with all its parts: it may continue after a line break.

    Args:
        text: the SQL.
        inside: the place behind the opening quote.
        escapes: it is an ``E'...'``, where a backslash keeps the next quote from closing.
    """
    part = _end_of_escaped if escapes else end_of_quote
    end = part(text, inside)
    while end is not None and (continued := _CONTINUATION.match(text, end)):
        end = part(text, continued.end())
    return end


def _end_of_escaped(text: str, inside: int) -> int | None:
    while edge := search_slices(_ESCAPE_EDGE, text, inside):
        at = edge.start()
        if text[at] == "'" and not text.startswith("'", at + 1):
            return at + 1
        inside = at + 2
    return None


def is_escape_string(text: str, quote: int) -> bool:
    """Whether the quote at that place opens an ``E'...'``: after an ``e`` that ends no name."""
    if quote == 0 or text[quote - 1] not in "eE":
        return False
    return quote == 1 or _INSIDE_NAME.match(text, quote - 2) is None


def end_of_dollar_quote(text: str, dollar: int) -> int | None:
    """Behind the closing tag of the dollar quote that may begin at that place.

    Returns:
        The next place where none begins there (``$1``, or a ``$`` within a name); None where the
        closing tag is missing.
    """
    tag = _DOLLAR_QUOTE.match(text, dollar)
    if tag is None or (dollar > 0 and _INSIDE_NAME.match(text, dollar - 1)):
        return dollar + 1
    end = text.find(tag[0], tag.end())
    return None if end == -1 else end + len(tag[0])


def end_of_block_comment(text: str, inside: int) -> int | None:
    """Behind the end of a block comment, given a place inside; they nest."""
    depth = 1
    while edge := search_slices(_COMMENT_EDGE, text, inside):
        inside = edge.end()
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return inside
    return None


_ESCAPE = re.compile(
    r"''|\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{1,2})|([0-7]{1,3})|(.))", re.DOTALL
)
_UNICODE_ESCAPE = re.compile(r"''|\\(?:([0-9A-Fa-f]{4})|\+([0-9A-Fa-f]{6})|\\)")
_SHORT_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def string_value(text: str) -> str:
    """The value of a string constant as written: ``'it''s'`` is ``it's``.

    Escapes of ``E'...'`` and ``U&'...'`` are resolved, but for an own ``UESCAPE`` character, and each
    byte escape gives one character. A dollar quote gives its body.
    """
    if text.startswith("$"):
        tag = text[: text.index("$", 1) + 1]
        return text[len(tag) : -len(tag)]
    opening = text.index("'")
    prefix = text[:opening].upper()
    part = _end_of_escaped if prefix == "E" else end_of_quote
    value, inside = "", opening + 1
    while (end := part(text, inside)) is not None:
        value += text[inside : end - 1]
        continued = _CONTINUATION.match(text, end)
        inside = continued.end() if continued else len(text)
    if prefix == "E":
        return _ESCAPE.sub(_resolve_escape, value)
    if prefix == "U&":
        return _UNICODE_ESCAPE.sub(_resolve_unicode, value)
    return value.replace("''", "'")


def identifier_value(text: str) -> str:
    """The name of an identifier: folded to lower case, or unquoted; cut to 63 bytes as it will be."""
    if not text.endswith('"'):
        name = re.sub("[A-Z]+", lambda capitals: capitals[0].lower(), text)
    else:
        name = text[text.index('"') + 1 : -1].replace('""', '"')
        if not text.startswith('"'):
            name = _UNICODE_ESCAPE.sub(_resolve_unicode, name)
    return name.encode()[:63].decode(errors="ignore")


def _resolve_escape(match: re.Match[str]) -> str:
    four, eight, byte, octal, other = match.groups()
    if hexadecimal := four or eight or byte:
        return _character(int(hexadecimal, 16))
    if octal:
        return _character(int(octal, 8) & 0xFF)
    return _SHORT_ESCAPES.get(other, other) if other else "'"


def _resolve_unicode(match: re.Match[str]) -> str:
    four, six = match.groups()
    if hexadecimal := four or six:
        return _character(int(hexadecimal, 16))
    return match[0][1:]  # a doubled quote or backslash


def _character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF else "\ufffd"
