"""The one planner: from a target and the rows of the version table to steps, phases, statements."""

from __future__ import annotations

from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asyncmig.errors import AsyncmigError
from asyncmig.operations.base.created_types import CreatedTypes
from asyncmig.plan.inverses import changes_rows, with_inverses
from asyncmig.plan.model import Direction, Phase, PhaseKind, Plan, Step
from asyncmig.plan.moves import direction_of
from asyncmig.plan.phases import split_phases
from asyncmig.plan.recorder import LiveAccess, Recorder
from asyncmig.plan.run_script import check_written, drive, record
from asyncmig.plan.script_timeouts import own_count, own_limit
from asyncmig.plan.version_hooks import (
    MigrationInfo,
    call_hook,
    file_of,
    hook_failure,
    hook_statements,
)
from asyncmig.revisions.graph.moves import RowChange

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Dialect
    from sqlalchemy.schema import MetaData

    from asyncmig.plan.online.changes import OnlineChanges, ScriptChanges
    from asyncmig.plan.phases import Entry
    from asyncmig.plan.rewrites.rewriting import Rewriting, ScriptRewrites
    from asyncmig.plan.run_script import AnyScript
    from asyncmig.plan.version_hooks import VersionHook
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.moves import Move
    from asyncmig.revisions.graph.revision import Revision
    from asyncmig.sql.statement import Statement

__all__ = ["EMPTY_PHASE", "Planner"]

EMPTY_PHASE = Phase(kind=PhaseKind.TRANSACTION)


class Planner:
    """Makes plans, without a connection and without input or output.

    Args:
        graph: the history.
        dialect: compiles operations.
        target_metadata: the models, for naming conventions.
        options: everything configured, for ``op.get_context().opts``.
        keywords: extra arguments for ``upgrade`` and ``downgrade``.
        one_transaction: all steps share a transaction as far as PostgreSQL allows.
        offline: the plan becomes a script for psql; a script that reads is an error.
        import_context: makes a context manager that is active while a script runs.
        version_hooks: ``on_version_apply``, for a script for psql; in a run the engine calls it.
        rewriting: the safe rewrites; None where none are made. A run sets it when it has read the database.

    Attributes:
        online: the column changes online, once the database was read for them; None where there are none.
        lock_key: of the advisory lock that a run holds, which no script may free.
    """

    def __init__(
        self,
        graph: RevisionGraph,
        *,
        dialect: Dialect,
        target_metadata: MetaData | tuple[MetaData, ...] | None = None,
        options: Mapping[str, Any] | None = None,
        keywords: Mapping[str, Any] | None = None,
        one_transaction: bool = False,
        offline: bool = False,
        import_context: Callable[[], AbstractContextManager[object]] = nullcontext,
        version_hooks: Sequence[VersionHook] = (),
        rewriting: Rewriting | None = None,
    ) -> None:
        self.graph = graph
        self.dialect = dialect
        self.keywords: Mapping[str, Any] = keywords or {}
        self.one_transaction = one_transaction
        self.offline = offline
        self.version_hooks = tuple(version_hooks)
        self.rewriting = rewriting
        self.online: OnlineChanges | None = None
        self.lock_key: int | None = None
        self._target_metadata = target_metadata
        self._options = options or {}
        self._created_types = CreatedTypes()
        self._import_context = import_context

    def plan(
        self,
        target: str,
        current: Collection[str],
        direction: Direction,
        moves: Sequence[Move],
        scripts: Mapping[str, AnyScript],
    ) -> Plan:
        """Record every move's script.

        Args:
            target: as the user wrote it.
            current: rows of the version table.
            direction: of all steps.
            moves: from ``find_moves()``.
            scripts: the loaded script of each move, by revision id.
        """
        for move in moves:
            check_written(scripts[move.revision.id], direction)
        heads = frozenset(current)
        steps = []
        for move in moves:
            step = self._with_inverses(move, scripts[move.revision.id])
            heads = step.version.apply(heads)
            if self.offline:
                info = MigrationInfo.of_move(move, self.graph)
                step = replace(step, epilogue=self.epilogue(move.revision, info, heads))
            steps.append(step)
        return Plan(
            direction=direction,
            target=target,
            current=tuple(sorted(current)),
            steps=tuple(steps),
            heads=tuple(sorted(heads)),
        )

    def _with_inverses(self, move: Move, script: AnyScript) -> Step:
        """The step of one move; a backfill in an upgrade has its inverse in the downgrade."""
        step = self.record(move, script)
        if step.direction is Direction.DOWNGRADE or not any(map(changes_rows, step.phases)):
            return step
        recorder = self.script_recorder(move.revision)
        with suppress(AsyncmigError):  # it is an error of the downgrade, and not of this plan
            record(script, Direction.DOWNGRADE, recorder, self.keywords)
        downgrade = self.phases(recorder.take())
        return replace(step, phases=with_inverses(step.phases, downgrade))

    def record(self, move: Move, script: AnyScript) -> Step:
        """The step of one move, as far as it can be known without a database."""
        recorder = self.script_recorder(move.revision)
        complete = record(script, direction_of(move), recorder, self.keywords)
        phases = self.phases(recorder.take(), open_ended=not complete)
        return self.step(
            move,
            script,
            phases,
            live=not complete,
            live_origin=recorder.live_origin,
            rewrite_facts=recorder.rewrite_facts,
        )

    def epilogue(
        self, revision: Revision, info: MigrationInfo, heads: Collection[str]
    ) -> tuple[Statement, ...]:
        """The statements of hooks in a script for psql, behind the change of the version table."""
        statements: list[Statement] = []
        for hook in self.version_hooks:
            recorder = self.recorder(revision, source=file_of(hook))
            try:
                coroutine = call_hook(hook, recorder, info, heads, self.keywords)
                if coroutine is not None:
                    drive(coroutine, recorder)
            except Exception as error:
                raise hook_failure(hook, revision.id, error) from error
            statements += hook_statements(recorder.take(), hook)
        return tuple(statements)

    def script_recorder(self, revision: Revision, live: LiveAccess | None = None) -> Recorder:
        """A fresh recorder for a revision's script, with its safe rewrites."""
        rewrites = None if self.rewriting is None else self.rewriting.for_script(revision.id)
        online = None
        if self.online is not None:
            answers = None if rewrites is None else rewrites.facts.answers
            online = self.online.for_script(revision.id, answers)
        return self.recorder(revision, live, rewrites=rewrites, online=online)

    def recorder(
        self,
        revision: Revision,
        live: LiveAccess | None = None,
        *,
        source: str | None = None,
        rewrites: ScriptRewrites | None = None,
        online: ScriptChanges | None = None,
    ) -> Recorder:
        """A fresh recorder for a revision's script, or for what is written in another file."""
        recorder = Recorder(
            revision,
            dialect=self.dialect,
            offline=self.offline,
            live=live,
            target_metadata=self._target_metadata,
            options=self._options,
            created_types=self._created_types.for_script(revision.id),
            import_context=self._import_context,
            source=source,
            rewrites=rewrites,
            online=online,
        )
        recorder.lock_key = self.lock_key
        return recorder

    def phases(self, entries: Sequence[Entry], *, open_ended: bool = False) -> tuple[Phase, ...]:
        """Cut statements into phases by the rules of this plan."""
        return split_phases(
            entries, open_ended=open_ended, separate_enum_values=self.one_transaction
        )

    def step(
        self,
        move: Move,
        script: AnyScript,
        phases: Sequence[Phase],
        *,
        live: bool = False,
        live_origin: str | None = None,
        rows_before: frozenset[str] | None = None,
        rewrite_facts: Mapping[str, Any] | None = None,
    ) -> Step:
        """Put a step together."""
        return Step(
            revision=move.revision.id,
            direction=direction_of(move),
            down_revisions=move.revision.down_revisions,
            message=move.revision.message,
            path=move.revision.path,
            checksum=script.checksum,
            phases=tuple(phases) or (EMPTY_PHASE,),
            live=live,
            live_origin=live_origin,
            version=RowChange(remove=move.remove, add=move.add),
            rows_before=rows_before,
            lock_timeout=own_limit(script, "lock_timeout"),
            lock_retries=own_count(script, "lock_retries"),
            statement_timeout=own_limit(script, "statement_timeout"),
            rewrite_facts=rewrite_facts,
        )
