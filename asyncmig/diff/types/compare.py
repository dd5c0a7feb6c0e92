"""Schemas, enum types, domains and sequences of one catalog beside those of another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from asyncmig.diff.entities import composite_columns as composite_steps
from asyncmig.diff.entities.kinds.kind import literal
from asyncmig.diff.types import domains as domain_steps
from asyncmig.diff.types import enums as enum_steps
from asyncmig.diff.types import sequences as sequence_steps
from asyncmig.diff.types.sequence_values import continued_after_restart
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.schemas import CreateSchemaOp, DropSchemaOp

if TYPE_CHECKING:
    from asyncmig.catalog.model import ObjectName
    from asyncmig.diff.comparison import Work

__all__ = ["compare_schemas", "compare_sequences", "compare_type_comments", "compare_types"]


def compare_schemas(work: Work) -> None:
    """Schemas that come, and those that are left empty."""
    used, filled = ({name.schema for name in side.names} for side in (work.after, work.before))
    come = (work.after.schemas & used) - work.before.schemas - filled
    go = (work.before.schemas & filled) - work.after.schemas - used
    work.steps.schemas_come = [CreateSchemaOp(name) for name in sorted(come)]
    work.steps.schemas_go = [DropSchemaOp(name) for name in sorted(go)]


def compare_types(work: Work) -> None:
    """Enum types and domains."""
    before, after = work.before.enums, work.after.enums
    for name, enum in after.items():
        existing = before.get(name)
        if existing is None:
            work.steps.first.append(enum_steps.create_enum(enum, work.new))
        elif existing.labels == enum.labels:
            continue
        elif enum_steps.grows(existing, enum):
            work.steps.labels_come += enum_steps.add_labels(existing, enum, work.new)
        else:
            work.steps.types_change += enum_steps.replace_enum(
                existing, enum, work.old, work.new, work.retired[name]
            )
    for name in work.replaced_domains:
        work.steps.types_change += domain_steps.replace_domain(
            work.before.domains[name],
            work.after.domains[name],
            work.old,
            work.new,
            work.retired[name],
        )
    work.steps.types_change += composite_steps.replace_composites(
        work.replaced_composites, work.old, work.new, work.retired
    )
    work.steps.types_go = [
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
    work.steps.types_go += domain_steps.drop_domains(work.before, work.after, work.old)
    work.steps.types_go += [
        enum_steps.drop_enum(enum, work.old) for name, enum in before.items() if name not in after
    ]
    work.steps.first += domain_steps.create_domains(work.before, work.after, work.new)
    work.steps.types_change += domain_steps.alter_domains(
        work.before, work.after, work.new, work.replaced_domains
    )


def compare_sequences(work: Work) -> None:
    """Sequences, and whose they are."""
    before, after = work.before.sequences, work.after.sequences
    work.steps.sequences_go = []
    for name, sequence in after.items():
        existing = before.get(name)
        if existing is None:
            work.steps.first.append(sequence_steps.create_sequence(sequence, work.new))
            if sequence.owned_by is not None:
                work.steps.last.append(sequence_steps.owned_by(sequence, work.new))
            continue
        if existing.options != sequence.options:
            work.steps.first.append(
                sequence_steps.alteration(
                    name.name, work.new.schema(name), existing.options, sequence.options
                )
            )
            if sequence_steps.must_restart(existing.options, sequence.options):
                work.steps.first += continued_after_restart(sequence, work.old, work.new)
        if existing.owned_by is not None and not _stays(work, *existing.owned_by):
            # it would go with its owner
            alone = replace(existing, owned_by=None)
            work.steps.first.append(sequence_steps.owned_by(alone, work.new))
            existing = alone
        if existing.owned_by != sequence.owned_by:
            work.steps.last.append(sequence_steps.owned_by(sequence, work.new))
    for name, sequence in before.items():
        if name in after:
            continue
        if sequence.owned_by is None or _stays(work, *sequence.owned_by):
            work.steps.sequences_go.append(sequence_steps.drop_sequence(sequence, work.old))


def compare_type_comments(work: Work) -> None:
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
                work.steps.last.append(
                    ExecuteSQLOp(f"COMMENT ON {kind} {work.new.qualified(name)} IS {text}")
                )


def _stays(work: Work, table: ObjectName, column: str) -> bool:
    return table in work.after.tables and column in work.after.tables[table].columns
