"""Methods of ``Migrator`` that plan a run or write it as a script; nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.errors import TargetError
from asyncmig.migrator.base import MigratorBase
from asyncmig.plan.model import Direction
from asyncmig.project import fan_out
from asyncmig.project.plans import make_plan

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from asyncmig.plan.model import Plan
    from asyncmig.project.project import Project
    from asyncmig.results import Impact

    DirectionName = Direction | Literal["upgrade", "downgrade"]

__all__ = ["PlanMethods"]


class PlanMethods(MigratorBase):
    """Planning: ``plan``, ``impact``, ``sql``, ``stamp_sql``, ``ensure_version_sql``."""

    async def plan(
        self,
        target: str = "heads",
        current: Collection[str] | str | None = None,
        direction: DirectionName = "upgrade",
        *,
        offline: bool = False,
    ) -> Plan:
        """Plan an upgrade or downgrade: the steps, phases and statements that would run.

        A step whose script reads from the database is marked ``live``: its statements after the first
        read are known only when it runs.

        Args:
            target: a target expression.
            current: rows of the version table to start from, ``base`` for none; None reads them from the
                database. With rows given, no database is needed.
            direction: ``upgrade`` or ``downgrade``.
            offline: plan a script for psql, where a script that reads is an error.

        Raises:
            RevisionError: the target, the current rows, or a script.
            PlanError: a directive cannot become SQL, or a downgrade is not written.
            DatabaseError: the rows could not be read.

        Example::

            plan = await migrator.plan("head", current="base")
        """
        checked = _direction(direction)
        if current is not None:
            rows = (current,) if isinstance(current, str) else current
            heads = tuple(row for row in rows if row != "base")
            return await make_plan(self._project, target, heads, checked, offline=offline)

        async def plan(project: Project) -> Plan:
            state = await fan_out.current_state(project)
            return await make_plan(
                project, target, state.heads, checked, offline=offline, connect=True
            )

        request = EnvRequest(command="plan", revision=target, reading=True)
        return await fan_out.call_one(self._project, plan, request, "a plan")

    async def plan_each(
        self, target: str = "heads", *, direction: DirectionName = "upgrade"
    ) -> Mapping[str, Plan]:
        """Plan an upgrade or downgrade of each database from its current revisions.

        Args:
            target: a target expression.
            direction: ``upgrade`` or ``downgrade``.

        Returns:
            The plans by name; that of a single database has the empty name.

        Raises:
            RevisionError, PlanError, DatabaseError: as ``plan``.

        Example::

            plans = await migrator.plan_each()
        """
        checked = _direction(direction)

        async def plan(project: Project) -> Plan:
            state = await fan_out.current_state(project)
            return await make_plan(project, target, state.heads, checked, connect=True)

        request = EnvRequest(command="plan", revision=target, reading=True)
        return await fan_out.call_each(self._project, plan, request)

    async def impact(self, plan: Plan) -> Impact:
        """What a plan would do to the database: locks, rewrites and scans, statement by statement.

        The plan runs in a schema-only copy of the database: in a scratch database on the server of
        ``shadow_url``, on the same server, or in an embedded one. Where none can be made, the table of facts
        (docs/locks.md) answers. Sizes, long transactions and blockers are read from the database, where
        nothing else is run.

        Args:
            plan: from the current revisions of the database.

        Raises:
            PlanError: it starts at other revisions.
            DatabaseError: the database could not be read.

        Example::

            impact = await migrator.impact(await migrator.plan("head"))
        """

        async def assess(project: Project) -> Impact:
            from asyncmig.project.impact import impact_of

            return await impact_of(project, plan)

        request = EnvRequest(command="plan", revision=plan.target, reading=True)
        return await fan_out.call_one(self._project, assess, request, "the impact of a plan")

    async def sql(self, range_: str = "heads", *, direction: DirectionName = "upgrade") -> str:
        """A script for psql that does what a run would do. No connection is made.

        Args:
            range_: ``target``, from an empty database, or ``start:target``. A downgrade needs both.
            direction: ``upgrade`` or ``downgrade``.

        Raises:
            NeedsDatabaseError: a script reads from the database.
            RevisionError, PlanError: as ``plan``.

        Example::

            script = await migrator.sql("ae1027a6acf:head")
        """
        from asyncmig.project.offline import migration_script

        return await migration_script(self._project, range_, _direction(direction))

    async def stamp_sql(self, *targets: str, purge: bool = False) -> str:
        """``stamp`` as a script for psql; ``start:target`` names the rows to start from.

        Raises:
            RevisionError: a target names no revision, or several.

        Example::

            script = await migrator.stamp_sql("base:head")
        """
        from asyncmig.project.offline import stamp_script

        return await stamp_script(self._project, targets, purge=purge)

    async def ensure_version_sql(self) -> str:
        """The creation of the version table and the journal, as a script for psql.

        Raises:
            RevisionError: the script directory cannot be read.

        Example::

            script = await migrator.ensure_version_sql()
        """
        from asyncmig.project.offline import ensure_version_script

        return await ensure_version_script(self._project)


def _direction(name: str) -> Direction:
    try:
        return Direction(name)
    except ValueError:
        raise TargetError(
            f"there is no direction {name!r}", hint="upgrade or downgrade", target=name
        ) from None
