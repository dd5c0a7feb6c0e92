"""Compare the constraints and indexes of tables that both sides have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.diff.schema_items.constraint_items import add_constraint, constraint_using, key_index
from asyncmig.diff.schema_items.index_items import (
    change_index,
    create_index,
    finish_constraint,
    finish_index,
)
from asyncmig.diff.schema_items.matching import match, meanings
from asyncmig.diff.schema_items.printed_sql import columns_in, included_in, printed
from asyncmig.diff.schema_items.script_sql import raw_sql
from asyncmig.diff.schema_items.sqlalchemy_types import is_text_or_varchar
from asyncmig.diff.stages import Stage
from asyncmig.diff.tables.inheritance import TableInheritance
from asyncmig.operations.directives.constraints import DropConstraintOp, ValidateConstraintOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.indexes import CreateIndexOp, DropIndexOp
from asyncmig.sql.quoting import comment_on

if TYPE_CHECKING:
    from asyncmig.catalog.model import Constraint, Index, Table
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.comparison import Comparison
    from asyncmig.diff.schema_items.matching import Matching
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["compare_constraints", "constraint_comment", "drop_constraint"]

_KINDS = {"f": "foreignkey", "p": "primary", "u": "unique", "c": "check"}


def compare_constraints(comparison: Comparison) -> None:
    """Add, drop, rename and validate constraints; create, drop and rename indexes."""
    matchings: list[tuple[_TableChanges, Matching[Constraint], Matching[Index]]] = []
    dropped_keys: set[tuple[ObjectName, frozenset[str]]] = set()
    for name, (old, new) in comparison.common.items():
        changes = _TableChanges(comparison, old, new)
        constraint_meaning, index_meaning = meanings(_text_or_varchar(old, new))
        constraints = match(
            old.constraints, new.constraints, constraint_meaning, changes.must_drop_constraint
        )
        indexes = match(old.indexes, new.indexes, index_meaning, changes.must_drop_index)
        matchings.append((changes, constraints, indexes))
        dropped_keys |= {
            (name, frozenset(item.columns)) for item in constraints.gone if item.kind in "pu"
        }
        dropped_keys |= {(name, frozenset(index.keys)) for index in indexes.gone if index.unique}
    for changes, constraints, indexes in matchings:
        changes.change_constraints(constraints, dropped_keys)
        changes.change_indexes(indexes)


def _text_or_varchar(old: Table, new: Table) -> list[str]:
    """The columns that are ``text`` on one side and ``varchar`` on the other."""
    if old.columns == new.columns:
        return []
    return [
        name
        for name, before in old.columns.items()
        for after in [new.columns.get(name)]
        if after is not None and is_text_or_varchar(before.type, after.type)
    ]


def drop_constraint(comparison: Comparison, table: Table, item: Constraint) -> DropConstraintOp:
    """DROP CONSTRAINT, with the operation that adds it again."""
    add = add_constraint(comparison.old, table, item)
    return DropConstraintOp(
        item.name,
        table.name.name,
        _KINDS.get(item.kind),
        schema=comparison.old.schema(table.name),
        _reverse=None if isinstance(add, ExecuteSQLOp) else add,  # type: ignore[arg-type]  # an AddConstraintOp
    )


def constraint_comment(comparison: Comparison, table: Table, item: Constraint) -> ExecuteSQLOp:
    """COMMENT ON CONSTRAINT."""
    place = f"{comparison.new.quote(item.name)} ON {comparison.new.qualified(table.name)}"
    return raw_sql(comment_on("CONSTRAINT", place, item.comment))


class _TableChanges:
    """The changes of the constraints and indexes of one table.

    Attributes:
        concurrently: its indexes are created and dropped with CONCURRENTLY.
    """

    def __init__(self, comparison: Comparison, old: Table, new: Table) -> None:
        self._comparison = comparison
        self._old = old
        self._new = new
        self.concurrently = (
            comparison.concurrent_indexes
            and old.partition_key is None
            and new.partition_key is None
        )

    def must_drop_constraint(self, item: Constraint) -> bool:
        """True when a constraint cannot be kept, because a column or type that it uses changes."""
        included = item.definition.partition(" INCLUDE ")[2] if item.kind in "pu" else ""
        names = columns_in(included) if included else ()
        table, comparison = self._old.name, self._comparison
        return comparison.includes_retyped(table, names) or comparison.is_affected(
            table, item.columns, item.definition
        )

    def must_drop_index(self, index: Index) -> bool:
        """The same for an index."""
        table, comparison = self._old.name, self._comparison
        names = index.include if index.unique else ()
        return comparison.includes_retyped(table, names) or comparison.is_affected(
            table, (*index.keys, *index.include), index.body
        )

    def change_constraints(
        self,
        matching: Matching[Constraint],
        dropped_keys: set[tuple[ObjectName, frozenset[str]]],
    ) -> None:
        """Change the constraints.

        Args:
            matching: the constraints before and after.
            dropped_keys: the keys that are dropped, in any table.
        """
        comparison, new = self._comparison, self._new
        gone, added = list(matching.gone), list(matching.new)
        for before, after in matching.kept:
            if self._loses_target(before, dropped_keys) or (
                before.validated and not after.validated
            ):
                gone.append(before)
                added.append(after)
                continue
            if after.validated and not before.validated:
                schema = comparison.new.schema(new.name)
                validate = ValidateConstraintOp(after.name, new.name.name, schema=schema)
                comparison.add(Stage.FINISH, validate)
            if before.comment != after.comment:
                comparison.add(Stage.FINISH, constraint_comment(comparison, new, after))
        for before, after in matching.renamed:
            if self._loses_target(before, dropped_keys):
                gone.append(before)
                added.append(after)
            elif not TableInheritance(comparison, new.name).parent_renames(before, after):
                comparison.add(Stage.RENAME, self._rename_constraint(before, after))
        replaced = self._drop_constraints(gone, added)
        for item in added:
            self._add_constraint(item, replaced.get(item.name))

    def _loses_target(
        self, item: Constraint, dropped_keys: set[tuple[ObjectName, frozenset[str]]]
    ) -> bool:
        """True for a foreign key whose target is dropped or changes."""
        reference = item.reference
        return reference is not None and (
            (reference.table, frozenset(reference.columns)) in dropped_keys
            or self._comparison.is_affected(reference.table, reference.columns, "")
        )

    def _rename_constraint(self, before: Constraint, after: Constraint) -> ExecuteSQLOp:
        factory = self._comparison.new
        return ExecuteSQLOp(
            f"ALTER TABLE {factory.qualified(self._new.name)} RENAME CONSTRAINT "
            f"{factory.quote(before.name)} TO {factory.quote(after.name)}"
        )

    def _drop_constraints(
        self, gone: list[Constraint], added: list[Constraint]
    ) -> dict[str, DropConstraintOp]:
        """Drop constraints; return by name those that are kept until the index of the new one exists."""
        comparison = self._comparison
        successors = {item.name: item for item in reversed(added)}
        replaced: dict[str, DropConstraintOp] = {}
        for item in gone:
            drop = drop_constraint(comparison, self._old, item)
            if self.concurrently and self._can_be_kept(item, successors.get(item.name)):
                replaced[item.name] = drop
            else:
                comparison.add(
                    Stage.DROP_FOREIGN_KEYS if item.kind == "f" else Stage.DROP_CONSTRAINTS, drop
                )
        return replaced

    def _can_be_kept(self, item: Constraint, successor: Constraint | None) -> bool:
        """True for a key that can be kept until the index of its successor exists."""
        return (
            successor is not None
            and key_index(self._comparison.new, self._new, successor, item.name) is not None
            and item.kind in "pu"
            and not self.must_drop_constraint(item)
            and self._new.columns.keys() >= {*item.columns, *included_in(item.definition)}
        )

    def _add_constraint(self, item: Constraint, former: DropConstraintOp | None) -> None:
        comparison, new = self._comparison, self._new
        add = add_constraint(comparison.new, new, item)
        if item.kind == "f":
            comparison.add_foreign_key(item, add)
        elif not (self.concurrently and self._add_key_concurrently(item, former)):
            comparison.add(Stage.ADD_CONSTRAINTS, add)
        comparison.built[new.name].add(item.name)
        comparison.extend(Stage.FINISH, finish_constraint(comparison.new, new, item))
        if item.comment is not None:
            comparison.add(Stage.FINISH, constraint_comment(comparison, new, item))

    def _add_key_concurrently(self, item: Constraint, former: DropConstraintOp | None) -> bool:
        """Create the index of a key, drop the key of the same name, and add the new one USING INDEX.

        Returns:
            False for a constraint for which this is not possible.
        """
        comparison, table = self._comparison, self._new
        name = item.name
        if former is not None:
            name = comparison.free_index_name(table.name, item.name)
        index = key_index(comparison.new, table, item, name)
        if index is None:
            return False
        drops = [] if former is None else [former]
        add = constraint_using(comparison.new, table, item, name)
        comparison.create_concurrently(table.name, item, [index, *drops, add])
        return True

    def change_indexes(self, matching: Matching[Index]) -> None:
        """Change the indexes."""
        comparison, new = self._comparison, self._new
        for before, after in matching.renamed:
            comparison.add(Stage.RENAME, self._rename_index(before.name, after.name))
        replaced = self._drop_indexes(matching)
        for index in matching.new:
            create = create_index(comparison.new, new, index, concurrently=self.concurrently)
            if self.concurrently:
                former = replaced.get(index.name)
                operations = [create] if former is None else self._replace_index(index, former)
                comparison.create_concurrently(new.name, index, operations)
            else:
                comparison.add(Stage.CREATE_INDEXES, create)
            comparison.built[new.name].add(index.name)
            comparison.extend(Stage.FINISH, finish_index(comparison.new, new, index, create))
        for before, after in (*matching.kept, *matching.renamed):
            changes = change_index(comparison.new, new, before, after)
            comparison.extend(Stage.FINISH, changes)

    def _rename_index(self, before: str, after: str) -> ExecuteSQLOp:
        factory = self._comparison.new
        place = factory.qualified(self._new.name._replace(name=before))
        return ExecuteSQLOp(f"ALTER INDEX {place} RENAME TO {factory.quote(after)}")

    def _drop_indexes(self, matching: Matching[Index]) -> dict[str, DropIndexOp]:
        """Drop indexes; return by name those that are kept until the new one exists."""
        comparison, table = self._comparison, self._old.name
        added = {index.name for index in matching.new} if self.concurrently else set()
        replaced: dict[str, DropIndexOp] = {}
        for index in matching.gone:
            drop = self._drop_index(index)
            if index.name in added and self._index_can_be_kept(index):
                replaced[index.name] = drop
            elif self.concurrently and (
                (table, frozenset(index.keys)) not in comparison.keys_of_dropped
            ):
                comparison.add(Stage.DROP_INDEXES_CONCURRENTLY, drop)
            else:
                comparison.add(Stage.DROP_INDEXES, drop)
        return replaced

    def _drop_index(self, index: Index) -> DropIndexOp:
        table, factory = self._old, self._comparison.old
        create = create_index(factory, table, index)
        known = create if isinstance(create, CreateIndexOp) else None
        keywords = {} if known is None else {"unique": known.unique, **known.kw}
        if self.concurrently:
            keywords["postgresql_concurrently"] = True
        schema = factory.schema(table.name)
        return DropIndexOp(index.name, table.name.name, schema=schema, _reverse=known, **keywords)

    def _index_can_be_kept(self, index: Index) -> bool:
        """True when no change drops an index before its successor exists."""
        gone = self._old.columns.keys() - self._new.columns.keys()
        named = {*index.keys, *index.include, *columns_in(index.body)}
        return gone.isdisjoint(named) and not self.must_drop_index(index)

    def _replace_index(self, index: Index, former: DropIndexOp) -> list[MigrateOperation]:
        """Create an index under another name, drop the former one, and rename the new one."""
        comparison, table = self._comparison, self._new
        name = comparison.free_index_name(table.name, index.name)
        start = f" INDEX {printed(index.name)} ON "
        definition = index.definition.replace(start, f" INDEX {printed(name)} ON ", 1)
        temporary = replace(index, name=name, definition=definition)
        create = create_index(comparison.new, table, temporary, concurrently=True)
        return [create, former, self._rename_index(name, index.name)]
