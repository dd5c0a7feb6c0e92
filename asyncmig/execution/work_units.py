"""Phases as units of sending: transactions, and statements outside a transaction, with their bookkeeping.

A run and a script for psql share these units. A transaction phase carries its journal row, and the last
phase of a step carries the change of the version table. A statement of an autocommit phase is sent between
two transactions: the first records in the journal that it starts, the second that it is done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from itertools import takewhile
from typing import TYPE_CHECKING, TypeAlias

from asyncmig.bookkeeping.state import PreviousAttempt
from asyncmig.execution.invalid_index_check import invalid_index_check
from asyncmig.plan.model import PhaseKind
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asyncmig.bookkeeping.state import PartialRevision
    from asyncmig.bookkeeping.tables import Bookkeeping
    from asyncmig.plan.model import Phase, Step
    from asyncmig.sql.statement import Statement

__all__ = [
    "Fragment",
    "PhaseCommit",
    "StandaloneStatement",
    "Transaction",
    "TransactionState",
    "Unit",
    "bookkeeping_fragments",
    "first_rolled_back",
    "fragments_of",
    "frame_phase",
    "frame_step",
    "has_statement",
]


_DDL = frozenset({"ALTER", "COMMENT", "CREATE", "DROP", "GRANT", "REVOKE"})
"""The first words of commands that change the catalog and nothing else, and never savepoints."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """One statement of a transaction; ``statement`` is None for bookkeeping.

    ``step`` and ``phase`` say whose it is: one transaction may hold the work of several steps.
    """

    sql: str
    statement: Statement | None = None
    step: Step | None = None
    phase: int = 0


def _is_ddl(fragment: Fragment) -> bool:
    statement = fragment.statement
    return (
        statement is not None
        and statement.copy_data is None
        and classify(statement.sql).verb.partition(" ")[0] in _DDL
    )


@dataclass(frozen=True, slots=True)
class PhaseCommit:
    """A phase that is committed with a transaction; ``final`` when it is the last of its step."""

    step: Step
    phase: int
    kind: PhaseKind
    final: bool


class TransactionState(Enum):
    """What the server has of a transaction."""

    QUEUED = "queued"
    """Nothing."""
    OPEN = "open"
    """BEGIN, and as many fragments as ``Transaction.sent`` counts."""
    READ = "read"
    """... and a script has read inside it, so that only the script can repeat it."""


@dataclass(slots=True, kw_only=True)
class Transaction:
    """Statements between BEGIN and COMMIT.

    Attributes:
        step: whose work it is; None for creating the version table and the journal.
        phase: the phase's index in its step.
        fragments: the statements.
        phase_commits: the phases that its COMMIT commits.
        before: in an autocommit phase, the statements of the phase that are committed before it; None in
            a transaction phase.
        closed: COMMIT follows the last fragment; False while a script may still add some.
        state: what the server has of it.
        sent: how many fragments the server has.
    """

    step: Step | None = None
    phase: int = 0
    fragments: list[Fragment] = field(default_factory=list)
    phase_commits: list[PhaseCommit] = field(default_factory=list)
    before: tuple[Statement, ...] | None = None
    closed: bool = True
    state: TransactionState = TransactionState.QUEUED
    sent: int = 0

    def reset(self) -> None:
        """Note that the server has rolled it back."""
        self.state = TransactionState.QUEUED
        self.sent = 0

    @property
    def next_fragment(self) -> Fragment | None:
        """The first fragment that is not sent."""
        return self.fragments[self.sent] if self.sent < len(self.fragments) else None

    @property
    def guardable(self) -> list[Fragment]:
        """The statements that are sent at once behind a savepoint, in a transaction that a script has read.

        To name the one that fails, they are sent again one by one, and so they are only DDL: it has no
        effects outside the transaction, and none of it refers to savepoints.
        """
        if self.state is not TransactionState.READ:
            return []
        unsent = self.fragments[self.sent :]
        found = list(takewhile(_is_ddl, unsent))
        return found if len(found) > 1 or len(unsent) > len(found) else []

    @property
    def is_idle(self) -> bool:
        """True when it is open on the server and the next move is the script's."""
        begun = self.state is not TransactionState.QUEUED
        return begun and not self.closed and self.next_fragment is None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandaloneStatement:
    """A statement that is sent by itself, outside a transaction.

    Attributes:
        step: whose it is.
        phase: the phase's index in its step.
        index: the statement's index in its phase.
        statement: the statement.
        before: the statements of its phase that precede it.
        previous: what became of an earlier attempt.
    """

    step: Step
    phase: int
    index: int
    statement: Statement
    before: tuple[Statement, ...] = ()
    previous: PreviousAttempt = PreviousAttempt.NONE

    @property
    def phase_commits(self) -> tuple[PhaseCommit, ...]:
        """None: the transaction behind it commits the phase."""
        return ()


Unit: TypeAlias = Transaction | StandaloneStatement


def has_statement(unit: Unit) -> bool:
    """True where a statement of the script is in a unit, and not only bookkeeping."""
    return isinstance(unit, StandaloneStatement) or any(
        fragment.statement is not None for fragment in unit.fragments
    )


def first_rolled_back(revision: str, unit: Unit | None, phase: int) -> int:
    """The first phase of a revision that is not committed when ``unit`` fails at ``phase``.

    Where transactions are merged, earlier phases of it are in the same one.
    """
    commits = () if unit is None else unit.phase_commits
    return min([phase, *(commit.phase for commit in commits if commit.step.revision == revision)])


def frame_step(step: Step, books: Bookkeeping) -> Iterator[Unit]:
    """All units of a step that is known in full."""
    last = len(step.phases) - 1
    for index, phase in enumerate(step.phases):
        for unit in frame_phase(step, index, phase, books, final=index == last):
            if isinstance(unit, Transaction) and any(item.final for item in unit.phase_commits):
                unit.fragments.extend(
                    Fragment(item.sql, item, step, index) for item in step.epilogue
                )
            yield unit


def frame_phase(
    step: Step,
    index: int,
    phase: Phase,
    books: Bookkeeping,
    *,
    final: bool,
    partial: PartialRevision | None = None,
    separate_version_update: bool = False,
) -> Iterator[Unit]:
    """The units of one phase.

    Args:
        step: whose phase it is.
        index: its index in the step.
        phase: the statements.
        books: the tables to keep up to date.
        final: it is the step's last phase: the version table changes with it.
        partial: what an earlier run has done of this autocommit phase.
        separate_version_update: the end of an autocommit phase is a transaction of its own, which hooks
            extend.
    """
    commit = PhaseCommit(step, index, phase.kind, final)
    if phase.kind is PhaseKind.TRANSACTION:
        yield Transaction(
            step=step,
            phase=index,
            fragments=[
                *fragments_of(phase.statements, step, index),
                *bookkeeping_fragments(books.record(step, index, phase, final=final), step, index),
            ],
            phase_commits=[commit],
        )
        return

    def transaction(
        own: Iterable[str],
        of_script: Iterable[Statement] = (),
        *,
        done: int,
        commits: bool = False,
    ) -> Transaction:
        return Transaction(
            step=step,
            phase=index,
            fragments=[
                *fragments_of(of_script, step, index),
                *bookkeeping_fragments(own, step, index),
            ],
            phase_commits=[commit] if commits else [],
            before=phase.statements[:done],
        )

    records = books.record_backfills(step, phase, restart=partial is None)
    journal = books.journal
    done = 0 if partial is None else partial.statement
    if journal is not None:
        opening = (
            journal.insert(step, index, phase, state="started", final=False, statement=0)
            if partial is None
            else journal.reopen(partial.journal_id, phase)
        )
        records = [opening, *records]
    if records:
        yield transaction([*records, *books.version_check(step)], done=done)
    end = [] if journal is None else [journal.finish(step, index, phase, final=final)]
    end += books.version_change(step) if final else books.version_check(step)
    last = len(phase.statements) - 1
    for number, statement in enumerate(phase.statements[done:], done):
        ends = number == last and not separate_version_update
        record = end if ends else []
        if not ends and journal is not None:
            record = [journal.advance(step, index, number + 1), *books.version_check(step)]
        if _may_share_a_transaction(statement):
            # it is committed together with the row that says so
            yield transaction(record, [statement], done=number, commits=ends)
            continue
        first = partial is not None and number == done
        yield StandaloneStatement(
            step=step,
            phase=index,
            index=number,
            statement=statement,
            before=phase.statements[:number],
            previous=(
                partial.previous_attempt(statement) if partial and first else PreviousAttempt.NONE
            ),
        )
        if record or ends:
            yield transaction(record, done=number + 1, commits=ends)
    if separate_version_update or done > last:
        yield transaction(end, done=len(phase.statements), commits=True)


def bookkeeping_fragments(statements: Iterable[str], step: Step, phase: int) -> Iterator[Fragment]:
    """The fragments of statements that change the version table or the journal."""
    return (Fragment(sql, None, step, phase) for sql in statements)


def fragments_of(statements: Iterable[Statement], step: Step, phase: int) -> Iterator[Fragment]:
    """The fragments of a script's statements in a transaction."""
    for statement in statements:
        yield Fragment(statement.sql, statement, step, phase)
        check = invalid_index_check(statement.sql)
        if check is not None:
            yield Fragment(check, statement, step, phase)


def _may_share_a_transaction(statement: Statement) -> bool:
    """True for a statement of an autocommit phase that PostgreSQL accepts in a transaction.

    CALL and DO may commit by themselves, which they cannot inside a transaction block.
    """
    if statement.backfill is not None:
        return False
    facts = classify(statement.sql)
    return facts.transactional and facts.verb not in {"CALL", "DO"}
