"""The tables that record what has run: the version table, and the journal beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from asyncmig.bookkeeping.backfill_tables import BackfillTables
from asyncmig.bookkeeping.journal import Journal, Run
from asyncmig.bookkeeping.state import read_state
from asyncmig.bookkeeping.version_table import ALEMBIC_WIDTH, VersionTable

if TYPE_CHECKING:
    from collections.abc import Collection

    from asyncmig.bookkeeping.state import DatabaseState
    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session
    from asyncmig.plan.model import Phase, Step

__all__ = ["Bookkeeping", "setup_statements"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookkeeping:
    """The tables that every commit keeps up to date.

    Attributes:
        version: the version table.
        journal: None when it is switched off.
        backfills: the tables of backfills.
        has_backfills: they exist, so that a downgrade ends the jobs of its revision.
    """

    version: VersionTable
    journal: Journal | None
    backfills: BackfillTables = field(default_factory=BackfillTables)
    has_backfills: bool = False

    @classmethod
    def of(cls, settings: Settings, schema: str | None, run: Run | None = None) -> Self:
        """The tables of a project, in the schema where they are; ``run`` is None in a script for psql."""
        version = VersionTable(
            name=settings.version_table, schema=schema, primary_key=settings.version_table_pk
        )
        journal = Journal(name=settings.journal_table, schema=schema, run=run)
        return cls(
            version=version,
            journal=journal if settings.journal else None,
            backfills=BackfillTables(schema=schema, run=run),
        )

    @classmethod
    def of_run(cls, settings: Settings, schema: str | None, tag: str | None) -> Self:
        """Where one run is recorded; ``tag`` goes before the tag of the settings."""
        run = Run(application=settings.application_name, tag=tag or settings.tag)
        return cls.of(settings, schema, run)

    def record(self, step: Step, index: int, phase: Phase, *, final: bool) -> list[str]:
        """The statements with which a transaction phase records itself before it commits."""
        rows = []
        if self.journal is not None:
            rows = [self.journal.insert(step, index, phase, state="done", final=final)]
        return rows + (self.version_change(step) if final else self.version_check(step))

    def record_backfills(self, step: Step, phase: Phase, *, restart: bool) -> list[str]:
        """The statements that record the jobs of a phase before it runs.

        Args:
            step: whose phase it is.
            phase: the phase.
            restart: no earlier run has begun the phase. Without a journal that is not known: a job that has
                ended is restarted.
        """
        known = self.journal is not None
        return [
            sql
            for statement in phase.statements
            if statement.backfill is not None and statement.backfill.kind != "gate"
            for sql in self.backfills.begin(
                statement.backfill,
                step.revision,
                restart=("always" if known else "ended") if restart else "never",
            )
        ]

    def version_check(self, step: Step) -> list[str]:
        """What every commit of a step before its last finds out: is the revision still the run's to apply?"""
        return [] if step.rows_before is None else [self.version.check(step.rows_before)]

    def version_change(self, step: Step) -> list[str]:
        """The statements of a step's change of the version table; a downgrade ends its backfills."""
        ended = []
        if self.has_backfills and step.direction == "downgrade":
            ended = [self.backfills.cancel_of_revision(step.revision)]
        return [*ended, *self.version.change(step.version, expected=step.rows_before)]


async def setup_statements(
    session: Session,
    settings: Settings,
    state: DatabaseState,
    books: Bookkeeping,
    revisions: Collection[str],
    *,
    facts_column: bool = False,
) -> list[str]:
    """The statements that create the tables where they are missing, and make room for long ids.

    Args:
        session: any session.
        settings: the tables' names.
        state: what exists.
        books: the tables.
        revisions: the ids that are to be written.
        facts_column: the journal lacks columns of this version.
    """
    statements = []
    longest = max(map(len, revisions), default=0)
    if not state.has_version_table:
        statements.append(books.version.create(revisions))
    elif longest > ALEMBIC_WIDTH:
        width = state.width
        if width is None:
            width = (await read_state(session, settings, check_tables_first=True)).width
        if width is not None and 0 < width < longest:
            statements.append(books.version.widen(max(longest, 2 * ALEMBIC_WIDTH)))
    if books.journal is not None and not state.has_journal:
        statements.extend(books.journal.create())
    elif books.journal is not None and facts_column:
        statements.append(books.journal.add_columns())
    return statements
