"""Reading a statement's words one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.sql.lexer import Kind, Token, identifier_value, string_value, tokens
from asyncmig.sql.quoting import qualified

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LONG_KINDS", "THIRD_WORDS", "Reader", "SqlName"]

# kinds of objects whose name has several words, by their first
LONG_KINDS = {
    "ACCESS": ("METHOD",),
    "EVENT": ("TRIGGER",),
    "FOREIGN": ("TABLE", "DATA"),
    "LARGE": ("OBJECT",),
    "MATERIALIZED": ("VIEW",),
    "OPERATOR": ("CLASS", "FAMILY"),
    "TEXT": ("SEARCH",),
    "USER": ("MAPPING",),
}
THIRD_WORDS = frozenset({"WRAPPER", "CONFIGURATION", "DICTIONARY", "PARSER", "TEMPLATE"})
_NAMES = frozenset({Kind.WORD, Kind.QUOTED})
_STRINGS = frozenset({Kind.STRING, Kind.DOLLAR})
_OFF = frozenset({"FALSE", "OFF", "0", "NONE"})


@dataclass(frozen=True, slots=True)
class SqlName:
    """A name as the catalogs hold it: folded or unquoted, cut to 63 bytes.

    ``schema`` is None where the statement leaves it to ``search_path``.
    """

    schema: str | None
    name: str

    def __str__(self) -> str:
        return self.name if self.schema is None else f"{self.schema}.{self.name}"

    @property
    def sql(self) -> str:
        """The name as SQL text."""
        return qualified(self.schema, self.name)


class Reader:
    """The tokens of one statement, without comments; nothing is read before it is asked for."""

    def __init__(self, sql: str) -> None:
        self._tokens: Iterator[Token] = tokens(sql)
        self._ahead: Token | None = None
        self.word: str
        """The keyword or symbol that comes next; empty for anything else, and at the end."""
        self._advance()

    def _advance(self) -> None:
        ahead = next(self._tokens, None)
        if ahead is not None and ahead.text == ";":
            ahead = None
        self._ahead = ahead
        self.word = "" if ahead is None else ahead.word

    @property
    def at_end(self) -> bool:
        """Nothing is left."""
        return self._ahead is None

    def next(self) -> str:
        """Take what comes next, whatever it is."""
        word = self.word
        self._advance()
        return word

    def take(self, *words: str) -> bool:
        """Take these words if the first of them comes next; those behind it as far as they do."""
        taken = self.word == words[0]
        for word in words:
            if self.word != word:
                break
            self._advance()
        return taken

    def either(self, *words: str) -> str:
        """Take the next word if it is one of these."""
        return self.next() if self.word in words else ""

    def skip(self, words: frozenset[str]) -> None:
        """Take words while they are among these."""
        while self.word in words:
            self._advance()

    def outside(self) -> Iterator[str]:
        """Take what is left; give the words outside of parentheses, and the outer parentheses.

        It may be left at any word; reading continues behind that.
        """
        depth = 0
        while not self.at_end:
            word = self.next()
            depth -= word == ")"
            if depth <= 0:
                yield word
            depth += word == "("

    def name(self) -> SqlName | None:
        """Take a name, qualified or not."""
        parts: list[str] = []
        while self._ahead is not None and self._ahead.kind in _NAMES:
            parts.append(identifier_value(self._ahead.text))
            self._advance()
            if not self.take("."):
                break
        if not parts:
            return None
        return SqlName(parts[-2] if len(parts) > 1 else None, parts[-1])

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
        if self._ahead is None or self._ahead.kind not in _STRINGS:
            return None
        value = string_value(self._ahead.text)
        self._advance()
        return value

    def options(self) -> dict[str, bool]:
        """Take ``(name, name value, name = value, ...)``: which options are on."""
        found: dict[str, bool] = {}
        if not self.take("("):
            return found
        while not self.at_end and not self.take(")"):
            name = self.next()
            self.take("=")
            found[name] = True
            if self.word not in (",", ")"):
                number = "" if self._ahead is None else self._ahead.text
                value = self.string() or self.next() or number
                found[name] = value.upper() not in _OFF
            self.take(",")
        return found

    def kind(self) -> str:
        """Take the kind of object that CREATE, ALTER or DROP speaks of."""
        kind = self.next()
        if self.word in LONG_KINDS.get(kind, ()):
            kind = f"{kind} {self.next()}"
            if self.word in THIRD_WORDS:
                kind = f"{kind} {self.next()}"
        return kind
