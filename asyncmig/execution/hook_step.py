"""The end of a step's last transaction, while ``on_version_apply`` runs in it.

The version table is changed, nothing is committed. What a hook says or runs itself becomes a part of
the same transaction; it can neither end it nor leave it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.execution.work_units import Fragment
from asyncmig.plan.version_hooks import hook_statements, refusal

if TYPE_CHECKING:
    import asyncpg

    from asyncmig.execution.batch_sender import MessageSender
    from asyncmig.execution.work_units import PhaseCommit, Transaction
    from asyncmig.plan.model import Step
    from asyncmig.plan.recorder import Recorder
    from asyncmig.plan.version_hooks import VersionHook

__all__ = ["VersionHookStep"]


class VersionHookStep:
    """A step that is applied but not committed; what ``RunningStep`` is to a script.

    Args:
        step: which one.
        unit: its last transaction, open.
        recorder: hears the hook.
        hook: for messages.
        wire: where the unit is queued.
    """

    already_committed = False
    """Nothing of it was committed before."""
    replayed_failure = None

    def __init__(
        self,
        step: Step,
        unit: Transaction,
        recorder: Recorder,
        hook: VersionHook,
        wire: MessageSender,
    ) -> None:
        self.step = step
        self.index = unit.phase
        self.recorder = recorder
        self._unit = unit
        self._hook = hook
        self._wire = wire

    def queue(self) -> None:
        """Make what the hook has said a part of the transaction."""
        self._unit.parts.extend(
            Fragment(statement.sql, statement, self.step, self.index)
            for statement in hook_statements(self.recorder.take(), self._hook)
        )

    async def flush_pending(self) -> None:
        """Send what is queued, the change of the version table included."""
        self.queue()
        await self._wire.flush()
        self._unit.live = True

    def before_other_io(self) -> None:
        """The hook runs a statement itself: the transaction is open anyway."""

    async def end_transaction(self) -> None:
        """Refuse: the step's commit comes after its hooks."""
        raise refusal(self._hook, "commits")

    async def roll_back(self) -> None:
        """Refuse: what would be undone is the step."""
        raise refusal(self._hook, "rolls back")

    async def begin_standalone(self, sql: str, origin: str | None) -> bool:
        """Refuse what cannot be in a transaction."""
        del origin
        raise refusal(self._hook, f"runs {sql.strip().splitlines()[0]!r}")

    async def end_standalone(self) -> PhaseCommit | None:
        """None: such a statement is never on its way."""
        return None

    async def note_failure(self, error: asyncpg.PostgresError) -> bool:
        """True: the hook may handle an error in a savepoint of its own."""
        del error
        return True

    async def note_standalone_failure(self, error: asyncpg.PostgresError) -> None:
        """Nothing to note: such a statement is never sent."""
        del error

    async def abandon_standalone(self, error: asyncpg.PostgresError | None) -> None:
        """Nothing to write down."""
        del error
