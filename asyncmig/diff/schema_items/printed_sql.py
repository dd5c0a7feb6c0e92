"""Find and replace names in the SQL that the server prints.

PostgreSQL prints keywords in capitals, the columns of the table itself without a qualification, and
everything outside ``pg_catalog`` with its schema, so that the position of an identifier tells what it names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS

from asyncmig.sql.quoting import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from asyncmig.catalog.object_name import ObjectName

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
# words that quote_ident quotes and SQLAlchemy does not
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
    """An identifier as ``quote_ident`` returns it."""
    reserved = (name in RESERVED_WORDS and name not in _NOT_QUOTED) or name in _QUOTED
    if _PLAIN.fullmatch(name) and not reserved:
        return name
    return quoted(name)


def columns_in(text: str) -> frozenset[str]:
    """The identifiers that can be columns in an expression or the body of an index."""
    tokens = _tokens(text)
    return frozenset(filter(None, (_name(tokens[place]) for place in _column_places(tokens))))


def included_in(definition: str) -> tuple[str, ...]:
    """The INCLUDE columns of a key: ``UNIQUE (a) INCLUDE (b, c)``."""
    tokens = _tokens(definition)
    words = [token.text for token in tokens]
    if "INCLUDE" not in words:
        return ()
    begin = words.index("INCLUDE")
    inside = tokens[begin + 1 : words.index(")", begin)]
    return tuple(filter(None, map(_name, inside)))


def with_column(text: str, old: str, new: str) -> str:
    """An expression or the body of an index after the rename of a column of its table."""
    if not _mentions(text, old):
        return text
    return _joined(_columns(_tokens(text), old, new))


def with_key_columns(text: str, old: str, new: str, *, local: bool, foreign: bool) -> str:
    """The definition of a foreign key after the rename of a column.

    Args:
        text: ``FOREIGN KEY (a) REFERENCES s.t(b) ON DELETE SET NULL (a)``.
        old: the name of the column before.
        new: the name after.
        local: the column is in the table of the key.
        foreign: the column is in the table that the key refers to.
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
    """SQL after the rename of a table, sequence or type, including ``'s.t'::regclass``."""
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
                tokens[place] = _Token("string", literal(inner))
    return _joined(tokens)


def with_label(text: str, enum: ObjectName, old: str, new: str) -> str:
    """SQL after the rename of a label of an enum type."""
    before, after = _printed_literal(old), _printed_literal(new)
    if before not in text:
        return text
    tokens = _tokens(text)
    for place, token in enumerate(tokens):
        if token.kind == "string" and token.text == before and _cast_to(tokens, place, enum):
            tokens[place] = _Token("string", after)
    return _joined(tokens)


def without_casts(text: str) -> str:
    """An expression without casts, parentheses and spaces."""
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
    if _text(tokens, place) == "(":  # modifiers: (10,2), or (Point,4326) of PostGIS
        texts = [token.text for token in tokens]
        # the rest of the name may follow: timestamp(3) without time zone
        return _behind_type(tokens, texts.index(")", place) + 1)
    while _text(tokens, place) == "[" and _text(tokens, place + 1) == "]":
        place += 2
    return place


def without_text_casts(text: str, columns: Collection[str]) -> str:
    """An expression without casts of columns to text: ``email`` for ``(email)::text``."""
    for name in columns:
        text = text.replace(f"({printed(name)})::text", printed(name))
    return text


def _mentions(text: str, name: str) -> bool:
    """False if a text does not contain an identifier, so that it need not be parsed."""
    return name.replace('"', '""') in text


def _printed_literal(text: str) -> str:
    plain = literal(text)
    return "E" + plain.replace("\\", "\\\\") if "\\" in text else plain


def _tokens(text: str) -> list[_Token]:
    return [_Token(str(found.lastgroup), found.group()) for found in _TOKEN.finditer(text)]


def _joined(tokens: list[_Token]) -> str:
    return "".join(token.text for token in tokens)


def _name(token: _Token) -> str | None:
    """The identifier of a token; None for keywords, which are in capitals, and other tokens."""
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
    """The positions of columns: identifiers that are not functions, types, collations, classes or fields."""
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
