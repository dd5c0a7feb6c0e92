"""Constraints and indexes of one catalog beside those of another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.constraint_items import add_constraint, constraint_using, key_index
from asyncmig.diff.schema_items.index_items import create_index
from asyncmig.diff.schema_items.index_storage import (
    changed_details,
    details_of_constraint,
    details_of_index,
)
from asyncmig.diff.schema_items.matching import match, meanings
from asyncmig.diff.schema_items.printed_sql import columns_in, included_in, printed
from asyncmig.diff.schema_items.sqlalchemy_types import is_respelled
from asyncmig.diff.tables.inheritance import Inheriting
from asyncmig.operations.directives.constraints import DropConstraintOp, ValidateConstraintOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp

if TYPE_CHECKING:
    from asyncmig.catalog.model import Constraint, Index, ObjectName, Table
    from asyncmig.diff.comparison import Comparison
    from asyncmig.diff.schema_items.matching import Matching
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["compare_keys", "constraint_comment", "drop_constraint"]

_KINDS = {"f": "foreignkey", "p": "primary", "u": "unique", "c": "check"}


def compare_keys(work: Comparison) -> None:
    """Constraints and indexes of the tables that stay."""
    matchings: dict[ObjectName, tuple[Matching[Constraint], Matching[Index]]] = {}
    lost_keys: set[tuple[ObjectName, frozenset[str]]] = set()
    for name, (old, new) in work.common.items():
        of_constraint, of_index = meanings(_respelled(old, new))
        constraints = match(
            old.constraints,
            new.constraints,
            of_constraint,
            lambda item, name=name: _must_go(work, name, item),  # type: ignore[misc]  # a default is bound early
        )
        indexes = match(
            old.indexes,
            new.indexes,
            of_index,
            lambda index, name=name: _index_must_go(work, name, index),  # type: ignore[misc]  # same
        )
        matchings[name] = constraints, indexes
        lost_keys |= {
            (name, frozenset(item.columns)) for item in constraints.gone if item.kind in "pu"
        }
        lost_keys |= {(name, frozenset(index.keys)) for index in indexes.gone if index.unique}
    for name, (old, new) in work.common.items():
        constraints, indexes = matchings[name]
        _constraints(work, old, new, constraints, lost_keys)
        _indexes(work, old, new, indexes)


def _respelled(old: Table, new: Table) -> list[str]:
    """The columns that are ``text`` on one side and ``varchar`` on the other."""
    if old.columns == new.columns:
        return []
    return [
        name
        for name, before in old.columns.items()
        for after in [new.columns.get(name)]
        if after is not None and is_respelled(before.type, after.type)
    ]


def _must_go(work: Comparison, table: ObjectName, item: Constraint) -> bool:
    included = item.definition.partition(" INCLUDE ")[2] if item.kind in "pu" else ""
    carried = columns_in(included) if included else ()
    return work.carries_retyped(table, carried) or work.is_touched(
        table, item.columns, item.definition
    )


def _index_must_go(work: Comparison, table: ObjectName, index: Index) -> bool:
    carried = index.include if index.unique else ()
    return work.carries_retyped(table, carried) or work.is_touched(
        table, (*index.keys, *index.include), index.body
    )


def _constraints(
    work: Comparison,
    old: Table,
    new: Table,
    matching: Matching[Constraint],
    lost_keys: set[tuple[ObjectName, frozenset[str]]],
) -> None:
    gone, come = list(matching.gone), list(matching.new)
    for before, after in matching.kept:
        if _is_orphaned(work, before, lost_keys) or (before.validated and not after.validated):
            gone.append(before)
            come.append(after)
            continue
        if after.validated and not before.validated:
            work.steps.post.append(
                ValidateConstraintOp(after.name, new.name.name, schema=work.new.schema(new.name))
            )
        if before.comment != after.comment:
            work.steps.post.append(constraint_comment(work, new, after))
    for before, after in matching.renamed:
        if _is_orphaned(work, before, lost_keys):
            gone.append(before)
            come.append(after)
        elif not Inheriting(work, new.name).renames(before, after):
            work.steps.rename.append(
                ExecuteSQLOp(
                    f"ALTER TABLE {work.new.qualified(new.name)} RENAME CONSTRAINT "
                    f"{work.new.quote(before.name)} TO {work.new.quote(after.name)}"
                )
            )
    concurrently = _concurrently(work, old, new)
    swapped: dict[str, DropConstraintOp] = {}
    for item in gone:
        drop = drop_constraint(work, old, item)
        successor = next((other for other in come if other.name == item.name), None)
        if concurrently and _can_be_swapped(work, old, new, item, successor):
            swapped[item.name] = drop
        else:
            (
                work.steps.drop_foreign_keys if item.kind == "f" else work.steps.drop_constraints
            ).append(drop)
    for item in come:
        if item.kind == "f":
            work.add_foreign_key(item, add_constraint(work.new, new, item))
        elif not (concurrently and _key_comes_meanwhile(work, new, item, swapped.get(item.name))):
            work.steps.add_constraints.append(add_constraint(work.new, new, item))
        work.built[new.name].add(item.name)
        work.steps.post += details_of_constraint(work.new, new, item)
        if item.comment is not None:
            work.steps.post.append(constraint_comment(work, new, item))


def _can_be_swapped(
    work: Comparison, old: Table, new: Table, item: Constraint, successor: Constraint | None
) -> bool:
    """A key that may stand until its successor's index is built."""
    return (
        successor is not None
        and key_index(work.new, new, successor, item.name) is not None
        and item.kind in "pu"
        and not _must_go(work, old.name, item)
        and new.columns.keys() >= {*item.columns, *included_in(item.definition)}
    )


def _key_comes_meanwhile(
    work: Comparison, table: Table, item: Constraint, former: DropConstraintOp | None
) -> bool:
    """Build a key while writes go on; the one that has its name goes when the index is there."""
    name = item.name if former is None else work.free_index_name(table.name, item.name)
    index = key_index(work.new, table, item, name)
    if index is None:
        return False
    goes = [] if former is None else [former]
    using = constraint_using(work.new, table, item, name)
    work.create_concurrently(table.name, item, [index, *goes, using])
    return True


def _is_orphaned(
    work: Comparison, item: Constraint, lost_keys: set[tuple[ObjectName, frozenset[str]]]
) -> bool:
    """A foreign key whose target gives way."""
    reference = item.reference
    return reference is not None and (
        (reference.table, frozenset(reference.columns)) in lost_keys
        or work.is_touched(reference.table, reference.columns, "")
    )


def drop_constraint(work: Comparison, table: Table, item: Constraint) -> DropConstraintOp:
    """An operation that knows its way back."""
    add = add_constraint(work.old, table, item)
    return DropConstraintOp(
        item.name,
        table.name.name,
        _KINDS.get(item.kind),
        schema=work.old.schema(table.name),
        _reverse=None if isinstance(add, ExecuteSQLOp) else add,  # type: ignore[arg-type]  # an AddConstraintOp
    )


def constraint_comment(work: Comparison, table: Table, item: Constraint) -> ExecuteSQLOp:
    """What sets a comment, or takes it away."""
    text = "NULL" if item.comment is None else "'" + item.comment.replace("'", "''") + "'"
    return ExecuteSQLOp(
        f"COMMENT ON CONSTRAINT {work.new.quote(item.name)} ON "
        f"{work.new.qualified(table.name)} IS {text}"
    )


def _indexes(work: Comparison, old: Table, new: Table, matching: Matching[Index]) -> None:
    concurrently = _concurrently(work, old, new)
    for before, after in matching.renamed:
        renamed = work.new.qualified(old.name._replace(name=before.name))
        work.steps.rename.append(
            ExecuteSQLOp(f"ALTER INDEX {renamed} RENAME TO {work.new.quote(after.name)}")
        )
    coming = {index.name for index in matching.new} if concurrently else set()
    swapped: dict[str, DropIndexOp] = {}
    for index in matching.gone:
        drop = _drop_index(work, old, index, concurrently=concurrently)
        if index.name in coming and _may_stand(work, old, new, index):
            swapped[index.name] = drop
        elif concurrently and (old.name, frozenset(index.keys)) not in work.keys_of_dropped:
            work.steps.drop_concurrently.append(drop)
        else:
            work.steps.drop_indexes.append(drop)
    for index in matching.new:
        create = create_index(work.new, new, index, concurrently=concurrently)
        if concurrently:
            former = swapped.get(index.name)
            steps = [create] if former is None else _swap(work, new, index, former)
            work.create_concurrently(new.name, index, steps)
        else:
            work.steps.create_indexes.append(create)
        work.built[new.name].add(index.name)
        work.steps.post += details_of_index(work.new, new, index, create)
    for before, after in (*matching.kept, *matching.renamed):
        work.steps.post += changed_details(work.new, new, before, after)


def _drop_index(work: Comparison, table: Table, index: Index, *, concurrently: bool) -> DropIndexOp:
    create = create_index(work.old, table, index)
    known = create if isinstance(create, CreateIndexOp) else None
    said = {} if known is None else {"unique": known.unique, **known.kw}
    if concurrently:
        said["postgresql_concurrently"] = True
    return DropIndexOp(
        index.name, table.name.name, schema=work.old.schema(table.name), _reverse=known, **said
    )


def _may_stand(work: Comparison, old: Table, new: Table, index: Index) -> bool:
    """Nothing takes an index away before its successor is there."""
    gone = old.columns.keys() - new.columns.keys()
    named = {*index.keys, *index.include, *columns_in(index.body)}
    return gone.isdisjoint(named) and not _index_must_go(work, old.name, index)


def _swap(
    work: Comparison, table: Table, index: Index, former: DropIndexOp
) -> list[MigrateOperation]:
    """Build an index under another name, so that the former one serves until then."""
    name = work.free_index_name(table.name, index.name)
    beginning = f" INDEX {printed(index.name)} ON "
    definition = index.definition.replace(beginning, f" INDEX {printed(name)} ON ", 1)
    renamed = replace(index, name=name, definition=definition)
    create = create_index(work.new, table, renamed, concurrently=True)
    place = work.new.qualified(table.name._replace(name=name))
    rename = ExecuteSQLOp(f"ALTER INDEX {place} RENAME TO {work.new.quote(index.name)}")
    return [create, former, rename]


def _concurrently(work: Comparison, old: Table, new: Table) -> bool:
    return work.concurrent_indexes and old.partition_key is None and new.partition_key is None
