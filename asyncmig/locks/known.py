"""What a statement does by the table of facts, where it cannot be traced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.locks.facts import fact_keys, find_fact
from asyncmig.locks.modes import LockMode
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.actions.parse import parse_actions
from asyncmig.sql.reader import SqlName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.sql.actions.action import Action

__all__ = ["KnownEffects", "known_effects"]

_NEW = frozenset(
    {
        ActionKind.CREATE_TABLE, ActionKind.CREATE_TABLE_AS, ActionKind.CREATE_PARTITION,
        ActionKind.CREATE_VIEW, ActionKind.CREATE_MATERIALIZED_VIEW, ActionKind.CREATE_SEQUENCE,
    }
)  # fmt: skip
_OTHER_INDEX = "other index"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEffects:
    """The effects of one statement; relations that the statement does not name are described in words.

    Attributes:
        locks: the strongest mode by relation.
        rewrites: relations whose file is written anew.
        scans: relations that are read from end to end.
        created: relations that the statement creates.
        errors: SQLSTATEs with which the server refuses it, on a table with rows.
        analysed: False where some part of the statement is not in the table.
    """

    locks: Mapping[SqlName | str, LockMode]
    rewrites: frozenset[SqlName | str] = frozenset()
    scans: frozenset[SqlName | str] = frozenset()
    created: frozenset[SqlName] = frozenset()
    errors: frozenset[str] = frozenset()
    analysed: bool = True


def known_effects(sql: str, major: int) -> KnownEffects:
    """The effects of a statement on a server of that major version."""
    locks: dict[SqlName | str, LockMode] = {}
    rewrites: set[SqlName | str] = set()
    scans: set[SqlName | str] = set()
    created: set[SqlName] = set()
    errors: set[str] = set()
    analysed = True
    for action in parse_actions(sql):
        analysed = analysed and action.analysed and action.kind is not ActionKind.DROP_OWNED
        if action.kind in _NEW and action.relation is not None:
            created.add(action.relation)
        if action.new_name is not None and action.kind is ActionKind.RENAME_TABLE:
            schema = action.relation.schema if action.relation else None
            created.add(SqlName(schema, action.new_name))
        for key in fact_keys(action):
            fact = find_fact(key, major)
            if fact is None:
                analysed = False
                continue
            if fact.error is not None:
                errors.add(fact.error)
            for role, mode in fact.locks.items():
                if role == _OTHER_INDEX:
                    continue
                for name in _of_role(action, role):
                    locks[name] = max(mode, locks.get(name, mode), key=lambda one: one.rank)
            rewrites.update(name for role in fact.rewrites for name in _of_role(action, role))
            scans.update(name for role in fact.scans for name in _of_role(action, role))
        if action.kind is ActionKind.LOCK_TABLE and action.relation is not None and action.mode:
            locks[action.relation] = LockMode[action.mode.replace(" ", "_")]
    return KnownEffects(
        locks=locks,
        rewrites=frozenset(rewrites),
        scans=frozenset(scans),
        created=frozenset(created),
        errors=frozenset(errors),
        analysed=analysed,
    )


def _of_role(action: Action, role: str) -> tuple[SqlName | str, ...]:
    """The relations of an action that have a role in the table of facts."""
    relation = action.relation
    match role:
        case "table" if relation is None and action.index is not None:
            return (f"the table of {action.index}",)
        case "table" if action.kind in _NEW:
            return action.references
        case "table" | "view" | "materialized view" | "sequence":
            return () if relation is None else (relation,)
        case "referenced table":
            return action.references or ("the table that its foreign key references",)
        case "index":
            return () if action.index is None else (action.index,)
        case "partitioned table" | "parent table":
            named = (
                action.partition
                if action.kind
                in (ActionKind.CREATE_PARTITION, ActionKind.INHERIT, ActionKind.NO_INHERIT)
                else relation
            )
            return () if named is None else (named,)
        case "partition" | "child table":
            inherits = action.kind in (ActionKind.INHERIT, ActionKind.NO_INHERIT)
            named = relation if inherits else action.partition
            return (f"the partitions of {relation}",) if named is None else (named,)
        case "default partition":
            return (f"the default partition of {relation}",)
        case "other partition" | "other index":
            return ()
        case _:
            return ("the tables that use it",)
