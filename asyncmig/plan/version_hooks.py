"""``on_version_apply``: functions that are called when a revision's row is written.

They are called behind the change of the version table, in its transaction: with the context of the
script, facts about the step, the rows as they are now, and the keyword arguments that scripts get.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from asyncmig.errors import AsyncmigError, ScriptError
from asyncmig.operations.facade import Operations
from asyncmig.operations.running_op import using
from asyncmig.revisions.files.failing_line import failing_line
from asyncmig.revisions.files.import_script import import_script
from asyncmig.revisions.graph.alembic_script import AlembicScript
from asyncmig.sql.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
    from types import ModuleType

    from asyncmig.plan.phases import Entry
    from asyncmig.plan.recorder import Recorder
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.moves import Move, StampMove
    from asyncmig.revisions.graph.revision import Revision

__all__ = [
    "MigrationInfo",
    "VersionHook",
    "call_hook",
    "file_of",
    "hook_failure",
    "hook_statements",
]


class VersionHook(Protocol):
    """What ``on_version_apply`` names: a function, or a coroutine function.

    Args:
        ctx: the context, as ``op.get_context()`` gives it: ``ctx.execute(...)`` and
            ``ctx.connection`` write in the transaction of the step.
        step: what was applied.
        heads: the rows of the version table, this step's change included.
        run_args: the keyword arguments of ``upgrade()`` and ``downgrade()``.
    """

    def __call__(
        self, *, ctx: Any, step: MigrationInfo, heads: set[str], run_args: dict[str, Any]
    ) -> object:
        """Called once for each step, and for each part of a stamp."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationInfo:
    """A step as ``on_version_apply`` sees it: Alembic's names and meanings.

    Attributes:
        is_upgrade: the step goes up.
        is_stamp: nothing was run, the version table only says so.
        up_revision_ids: the upper end: the step's revision; several where a stamp goes down from several.
        down_revision_ids: the lower end: the parents of the revision, dependencies included.
        revision_map: the history.
    """

    is_upgrade: bool
    is_stamp: bool
    up_revision_ids: tuple[str, ...]
    down_revision_ids: tuple[str, ...]
    revision_map: RevisionGraph

    @classmethod
    def of_move(cls, move: Move, graph: RevisionGraph) -> MigrationInfo:
        """A revision that was run."""
        return cls(
            is_upgrade=move.upgrade,
            is_stamp=False,
            up_revision_ids=(move.revision.id,),
            down_revision_ids=tuple(graph.below(move.revision.id)),
            revision_map=graph,
        )

    @classmethod
    def of_stamp(cls, move: StampMove, graph: RevisionGraph) -> MigrationInfo:
        """Rows that were written without running anything."""
        return cls(
            is_upgrade=move.upgrade,
            is_stamp=True,
            up_revision_ids=move.add if move.upgrade else move.remove,
            down_revision_ids=move.remove if move.upgrade else move.add,
            revision_map=graph,
        )

    @property
    def is_migration(self) -> bool:
        """True unless it is a stamp."""
        return not self.is_stamp

    @property
    def up_revision_id(self) -> str | None:
        """The first of ``up_revision_ids``."""
        return self.up_revision_ids[0] if self.up_revision_ids else None

    @property
    def source_revision_ids(self) -> tuple[str, ...]:
        """Where the step came from."""
        return self.down_revision_ids if self.is_upgrade else self.up_revision_ids

    @property
    def destination_revision_ids(self) -> tuple[str, ...]:
        """Where the step went."""
        return self.up_revision_ids if self.is_upgrade else self.down_revision_ids

    @property
    def up_revision(self) -> AlembicScript | None:
        """The revision of ``up_revision_id``."""
        return next(iter(self.up_revisions), None)

    @property
    def up_revisions(self) -> tuple[AlembicScript, ...]:
        """The revisions of ``up_revision_ids``."""
        return self._scripts(self.up_revision_ids)

    @property
    def down_revisions(self) -> tuple[AlembicScript, ...]:
        """The revisions of ``down_revision_ids``."""
        return self._scripts(self.down_revision_ids)

    @property
    def source_revisions(self) -> tuple[AlembicScript, ...]:
        """The revisions of ``source_revision_ids``."""
        return self._scripts(self.source_revision_ids)

    @property
    def destination_revisions(self) -> tuple[AlembicScript, ...]:
        """The revisions of ``destination_revision_ids``."""
        return self._scripts(self.destination_revision_ids)

    def _scripts(self, names: Iterable[str]) -> tuple[AlembicScript, ...]:
        graph = self.revision_map
        # a row that a stamp takes away may be of a file that is gone
        return tuple(
            AlembicScript(graph.get(name), graph, _module_of) for name in names if name in graph
        )


def _module_of(revision: Revision) -> ModuleType:
    return import_script(revision.path, revision=revision.id)[0]


def call_hook(
    hook: VersionHook,
    recorder: Recorder,
    step: MigrationInfo,
    heads: Collection[str],
    run_args: Mapping[str, Any],
) -> Coroutine[Any, Any, None] | None:
    """Call a hook; the recorder takes its statements.

    Returns:
        None for a function, which has run; the coroutine of a coroutine function, which has not begun.
    """
    operations = Operations(recorder, created_types=recorder.created_types)
    call = partial(
        hook,
        ctx=operations.get_context(),
        step=step,
        heads=set(heads),
        run_args=dict(run_args),
    )
    with recorder.import_context(), using(operations):
        result = call()
    if not inspect.isawaitable(result):
        return None

    async def await_it() -> None:
        with recorder.import_context(), using(operations):
            await result

    return await_it()


def hook_statements(entries: Sequence[Entry], hook: VersionHook) -> tuple[Statement, ...]:
    """The statements of a hook, all of them for the transaction of its step.

    Raises:
        ScriptError: it commits, or runs a statement that cannot be in a transaction.
    """
    statements = []
    for entry in entries:
        if not isinstance(entry, Statement):
            raise refusal(hook, "commits")
        if not entry.transactional:
            raise refusal(hook, f"runs {entry.sql.strip().splitlines()[0]!r}")
        statements.append(entry)
    return tuple(statements)


def refusal(hook: VersionHook, what: str) -> ScriptError:
    """A hook does what only a revision may."""
    return ScriptError(
        f"on_version_apply ({file_of(hook)}) {what}, which is not possible in the transaction of a step",
        hint="a hook writes in the transaction of its step; put this into a revision",
        path=file_of(hook),
    )


def hook_failure(hook: VersionHook, revision: str, error: Exception) -> AsyncmigError:
    """An exception that a hook raised itself, with its line."""
    if isinstance(error, AsyncmigError):
        return error
    path = file_of(hook)
    line = failing_line(path, error)
    return ScriptError(
        f"on_version_apply failed at {path}{f':{line}' if line else ''} after revision {revision}:"
        f" {type(error).__name__}: {error}",
        hint="nothing of the transaction was kept; the hook must succeed for the revision to be applied",
        revision=revision,
        path=path,
        line=line,
    )


def file_of(hook: Any) -> str:
    """The file that a hook is written in."""
    function: Callable[..., Any] | None = inspect.unwrap(hook)
    while isinstance(function, partial):
        function = function.func
    if not inspect.isroutine(function):
        function = type(hook).__call__
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return "on_version_apply" if code is None else str(code.co_filename)
