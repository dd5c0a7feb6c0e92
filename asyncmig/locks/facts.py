"""The table of facts: what each kind of statement locks, rewrites and scans, as servers showed it.

``facts.json`` is written by ``scripts/lock_facts.py`` from runs on PostgreSQL 14 to 18, and a test
compares it with a server. Relations have roles there ("table", "referenced table"), because the
statements are examples.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from asyncmig.locks.modes import LockMode
from asyncmig.sql.actions.action import ConstraintKind
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.lexer import Kind, tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.sql.actions.action import Action, ColumnDefinition

__all__ = ["NEWEST_MAJOR", "OLDEST_MAJOR", "Fact", "fact_keys", "find_fact", "is_volatile"]

OLDEST_MAJOR, NEWEST_MAJOR = 14, 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What one kind of statement does.

    Attributes:
        key: the kind of action, and the variant behind a colon.
        locks: the strongest mode by the role of the relation.
        rewrites: the roles whose file is written anew.
        scans: the roles that are read from end to end.
        error: the SQLSTATE with which the server refuses it.
    """

    key: str
    locks: Mapping[str, LockMode]
    rewrites: tuple[str, ...] = ()
    scans: tuple[str, ...] = ()
    error: str | None = None


@cache
def _table() -> dict[str, Any]:
    text = files("asyncmig.locks").joinpath("facts.json").read_text(encoding="utf-8")
    table: dict[str, Any] = json.loads(text)
    return table


def find_fact(key: str, major: int) -> Fact | None:
    """The fact of that key; None where the table has none for that version.

    Versions that the table does not have are taken as its nearest.
    """
    entry = _table().get(key)
    nearest = min(max(major, OLDEST_MAJOR), NEWEST_MAJOR)
    for facts in () if entry is None else entry["facts"]:
        if nearest in facts["versions"]:
            return Fact(
                key=key,
                locks={role: LockMode(mode) for role, mode in facts.get("locks", {}).items()},
                rewrites=tuple(facts.get("rewrites", ())),
                scans=tuple(facts.get("scans", ())),
                error=facts.get("error"),
            )
    return None


def fact_keys(action: Action) -> tuple[str, ...]:
    """The entries of the table that describe an action, as far as its text decides; else the worst case."""
    kind = action.kind
    if not action.analysed:
        return ()
    match kind:
        case ActionKind.ADD_COLUMN if action.new_column is not None:
            return _of_column(action.new_column)
        case ActionKind.CREATE_TABLE:
            return _of_new_table(action)
        case ActionKind.ALTER_COLUMN_TYPE:
            if action.words.startswith("COLLATE"):
                return ("alter_column_type: collation", "alter_column_type: int to bigint")
            return ("alter_column_type: int to bigint",)
        case _ if kind in _WORST:
            return _WORST[kind]
        case _:
            return (_variant(action),)


# where the text does not tell which variant it is, the one that does most
_WORST = {
    ActionKind.VALIDATE_CONSTRAINT: (
        "validate_constraint: check",
        "validate_constraint: foreign key",
    ),
    ActionKind.DROP_CONSTRAINT: ("drop_constraint: foreign key",),
    ActionKind.DETACH_PARTITION_FINALIZE: ("detach_partition_concurrently",),
    # outside of the table: what they lock depends on what exists
    ActionKind.DROP_OWNED: (),
    ActionKind.SESSION: (),
    ActionKind.TRANSACTION: (),
}


def _variant(action: Action) -> str:
    kind = action.kind.value
    constraint = action.new_constraint
    variant = ""
    if constraint is not None and constraint.index is not None:
        variant = "using index"
        if constraint.kind is ConstraintKind.PRIMARY_KEY:
            variant = "using index, nullable column"
    elif constraint is not None and constraint.not_enforced:
        variant = "not enforced"
    elif constraint is not None and constraint.not_valid:
        variant = "not valid"
    elif action.kind is ActionKind.CREATE_INDEX and action.unique:
        variant = "unique"
    elif action.kind in (ActionKind.REINDEX, ActionKind.REINDEX_CONCURRENTLY):
        variant = "index" if action.index is not None else "table"
    elif action.kind is ActionKind.COMMENT:
        variant = {"COLUMN": "column", "INDEX": "index", "CONSTRAINT": "constraint"}.get(
            action.target, "table"
        )
    elif action.kind in (ActionKind.UPDATE, ActionKind.DELETE) and action.where:
        variant = "where"
    elif action.kind is ActionKind.SET_STORAGE_PARAMETERS and "user_catalog" in action.words:
        variant = "user_catalog_table"
    return f"{kind}: {variant}" if variant else kind


def _of_column(column: ColumnDefinition) -> tuple[str, ...]:
    found = []
    if column.serial:
        found.append("serial")
    elif column.identity is not None:
        found.append("identity")
    elif column.generated is not None:
        stored = column.generation == "stored"
        found.append("generated stored" if stored else "generated virtual")
    elif column.default is not None:
        volatile = is_volatile(column.default)
        found.append("volatile default" if volatile else "constant default")
    elif column.not_null:
        found.append("NOT NULL without default")
    if column.constraint(ConstraintKind.CHECK):
        found.append("check")
    if column.constraint(ConstraintKind.UNIQUE):
        found.append("unique")
    if column.constraint(ConstraintKind.PRIMARY_KEY):
        found.append("primary key")
    if column.constraint(ConstraintKind.FOREIGN_KEY):
        filled = column.default is not None and column.default.upper() != "NULL"
        found.append("references, constant default" if filled else "references")
    return tuple(f"add_column: {variant}" for variant in found) or ("add_column",)


def _of_new_table(action: Action) -> tuple[str, ...]:
    keys = {column.references for column in action.definitions if column.references}
    keys |= {each.references for each in action.constraints if each.references}
    found = ["create_table: references"] if keys else []
    if set(action.references) - keys:
        found.append("create_table: inherits")
    return tuple(found) or ("create_table",)


_NOT_VOLATILE = frozenset(
    {
        "NOW", "TRANSACTION_TIMESTAMP", "STATEMENT_TIMESTAMP", "CURRENT_SETTING", "LOWER", "UPPER",
        "COALESCE", "NULLIF", "GREATEST", "LEAST", "CURRENT_TIMESTAMP", "CURRENT_TIME", "LOCALTIME",
        "LOCALTIMESTAMP", "TIMEZONE", "DATE_TRUNC", "MAKE_INTERVAL", "MAKE_DATE", "TO_TIMESTAMP", "CONCAT",
        "JSON_BUILD_OBJECT", "JSONB_BUILD_OBJECT", "JSON_BUILD_ARRAY", "JSONB_BUILD_ARRAY", "MD5", "LENGTH",
        "ROUND", "ABS", "TO_JSON", "TO_JSONB", "ARRAY", "IN", "AND", "OR", "NOT", "CASE", "WHEN", "THEN",
        "ELSE", "CAST", "AS", "ROW", "INTERVAL", "EXTRACT",
    }
)  # fmt: skip
"""Functions that PostgreSQL marks stable or immutable, and words that a parenthesis may follow."""


def is_volatile(expression: str) -> bool:
    """Whether a default may be volatile: it calls a function that is not known to be stable or immutable."""
    found = list(tokens(expression))
    for position, (token, following) in enumerate(pairwise(found)):
        if following.text != "(" or token.kind not in (Kind.WORD, Kind.QUOTED):
            continue
        is_type = position > 0 and found[position - 1].text == "::"
        if not is_type and token.text.strip('"').upper() not in _NOT_VOLATILE:
            return True
    return False
