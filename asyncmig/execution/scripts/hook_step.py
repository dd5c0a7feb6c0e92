"""The end of a step's last transaction, while ``on_version_apply`` runs in it.

The version table is changed, and nothing is committed. The statements of a hook become a part of the same
transaction; a hook can neither end it nor leave it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.execution.work_units import Fragment, TransactionState
from asyncmig.plan.version_hooks import hook_statements, refusal

if TYPE_CHECKING:
    import asyncpg

    from asyncmig.database.committed_work import CommittedWork
    from asyncmig.execution.context import ExecutionContext
    from asyncmig.execution.messages.sender import MessageSender
    from asyncmig.execution.work_units import Transaction
    from asyncmig.plan.model import Step
    from asyncmig.plan.recorder import Recorder
    from asyncmig.plan.version_hooks import VersionHook

__all__ = ["VersionHookStep"]


class VersionHookStep:
    """A step that is applied but not committed; what ``RunningStep`` is to a script.

    Args:
        context: of the run.
        sender: has the unit.
        step: the step.
        unit: its last transaction, open.
        recorder: takes the statements of the hook.
        hook: for messages.
    """

    already_committed = False
    """No earlier run has committed it."""
    replayed_failure = None
    """Errors that a hook handles are not recorded."""

    def __init__(
        self,
        context: ExecutionContext,
        sender: MessageSender,
        step: Step,
        unit: Transaction,
        recorder: Recorder,
        hook: VersionHook,
    ) -> None:
        self.step = step
        self.index = unit.phase
        self.recorder = recorder
        self._context = context
        self._sender = sender
        self._unit = unit
        self._hook = hook

    def queue(self) -> None:
        """Make the statements of the hook a part of the transaction."""
        self._unit.fragments.extend(
            Fragment(statement.sql, statement, self.step, self.index)
            for statement in hook_statements(self.recorder.take(), self._hook)
        )

    async def flush_pending(self) -> None:
        """Send what is queued, the change of the version table included."""
        self.queue()
        await self._sender.flush()
        self._unit.state = TransactionState.READ

    def before_other_io(self) -> None:
        """The hook runs a statement itself: the transaction is open anyway."""

    async def end_transaction(self) -> None:
        """Refuse: the step's commit comes after its hooks."""
        raise refusal(self._hook, "commits")

    async def roll_back(self) -> None:
        """Refuse: what would be undone is the step."""
        raise refusal(self._hook, "rolls back")

    async def begin_single_transaction(self) -> bool:
        """Refuse: the hook is in the transaction of its step."""
        raise refusal(self._hook, "opens an autocommit block")

    async def begin_standalone(self, sql: str, origin: str | None) -> bool:
        """Refuse what cannot be in a transaction."""
        del origin
        raise refusal(self._hook, f"runs {sql.strip().splitlines()[0]!r}")

    async def end_standalone(self) -> None:
        """Nothing to do: such a statement is never sent."""

    async def abandon_standalone(self, error: asyncpg.PostgresError | None) -> None:
        """Nothing to do."""
        del error

    def committed_work(self, error: asyncpg.PostgresError) -> CommittedWork:
        """What is committed of the revision when a statement of the hook fails."""
        del error
        return self._context.committed(self.step, self._unit, self.index)

    async def note_failure(self, error: asyncpg.PostgresError) -> bool:
        """True: the hook may handle an error in a savepoint of its own."""
        del error
        return True

    async def note_standalone_failure(self, error: asyncpg.PostgresError) -> None:
        """Nothing to do."""
        del error
