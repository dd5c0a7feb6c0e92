"""Compare schemas, enum types, domains, composite types and sequences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.diff.entities import composite_columns
from asyncmig.diff.schema_items.default_names import is_default_name
from asyncmig.diff.schema_items.rename import Rename, rename_operations
from asyncmig.diff.schema_items.script_sql import raw_sql
from asyncmig.diff.stages import Stage
from asyncmig.diff.types import domains, enums, sequences
from asyncmig.diff.types.sequence_values import set_value_after_restart
from asyncmig.operations.directives.schemas import CreateSchemaOp, DropSchemaOp
from asyncmig.sql.default_names import default_name
from asyncmig.sql.quoting import comment_on

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from asyncmig.catalog.entities import EntityKey
    from asyncmig.catalog.model import Catalog, Column
    from asyncmig.catalog.object_name import ObjectName
    from asyncmig.diff.comparison import Comparison
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = [
    "change_types",
    "compare_domains",
    "compare_schemas",
    "compare_sequences",
    "compare_type_comments",
    "create_types",
    "drop_types",
    "name_identity_sequences",
]


def compare_schemas(comparison: Comparison) -> None:
    """Create schemas that get their first objects, and drop schemas that lose their last."""
    before, after = comparison.before, comparison.after
    used, filled = ({name.schema for name in side.names} for side in (after, before))
    created = (after.schemas & used) - before.schemas - filled
    dropped = (before.schemas & filled) - after.schemas - used
    comparison.extend(Stage.CREATE_SCHEMAS, map(CreateSchemaOp, sorted(created)))
    comparison.extend(Stage.DROP_SCHEMAS, map(DropSchemaOp, sorted(dropped)))


def create_types(comparison: Comparison) -> None:
    """Create enum types, and add labels to them."""
    before, after, new = comparison.before, comparison.after, comparison.new
    for name, enum in after.enums.items():
        existing = before.enums.get(name)
        if existing is None:
            comparison.add(Stage.CREATE_TYPES, enums.create_enum(enum, new))
        elif enums.only_adds_labels(existing, enum):
            comparison.extend(Stage.ADD_ENUM_LABELS, enums.add_labels(existing, enum, new))


def compare_domains(
    comparison: Comparison, dropped: Collection[EntityKey], created: Collection[EntityKey]
) -> None:
    """Create and alter domains; a check or default that calls a routine is there only while that exists.

    Args:
        comparison: the comparison, after all other passes.
        dropped: the entities that are dropped, those that are created again included.
        created: the entities that are created or replaced.
    """
    before, after, new = comparison.before, comparison.after, comparison.new
    released = domains.calling(before, dropped)
    waiting = domains.calling(after, created)
    for name in {**before.domains, **after.domains}:
        existing, domain = before.domains.get(name), after.domains.get(name)
        if existing is not None and name in released:
            bare = domains.without_checks(existing)
            comparison.extend(Stage.DROP_DOMAIN_CHECKS, domains.alter(existing, bare, new))
            existing = bare
        if domain is None or name in comparison.replacements.domains:
            continue
        last = domain
        if name in waiting or name in released:
            domain = domains.without_checks(domain, existing)
        if existing is None:
            comparison.add(Stage.CREATE_TYPES, domains.create_domain(domain, new))
        else:
            comparison.extend(Stage.CHANGE_TYPES, domains.alter(existing, domain, new))
        comparison.extend(Stage.ADD_DOMAIN_CHECKS, domains.alter(domain, last, new))


def change_types(comparison: Comparison) -> Iterator[MigrateOperation]:
    """Replace enum types, domains and composite types.

    Yields:
        the operations, for ``Stage.CHANGE_TYPES``.
    """
    before, after = comparison.before, comparison.after
    old, new, replacements = comparison.old, comparison.new, comparison.replacements
    names = replacements.temporary_names
    for existing, enum in replacements.enums:
        yield from enums.replace_enum(existing, enum, old, new, names[enum.name])
    for name in replacements.domains:
        yield from domains.replace_domain(
            before.domains[name], after.domains[name], old, new, names[name]
        )
    yield from composite_columns.replace_composites(replacements.composites, old, new, names)


def drop_types(comparison: Comparison) -> None:
    """Drop the old types of replacements, and the domains and enum types that only one side has."""
    before, after = comparison.before, comparison.after
    old, new, replacements = comparison.old, comparison.new, comparison.replacements
    names = replacements.temporary_names
    stage = Stage.DROP_TYPES
    comparison.extend(
        stage, composite_columns.drop_replaced(replacements.composites, old, new, names)
    )
    for name in reversed(replacements.domains):
        comparison.add(stage, domains.drop_replaced(before.domains[name], old, names[name]))
    for enum, _ in replacements.enums:
        comparison.add(stage, enums.drop_replaced(enum, old, names[enum.name]))
    comparison.extend(stage, domains.drop_domains(before, after, old))
    for name, enum in before.enums.items():
        if name not in after.enums:
            comparison.add(stage, enums.drop_enum(enum, old))


def compare_sequences(comparison: Comparison) -> None:
    """Create, alter and drop sequences, and change their owners."""
    before, after = comparison.before.sequences, comparison.after.sequences
    old, new = comparison.old, comparison.new
    for name, sequence in after.items():
        existing = before.get(name)
        if existing is None:
            comparison.add(Stage.CHANGE_SEQUENCES, sequences.create_sequence(sequence, new))
            if sequence.owned_by is not None:
                comparison.add(Stage.FINISH, sequences.set_owner(sequence, new))
            continue
        if existing.options != sequence.options:
            comparison.add(
                Stage.CHANGE_SEQUENCES,
                sequences.alter_sequence(name, existing.options, sequence.options, new),
            )
            if sequences.must_restart(existing.options, sequence.options):
                comparison.extend(
                    Stage.CHANGE_SEQUENCES, set_value_after_restart(sequence, old, new)
                )
        if existing.owned_by is not None and not _is_kept(comparison, *existing.owned_by):
            # otherwise PostgreSQL drops it with its owner
            existing = replace(existing, owned_by=None)
            comparison.add(Stage.CHANGE_SEQUENCES, sequences.set_owner(existing, new))
        if existing.owned_by != sequence.owned_by:
            comparison.add(Stage.FINISH, sequences.set_owner(sequence, new))
    for name, sequence in before.items():
        if name not in after and (
            sequence.owned_by is None or _is_kept(comparison, *sequence.owned_by)
        ):
            comparison.add(Stage.DROP_SEQUENCES, sequences.drop_sequence(sequence, old))


def compare_type_comments(comparison: Comparison) -> None:
    """Set the comments of enum types, domains and sequences."""
    before, after = comparison.before, comparison.after
    for kind, old, new in (
        ("TYPE", before.enums, after.enums),
        ("DOMAIN", before.domains, after.domains),
        ("SEQUENCE", before.sequences, after.sequences),
    ):
        for name, item in new.items():
            existing = None if name in comparison.replacements.types else old.get(name)
            if item.comment != (None if existing is None else existing.comment):
                sql = comment_on(kind, comparison.new.qualified(name), item.comment)
                comparison.add(Stage.FINISH, raw_sql(sql))


def _is_kept(comparison: Comparison, table: ObjectName, column: str) -> bool:
    tables = comparison.after.tables
    return table in tables and column in tables[table].columns


def name_identity_sequences(comparison: Comparison) -> None:
    """Rename the sequences of new identities whose name is not the default one.

    PostgreSQL chooses the name from the table and column when an identity is created. A restored identity had
    another name if its table or column has been renamed since, or if its sequence was renamed.
    """
    for name, table in comparison.after.tables.items():
        old = comparison.before.tables.get(name)
        for column in table.columns.values():
            if column.identity is None or column.sequence is None:
                continue
            if is_default_name(column.sequence.name, name.name, [column.name], "seq"):
                continue
            if old is not None and _keeps_sequence(old.columns.get(column.name), column):
                continue
            default = default_name(name.name, column.name, "seq")
            # otherwise PostgreSQL appends a number
            if default not in _sequences_in(comparison.before, name.schema):
                rename = Rename(
                    kind="sequence", schema=name.schema, old=default, new=column.sequence.name
                )
                operations = rename_operations([rename], comparison.after)
                comparison.extend(Stage.DROP_SEQUENCES, operations)


def _keeps_sequence(before: Column | None, after: Column) -> bool:
    if before is None or before.identity is None:
        return False
    old, new = before.options, after.options
    return old is None or new is None or not sequences.must_restart(old, new)


def _sequences_in(catalog: Catalog, schema: str) -> set[str]:
    of_columns = {
        column.sequence
        for table in catalog.tables.values()
        for column in table.columns.values()
        if column.sequence is not None
    }
    return {item.name for item in {*of_columns, *catalog.sequences} if item.schema == schema}
