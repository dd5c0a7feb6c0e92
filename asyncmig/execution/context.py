"""What all parts of one run share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.database.statement_failures import statement_failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncpg

    from asyncmig.bookkeeping.tables import Bookkeeping
    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.database.retry_policy import RetryPolicy
    from asyncmig.database.session import Session
    from asyncmig.errors import StatementFailedError
    from asyncmig.events import Blocker
    from asyncmig.execution.progress import Progress
    from asyncmig.plan.model import Step
    from asyncmig.sql.statement import Statement

__all__ = ["ExecutionContext"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionContext:
    """One run.

    Attributes:
        session: the connection that migrates and holds the runner's lock.
        database: opens a second connection, to look who blocks.
        books: the version table and the journal.
        retry_policy: for steps that set no limits of their own.
        progress: what is committed, and the events of the run.
        settings: of the run.
        one_transaction: all steps share a transaction (``transaction = "all"``).
    """

    session: Session
    database: Database
    books: Bookkeeping
    retry_policy: RetryPolicy
    progress: Progress
    settings: Settings | None = None
    one_transaction: bool = False

    def failure(
        self,
        error: asyncpg.PostgresError,
        step: Step,
        phase: int,
        statement: Statement | None,
        *,
        committed_before: bool,
        origin: str | None = None,
        attempts: int = 1,
        blockers: tuple[Blocker, ...] = (),
        earlier: Sequence[str] = (),
        standalone: bool = False,
    ) -> StatementFailedError:
        """The error of a statement of a script; arguments as ``statement_failure``."""
        return statement_failure(
            error,
            step,
            phase,
            statement,
            applied=self.progress.revisions,
            committed_before=committed_before,
            journalled=self.books.journal is not None,
            origin=origin,
            attempts=attempts,
            blockers=blockers,
            earlier=earlier,
            standalone=standalone,
        )
