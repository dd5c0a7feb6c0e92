"""Names within the server's own text: expressions and definitions as it prints them.

PostgreSQL prints keywords in capitals, columns of the one table at hand without it, and everything
outside ``pg_catalog`` with its schema, so that a name can be told from all else by where it stands.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from asyncmig.catalog.model import ObjectName

__all__ = [
    "columns_in",
    "included_in",
    "printed",
    "with_column",
    "with_key_columns",
    "with_label",
    "with_object",
    "without_casts",
    "without_text_casts",
]

_TOKEN = re.compile(
    r"""
      (?P<string>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*')
    | (?P<name>"(?:[^"]|"")*" | [^\W\d][\w$]*)
    | (?P<number>\d[\w.]*)
    | (?P<sign>::|=>|\S)
    | (?P<space>\s+)
    """,
    re.VERBOSE,
)
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# what quote_ident quotes and SQLAlchemy does not
_QUOTED = frozenset(
    """
    between bigint bit boolean char character coalesce collation concurrently current_catalog dec
    decimal exists extract float greatest grouping inout int integer interval json json_array
    json_arrayagg json_exists json_object json_objectagg json_query json_scalar json_serialize
    json_table json_value lateral least merge_action national nchar none normalize nullif numeric out
    overlay position precision real row setof smallint substring system_user tablesample time
    timestamp treat trim values varchar xmlattributes xmlconcat xmlelement xmlexists xmlforest
    xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable
    """.split()  # noqa: SIM905 - a list of sixty would be unreadable
)
_NOT_QUOTED = frozenset({"new", "off", "old", "of", "over"})


class _Token(NamedTuple):
    kind: str
    text: str


def printed(name: str) -> str:
    """An identifier as ``quote_ident`` gives it."""
    reserved = (name in RESERVED_WORDS and name not in _NOT_QUOTED) or name in _QUOTED
    if _PLAIN.fullmatch(name) and not reserved:
        return name
    return '"' + name.replace('"', '""') + '"'


def columns_in(text: str) -> frozenset[str]:
    """What may be a column in an expression, or an index's body, over one table."""
    tokens = _tokens(text)
    return frozenset(filter(None, (_name(tokens[place]) for place in _column_places(tokens))))


def included_in(definition: str) -> tuple[str, ...]:
    """The columns that the index of a key carries along: ``UNIQUE (a) INCLUDE (b, c)``."""
    tokens = _tokens(definition)
    words = [token.text for token in tokens]
    if "INCLUDE" not in words:
        return ()
    begin = words.index("INCLUDE")
    inside = tokens[begin + 1 : words.index(")", begin)]
    return tuple(filter(None, map(_name, inside)))


def with_column(text: str, old: str, new: str) -> str:
    """An expression, or an index's body, over one table with one of its columns renamed."""
    if not _mentions(text, old):
        return text
    return _joined(_columns(_tokens(text), old, new))


def with_key_columns(text: str, old: str, new: str, *, local: bool, foreign: bool) -> str:
    """A foreign key's definition with a column renamed.

    Args:
        text: ``FOREIGN KEY (a) REFERENCES s.t(b) ON DELETE SET NULL (a)``.
        old: the column.
        new: its new name.
        local: it is one of the key's own table.
        foreign: it is one of the table that the key points to.
    """
    if not _mentions(text, old):
        return text
    tokens = _tokens(text)
    words = [token.text for token in tokens]
    start = words.index("REFERENCES")
    begin = words.index("(", start)
    end = words.index(")", begin)
    parts = (tokens[:start], tokens[start:begin], tokens[begin:end], tokens[end:])
    changing = (local, False, foreign, local)
    return "".join(
        _joined(_columns(part, old, new) if change else part)
        for part, change in zip(parts, changing, strict=True)
    )


def with_object(text: str, old: ObjectName, new: ObjectName) -> str:
    """Text with a table, sequence or type renamed, in ``'s.t'::regclass`` too."""
    if not _mentions(text, old.name):
        return text
    tokens = _tokens(text)
    for place, token in enumerate(tokens):
        if _name(token) == old.name and _schema_before(tokens, place) == old.schema:
            tokens[place] = _Token("name", printed(new.name))
        elif token.kind == "string" and _text(tokens, place + 1) == "::":
            target = _text(tokens, place + 2)
            if target.startswith("reg"):
                inner = with_object(token.text[1:-1].replace("''", "'"), old, new)
                tokens[place] = _Token("string", "'" + inner.replace("'", "''") + "'")
    return _joined(tokens)


def with_label(text: str, enum: ObjectName, old: str, new: str) -> str:
    """Text with a label of an enum type renamed."""
    before, after = _literal(old), _literal(new)
    if before not in text:
        return text
    tokens = _tokens(text)
    for place, token in enumerate(tokens):
        if token.kind == "string" and token.text == before and _cast_to(tokens, place, enum):
            tokens[place] = _Token("string", after)
    return _joined(tokens)


def without_casts(text: str) -> str:
    """What an expression says, whatever it casts: without types, parentheses and spaces."""
    kept: list[str] = []
    tokens = [token for token in _tokens(text) if token.kind != "space"]
    place = 0
    while place < len(tokens):
        if tokens[place].text == "::":
            place = _behind_type(tokens, place + 1)
        else:
            kept += [tokens[place].text] if tokens[place].text not in {"(", ")"} else []
            place += 1
    return " ".join(kept)


def _behind_type(tokens: list[_Token], place: int) -> int:
    while _text(tokens, place) == "." or (place < len(tokens) and _name(tokens[place]) is not None):
        place += 1
    if _text(tokens, place) == "(":
        end = place + 1
        while end < len(tokens) and (tokens[end].kind == "number" or tokens[end].text == ","):
            end += 1
        if end > place + 1 and _text(tokens, end) == ")":
            # what follows it may be the rest of the name: timestamp(3) without time zone
            return _behind_type(tokens, end + 1)
    while _text(tokens, place) == "[" and _text(tokens, place + 1) == "]":
        place += 2
    return place


def without_text_casts(text: str, columns: Collection[str]) -> str:
    """An expression without the casts to text of columns: ``(email)::text`` is ``email``."""
    for name in columns:
        text = text.replace(f"({printed(name)})::text", printed(name))
    return text


def _mentions(text: str, name: str) -> bool:
    """False where an identifier is nowhere in a text, so that nobody need look closer."""
    return name.replace('"', '""') in text


def _literal(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"E'{escaped.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{escaped}'"


def _tokens(text: str) -> list[_Token]:
    return [_Token(str(found.lastgroup), found.group()) for found in _TOKEN.finditer(text)]


def _joined(tokens: list[_Token]) -> str:
    return "".join(token.text for token in tokens)


def _name(token: _Token) -> str | None:
    """The identifier that a token is; None for a keyword, which is in capitals, and all else."""
    if token.kind != "name":
        return None
    if token.text.startswith('"'):
        return token.text[1:-1].replace('""', '"')
    return token.text if token.text == token.text.lower() else None


def _columns(tokens: list[_Token], old: str, new: str) -> list[_Token]:
    changed = list(tokens)
    for place in _column_places(tokens):
        if _name(tokens[place]) == old:
            changed[place] = _Token("name", printed(new))
    return changed


def _column_places(tokens: list[_Token]) -> Iterator[int]:
    """Where identifiers stand that are columns: no function, type, collation, class or field."""
    in_type = False
    before = _Token("", "")
    earlier = _Token("", "")
    for place, token in enumerate(tokens):
        if token.kind == "space":
            continue
        is_name = _name(token) is not None
        if before.text == "::":
            in_type = True
        elif in_type and not (is_name or token.text == "."):
            in_type = False
        if is_name and not in_type:
            following = _following(tokens, place)
            behind_an_operand = before.text == ")" or _name(before) is not None
            extracted = before.text == "(" and earlier.text == "EXTRACT"
            if not (
                following in {"(", ".", "=>"}
                or behind_an_operand
                or extracted
                or before.text in {".", "COLLATE"}
            ):
                yield place
        earlier, before = before, token


def _following(tokens: list[_Token], place: int) -> str:
    return next((token.text for token in tokens[place + 1 :] if token.kind != "space"), "")


def _text(tokens: list[_Token], place: int) -> str:
    return tokens[place].text if place < len(tokens) else ""


def _schema_before(tokens: list[_Token], place: int) -> str | None:
    if place < 2 or tokens[place - 1].text != ".":
        return None
    return _name(tokens[place - 2])


def _cast_to(tokens: list[_Token], place: int, type_: ObjectName) -> bool:
    if _text(tokens, place + 1) != "::" or place + 4 >= len(tokens):
        return False
    schema, dot, name = tokens[place + 2 : place + 5]
    return (_name(schema), dot.text, _name(name)) == (type_.schema, ".", type_.name)
