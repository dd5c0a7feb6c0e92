"""Whether a backfill has an inverse: a backfill of the same table in the downgrade of its revision."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.plan.model import Phase
    from asyncmig.sql.backfills.definition import Backfill

__all__ = ["changes_rows", "with_inverses"]


def changes_rows(phase: Phase) -> Backfill | None:
    """The backfill of a phase; None for another phase and for a gate."""
    for statement in phase.statements:
        if statement.backfill is not None and statement.backfill.kind != "gate":
            return statement.backfill
    return None


def with_inverses(phases: Sequence[Phase], downgrade: Sequence[Phase]) -> tuple[Phase, ...]:
    """The phases of an upgrade, each backfill with the name of the one that reverts it."""
    names = {found.table_name: found.name for phase in downgrade if (found := changes_rows(phase))}
    return tuple(
        replace(phase, inverse=names.get(found.table_name))
        if (found := changes_rows(phase))
        else phase
        for phase in phases
    )
