"""A backfill that a SQL revision writes as a statement, below a line ``-- backfill: name=... table=...``.

The statement is divided at its keywords outside of parentheses, so that a range of keys can be put into its
condition. A line ``-- backfill: require=...`` is a gate and has no statement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.errors import ScriptError
from asyncmig.sql.backfills.definition import CTID_KEY, FINISH_ROWS, Backfill
from asyncmig.sql.lexer import Kind, identifier_value, tokens

if TYPE_CHECKING:
    from asyncmig.sql.lexer import Token

__all__ = ["backfill_mark", "parse_backfill"]

_OPTIONS = ("name", "table", "key", "by", "function", "deferred", "on_error", "batch_size")
_GATE = ("require", "finish_rows")
_NOT_BY_ROW = (
    "GROUP",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "HAVING",
    "DISTINCT",
)
"""Clauses whose result depends on other rows than one."""
_TRUE = frozenset({"true", "yes", "on", "1"})


def parse_backfill(mark: str, text: str) -> Backfill:
    """The definition of a statement with its mark.

    Args:
        mark: what follows ``-- backfill:``, as ``name=email_lower deferred=true``.
        text: an UPDATE, a DELETE or an INSERT ... SELECT; with ``function``, a SELECT.

    Raises:
        ScriptError: the mark has an unknown option, or the statement cannot be divided.
    """
    options = _options(mark)
    pieces = _Pieces(text)
    match pieces.first:
        case "UPDATE":
            found = _update(pieces)
        case "DELETE":
            found = _delete(pieces)
        case "INSERT":
            found = _insert(pieces)
        case "SELECT" if "function" in options:
            found = _function(pieces)
        case word:
            hint = "write an UPDATE, a DELETE or an INSERT; a SELECT needs function=module:name"
            raise _refused(f"it is followed by {word or 'nothing'}", hint)
    if "function" in options and found["kind"] != "function":
        raise _refused(
            "it has function=, and its statement is no SELECT", "select the columns of the function"
        )
    schema, table = found.pop("schema"), found.pop("table")
    named = options.pop("table", None)
    if named is not None and named not in {table, f"{schema}.{table}"}:
        raise _refused(
            f"it names the table {named}, and its statement changes {table}",
            "correct one of the two",
        )
    if options.get("key") == CTID_KEY and found["where"] is None:
        raise _refused(
            "by=ctid needs a WHERE", "give a condition that is false for a row that is changed"
        )
    return Backfill(
        name=options.pop("name", None) or f"{table}_{found['kind']}",
        schema=schema,
        table=table,
        **found,
        **options,
    )


def backfill_mark(definition: Backfill) -> str:
    """The line above the statement of a backfill in a SQL revision."""
    options = {
        "name": definition.name,
        "key": "" if definition.follows_ctid else ",".join(definition.key),
        "by": "ctid" if definition.follows_ctid else "",
        "deferred": "true" if definition.deferred else "",
        "on_error": definition.on_error if definition.on_error != "stop" else "",
        "batch_size": "" if definition.batch_size is None else str(definition.batch_size),
    }
    written = (f"{option}={value}" for option, value in options.items() if value)
    return f"-- backfill: {' '.join(written)}"


def parse_gate(mark: str) -> Backfill | None:
    """The gate of a line ``-- backfill: require=NAME finish_rows=N``; None where it is no gate.

    Raises:
        ScriptError: it has an unknown option.
    """
    pairs = (part.partition("=") for part in mark.split())
    values = {name: value for name, _, value in pairs}
    if "require" not in values:
        return None
    rows = values.get("finish_rows", str(FINISH_ROWS))
    for name, value in values.items():
        if name not in _GATE or not value:
            raise _refused(f"it has {name!r}", "a gate has require=name and finish_rows=number")
    if not rows.isdecimal():
        raise _refused(f"it has finish_rows={rows}", "finish_rows is a number of rows")
    return Backfill(name=values["require"], kind="gate", allowance=int(rows))


def _options(mark: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for part in mark.split():
        name, sign, value = part.partition("=")
        if name not in _OPTIONS or not (value or (name == "deferred" and not sign)):
            raise _refused(f"it has {part!r}", f"its options are {', '.join(_OPTIONS)}: name=value")
        match name:
            case "key":
                options[name] = tuple(value.split(","))
            case "by":
                if value not in {"key", "ctid"}:
                    raise _refused(f"it has {part!r}", "by is key or ctid")
                if value == "ctid" and "key=" in mark:
                    raise _refused("it has key= and by=ctid", "leave out one of the two")
                if value == "ctid":
                    options["key"] = CTID_KEY
            case "function":
                if not all(value.partition(":")):
                    raise _refused(f"it has {part!r}", "function is module:name")
                options[name] = value
            case "deferred":
                options[name] = not sign or value.lower() in _TRUE
            case "batch_size":
                if not value.isdecimal() or int(value) < 1:
                    raise _refused(f"it has {part!r}", "batch_size is a number of rows")
                options[name] = int(value)
            case "on_error":
                if value not in {"stop", "record"}:
                    raise _refused(f"it has {part!r}", "on_error is stop or record")
                options[name] = value
            case _:
                options[name] = value
    return options


class _Pieces:
    """A statement, divided at keywords outside of parentheses."""

    def __init__(self, text: str) -> None:
        self.text = text.rstrip().removesuffix(";")
        self.tokens = [*tokens(self.text)]
        self.first = self.tokens[0].word if self.tokens else ""

    def find(self, *words: str, after: int = 0) -> int | None:
        """The index of the first of these keywords outside of parentheses."""
        depth = 0
        for index, token in enumerate(self.tokens):
            depth += (token.text in "([") - (token.text in ")]")
            if depth == 0 and index >= after and (token.word or token.text) in words:
                return index
        return None

    def remove_conflict_clause(self) -> None:
        """Leave out ON CONFLICT DO NOTHING, which every batch has; refuse other forms of it."""
        found = self.find("CONFLICT")
        if found is None:
            return
        if [token.word for token in self.tokens[found - 1 :]] != [
            "ON",
            "CONFLICT",
            "DO",
            "NOTHING",
        ]:
            raise _refused(
                f"its statement has {self.between(found - 1, None)}",
                "a batch may only do nothing about a row that is there: ON CONFLICT DO NOTHING",
            )
        self.tokens = self.tokens[: found - 1]

    def between(self, begin: int, end: int | None) -> str:
        """The text of the tokens from ``begin`` up to ``end``."""
        last = len(self.tokens) if end is None else end
        if begin >= last:
            return ""
        return self.text[self.tokens[begin].start : self.tokens[last - 1].end]

    def table(self, begin: int, end: int | None) -> tuple[str | None, str]:
        """The name between two tokens.

        Raises:
            ScriptError: there is more than a name.
        """
        found = self.tokens[begin:end]
        names = [_name(token) for token in found[::2]]
        dots = [token.text for token in found[1:2]]
        if not found or len(found) > 3 or None in names or any(dot != "." for dot in dots):
            raise _refused(
                f"its table is written {self.between(begin, end)!r}",
                "write the name of the table alone: without an alias, ONLY or a join",
            )
        return (str(names[0]), str(names[1])) if len(names) == 2 else (None, str(names[0]))

    def refuse(self, *words: str) -> None:
        """Refuse clauses that a batch cannot have."""
        index = self.find(*words)
        if index is not None:
            word = self.tokens[index].word
            raise _refused(f"its statement has {word}", f"leave out {word}")


def _name(token: Token) -> str | None:
    if token.kind is Kind.QUOTED:
        return identifier_value(token.text)
    return token.text.lower() if token.kind is Kind.WORD else None


def _update(pieces: _Pieces) -> dict[str, Any]:
    pieces.refuse("RETURNING", "WITH")
    change = pieces.find("SET")
    if change is None:
        raise _refused("its UPDATE has no SET", "write UPDATE table SET column = expression")
    where = pieces.find("WHERE", after=change)
    source = pieces.find("FROM", after=change)
    schema, table = pieces.table(1, change)
    return {
        "kind": "update",
        "schema": schema,
        "table": table,
        "assignments": pieces.between(change + 1, where if source is None else source),
        "source": None if source is None else pieces.between(source + 1, where),
        "where": None if where is None else pieces.between(where + 1, None),
    }


def _delete(pieces: _Pieces) -> dict[str, Any]:
    pieces.refuse("RETURNING", "WITH")
    where, source = pieces.find("WHERE"), pieces.find("USING")
    schema, table = pieces.table(2, where if source is None else source)
    return {
        "kind": "delete",
        "schema": schema,
        "table": table,
        "source": None if source is None else pieces.between(source + 1, where),
        "where": None if where is None else pieces.between(where + 1, None),
    }


def _insert(pieces: _Pieces) -> dict[str, Any]:
    pieces.refuse("RETURNING", "WITH", *_NOT_BY_ROW)
    pieces.remove_conflict_clause()
    select = pieces.find("SELECT")
    read = None if select is None else pieces.find("FROM", after=select)
    if select is None or read is None:
        raise _refused("its INSERT reads no table", "write INSERT INTO t (...) SELECT ... FROM u")
    where = pieces.find("WHERE", after=read)
    comma = pieces.find(",", after=read)
    schema, table = pieces.table(read + 1, where if comma is None else comma)
    return {
        "kind": "insert",
        "schema": schema,
        "table": table,
        "source": None if comma is None else pieces.between(comma + 1, where),
        "into": pieces.between(2, select),
        "assignments": pieces.between(select + 1, read),
        "where": None if where is None else pieces.between(where + 1, None),
    }


def _function(pieces: _Pieces) -> dict[str, Any]:
    """The query of the rows that a function gets."""
    pieces.refuse("WITH", *_NOT_BY_ROW)
    read = pieces.find("FROM")
    if read is None:
        raise _refused("its SELECT reads no table", "write SELECT id, email FROM users WHERE ...")
    where = pieces.find("WHERE", after=read)
    schema, table = pieces.table(read + 1, where)
    names = [_name(token) for token in pieces.tokens[1:read:2]]
    commas = [token.text for token in pieces.tokens[2:read:2]]
    if not names or None in names or len(commas) >= len(names) or {*commas} - {","}:
        raise _refused(
            f"it selects {pieces.between(1, read)!r}", "name columns alone, without expressions"
        )
    return {
        "kind": "function",
        "schema": schema,
        "table": table,
        "columns": tuple(map(str, names)),
        "where": None if where is None else pieces.between(where + 1, None),
    }


def _refused(what: str, hint: str) -> ScriptError:
    return ScriptError(f"the mark `-- backfill:` cannot be used: {what}", hint=hint)
