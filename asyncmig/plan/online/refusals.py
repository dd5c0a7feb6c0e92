"""What an online change cannot carry to the new column, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.plan.online.expressions import index_body, is_ambiguous
from asyncmig.plan.online.names import copy_name, proof_name, trigger_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from asyncmig.plan.online.catalog import TableFacts
    from asyncmig.plan.online.change import Change, Move

__all__ = ["refusals", "without_copy"]

_KINDS = {
    "p": "is partitioned",
    "f": "is a foreign table",
    "v": "is a view",
    "m": "is a materialized view",
    "S": "is a sequence",
    "c": "is a composite type",
}


def refusals(change: Change) -> list[str]:
    """Why a change cannot be made; empty where it can."""
    found: list[str] = []
    for table in change.catalog.tables:
        found += _of_table(change, table)
        found += _of_indexes(table)
        found += _of_constraints(table)
    for move in change.moves:
        found += _of_column(change, move)
    found += _of_foreign_keys(change)
    return list(dict.fromkeys(found))


def without_copy(change: Change) -> Iterator[str]:
    """What the new name lacks when a rename is to be finished.

    An index or constraint that was created later has no copy. A rename whose revision was declared applied
    before its end has copies that are not valid, and rows without a value.
    """
    for table in change.catalog.tables:
        existing, not_valid = set(table.facts["objects"]), set(table.facts.get("not_valid", ()))
        for move in change.moves_of(table):
            if proof_name(table.name, move.final) in not_valid:
                yield f"the rename is not finished: rows of {table.sql} may have no value in {move.new}"
        for index in table.indexes:
            what = f"index {index.name} of {table.sql}"
            yield from _of_copy(what, index.name, index.facts["valid"], existing, not_valid)
        for facts in [each.facts for each in table.checks] + [
            key.facts for key in table.foreign_keys
        ]:
            what = f"constraint {facts['name']}"
            yield from _of_copy(what, facts["name"], facts["validated"], existing, not_valid)


def _of_copy(
    what: str, name: str, is_valid: bool, existing: Collection[str], not_valid: Collection[str]
) -> Iterator[str]:
    """What is wrong with the copy of an index or constraint."""
    copy = copy_name(name)
    if copy not in existing:
        yield f"{what} has no copy for the new name"
    elif is_valid and copy in not_valid:
        yield f"the copy of {what} for the new name is not valid"


def _of_table(change: Change, table: TableFacts) -> Iterator[str]:
    facts, name = table.facts, table.sql
    if facts["kind"] != "r":
        yield f"{name} {_KINDS.get(facts['kind'], 'is not a table')}"
    if facts["persistence"] == "t":
        yield f"{name} is a temporary table"
    if facts.get("is_partition"):
        yield f"{name} is a partition"
    elif facts.get("inherits") and facts["kind"] == "r":
        yield f"{name} inherits from a table, or a table inherits from it"
    if facts.get("is_typed"):
        yield f"{name} is a table of a composite type"
    if facts.get("forces_row_security"):
        yield f"{name} forces row level security on its owner, so a backfill may not see all rows"
    for publication in facts["publications"]:
        yield (
            f"publication {publication} publishes {name}, and its subscribers do not have the new column"
        )
    for rule in facts["rules"]:
        yield f"rule {rule} of {name}"
    for dependent in facts["dependents"]:
        yield f"{dependent} depends on the column"
    moves = change.moves_of(table)
    made = {trigger_name(move.final) for move in moves}
    own = made | {trigger_name(move.column.name) for move in moves}
    for trigger in facts["triggers"]:
        if trigger["name"] in own or not trigger["enabled"]:
            continue
        if trigger["update"] and not change.fire_triggers:
            yield (
                f"trigger {trigger['name']} of {name} would fire for each row of the backfill"
                " (fire_triggers=True allows it)"
            )
        fires_later = trigger["name"].encode() > min(each.encode() for each in made)
        if trigger["before"] and trigger["row"] and fires_later:
            yield f"trigger {trigger['name']} of {name} fires after the trigger of the change"


def _of_column(change: Change, move: Move) -> Iterator[str]:
    facts, name = move.column.facts, move.table.column_sql(move.column.name)
    if facts.get("generated"):
        yield f"{name} is a generated column"
    if facts.get("collation") and " COLLATE " not in move.type:
        yield f"{name} has the collation {facts['collation']}"
    if facts.get("label"):
        yield f"{name} has a security label"
    if facts.get("sequences", 0) > 1:
        yield f"{name} owns several sequences"
    for grant in facts.get("grants", ()):
        if not grant["by_owner"]:
            yield f"a privilege of {grant['role'] or 'PUBLIC'} on {name} was not granted by the owner"
    if move.column.identity and move.sequence_type is None:
        yield f"{name} is an identity column, and {move.type} is not an integer type"
    sequence = move.column.sequence
    if move.column.identity and sequence is not None and sequence["has_grants"]:
        yield f"the sequence of the identity column {name} has privileges of its own"
    taken = move.new in move.table.facts["names"]
    if taken and not change.has_leftovers:
        yield f"{move.table.sql} has a column {move.new} already"
    if [each.new for each in change.moves_of(move.table)].count(move.new) > 1:
        yield f"two columns of {move.table.sql} are the same when they are cut to {move.new}"
    objects = move.table.facts["objects"]
    if proof_name(move.table.name, move.final) in objects and not change.has_leftovers:
        yield f"{move.table.sql} has a constraint {proof_name(move.table.name, move.final)} already"
    if change.kept and move.kept in move.table.facts["names"] and not change.has_leftovers:
        yield f"{move.table.sql} has a column {move.kept} already"
    if move.using is None and _depends_on_time_zone(facts["type"], move.type):
        yield (
            f"{facts['type']} to {move.type} depends on the time zone of each session: write"
            f" using=\"{move.column.name} AT TIME ZONE 'UTC'\", or another zone"
        )
    elif change.kept and _depends_on_time_zone(facts["type"], move.type):
        yield f"{move.type} to {facts['type']} depends on the time zone of each session: leave out drop_old"


def _of_indexes(table: TableFacts) -> Iterator[str]:
    for index in table.indexes:
        facts = index.facts
        if not facts["valid"]:
            yield f"index {index.name} of {table.sql} is invalid: drop it or build it again"
        if facts["tablespace"]:
            yield f"index {index.name} of {table.sql} is in the tablespace {facts['tablespace']}"
        if facts["statistics"]:
            yield f"index {index.name} of {table.sql} has a statistics target"
        if facts["whole_row"]:
            yield f"index {index.name} of {table.sql} uses the whole row"
        elif is_ambiguous(index_body(facts["definition"]), facts["uses"]):
            yield f"index {index.name} of {table.sql} has another word that is the name of the column"


def _of_constraints(table: TableFacts) -> Iterator[str]:
    for facts in table.facts["constraints"]:
        name = f"constraint {facts['name']} of {table.sql}"
        if facts["kind"] == "x":
            yield f"{name} is an exclusion constraint"
        if not facts["enforced"]:
            yield f"{name} is NOT ENFORCED"
        if facts["period"]:
            yield f"{name} is WITHOUT OVERLAPS"
        if facts["kind"] == "c" and facts["whole_row"]:
            yield f"{name} uses the whole row"
        elif facts["kind"] == "c" and is_ambiguous(facts["definition"], facts["uses"]):
            yield f"{name} has another word that is the name of the column"


def _of_foreign_keys(change: Change) -> Iterator[str]:
    for key in change.catalog.foreign_keys:
        facts, name = key.facts, f"foreign key {key.name} of {key.table}"
        if not facts["enforced"]:
            yield f"{name} is NOT ENFORCED"
        if facts["period"]:
            yield f"{name} has a PERIOD"
        if facts["from_kind"] == "p" or facts["to_kind"] == "p" or facts["from_partition"]:
            yield f"{name} has a partitioned table on one side"
        leads_here = any(
            key.target == move.table.sql and move.column.name in facts["to_columns"]
            for move in change.moves
        )
        if leads_here and change.moves[0].using:
            yield f"{name} refers to the column, and using= is written for one column"
    existing = {
        (table.sql, each) for table in change.catalog.tables for each in table.facts["objects"]
    }
    names = [
        (table.sql, copy_name(each.name))
        for table in change.catalog.tables
        for each in table.copied
    ]
    names += [(key.table, copy_name(key.name)) for key in change.catalog.foreign_keys]
    for table_name, copy in names:
        if (table_name, copy) in existing and not change.has_leftovers:
            yield f"{table_name} has an index or constraint {copy} already"
        if names.count((table_name, copy)) > 1:
            yield f"two names of {table_name} are the same when they are cut to {copy}"


def _depends_on_time_zone(old: str, new: str) -> bool:
    """True for a cast between types with and without time zone."""
    old_zone, new_zone = _has_zone(old), _has_zone(new)
    return old_zone is not None and new_zone is not None and old_zone is not new_zone


def _has_zone(type_: str) -> bool | None:
    """Whether a type of points in time has a time zone; None for another type."""
    name = type_.upper()
    if not name.startswith(("TIMESTAMP", "TIME", "DATE")):
        return None
    return "WITH TIME ZONE" in name or name.startswith(("TIMESTAMPTZ", "TIMETZ"))
