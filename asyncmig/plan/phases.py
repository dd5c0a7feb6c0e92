"""Where PostgreSQL demands a commit, and nowhere else.

A script is a flat list of statements. ``split_phases`` cuts it: whatever may share a transaction does;
a statement that PostgreSQL refuses inside a transaction block, or that the script put into an
autocommit block, goes into an autocommit phase together with its neighbours of the same kind.

A backfill is a phase of its own: it commits after each batch.

One case depends on what follows. ``ALTER TYPE ... ADD VALUE`` runs in a transaction, but its label
cannot be used before the commit (SQLSTATE 55P04, PostgreSQL documentation, ALTER TYPE, Notes). It
moves to an autocommit phase only if a later statement of the script mentions the label, or if the
script continues in a way that cannot be foreseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from asyncmig.plan.model import Phase, PhaseKind
from asyncmig.sql.classify import mentions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncmig.sql.statement import Statement

__all__ = ["COMMIT_HERE", "CommitHere", "Entry", "split_phases"]


@dataclass(frozen=True, slots=True)
class CommitHere:
    """The script itself asked for a commit at this place: ``op.execute("COMMIT")``."""


COMMIT_HERE = CommitHere()

Entry: TypeAlias = "Statement | CommitHere"


def split_phases(
    entries: Sequence[Entry],
    *,
    open_ended: bool = False,
    separate_enum_values: bool = False,
) -> tuple[Phase, ...]:
    """Cut a script's statements into phases.

    Args:
        entries: the statements in the order of the script.
        open_ended: more will follow that is not known yet, because the script is about to read.
        separate_enum_values: commit every new enum label at once; needed where one transaction
            spans several scripts, since a later one may use the label.

    Returns:
        The phases in order; none for no statements. A transaction phase is never empty.
    """
    foreseen_to_fail = open_ended or separate_enum_values
    phases: list[Phase] = []
    current: list[Statement] = []
    current_kind = PhaseKind.TRANSACTION

    def close() -> None:
        if current:
            phases.append(Phase(kind=current_kind, statements=tuple(current)))
            current.clear()

    for index, entry in enumerate(entries):
        if isinstance(entry, CommitHere):
            close()
            continue
        if entry.backfill is not None:
            close()
            phases.append(Phase(kind=PhaseKind.BACKFILL, statements=(entry,)))
            continue
        alone = not entry.transactional or (
            entry.enum_label is not None
            and (foreseen_to_fail or _used_later(entry.enum_label, entries[index + 1 :]))
        )
        kind = PhaseKind.AUTOCOMMIT if alone else PhaseKind.TRANSACTION
        if kind is not current_kind:
            close()
            current_kind = kind
        current.append(entry)
    close()
    return tuple(phases)


def _used_later(label: str, entries: Sequence[Entry]) -> bool:
    return any(mentions(entry.sql, label) for entry in entries if not isinstance(entry, CommitHere))
