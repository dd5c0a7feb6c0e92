"""Schemas, enum types, domains and sequences of one catalog beside those of another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.diff.entities import composite_columns as composite_steps
from asyncmig.diff.entities.kinds.kind import literal
from asyncmig.diff.types import domains as domain_steps
from asyncmig.diff.types import enums as enum_steps
from asyncmig.diff.types import sequences as sequence_steps
from asyncmig.diff.types.sequence_values import set_value_after_restart
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.schemas import CreateSchemaOp, DropSchemaOp

if TYPE_CHECKING:
    from asyncmig.catalog.model import ObjectName
    from asyncmig.diff.comparison import Comparison

__all__ = ["compare_schemas", "compare_sequences", "compare_type_comments", "compare_types"]


def compare_schemas(work: Comparison) -> None:
    """Schemas that come, and those that are left empty."""
    used, filled = ({name.schema for name in side.names} for side in (work.after, work.before))
    come = (work.after.schemas & used) - work.before.schemas - filled
    go = (work.before.schemas & filled) - work.after.schemas - used
    work.steps.create_schemas = [CreateSchemaOp(name) for name in sorted(come)]
    work.steps.drop_schemas = [DropSchemaOp(name) for name in sorted(go)]


def compare_types(work: Comparison) -> None:
    """Enum types and domains."""
    before, after = work.before.enums, work.after.enums
    for name, enum in after.items():
        existing = before.get(name)
        if existing is None:
            work.steps.pre.append(enum_steps.create_enum(enum, work.new))
        elif existing.labels == enum.labels:
            continue
        elif enum_steps.only_adds_labels(existing, enum):
            work.steps.add_enum_labels += enum_steps.add_labels(existing, enum, work.new)
        else:
            work.steps.change_types += enum_steps.replace_enum(
                existing, enum, work.old, work.new, work.retired[name]
            )
    for name in work.replaced_domains:
        work.steps.change_types += domain_steps.replace_domain(
            work.before.domains[name],
            work.after.domains[name],
            work.old,
            work.new,
            work.retired[name],
        )
    work.steps.change_types += composite_steps.replace_composites(
        work.replaced_composites, work.old, work.new, work.retired
    )
    work.steps.drop_types = [
        *composite_steps.drop_replaced(work.replaced_composites, work.old, work.new, work.retired),
        *(
            domain_steps.drop_replaced(work.before.domains[name], work.old, work.retired[name])
            for name in reversed(work.replaced_domains)
        ),
        *(
            enum_steps.drop_replaced(enum, work.old, work.retired[enum.name])
            for enum, _ in work.replaced_enums
        ),
    ]
    work.steps.drop_types += domain_steps.drop_domains(work.before, work.after, work.old)
    work.steps.drop_types += [
        enum_steps.drop_enum(enum, work.old) for name, enum in before.items() if name not in after
    ]
    work.steps.pre += domain_steps.create_domains(work.before, work.after, work.new)
    work.steps.change_types += domain_steps.alter_domains(
        work.before, work.after, work.new, work.replaced_domains
    )


def compare_sequences(work: Comparison) -> None:
    """Sequences, and whose they are."""
    before, after = work.before.sequences, work.after.sequences
    work.steps.drop_sequences = []
    for name, sequence in after.items():
        existing = before.get(name)
        if existing is None:
            work.steps.pre.append(sequence_steps.create_sequence(sequence, work.new))
            if sequence.owned_by is not None:
                work.steps.post.append(sequence_steps.owned_by(sequence, work.new))
            continue
        if existing.options != sequence.options:
            work.steps.pre.append(
                sequence_steps.alteration(
                    name.name, work.new.schema(name), existing.options, sequence.options
                )
            )
            if sequence_steps.must_restart(existing.options, sequence.options):
                work.steps.pre += set_value_after_restart(sequence, work.old, work.new)
        if existing.owned_by is not None and not _stays(work, *existing.owned_by):
            # it would go with its owner
            alone = replace(existing, owned_by=None)
            work.steps.pre.append(sequence_steps.owned_by(alone, work.new))
            existing = alone
        if existing.owned_by != sequence.owned_by:
            work.steps.post.append(sequence_steps.owned_by(sequence, work.new))
    for name, sequence in before.items():
        if name in after:
            continue
        if sequence.owned_by is None or _stays(work, *sequence.owned_by):
            work.steps.drop_sequences.append(sequence_steps.drop_sequence(sequence, work.old))


def compare_type_comments(work: Comparison) -> None:
    """What is said of enum types, domains and sequences."""
    for kind, before, after in (
        ("TYPE", work.before.enums, work.after.enums),
        ("DOMAIN", work.before.domains, work.after.domains),
        ("SEQUENCE", work.before.sequences, work.after.sequences),
    ):
        for name, item in after.items():
            there = None if name in work.replaced_types else before.get(name)
            if item.comment != (None if there is None else there.comment):
                text = "NULL" if item.comment is None else literal(item.comment)
                work.steps.post.append(
                    ExecuteSQLOp(f"COMMENT ON {kind} {work.new.qualified(name)} IS {text}")
                )


def _stays(work: Comparison, table: ObjectName, column: str) -> bool:
    return table in work.after.tables and column in work.after.tables[table].columns
