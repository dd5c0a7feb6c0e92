"""The plan: frozen data that every reader shares, from the executor to the preview."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from asyncmig.revisions.graph.moves import RowChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from asyncmig.sql.statement import Statement

__all__ = ["Direction", "Phase", "PhaseKind", "Plan", "RowEstimate", "Step"]


class Direction(StrEnum):
    """Which of a script's two functions runs."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


class PhaseKind(StrEnum):
    """How a phase is committed: as one transaction, statement by statement, or batch by batch."""

    TRANSACTION = "transaction"
    AUTOCOMMIT = "autocommit"
    BACKFILL = "backfill"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEstimate:
    """How many rows a backfill changes, as PostgreSQL estimates it.

    Attributes:
        rows: for which its condition is true.
        bytes: of these rows.
        whole_table: True where the condition cannot be planned yet, because an earlier phase adds a column
            that is in it: then the figures are those of the table.
    """

    rows: int
    bytes: int
    whole_table: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Statements that share one way of being committed.

    Attributes:
        kind: how.
        statements: in order.
        estimate: of a backfill; None where the plan was made without the table.
        inverse: of a backfill in an upgrade, the name of the backfill of the same table in the downgrade, or
            None.
    """

    kind: PhaseKind
    statements: tuple[Statement, ...] = ()
    estimate: RowEstimate | None = None
    inverse: str | None = None

    @property
    def fingerprint(self) -> str:
        """A digest of the statements' text: the same work has the same fingerprint."""
        digest = hashlib.sha256(self.kind.encode())
        for statement in self.statements:
            digest.update(b"\0")
            digest.update(statement.sql.encode())
            if statement.backfill is not None:
                digest.update(statement.backfill.fingerprint.encode())
        return digest.hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One revision in one direction.

    Attributes:
        revision: the id.
        down_revisions: its parents.
        message: the first line of the script's docstring or title.
        path: the script, as a user would name it.
        checksum: of the script's meaning, not of its comments and layout.
        phases: at least one; an empty script has one empty transaction phase.
        live: True when the script reads from the database, or handles errors of its statements, so that
            later statements are known only when it runs; ``live_origin`` is where.
        version: the change of the version table, committed with the last phase.
        rows_before: the rows that this change finds; None where it is not checked.
        epilogue: statements of ``on_version_apply`` in a script for psql, behind that change.
        lock_timeout: seconds, where the script sets it; 0 means no limit.
        lock_retries: likewise, how often a phase is retried.
        statement_timeout: likewise, seconds; 0 means no limit.
        rewrite_facts: what its safe rewrites depend on, by question; None where ``safe_rewrites`` is off. A
            run that continues the step uses the same answers.
    """

    revision: str
    direction: Direction
    down_revisions: tuple[str, ...] = ()
    message: str = ""
    path: str | None = None
    checksum: str | None = None
    phases: tuple[Phase, ...]
    live: bool = False
    live_origin: str | None = None
    version: RowChange = field(default_factory=RowChange)
    rows_before: frozenset[str] | None = None
    epilogue: tuple[Statement, ...] = ()
    lock_timeout: float | None = None
    lock_retries: int | None = None
    statement_timeout: float | None = None
    rewrite_facts: Mapping[str, Any] | None = None

    @property
    def statements(self) -> Iterator[Statement]:
        """All statements, phase by phase."""
        for phase in self.phases:
            yield from phase.statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Ordered steps from ``current`` to ``target``.

    Iterating gives the steps; an empty plan is false.
    """

    direction: Direction
    target: str
    current: tuple[str, ...]
    steps: tuple[Step, ...]
    heads: tuple[str, ...]
    """The rows of the version table once the plan has run."""

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def revisions(self) -> tuple[str, ...]:
        """The ids in the order they run."""
        return tuple(step.revision for step in self.steps)

    @property
    def live(self) -> bool:
        """True when some step reads from the database."""
        return any(step.live for step in self.steps)

    def to_dict(self) -> dict[str, object]:
        """The plan as plain data, the document of ``asyncmig plan --json``."""
        return {
            "direction": str(self.direction),
            "target": self.target,
            "current": list(self.current),
            "heads": list(self.heads),
            "steps": [_step_to_dict(step) for step in self.steps],
        }


def _step_to_dict(step: Step) -> dict[str, object]:
    return {
        "revision": step.revision,
        "direction": str(step.direction),
        "down_revisions": list(step.down_revisions),
        "message": step.message,
        "path": step.path,
        "checksum": step.checksum,
        "live": step.live,
        "live_origin": step.live_origin,
        "lock_timeout": step.lock_timeout,
        "lock_retries": step.lock_retries,
        "statement_timeout": step.statement_timeout,
        "rewrite_facts": None if step.rewrite_facts is None else dict(step.rewrite_facts),
        "version": {"remove": list(step.version.remove), "add": list(step.version.add)},
        "phases": [
            {
                "kind": str(phase.kind),
                "fingerprint": phase.fingerprint,
                "estimate": None if phase.estimate is None else asdict(phase.estimate),
                "inverse": phase.inverse,
                "statements": [
                    {
                        "sql": statement.shown,
                        "parameters": [
                            value
                            if isinstance(value, str | int | float | bool | None)
                            else str(value)
                            for value in statement.shown_parameters
                        ],
                        "origin": statement.origin,
                        "directive": statement.directive,
                        "transactional": statement.transactional,
                        "replaces": statement.replaces,
                        "not_rewritten": statement.not_rewritten,
                        "backfill": None
                        if statement.backfill is None
                        else statement.backfill.to_dict(),
                    }
                    for statement in phase.statements
                ],
            }
            for phase in step.phases
        ],
    }
