"""What pg_dump says of a database, fact by fact: an oracle that knows nothing of how we compare.

A fact is a column, a constraint, an index, a comment ...: one line of a table, or one statement. Two
databases are the same when their facts are, in whatever order their columns stand.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.catalog.normalized_sql import normalized_sql
from asyncmig.sql.lexer import tokens
from asyncmig.sql.split import split
from fix_database import catalog_dump

if TYPE_CHECKING:
    from collections.abc import Iterator

_ENTRY = re.compile(r"^--\n-- Name: .*; Type: (.+); Schema: .*; Owner: .*\n--\n\n", re.MULTILINE)
_END = "\n--\n-- PostgreSQL database dump complete"
_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_SESSION = re.compile(r"^SET default_\w+ = .*;\n", re.MULTILINE)
_NOT_NULL_NAMES = re.compile(rf"CONSTRAINT {_NAME} (?=NOT NULL\b)")
# the default of a column whose sequence belongs to it is a statement of its own
_NUMBERED = re.compile(rf"^({_NAME}) (.*?) DEFAULT (nextval\('(?:[^']|'')+'::regclass\))")
_NUMBERING = re.compile(
    rf"^ALTER TABLE ONLY (.+) ALTER COLUMN ({_NAME}) SET DEFAULT (nextval\(.+\))$", re.DOTALL
)
_CHOSEN_NAMES = (
    re.compile(rf"^(?P<before>)CONSTRAINT {_NAME} "),
    re.compile(rf"(?P<before>\bADD )CONSTRAINT {_NAME} "),
    re.compile(rf"(?P<before>^CREATE (?:UNIQUE )?INDEX ){_NAME} "),
    re.compile(rf"(?P<before>^COMMENT ON CONSTRAINT ){_NAME} "),
    re.compile(rf"(?P<before>^COMMENT ON INDEX ){_NAME}\.{_NAME} "),
)
BESIDE_MODELS = frozenset(
    {
        *("ACL", "AGGREGATE", "CAST", "DEFAULT ACL", "EVENT TRIGGER", "EXTENSION", "FUNCTION"),
        *("MATERIALIZED VIEW", "OPERATOR", "POLICY", "PROCEDURE", "ROW SECURITY", "RULE"),
        *("TEXT SEARCH CONFIGURATION", "TRIGGER", "VIEW"),
        "SEQUENCE OWNED BY",
    }
)
"""Kinds of pg_dump's entries for which SQLAlchemy's models have no words."""


class Fact(NamedTuple):
    """A fact: pg_dump's kind of entry, what it belongs to (a table, or nothing), and what it says."""

    kind: str
    owner: str
    text: str

    @property
    def beside_models(self) -> bool:
        """Whether models cannot say it."""
        on = re.match(r"COMMENT ON (?:MATERIALIZED )?(\w+)", self.text)
        return self.kind in BESIDE_MODELS or (on is not None and on[1] in BESIDE_MODELS)


def facts(url: str, *, names: bool = True) -> Counter[Fact]:
    """The facts of a database's schema, version table and journal aside.

    Args:
        url: the database.
        names: False leaves out what constraints and indexes are called. Names of NOT NULL, which
            models have no words for, are left out in any case.
    """
    return facts_of(catalog_dump(url, version_table=False, normalise=False), names=names)


def facts_of(dump: str, *, names: bool = True) -> Counter[Fact]:
    """The facts of what pg_dump wrote."""
    text = normalized_sql(dump.partition(_END)[0])
    _, *entries = _ENTRY.split(text)
    found: Counter[Fact] = Counter()
    for kind, body in zip(entries[::2], entries[1::2], strict=True):
        for fact in _facts(kind, _SESSION.sub("", body)):
            found[fact if names else fact._replace(text=_nameless(fact.text))] += 1
    return found


def unlike(one: Counter[Fact], other: Counter[Fact]) -> Counter[Fact]:
    """What only one of both has."""
    return (one - other) + (other - one)


def _facts(kind: str, body: str) -> Iterator[Fact]:
    for statement in split(body):
        sql = statement.text.strip().rstrip(";")
        if kind == "TABLE" and re.match(r"CREATE (UNLOGGED |FOREIGN )?TABLE ", sql):
            yield from _table(sql)
        elif kind == "DEFAULT" and (found := _NUMBERING.match(sql)) is not None:
            yield Fact("DEFAULT", f"CREATE TABLE {found[1]}", f"{found[2]}: {found[3]}")
        else:
            yield Fact(kind, "", sql)


def _table(sql: str) -> Iterator[Fact]:
    """The head of CREATE TABLE with what follows its list, and each item of the list."""
    depth = begun = opened = closed = 0
    items = []
    for token in tokens(sql):
        if token.text in {"(", "["}:
            depth += 1
            if not opened:
                opened = begun = token.end
        elif token.text in {")", "]", ","} and opened and not closed:
            if depth == 1:
                items.append(sql[begun : token.start])
                begun = token.end
            depth -= token.text != ","
            closed = 0 if depth else token.end
    head = sql[: opened - 1].strip() if opened else sql
    yield Fact("TABLE", "", f"{head} {sql[closed:].strip()}".strip() if opened else sql)
    for item in filter(None, map(str.strip, items)):
        if (found := _NUMBERED.match(item)) is not None:
            yield Fact("DEFAULT", head, f"{found[1]}: {found[3]}")
            item = f"{found[1]} {found[2]}{item[found.end() :]}"
        yield Fact("TABLE", head, _NOT_NULL_NAMES.sub("", item))


def _nameless(text: str) -> str:
    for pattern in _CHOSEN_NAMES:
        text = pattern.sub(r"\g<before>", text, count=1)
    return text
