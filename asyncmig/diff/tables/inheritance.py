"""Tables that inherit: what comes to them from their parents, and what is left to do.

What changes in a parent's column or CHECK changes in the children, too, and PostgreSQL refuses to change
it there. What a child says itself as well (``attislocal``, ``conislocal``) outlives the parent's, so it goes
after it; and it comes before it, since only then the two are merged (PostgreSQL's documentation, chapter
"Inheritance").
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.catalog.model import ObjectName
from asyncmig.diff.schema_items.casts import needs_cast
from asyncmig.diff.tables.columns import serial_steps
from asyncmig.operations.directives.columns import AlterColumnOp
from asyncmig.operations.directives.execute import ExecuteSQLOp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from asyncmig.catalog.model import Catalog, Column, Constraint, Table
    from asyncmig.diff.comparison import Comparison
    from asyncmig.diff.schema_items.rename import Rename
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Inheriting", "origin", "parents_first", "retyped_by_parents", "with_heirs"]


def origin(catalog: Catalog, table: ObjectName, column: str) -> ObjectName:
    """The topmost table that a table has a column from; itself where no parent has it."""
    found, passed = table, {table}
    while True:
        parents = catalog.tables[found].inherits if found in catalog.tables else ()
        above = (
            parent
            for parent in parents
            if parent in catalog.tables and column in catalog.tables[parent].columns
        )
        parent = next(above, found)
        if parent in passed:
            return found
        found = parent
        passed.add(found)


def _heirs(catalog: Catalog, table: ObjectName, column: str) -> list[ObjectName]:
    """The tables that have a column from this one, over however many others."""
    found = [table]
    for name in found:
        found += [
            child
            for child, other in catalog.tables.items()
            if name in other.inherits and column in other.columns and child not in found
        ]
    return found[1:]


def with_heirs(item: Rename, catalog: Catalog) -> list[Rename]:
    """A rename, and of a column those of the tables that have it from this one."""
    if item.kind != "column":
        return [item]
    return [
        item,
        *(
            replace(item, schema=name.schema, parent=name.name, along=True)
            for name in _heirs(catalog, item.place, item.old)
        ),
    ]


def parents_first(
    tables: Mapping[ObjectName, tuple[Table, Table]],
) -> dict[ObjectName, tuple[Table, Table]]:
    """Tables after those that they inherit from, before or after; else in their order."""
    ordered: dict[ObjectName, tuple[Table, Table]] = {}
    open_: set[ObjectName] = set()

    def place(name: ObjectName) -> None:
        if name in ordered or name in open_ or name not in tables:
            return
        open_.add(name)
        old, new = tables[name]
        for parent in (*old.inherits, *new.inherits):
            place(parent)
        ordered[name] = tables[name]

    for name in tables:
        place(name)
    return ordered


def parted(
    tables: Mapping[ObjectName, tuple[Table, Table]], replaced: Collection[ObjectName]
) -> set[tuple[ObjectName, ObjectName]]:
    """Children and parents that change apart from each other, and are joined again afterwards.

    PostgreSQL 18 gives the NOT NULL of a child the name of its parent's when the column changes its type,
    and fails where the child has its own.

    Args:
        tables: before and after.
        replaced: types that give way to new ones.
    """
    return {
        (name, parent)
        for name, (old, new) in tables.items()
        for parent in old.inherits
        if parent in new.inherits
        and parent in tables
        and _says_checks(old, new, *tables[parent])
        and any(
            column.local and _is_retyped(*tables[parent], key, replaced)
            for key, column in old.columns.items()
        )
    }


def _says_checks(old: Table, new: Table, before: Table, after: Table) -> bool:
    """No CHECK changes that it has from its parent alone: apart from it, it would keep the old one."""
    return all(
        name in old.constraints
        or (name in after.constraints and after.constraints[name].definition == item.definition)
        for name, item in before.constraints.items()
        if item.kind == "c"
    ) and all(
        name in before.constraints or name in new.constraints
        for name, item in after.constraints.items()
        if item.kind == "c"
    )


def _is_retyped(before: Table, after: Table, column: str, replaced: Collection[ObjectName]) -> bool:
    """A column gets another type, and is NOT NULL before or after."""
    old, new = before.columns.get(column), after.columns.get(column)
    if old is None or new is None or (old.nullable and new.nullable):
        return False
    return (old.type, old.collation) != (new.type, new.collation) or new.type.name in replaced


def parents_kept(
    tables: Mapping[ObjectName, tuple[Table, Table]],
    apart: Collection[tuple[ObjectName, ObjectName]],
) -> dict[ObjectName, tuple[ObjectName, ...]]:
    """Of each table that has some, the parents that it has all the time."""
    found = {
        name: tuple(
            parent
            for parent in old.inherits
            if parent in new.inherits and parent in tables and (name, parent) not in apart
        )
        for name, (old, new) in tables.items()
        if old.inherits
    }
    return {name: parents for name, parents in found.items() if parents}


class Inheriting:
    """One table that stays, and its parents.

    Only a parent that it has all the time counts: another lets go of the table before anything changes,
    or is joined to it when all is done.

    Attributes:
        related: the table has a parent, or is one.
    """

    def __init__(self, work: Comparison, name: ObjectName) -> None:
        old, new = work.common[name]
        self._work = work
        self._name = name
        self._old = old
        self._new = new
        self._parents = work.parents.get(name, ())
        self.related = bool(self._parents) or name in work.inherited

    def comes_along(self, column: Column) -> bool:
        """A column that a parent brings, and that the table does not say itself."""
        return not column.local and any(
            column.name in self._work.common[parent][1].columns for parent in self._parents
        )

    def goes_along(self, column: Column) -> bool:
        """A column that a parent takes with it."""
        return not column.local and any(
            column.name in self._work.common[parent][0].columns
            and not _outlived(self._work, parent, column.name)
            for parent in self._parents
        )

    def outlived(self, column: Column) -> ExecuteSQLOp | None:
        """The drop of a column that a child keeps, which has it from here alone."""
        if not _outlived(self._work, self._name, column.name):
            return None
        table = self._work.new.qualified(self._name)
        return ExecuteSQLOp(
            f"ALTER TABLE ONLY {table} DROP COLUMN {self._work.new.quote(column.name)}"
        )

    def gains(self, column: str) -> bool:
        """A parent gets a column that is here already: it is to be as the parent's by then."""
        return any(
            column not in before.columns and column in after.columns
            for before, after in self._pairs()
        )

    def loses(self, column: str) -> bool:
        """A parent's column goes that stays here: until then nothing changes it."""
        return any(
            column in before.columns and column not in after.columns
            for before, after in self._pairs()
        )

    def led(self, column: str) -> tuple[Column, Column] | None:
        """A parent's column of this name, as it is and as it will be."""
        for before, after in self._pairs():
            if column in before.columns and column in after.columns:
                return before.columns[column], after.columns[column]
        return None

    def renames(self, before: Constraint, after: Constraint) -> bool:
        """A parent's constraint gets the same name instead of the same one."""
        return any(
            before.name in old.constraints and after.name in new.constraints
            for old, new in self._pairs()
            if before.kind == "c"
        )

    def ahead(self, before: Column, after: Column) -> Iterator[AlterColumnOp]:
        """What is done before the parent's column changes.

        NOT NULL that the table says itself; and a default of its own that the new type could not take.
        """
        led = self.led(after.name)
        if led is None:
            return
        if led[0].nullable and not led[1].nullable and before.nullable and after.local:
            yield self._alter(before, modify_nullable=False)
        if _is_cast(*led) and before.default is not None and led[0].default is None:
            yield self._alter(
                before,
                existing_server_default=self._work.old.default(before),
                modify_server_default=None,
            )

    def reached(self, before: Column, after: Column) -> Column:
        """What the changes of the parent's column make of this one, which is to be ``after``."""
        led = self.led(after.name)
        if led is None:
            return before
        old, new = led
        reached = replace(
            before,
            type=new.type,
            collation=new.collation,
            generated=before.generated if new.generated is not None else None,
        )
        retyped = (old.type, old.collation) != (new.type, new.collation)
        if before.serial and after.serial:
            return replace(reached, nullable=self._nullable(led, before, after))
        own = reached.default
        if old.serial != new.serial or _sets_default(old, new, retyped=retyped):
            own = new.owned_default if new.serial else new.default
        elif retyped:
            own = None  # printed in another way by now, or dropped
        if not before.serial or own is not None:
            reached = replace(reached, default=own)
        return replace(reached, nullable=self._nullable(led, before, after))

    def _nullable(self, led: tuple[Column, Column], before: Column, after: Column) -> bool:
        old, new = led
        if old.nullable == new.nullable:
            return before.nullable
        if not new.nullable:
            return False
        # what the table says itself stays on PostgreSQL 18, and on no older one
        return before.nullable if before.local and after.nullable else True

    def restored(self, before: Column, after: Column) -> Iterator[MigrateOperation]:
        """The default of a serial column, where the parent's column got another or lost its own."""
        led = self.led(after.name)
        if led is not None and before.serial and after.serial:
            old, new = led
            if old.serial != new.serial or old.default != new.default:
                yield from serial_steps(self._new, after, self._work.new, create=False)

    def parting(self) -> Iterator[ExecuteSQLOp]:
        """NO INHERIT, where the table and a parent change apart from each other."""
        yield from self._join("NO INHERIT")

    def joining(self) -> Iterator[ExecuteSQLOp]:
        """INHERIT, when both have changed."""
        yield from self._join("INHERIT")

    def _join(self, words: str) -> Iterator[ExecuteSQLOp]:
        qualified = self._work.new.qualified
        for child, parent in sorted(self._work.parted):
            if child == self._name:
                yield ExecuteSQLOp(f"ALTER TABLE {qualified(child)} {words} {qualified(parent)}")

    def _alter(self, column: Column, **changes: object) -> AlterColumnOp:
        objects = self._work.old
        return AlterColumnOp(
            self._name.name,
            column.name,
            schema=objects.schema(self._name),
            existing_type=objects.type(column, self._old),
            existing_nullable=column.nullable,
            existing_comment=column.comment,
            **changes,  # type: ignore[arg-type]  # each is named where this is called
        )

    def _pairs(self) -> Iterator[tuple[Table, Table]]:
        return (self._work.common[parent] for parent in self._parents)


def _outlived(work: Comparison, parent: ObjectName, column: str) -> bool:
    before, after = work.common[parent]
    if parent not in work.inherited or column not in before.columns or column in after.columns:
        return False
    return any(
        parent in parents
        and column in old.columns
        and not old.columns[column].local
        and column in new.columns
        for child, parents in work.parents.items()
        for old, new in [work.common[child]]
    )


def _is_cast(before: Column, after: Column) -> bool:
    retyped = (before.type, before.collation) != (after.type, after.collation)
    return retyped and needs_cast(before.type, after.type)


def _sets_default(before: Column, after: Column, *, retyped: bool) -> bool:
    """The changes of a column end with a default, or with none, also in the children."""
    changed = before.default != after.default
    return changed or (retyped and (before.default, after.default) != (None, None))


def retyped_by_parents(
    operations: Iterable[MigrateOperation], work: Comparison
) -> list[MigrateOperation]:
    """Operations that move columns to another type, without those that a parent's already do.

    A default of a child's own goes before the parent's column moves, and comes when all have moved.
    """
    kept: list[MigrateOperation] = []
    defaults: list[MigrateOperation] = []
    for operation in operations:
        if (
            not isinstance(operation, AlterColumnOp)
            or not _is_led(operation, work)
            or operation.modify_type is None
        ):
            kept.append(operation)
            continue
        default = operation.modify_server_default
        if not isinstance(default, bool):
            defaults.append(
                AlterColumnOp(
                    operation.table_name,
                    operation.column_name,
                    schema=operation.schema,
                    existing_type=operation.modify_type,
                    existing_nullable=operation.existing_nullable,
                    modify_server_default=default,
                )
            )
    return [*kept, *defaults]


def _is_led(operation: AlterColumnOp, work: Comparison) -> bool:
    name = ObjectName(operation.schema or work.before.default_schema, operation.table_name)
    return name in work.common and Inheriting(work, name).led(operation.column_name) is not None
