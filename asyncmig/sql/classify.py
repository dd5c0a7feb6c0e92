"""What one statement is, as far as a migration runner must know before it runs.

Only words are looked at; a script's text cannot tell everything. What it cannot (REINDEX or CLUSTER of
a partitioned table, a procedure that commits) the server says at run time, with SQLSTATE 25001 or
2D000. The list of statements that cannot run in a transaction block is PostgreSQL's own, from the
documentation of each command and its ``PreventInTransactionBlock`` calls, for 14 to 18.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from asyncmig.sql.lexer import Kind, string_value, tokens
from asyncmig.sql.reader import Reader, SqlName
from asyncmig.sql.slices import contains, search_slices

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Classification", "Control", "SqlName", "classify", "may_commit", "mentions"]


class Control(StrEnum):
    """A statement that begins, ends or divides a transaction."""

    BEGIN = "begin"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    SAVEPOINT = "savepoint"
    """SAVEPOINT, RELEASE, and ROLLBACK TO: the transaction continues."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """The facts of one statement.

    Attributes:
        verb: its command in capitals without options: ``"CREATE INDEX"``, ``"ALTER TYPE ADD VALUE"``,
            ``"ALTER TABLE DETACH PARTITION"``, ``"SELECT"``; empty for an empty statement.
        reason: why it is not transactional, a clause such as ``"VACUUM cannot run inside a transaction
            block"``; None when it is.
        control: set for statements that begin or end transactions.
        concurrently: it carries CONCURRENTLY.
        if_exists: it carries IF EXISTS.
        if_not_exists: it carries IF NOT EXISTS.
        returns_rows: it will probably return rows. A guess: a function may be called for its effect.
        objects: what it makes, drops or changes, for the commands that a resumed run may have to look
            up: the index or indexes, the type, the database, the child partition, the constraint, the
            relation or schema that is reindexed. Empty for the rest and for an index without a name.
        table: the table of a new index, the parent of a partition, the table of a constraint.
        enum_label: the label that ALTER TYPE ... ADD VALUE adds; its type is ``objects[0]``.
    """

    verb: str
    reason: str | None = None
    control: Control | None = None
    concurrently: bool = False
    if_exists: bool = False
    if_not_exists: bool = False
    returns_rows: bool = False
    objects: tuple[SqlName, ...] = ()
    table: SqlName | None = None
    enum_label: str | None = None

    @property
    def transactional(self) -> bool:
        """False when PostgreSQL refuses it inside a transaction block."""
        return self.reason is None

    @property
    def object(self) -> SqlName | None:
        """The first of ``objects``."""
        return self.objects[0] if self.objects else None

    @property
    def enum_type(self) -> SqlName | None:
        """The type to which ALTER TYPE ... ADD VALUE adds."""
        return self.object if self.enum_label is not None else None


def classify(sql: str) -> Classification:
    """Look at one statement.

    Args:
        sql: a statement; of several, only the first counts. Never refused: what is not SQL gets a
            verb all the same, and the server's own error later.

    Example::

        >>> classify("create index concurrently i on app.t (a)").table
        SqlName(schema='app', name='t')
    """
    return _remembered(sql) if len(sql) <= _LONGEST_REMEMBERED else _classify(sql)


def _classify(sql: str) -> Classification:
    reader = Reader(sql)
    first = reader.next()
    while first == "(":
        first = reader.next()
    reading = _READINGS.get(first)
    return Classification(verb=first) if reading is None else reading(reader, first, sql)


# each statement is looked at when it is recorded, divided into phases, framed and sent
_LONGEST_REMEMBERED = 4_000
_remembered = lru_cache(maxsize=256)(_classify)


def may_commit(sql: str) -> bool:
    """Whether a statement outside a transaction can commit a part of its work and then fail."""
    verb = classify(sql).verb
    return verb == "CALL" or (verb == "DO" and contains(sql, "commit"))


def mentions(sql: str, label: str) -> bool:
    """Whether a string constant of that value occurs, in dollar-quoted bodies too.

    Errs on the side of yes: a literal of an array or a row that has it as an element counts, and so
    does a literal inside another, as in ``EXECUTE 'SELECT ''label'''``.
    """
    if label not in sql and label.replace("'", "''") not in sql and "\\" not in sql:
        return False
    for token in tokens(sql):
        if token.kind in (Kind.STRING, Kind.DOLLAR):
            value = string_value(token.text)
            if value == label or label in _BETWEEN_ELEMENTS.split(value):
                return True
            if "'" in value and mentions(value, label):
                return True
        elif token.kind is Kind.UNTERMINATED and label in token.text:
            return True
    return False


_BETWEEN_ELEMENTS = re.compile(r'[{}(),"\[\]\s]+')
_RETURNING = re.compile(r"\bRETURNING\b", re.IGNORECASE)
_QUERIES = frozenset({"SELECT", "TABLE", "VALUES"})
_CHANGES = frozenset({"DELETE", "INSERT", "MERGE", "UPDATE"})
_BEFORE_NAME = frozenset({"WITH", "RECURSIVE", ","})
# words that may follow CREATE before the kind of object
_MODIFIERS = frozenset({"OR", "REPLACE", "UNIQUE", "TEMP", "TEMPORARY", "LOCAL", "GLOBAL"}) | {
    "UNLOGGED", "RECURSIVE", "TRUSTED", "PROCEDURAL", "CONSTRAINT", "DEFAULT",
}  # fmt: skip
# kinds of objects outside of any database, or whose making and dropping no transaction undoes
_GLOBAL_KINDS = frozenset({"DATABASE", "TABLESPACE"})


def _refused(what: str) -> str:
    return f"{what} cannot run inside a transaction block"


def _create(reader: Reader, _first: str, _sql: str) -> Classification:
    reader.skip(_MODIFIERS)
    kind = reader.kind()
    verb = f"CREATE {kind}"
    if kind == "INDEX":
        return _create_index(reader)
    if kind == "SUBSCRIPTION":
        return _create_subscription(reader)
    if kind in _GLOBAL_KINDS:
        return Classification(verb=verb, reason=_refused(verb), objects=reader.names())
    return Classification(verb=verb, if_not_exists=reader.take("IF", "NOT", "EXISTS"))


def _create_index(reader: Reader) -> Classification:
    concurrently = reader.take("CONCURRENTLY")
    if_not_exists = reader.take("IF", "NOT", "EXISTS")
    name = None if reader.word == "ON" else reader.name()
    reader.take("ON", "ONLY")
    table = reader.name()
    if (
        name and table
    ):  # an index lives in its table's schema, and the grammar lets it name no other
        name = SqlName(table.schema, name.name)
    return Classification(
        verb="CREATE INDEX",
        reason=_refused("CREATE INDEX CONCURRENTLY") if concurrently else None,
        concurrently=concurrently,
        if_not_exists=if_not_exists,
        objects=(name,) if name else (),
        table=table,
    )


def _create_subscription(reader: Reader) -> Classification:
    objects = reader.names()
    options = _with_options(reader)
    makes_slot = options.get("CONNECT", True) and options.get("CREATE_SLOT", True)
    return Classification(
        verb="CREATE SUBSCRIPTION",
        reason=_refused("CREATE SUBSCRIPTION with a replication slot") if makes_slot else None,
        objects=objects,
    )


def _with_options(reader: Reader) -> dict[str, bool]:
    """The options of a WITH clause further on."""
    for word in reader.outside():
        if word == "WITH":
            return reader.options()
    return {}


def _drop(reader: Reader, _first: str, _sql: str) -> Classification:
    kind = reader.kind()
    verb = f"DROP {kind}"
    concurrently = kind == "INDEX" and reader.take("CONCURRENTLY")
    if_exists = reader.take("IF", "EXISTS")
    reason = None
    if concurrently:
        reason = _refused("DROP INDEX CONCURRENTLY")
    elif kind in _GLOBAL_KINDS:
        reason = _refused(verb)
    elif kind == "SUBSCRIPTION":
        reason = _refused("DROP SUBSCRIPTION with a replication slot")
    return Classification(
        verb=verb,
        reason=reason,
        concurrently=concurrently,
        if_exists=if_exists,
        objects=reader.names() if kind == "INDEX" or reason else (),
    )


def _alter(reader: Reader, _first: str, _sql: str) -> Classification:
    kind = reader.kind()
    verb = f"ALTER {kind}"
    match kind:
        case "SYSTEM":
            return Classification(verb=verb, reason=_refused(verb))
        case "DATABASE":
            return _alter_database(reader)
        case "SUBSCRIPTION":
            return _alter_subscription(reader)
        case "TYPE":
            return _alter_type(reader)
        case "TABLE" | "INDEX":
            return _alter_table(reader, verb)
        case _:
            return Classification(verb=verb, if_exists=reader.take("IF", "EXISTS"))


def _alter_database(reader: Reader) -> Classification:
    objects = reader.names()
    moves = reader.take("SET") and reader.take("TABLESPACE")
    return Classification(
        verb="ALTER DATABASE",
        reason=_refused("ALTER DATABASE ... SET TABLESPACE") if moves else None,
        objects=objects,
    )


def _alter_subscription(reader: Reader) -> Classification:
    objects = reader.names()
    action = reader.next()
    refreshes = action == "REFRESH"
    if not refreshes and reader.take("PUBLICATION"):
        refreshes = _with_options(reader).get("REFRESH", True)
    elif action == "SET":
        options = reader.options()
        refreshes = "FAILOVER" in options or not options.get("TWO_PHASE", True)
    what = "ALTER SUBSCRIPTION that talks to the publisher"
    return Classification(
        verb="ALTER SUBSCRIPTION", reason=_refused(what) if refreshes else None, objects=objects
    )


def _alter_type(reader: Reader) -> Classification:
    name = reader.name()
    if name is None or not (reader.take("ADD") and reader.take("VALUE")):
        return Classification(verb="ALTER TYPE")
    if_not_exists = reader.take("IF", "NOT", "EXISTS")
    return Classification(
        verb="ALTER TYPE ADD VALUE",
        if_not_exists=if_not_exists,
        objects=(name,),
        enum_label=reader.string(),
    )


def _alter_table(reader: Reader, verb: str) -> Classification:
    if_exists = reader.take("IF", "EXISTS")
    reader.take("ONLY")
    table = reader.name()
    reader.take("*")
    objects: tuple[SqlName, ...] = ()
    concurrently = False
    if action := reader.either("ATTACH", "DETACH"):
        verb = f"{verb} {action} PARTITION"
        reader.take("PARTITION")
        objects = reader.names()
        concurrently = reader.take("CONCURRENTLY")
    elif objects := _validated(reader):
        verb = f"{verb} VALIDATE CONSTRAINT"
    return Classification(
        verb=verb,
        reason=_refused("DETACH PARTITION CONCURRENTLY") if concurrently else None,
        concurrently=concurrently,
        if_exists=if_exists,
        objects=objects,
        table=table,
    )


def _validated(reader: Reader) -> tuple[SqlName, ...]:
    """The constraints of an ALTER TABLE that does nothing but validate."""
    found: list[SqlName] = []
    while reader.take("VALIDATE", "CONSTRAINT") and (name := reader.name()):
        found.append(name)
        reader.take(",")
    return tuple(found) if reader.at_end else ()


def _reindex(reader: Reader, first: str, _sql: str) -> Classification:
    options = reader.options()
    kind = reader.next()
    verb = f"{first} {kind}"
    concurrently = reader.take("CONCURRENTLY") or options.get("CONCURRENTLY", False)
    reason = None
    if concurrently:
        reason = _refused("REINDEX CONCURRENTLY")
    elif kind in ("SCHEMA", "DATABASE", "SYSTEM"):
        reason = _refused(verb)
    return Classification(
        verb=verb, reason=reason, concurrently=concurrently, objects=reader.names()
    )


def _cluster(reader: Reader, first: str, _sql: str) -> Classification:
    reader.options()
    reader.take("VERBOSE")
    reason = _refused("CLUSTER without a table") if reader.at_end else None
    return Classification(verb=first, reason=reason)


def _refresh(reader: Reader, first: str, _sql: str) -> Classification:
    verb = f"{first} {reader.kind()}"
    concurrently = reader.take("CONCURRENTLY")
    return Classification(verb=verb, concurrently=concurrently, objects=reader.names())


def _discard(reader: Reader, first: str, _sql: str) -> Classification:
    verb = f"{first} {reader.next()}"
    return Classification(verb=verb, reason=_refused(verb) if verb == "DISCARD ALL" else None)


def _vacuum(_reader: Reader, first: str, _sql: str) -> Classification:
    return Classification(verb=first, reason=_refused(first))


def _begin(_reader: Reader, first: str, _sql: str) -> Classification:
    verb = "START TRANSACTION" if first == "START" else first
    return Classification(verb=verb, control=Control.BEGIN)


def _commit(reader: Reader, first: str, _sql: str) -> Classification:
    if reader.take("PREPARED"):
        return Classification(verb="COMMIT PREPARED", reason=_refused("COMMIT PREPARED"))
    return Classification(verb=first, control=Control.COMMIT)


def _rollback(reader: Reader, first: str, _sql: str) -> Classification:
    if reader.take("PREPARED"):
        return Classification(verb="ROLLBACK PREPARED", reason=_refused("ROLLBACK PREPARED"))
    reader.skip(frozenset({"WORK", "TRANSACTION"}))
    if reader.take("TO"):
        return Classification(verb="ROLLBACK TO", control=Control.SAVEPOINT)
    return Classification(verb=first, control=Control.ROLLBACK)


def _savepoint(_reader: Reader, first: str, _sql: str) -> Classification:
    return Classification(verb=first, control=Control.SAVEPOINT)


def _prepare(reader: Reader, first: str, _sql: str) -> Classification:
    if not reader.take("TRANSACTION"):
        return Classification(verb=first)
    return Classification(
        verb="PREPARE TRANSACTION",
        reason="PREPARE TRANSACTION takes the transaction away from its session",
    )


def _query(reader: Reader, first: str, sql: str) -> Classification:
    into = contains(sql, "into") and "INTO" in reader.outside()
    return Classification(verb=first, returns_rows=not into)


def _rows(_reader: Reader, first: str, _sql: str) -> Classification:
    return Classification(verb=first, returns_rows=True)


def _change(_reader: Reader, first: str, sql: str) -> Classification:
    returning = search_slices(_RETURNING, sql) if contains(sql, "returning") else None
    return Classification(verb=first, returns_rows=returning is not None)


def _with(reader: Reader, first: str, sql: str) -> Classification:
    """A query or a change behind its common table expressions, whose names may be any word."""
    previous = first
    for word in reader.outside():
        may_be_name = previous in _BEFORE_NAME
        if word in _QUERIES and not may_be_name:
            return _query(reader, word, sql)
        if word in _CHANGES and not may_be_name:
            return _change(reader, word, sql)
        previous = word
    return Classification(verb=first)


_READINGS: dict[str, Callable[[Reader, str, str], Classification]] = {
    "ABORT": _rollback,
    "ALTER": _alter,
    "BEGIN": _begin,
    "CLUSTER": _cluster,
    "COMMIT": _commit,
    "CREATE": _create,
    "DISCARD": _discard,
    "DROP": _drop,
    "END": _commit,
    "EXECUTE": _rows,
    "EXPLAIN": _rows,
    "FETCH": _rows,
    "PREPARE": _prepare,
    "REFRESH": _refresh,
    "REINDEX": _reindex,
    "RELEASE": _savepoint,
    "ROLLBACK": _rollback,
    "SAVEPOINT": _savepoint,
    "SHOW": _rows,
    "START": _begin,
    "VACUUM": _vacuum,
    "WITH": _with,
    **dict.fromkeys(_QUERIES, _query),
    **dict.fromkeys(_CHANGES, _change),
}
