"""How steps become messages: transactions that may travel together, and statements that go alone.

The same framing serves a run and a script for psql: a transaction phase carries its journal row, and
the last phase of a step the change of the version table; an autocommit statement stands between the
row that says it starts and the one that says it is done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from asyncmig.execution.invalid_index_check import invalid_index_check
from asyncmig.plan.model import PhaseKind
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asyncmig.bookkeeping.journal import Journal
    from asyncmig.bookkeeping.version_table import VersionTable
    from asyncmig.plan.model import Phase, Step
    from asyncmig.sql.statement import Statement

__all__ = [
    "Bookkeeping",
    "Fragment",
    "PhaseCommit",
    "StandaloneStatement",
    "Transaction",
    "Unit",
    "fragments_of",
    "frame_phase",
    "frame_step",
]


@dataclass(frozen=True, slots=True)
class Fragment:
    """One statement of a transaction; ``statement`` is None for bookkeeping of ours.

    ``step`` and ``phase`` say whose it is: one transaction may hold the work of several steps.
    """

    sql: str
    statement: Statement | None = None
    step: Step | None = None
    phase: int = 0


@dataclass(frozen=True, slots=True)
class PhaseCommit:
    """A phase that is committed with a transaction; ``final`` when its step is, too."""

    step: Step
    phase: int
    kind: PhaseKind
    final: bool


@dataclass(slots=True, kw_only=True)
class Transaction:
    """Statements between BEGIN and COMMIT.

    Attributes:
        step: whose work it is; None for setting up our tables.
        phase: the phase's index in its step.
        parts: what is sent.
        marks: what stands once it is committed.
        closed: COMMIT follows the last part; False while a live script may still add parts.
        sent: how many parts the open transaction on the server already has.
        begun: whether BEGIN was sent.
        live: a script has read inside it, so that it can never be sent a second time.
    """

    step: Step | None = None
    phase: int = 0
    parts: list[Fragment] = field(default_factory=list)
    marks: list[PhaseCommit] = field(default_factory=list)
    closed: bool = True
    sent: int = 0
    begun: bool = False
    live: bool = False

    def reset(self) -> None:
        """Forget what was sent: the server has rolled it back."""
        self.sent = 0
        self.begun = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StandaloneStatement:
    """A statement that is sent by itself, outside any transaction.

    ``before`` are those of its phase that precede it; ``begun_before`` when an earlier run sent it
    already; ``interrupted`` when that run did not see its end either.
    """

    step: Step
    phase: int
    index: int
    statement: Statement
    before: tuple[Statement, ...] = ()
    begun_before: bool = False
    interrupted: bool = False


Unit: TypeAlias = Transaction | StandaloneStatement


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookkeeping:
    """The tables that every commit keeps in step; ``journal`` is None when it is switched off."""

    version: VersionTable
    journal: Journal | None

    def committed(self, step: Step, index: int, phase: Phase, *, final: bool) -> list[Fragment]:
        """What a transaction phase writes about itself before it commits."""
        parts = []
        if self.journal is not None:
            row = self.journal.insert(step, index, phase, state="done", final=final)
            parts.append(Fragment(row, None, step, index))
        if final:
            parts.extend(self.version_change(step, index))
        return parts

    def version_change(self, step: Step, index: int) -> list[Fragment]:
        """The change of the version table, as parts."""
        return [Fragment(sql, None, step, index) for sql in self.version.change(step.version)]


def frame_step(step: Step, books: Bookkeeping) -> Iterator[Unit]:
    """All units of a step that is known in full."""
    last = len(step.phases) - 1
    for index, phase in enumerate(step.phases):
        for unit in frame_phase(step, index, phase, books, final=index == last):
            if isinstance(unit, Transaction) and any(mark.final for mark in unit.marks):
                unit.parts.extend(Fragment(said.sql, said, step, index) for said in step.epilogue)
            yield unit


def frame_phase(
    step: Step,
    index: int,
    phase: Phase,
    books: Bookkeeping,
    *,
    final: bool,
    skip: int = 0,
    entry: int | None = None,
    sent: bool = False,
    interrupted: bool = False,
    separate_version_update: bool = False,
) -> Iterator[Unit]:
    """The units of one phase.

    Args:
        step: whose phase it is.
        index: its place in the step.
        phase: the statements.
        books: the tables to keep.
        final: it is the step's last: the version table changes with it.
        skip: statements of an autocommit phase that an earlier run has done.
        entry: the journal's row that an earlier run has begun for it.
        sent: that run has sent the first statement left.
        interrupted: that run did not live to see the end of the first statement left.
        separate_version_update: the version table changes in a transaction of its own behind an
            autocommit phase, and stays open for a hook.
    """
    mark = PhaseCommit(step, index, phase.kind, final)
    if phase.kind is PhaseKind.TRANSACTION:
        yield Transaction(
            step=step,
            phase=index,
            parts=[
                *fragments_of(phase.statements, step, index),
                *books.committed(step, index, phase, final=final),
            ],
            marks=[mark],
        )
        return
    journal = books.journal
    if journal is not None:
        opening = (
            journal.insert(step, index, phase, state="started", final=False, statement=0)
            if entry is None
            else journal.reopen(entry, phase)
        )
        yield Transaction(step=step, phase=index, parts=[Fragment(opening, None, step, index)])
    count = len(phase.statements)
    ending = [] if journal is None else [journal.finish(step, index, phase, final=final)]
    closing = [Fragment(sql, None, step, index) for sql in ending]
    if final:
        closing.extend(books.version_change(step, index))
    if skip == count and not separate_version_update:
        yield Transaction(step=step, phase=index, parts=closing, marks=[mark])
    for number, statement in enumerate(phase.statements[skip:], skip):
        ends = number == count - 1 and not separate_version_update
        if ends:
            parts = closing
        elif journal is not None:
            parts = [Fragment(journal.advance(step, index, number + 1), None, step, index)]
        else:
            parts = []
        if _may_share_a_transaction(statement):
            # its end and the row that says so are one
            parts = [*fragments_of([statement], step, index), *parts]
        else:
            yield StandaloneStatement(
                step=step,
                phase=index,
                index=number,
                statement=statement,
                before=phase.statements[:number],
                begun_before=sent and number == skip,
                interrupted=interrupted and number == skip,
            )
        marks = [mark] if ends else []
        if parts or marks:
            yield Transaction(step=step, phase=index, parts=parts, marks=marks)
    if separate_version_update:
        yield Transaction(step=step, phase=index, parts=closing, marks=[mark])


def fragments_of(statements: Iterable[Statement], step: Step, phase: int) -> Iterator[Fragment]:
    """What statements of a script become in a transaction."""
    for statement in statements:
        yield Fragment(statement.sql, statement, step, phase)
        check = invalid_index_check(statement.sql)
        if check is not None:
            yield Fragment(check, statement, step, phase)


def _may_share_a_transaction(statement: Statement) -> bool:
    """True for a statement of an autocommit phase that PostgreSQL lets stand in a transaction.

    CALL and DO may commit by themselves, which they cannot inside a transaction block.
    """
    facts = classify(statement.sql)
    return facts.transactional and facts.verb not in {"CALL", "DO"}
