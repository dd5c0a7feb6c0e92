"""A place in the tokens of one statement, for parsers that look ahead and keep the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.sql.lexer import Kind, Token, identifier_value, string_value, tokens
from asyncmig.sql.reader import SqlName

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Cursor"]

_NAMES = frozenset({Kind.WORD, Kind.QUOTED})
_STRINGS = frozenset({Kind.STRING, Kind.DOLLAR})
_OPENING = frozenset({"(", "[", "CASE"})
_CLOSING = frozenset({")", "]", "END"})


class Cursor:
    """The tokens of one statement, without comments, up to a semicolon.

    ``sql`` is the whole text; positions are characters of it.
    """

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self.tokens: list[Token] = []
        for token in tokens(sql):
            if token.text == ";":
                break
            self.tokens.append(token)
        self.at = 0

    @property
    def at_end(self) -> bool:
        """Nothing is left."""
        return self.at >= len(self.tokens)

    @property
    def word(self) -> str:
        """The keyword or symbol that comes next; empty for anything else, and at the end."""
        return self.peek()

    @property
    def at_comma_or_end(self) -> bool:
        """An element of a list ends here."""
        return self.at_end or self.word == ","

    @property
    def position(self) -> int:
        """Where the next token begins, in characters; the end of the text where there is none."""
        return self.tokens[self.at].start if not self.at_end else self.end_position

    @property
    def end_position(self) -> int:
        """The end of the last token of the statement."""
        return self.tokens[-1].end if self.tokens else 0

    @property
    def behind(self) -> int:
        """Where the token that was taken last ends, in characters."""
        return self.tokens[self.at - 1].end

    def peek(self, ahead: int = 0) -> str:
        """The keyword or symbol so many tokens ahead."""
        place = self.at + ahead
        return self.tokens[place].word if place < len(self.tokens) else ""

    def names_ahead(self, ahead: int = 0) -> bool:
        """Whether an identifier is so many tokens ahead."""
        place = self.at + ahead
        return place < len(self.tokens) and self.tokens[place].kind in _NAMES

    def next(self) -> str:
        """Take the next token, whatever it is; nothing at the end."""
        word = self.word
        self.at += not self.at_end
        return word

    def take(self, *words: str) -> bool:
        """Take these words if all of them come next, in that order."""
        if any(self.peek(ahead) != word for ahead, word in enumerate(words)):
            return False
        self.at += len(words)
        return True

    def either(self, *words: str) -> str:
        """Take the next word if it is one of these."""
        return self.next() if self.word in words else ""

    def identifier(self) -> str | None:
        """Take one identifier, without a schema."""
        if not self.names_ahead():
            return None
        self.at += 1
        return identifier_value(self.tokens[self.at - 1].text)

    def name(self) -> SqlName | None:
        """Take a name, qualified or not."""
        parts: list[str] = []
        while (part := self.identifier()) is not None:
            parts.append(part)
            if not self.take("."):
                break
        if not parts:
            return None
        return SqlName(parts[-2] if len(parts) > 1 else None, parts[-1])

    def relation(self) -> tuple[SqlName | None, bool]:
        """Take ``[ONLY] name [*]``: the name, and whether ONLY is written."""
        only = self.take("ONLY")
        parenthesis = only and self.take("(")
        found = self.name()
        if parenthesis:
            self.take(")")
        self.take("*")
        return found, only

    def names(self) -> tuple[SqlName, ...]:
        """Take names with commas between them."""
        found: list[SqlName] = []
        while name := self.name():
            found.append(name)
            if not self.take(","):
                break
        return tuple(found)

    def string(self) -> str | None:
        """Take a string constant and give its value."""
        if self.at_end or self.tokens[self.at].kind not in _STRINGS:
            return None
        self.at += 1
        return string_value(self.tokens[self.at - 1].text)

    def group(self) -> str | None:
        """Take a parenthesis with all that is in it, and give the text inside."""
        if self.word != "(":
            return None
        self.at += 1
        inside = self.until(frozenset())
        self.take(")")
        return inside

    def column_names(self) -> tuple[str, ...]:
        """Take ``(a, b DESC, lower(c))``: the elements that begin with a plain name."""
        found: list[str] = []
        if not self.take("("):
            return ()
        while not self.at_end and not self.take(")"):
            name = self.identifier() if self.peek(1) not in ("(", ".") else None
            if name is not None:
                found.append(name)
            self.until(frozenset({","}))
            self.take(",")
        return tuple(found)

    def elements(self) -> tuple[str, ...]:
        """Take a parenthesis, and give the texts between its commas."""
        found: list[str] = []
        if not self.take("("):
            return ()
        while not self.at_end and not self.take(")"):
            found.append(self.until(frozenset({","})))
            self.take(",")
        return tuple(found)

    def until(self, stops: frozenset[str]) -> str:
        """Take everything up to one of these words outside of parentheses and CASE, and give the text.

        A closing parenthesis that was not opened here also ends it.
        """
        start = self.at
        for _ in self.outside(stops):
            pass
        return self.text_from(start)

    def outside(self, stops: frozenset[str] = frozenset()) -> Iterator[str]:
        """Take everything up to one of these words; give the words outside of parentheses."""
        depth = 0
        while not self.at_end:
            word = self.word
            if depth == 0 and (word in stops or word == ")"):
                return
            depth -= word in _CLOSING and depth > 0
            if depth == 0:
                yield word
            depth += word in _OPENING
            self.at += 1

    def text_from(self, start: int) -> str:
        """The text from that token up to this place."""
        if start >= self.at:
            return ""
        return self.sql[self.tokens[start].start : self.tokens[self.at - 1].end]
