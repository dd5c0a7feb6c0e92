"""Methods of ``Migrator`` that change the database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.errors import TargetError
from asyncmig.migrator.base import MigratorBase
from asyncmig.plan.model import Direction
from asyncmig.plan.run_request import RunRequest
from asyncmig.project import fan_out
from asyncmig.results import combining

if TYPE_CHECKING:
    from asyncmig.bookkeeping.journal import Decision
    from asyncmig.bookkeeping.state import PartialRevision
    from asyncmig.project.project import Project
    from asyncmig.results import ResolveResult, RunResult, StampResult, VersionTableResult

    DecisionName = Decision | Literal["done", "retry", "forget"]

__all__ = ["RunMethods"]


class RunMethods(MigratorBase):
    """Running: ``upgrade``, ``downgrade``, ``stamp``, ``ensure_version``, ``resolve``."""

    async def upgrade(self, target: str = "heads", *, tag: str | None = None) -> RunResult:
        """Run the revisions between the database and a target.

        A database at the target costs one query. Otherwise the runner's lock is taken, after another
        runner has released it. Each revision is committed with its row of the version table and of the
        journal; with ``transaction = "all"`` all of them are committed together.

        Args:
            target: ``heads``, ``head``, a full or partial id, ``+N``, ``label@head`` ...
            tag: a label for the journal.

        Raises:
            RevisionError: the target, or the script directory.
            StatementFailedError: PostgreSQL refused a statement; earlier revisions are committed, and
                nothing of its own revision is.
            PartiallyAppliedError: likewise, but earlier phases of its revision are committed. The next
                ``upgrade`` continues there.
            LockNotAcquiredError: another runner held the lock for longer than ``lock_wait``.
            ConnectionFailedError, ConnectionLostError: there is no connection, or it was lost.

        Example::

            result = await migrator.upgrade("head", tag="release 7")
        """
        return await self._run(target, Direction.UPGRADE, tag)

    async def downgrade(self, target: str, *, tag: str | None = None) -> RunResult:
        """Revert the revisions down to a target, which stays applied. Commits as ``upgrade``.

        Args:
            target: a full or partial id, ``-1``, ``base``, ``label@base`` ...
            tag: a label for the journal.

        Raises:
            IrreversibleError: a revision on the path has no downgrade; nothing was run.
            AsyncmigError: as ``upgrade``.

        Example::

            result = await migrator.downgrade("-1")
        """
        return await self._run(target, Direction.DOWNGRADE, tag)

    async def _run(self, target: str, direction: Direction, tag: str | None) -> RunResult:
        request = RunRequest(target=target, direction=direction, tag=tag)
        if not request.to_heads:
            self._project.require_one_history(f"{direction} to {target}")

        members: list[Project] = []

        async def run(project: Project) -> RunResult:
            members.append(project)
            return await (await project.runner()).run(request)

        env = EnvRequest(command=str(direction), revision=target, tag=tag)
        results = await fan_out.call_each(self._project, run, env)
        found = {
            name: replace(result, after=result.before, applied=()) if member.is_undone else result
            for member, (name, result) in zip(members, results.items(), strict=True)
        }
        return combining.combined_run(found) if found else request.result((), ())

    async def stamp(
        self, *targets: str, purge: bool = False, tag: str | None = None
    ) -> StampResult:
        """Set the version table as if the targets had been run, in one transaction.

        Args:
            *targets: revisions, ``head``, ``heads`` or ``base``.
            purge: delete all rows of the version table first, known or not.
            tag: a label for the journal.

        Raises:
            RevisionError: a target names no revision, or several; or a revision would count as applied, or
                as undone, that is so only in part.
            LockNotAcquiredError: another runner held the lock for longer than ``lock_wait``.
            DatabaseError: as ``upgrade``.

        Example::

            await migrator.stamp("head")
        """
        self._project.require_one_history("stamp")

        async def stamp(project: Project) -> StampResult:
            return await (await project.runner()).stamp(targets, purge=purge, tag=tag)

        request = EnvRequest(
            command="stamp",
            revision=targets,
            tag=tag,
            options={"purge": purge, "revisions": [*targets]},
        )
        found = await fan_out.call_each(self._project, stamp, request)
        return combining.combined_stamp(fan_out.required(found))

    async def ensure_version(self) -> VersionTableResult:
        """Create the version table and the journal if they do not exist, and commit.

        Raises:
            LockNotAcquiredError: another runner held the lock for longer than ``lock_wait``.
            DatabaseError: the role may not create tables there, or as ``upgrade``.

        Example::

            created = (await migrator.ensure_version()).created
        """
        from asyncmig.results import VersionTableResult

        async def create(project: Project) -> VersionTableResult:
            created = await (await project.runner()).ensure_tables()
            return VersionTableResult(table=project.settings.version_table, created=created)

        request = EnvRequest(command="ensure_version")
        found = await fan_out.call_each(self._project, create, request)
        return combining.combined_tables(fan_out.required(found))

    async def resolve(self, revision: str, decision: DecisionName) -> ResolveResult:
        """Record whether the interrupted statement of a partially applied revision has run.

        This is needed where the database cannot tell. It is committed in the journal; the next
        ``upgrade`` or ``downgrade`` follows it.

        Args:
            revision: the one that ``status().partial`` names.
            decision: ``done``: the statement has run, continue after it; ``retry``: it has not, run it
                again; ``forget``: discard the partial state, I have cleaned up by hand.

        Raises:
            RevisionNotFoundError: that revision is not partially applied.
            PlanError: ``done``, and the revision stopped between two phases.
            TargetError: there is no such decision.

        Example::

            await migrator.resolve("ae1027a6acf", "retry")
        """
        from asyncmig.bookkeeping.journal import Decision
        from asyncmig.results import ResolveResult

        try:
            decided = Decision(decision)
        except ValueError:
            raise TargetError(
                f"there is no decision {decision!r}", hint="done, retry or forget", target=decision
            ) from None

        async def resolve(project: Project) -> PartialRevision:
            return await (await project.runner()).resolve(revision, decided)

        request = EnvRequest(command="resolve", revision=revision)
        entry = await fan_out.call_one(self._project, resolve, request, "resolve")
        return ResolveResult(
            revision=entry.revision,
            direction=entry.direction,
            phase=entry.phase,
            decision=str(decided),
        )
