"""``Migrator``: everything asyncmig does, as awaitable methods.

It holds settings and nothing else: no connection between calls, no cache of the database. Two of them
may work side by side in one loop.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.config.overrides import checked_overrides
from asyncmig.config.settings import Settings
from asyncmig.errors import TargetError
from asyncmig.plan.model import Direction
from asyncmig.plan.run_request import RunRequest
from asyncmig.project.fan_out import (
    call_each,
    call_one,
    current_state,
    journal,
    position,
    query_each,
    required,
    status_of,
    wait_for,
)
from asyncmig.project.project import Project
from asyncmig.results.combining import (
    combined_check,
    combined_current,
    combined_position,
    combined_run,
    combined_stamp,
    combined_status,
    combined_tables,
)
from asyncmig.revisions.graph.describe import branch_points, describe, describe_all

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
    from sqlalchemy.schema import MetaData

    from asyncmig.autogenerate.renames import AskRename
    from asyncmig.autogenerate.write import Generated
    from asyncmig.bookkeeping.state import PartialRevision
    from asyncmig.events import Event
    from asyncmig.plan.model import Plan
    from asyncmig.project.project import VersionHooks
    from asyncmig.results import (
        BranchPoint,
        CheckResult,
        CreatedRevision,
        CurrentState,
        JournalEntry,
        ResolveResult,
        RevisionCheck,
        RevisionInfo,
        RunResult,
        StampResult,
        Status,
        ValidationReport,
        VersionTableResult,
    )

__all__ = ["Migrator"]


class Migrator:
    """Migrates one database with one script directory.

    Args:
        database: a URL, an ``AsyncEngine``, or an ``AsyncConnection``. A connection with an open
            transaction is used inside it: nothing is committed before the caller commits. None takes
            the URL of the settings.
        script_location: the folder with ``versions/``.
        target_metadata: the models: a ``MetaData`` or ``"package.module:Base.metadata"``, or several.
        settings: everything at once; the other arguments override its fields.
        on_event: hears progress; called in the event loop.
        on_version_apply: called when a revision's row is written, in its transaction: a function or
            coroutine function, its name (``"package.module:name"``), or several. See
            ``docs/guide.md``.
        **overrides: any field of ``Settings``, for example ``lock_timeout=2.0`` (seconds).

    Example:
        >>> migrator = Migrator("postgresql://app@db/app", script_location="migrations")
        >>> result = await migrator.upgrade()  # doctest: +SKIP
    """

    def __init__(
        self,
        database: str | AsyncEngine | AsyncConnection | None = None,
        *,
        script_location: str | Path | None = None,
        target_metadata: MetaData | str | Sequence[MetaData | str] | None = None,
        settings: Settings | None = None,
        on_event: Callable[[Event], None] | None = None,
        on_version_apply: VersionHooks = None,
        **overrides: Any,
    ) -> None:
        base = settings or Settings()
        if isinstance(database, str):
            overrides["url"] = database
            overrides["url_problem"] = None
        if script_location is not None:
            overrides["script_location"] = Path(script_location)
        if isinstance(target_metadata, str):
            overrides["target_metadata"] = target_metadata
        self.project = Project(
            replace(base, **checked_overrides(overrides)),
            database=None if isinstance(database, str) else database,
            models=target_metadata,
            on_event=on_event,
            on_version_apply=on_version_apply,
        )

    @classmethod
    def from_config(
        cls,
        path: str | Path | Sequence[str | Path] | None = None,
        name: str | None = None,
        x: Mapping[str, str] | Sequence[str] = (),
        *,
        url: str | None = None,
        on_event: Callable[[Event], None] | None = None,
        **overrides: Any,
    ) -> Migrator:
        """A migrator with the settings of configuration files and the environment.

        Args:
            path: the file, or several (an ini file added to a TOML one); None searches as the command
                line does.
            name: the database's section, ``-n``.
            x: ``-x key=value`` arguments.
            url: before every other source of the URL.
            on_event: hears progress.
            **overrides: any field of ``Settings``.

        Raises:
            ConfigError: the file is missing, or something in it cannot be used.
        """
        from asyncmig.config import load

        settings = load(path, name=name, x=x, url=url)
        migrator = cls(settings=settings, on_event=on_event, **overrides)
        if settings.databases and settings.section is None:
            from asyncmig.config.databases import load_each

            each = load_each(settings, path=path, x=x, url=url)
            migrator.project.stand_for(
                {
                    member: cls(settings=found, on_event=on_event, **overrides).settings
                    for member, found in each.items()
                }
            )
        return migrator

    @property
    def name(self) -> str | None:
        """Which of several databases this is; None for one that stands alone."""
        return self.project.name

    async def databases(self) -> tuple[Migrator, ...]:
        """One migrator for each database: several where the configuration or an ``env.py`` has several.

        A migrator that stands for several upgrades, asks and compares them one after the other: what it
        returns is about all, and holds each of them by name in ``databases``. What is about one of them
        (a plan, a script, a revision) is an error there.
        """
        found = await self.project.databases()
        if found == (self.project,):
            return (self,)
        return tuple(self._for(project) for project in found)

    @classmethod
    def _for(cls, project: Project) -> Migrator:
        migrator = cls.__new__(cls)
        migrator.project = project
        return migrator

    @property
    def settings(self) -> Settings:
        """Everything that was configured, with what an ``env.py`` says once it was read."""
        return self.project.settings

    # planning

    async def plan(
        self,
        target: str = "heads",
        current: Collection[str] | str | None = None,
        direction: str = "upgrade",
        *,
        offline: bool = False,
    ) -> Plan:
        """What an upgrade or downgrade would run.

        Args:
            target: a target expression.
            current: rows of the version table to start from; None asks the database. With rows
                given, no database is needed.
            direction: ``upgrade`` or ``downgrade``.
            offline: plan a script for psql: a script that reads is then an error.

        Returns:
            The plan. A step whose script reads from the database is marked ``live``: what it does
            after its first read is known only when it runs.
        """
        way = _direction(direction)
        if current is not None:
            heads = (current,) if isinstance(current, str) else tuple(current)
            return await self.project.plan(target, heads, way, offline=offline)

        async def work(project: Project) -> Plan:
            state = await current_state(project)
            return await project.plan(target, state.heads, way, offline=offline)

        request = EnvRequest(command="plan", revision=target, reading=True)
        return await call_one(self.project, work, request, "a plan")

    async def plan_each(
        self, target: str = "heads", *, direction: str = "upgrade"
    ) -> Mapping[str, Plan]:
        """The plan of each database by name, from where it is; that of a single one has the empty name."""
        way = _direction(direction)

        async def work(project: Project) -> Plan:
            state = await current_state(project)
            return await project.plan(target, state.heads, way)

        request = EnvRequest(command="plan", revision=target, reading=True)
        return await call_each(self.project, work, request)

    async def sql(self, range_: str = "heads", *, direction: str = "upgrade") -> str:
        """A script for psql that does what a run would do. No connection is made.

        Args:
            range_: ``target``, from nothing, or ``start:target``. A downgrade needs both.
            direction: ``upgrade`` or ``downgrade``.

        Raises:
            NeedsDatabaseError: a script reads from the database.
        """
        from asyncmig.project.offline import migration_script

        return await migration_script(self.project, range_, _direction(direction))

    async def stamp_sql(self, *targets: str, purge: bool = False) -> str:
        """``stamp`` as a script for psql; ``start:target`` gives the rows to start from."""
        from asyncmig.project.offline import stamp_script

        return await stamp_script(self.project, targets, purge=purge)

    async def ensure_version_sql(self) -> str:
        """The creation of the version table and the journal as a script for psql."""
        from asyncmig.project.offline import ensure_version_script

        return await ensure_version_script(self.project)

    # running

    async def upgrade(self, target: str = "heads", *, tag: str | None = None) -> RunResult:
        """Run what is between the database and a target.

        At the target it is one query. Otherwise the runner's lock is taken, or waited for while
        another runner works; each revision is committed with its row of the version table.

        Args:
            target: ``heads``, ``head``, an id or its beginning, ``+N``, ``label@head`` ...
            tag: kept in the journal.

        Raises:
            RevisionError: the target or the script directory.
            StatementFailedError: PostgreSQL refused a statement; revisions before it stand.
            PartiallyAppliedError: ... and so do earlier phases of its own revision.
            LockNotAcquiredError: another runner took longer than ``lock_wait``.
            ConnectionFailedError, ConnectionLostError: the way to the database.
        """
        return await self._run(target, Direction.UPGRADE, tag)

    async def downgrade(self, target: str, *, tag: str | None = None) -> RunResult:
        """Undo revisions down to a target: an id, ``-1``, ``base``, ``label@base`` ...

        Raises:
            IrreversibleError: a revision on the way has no downgrade; nothing was run.
            AsyncmigError: as ``upgrade``.
        """
        return await self._run(target, Direction.DOWNGRADE, tag)

    async def _run(self, target: str, direction: Direction, tag: str | None) -> RunResult:
        request = RunRequest(target=target, direction=direction, tag=tag)
        if not request.to_heads:
            self.project.require_one_history(f"{direction} to {target}")

        async def run(project: Project) -> RunResult:
            return await (await project.runner()).run(project, request)

        env = EnvRequest(command=str(direction), revision=target, tag=tag)
        found = await call_each(self.project, run, env)
        return combined_run(found) if found else request.result((), ())

    async def stamp(
        self, *targets: str, purge: bool = False, tag: str | None = None
    ) -> StampResult:
        """Write the version table as if the targets had been run.

        Args:
            *targets: revisions, ``head``, ``heads`` or ``base``.
            purge: empty the version table first, whatever it holds.
            tag: kept in the journal.
        """
        self.project.require_one_history("stamp")

        async def work(project: Project) -> StampResult:
            planner = await project.planner()
            runner = await project.runner()
            return await runner.stamp(planner, targets, purge=purge, tag=tag)

        request = EnvRequest(
            command="stamp",
            revision=targets,
            tag=tag,
            options={"purge": purge, "revisions": [*targets]},
        )
        return combined_stamp(required(await call_each(self.project, work, request)))

    async def ensure_version(self) -> VersionTableResult:
        """Create the version table and the journal where they are missing."""
        from asyncmig.results import VersionTableResult

        async def work(project: Project) -> VersionTableResult:
            created = await (await project.runner()).ensure_tables()
            return VersionTableResult(table=project.settings.version_table, created=created)

        request = EnvRequest(command="ensure_version")
        return combined_tables(required(await call_each(self.project, work, request)))

    async def resolve(self, revision: str, decision: str) -> ResolveResult:
        """Settle a revision that stopped half way, where the database cannot tell.

        Args:
            revision: the one that ``status().partial`` names.
            decision: ``done``: the interrupted statement has run, go on behind it; ``retry``: it has
                not, run it; ``forget``: nothing of the revision stands, I have put it right by hand.

        Raises:
            RevisionNotFoundError: that revision did not stop half way.
        """
        from asyncmig.bookkeeping.journal import Decision
        from asyncmig.results import ResolveResult

        try:
            decided = Decision(decision)
        except ValueError:
            raise TargetError(
                f"there is no decision {decision!r}", hint="done, retry or forget", target=decision
            ) from None

        async def work(project: Project) -> PartialRevision:
            return await (await project.runner()).resolve(revision, decided)

        request = EnvRequest(command="resolve", revision=revision)
        entry = await call_one(self.project, work, request, "resolve")
        return ResolveResult(
            revision=entry.revision,
            direction=entry.direction,
            phase=entry.phase,
            decision=str(decided),
        )

    # asking the database

    async def current(self) -> CurrentState:
        """Where the database stands."""
        request = EnvRequest(command="current", reading=True)
        return combined_current(await query_each(self.project, current_state, request))

    async def status(self, *, scripts: bool = False) -> Status:
        """Where the database stands against the code: one query, for health endpoints.

        Args:
            scripts: also tell in ``edited`` which applied scripts were changed since; reads them all.
        """
        request = EnvRequest(command="status", reading=True)
        return combined_status(
            await query_each(
                self.project, lambda project: status_of(project, scripts=scripts), request
            )
        )

    async def wait_until_current(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - the contract's name, and an outcome of its own
    ) -> Status:
        """Wait until somebody else has migrated the database.

        Args:
            timeout: seconds; None waits as long as it takes.

        Raises:
            NotCurrentError: the time is over.
        """
        end = None if timeout is None else anyio.current_time() + timeout

        async def work(project: Project) -> Status:
            left = None if end is None else max(0.0, end - anyio.current_time())
            return await wait_for(project, left)

        request = EnvRequest(command="status", reading=True)
        return combined_status(required(await call_each(self.project, work, request)))

    async def log(
        self,
        limit: int | None = None,
        *,
        revision: str | None = None,
        direction: str | None = None,
        state: str | None = None,
        since: datetime | str | None = None,
        tag: str | None = None,
        run: str | None = None,
    ) -> tuple[JournalEntry, ...]:
        """The journal, newest first: all of it, or what fits every condition given.

        Args:
            limit: at most so many rows.
            revision: an id or its beginning.
            direction: ``upgrade``, ``downgrade`` or ``stamp``.
            state: ``done``, ``started``, ``failed``, ``refused``, ``resolved`` or ``forgotten``.
            since: what began at this time or later; ISO 8601 as text, local time where no zone is given.
            tag: what the run was tagged with.
            run: a run's id or its beginning.
        """
        from asyncmig.bookkeeping.queries import LogFilter, parse_timestamp

        wanted = LogFilter(
            revision=revision,
            direction=direction,
            state=state,
            since=parse_timestamp(since),
            tag=tag,
            run=run,
            limit=limit,
        )
        request = EnvRequest(command="log", reading=True)
        found = await call_each(self.project, lambda project: journal(project, wanted), request)
        entries = [entry for several in found.values() for entry in several]
        if len(found) > 1:
            entries.sort(key=lambda entry: _moment(entry.started_at), reverse=True)
        return tuple(entries[:limit])

    async def check(self) -> CheckResult:
        """Where the database differs from the models.

        PostgreSQL prints both sides: the models are built in scratch schemas of the same database,
        in a transaction that is rolled back. Nothing is locked or left behind.

        Raises:
            NotCurrentError: revisions are pending; the models are compared with the head.
            ConfigError: there are no models, or SQLAlchemy cannot compile them.
            DatabaseError: a privilege is missing, or PostgreSQL refuses the models.

        Example::

            found = await migrator.check()
            assert found.ok, str(found)  # that no migration was forgotten: the message lists what is missing
        """

        async def work(project: Project) -> CheckResult:
            return await (await project.autogenerate()).check()

        request = EnvRequest(command="check", revision="head", reading=True)
        return combined_check(await query_each(self.project, work, request))

    async def check_at(self, target: str) -> RevisionCheck:
        """Whether the database stands at a revision: its rows are those that the target names.

        Args:
            target: an id or its beginning, ``head``, ``heads``, ``base``, ``label@head`` ...

        Raises:
            RevisionError: the target names nothing, or too much.
        """
        request = EnvRequest(command="current", revision=target, reading=True)
        return combined_position(
            await query_each(self.project, lambda project: position(project, target), request)
        )

    # asking the script directory

    async def heads(self, *, resolve_dependencies: bool = False) -> tuple[RevisionInfo, ...]:
        """The revisions that nothing stands on; with dependencies resolved, the effective ones."""
        graph = await self.project.graph()
        names = graph.effective_heads if resolve_dependencies else graph.heads
        return describe_all(graph, (graph.get(name) for name in names))

    async def history(
        self, range_: str | None = None, *, indicate_current: bool = False
    ) -> tuple[RevisionInfo, ...]:
        """Revisions, newest first.

        Args:
            range_: ``a:b``, with ``base``, ``head``, ``current`` and relative forms.
            indicate_current: ask the database which rows are current.
        """
        graph = await self.project.graph()
        needs_current = indicate_current or (range_ is not None and "current" in range_)
        current = (await self.status()).current if needs_current else None
        revisions = graph.slice(range_ or ":", current or ())
        return describe_all(graph, revisions, current=current if indicate_current else None)

    async def branches(self) -> tuple[BranchPoint, ...]:
        """Every revision that several others stand on."""
        return branch_points(await self.project.graph())

    async def show(self, revision: str) -> tuple[RevisionInfo, ...]:
        """What a target expression names, with each revision's place in the history."""
        graph = await self.project.graph()
        current = (await self.status()).current if "current" in revision else ()
        found = graph.resolve(revision, current=current)
        return tuple(describe(graph, item) for item in found)

    async def validate(self) -> ValidationReport:
        """Check the history itself; needs no database."""
        from asyncmig.project.validate import validate_project

        return await anyio.to_thread.run_sync(validate_project, self.settings)

    # writing revision files

    async def revision(
        self,
        message: str | None = None,
        *,
        autogenerate: bool = False,
        rev_id: str | None = None,
        head: str = "head",
        splice: bool = False,
        depends_on: Sequence[str] = (),
        branch_label: str | Sequence[str] | None = None,
        version_path: str | Path | None = None,
        sql_file: bool = False,
        skip_empty: bool = False,
        renames: Mapping[str, str] | None = None,
        ask_rename: AskRename | None = None,
    ) -> CreatedRevision:
        """Write a new revision file.

        Args:
            message: its first line names the file.
            autogenerate: fill it with what makes the database what the models say; the database must
                be at head.
            rev_id: None makes one up.
            head: what to stand on.
            splice: ``head`` may have other revisions above it.
            depends_on: revisions that must be applied before.
            branch_label: new labels.
            version_path: which of the version locations.
            sql_file: a SQL revision, whatever ``revision_format`` says.
            skip_empty: with ``autogenerate``, write nothing where nothing differs; the result's
                ``written`` is then False.
            renames: with ``autogenerate``, new names by old ones: ``{"users.fone": "users.phone"}``,
                ``{"shop.users": "shop.accounts"}``.
            ask_rename: called with each ``RenameCandidate``, the likeliest first; True makes it a
                rename. It may be a coroutine function. Without it nothing is taken for a rename but
                what ``renames`` says, and the result's ``candidates`` tell what looks like one.

        Raises:
            TargetError: a name in ``renames`` is nowhere, or taken.
            MultipleHeadsError: ``head`` is ambiguous; give one, or merge first.
            FileError: the folder cannot be written.
            AsyncmigError: with ``autogenerate``, as ``check``.
        """
        self.project.require_one_history("a revision")
        from asyncmig.render import NewRevision, ensure_versions_folder, new_revision_id

        await anyio.to_thread.run_sync(ensure_versions_folder, self.settings)
        rev_id = rev_id or new_revision_id()
        labels = (branch_label,) if isinstance(branch_label, str) else tuple(branch_label or ())
        place: dict[str, Any] = {
            "message": message,
            "head": head,
            "splice": splice,
            "depends_on": tuple(depends_on),
            "version_path": Path(version_path) if version_path else None,
        }
        if not autogenerate:
            from asyncmig.render import create_revision

            new = NewRevision(rev_id=rev_id, branch_labels=labels, as_sql=sql_file or None, **place)
            directory = await self.project.directory()
            return await anyio.to_thread.run_sync(create_revision, self.settings, directory, new)
        from asyncmig.autogenerate.renames import RenameRequests
        from asyncmig.autogenerate.write import merge_generated, write_generated
        from asyncmig.operations.base.containers import MigrationScript

        as_sql = sql_file or self.settings.revision_format == "sql"

        async def work(project: Project) -> tuple[Generated, ...]:
            script = MigrationScript(rev_id, None, None, branch_label=labels, **place)
            renaming = RenameRequests(given=renames or {}, ask=ask_rename)
            comparison = await project.autogenerate(as_sql=as_sql)
            return await comparison.scripts(script, renaming)

        options = {"autogenerate": True, "message": message, "rev_id": rev_id}
        request = EnvRequest(command="revision", reading=True, options=options)
        found = required(await call_each(self.project, work, request))
        generated = merge_generated(self.settings, found)
        return await write_generated(
            self.settings, self.project.directory, generated, skip_empty=skip_empty
        )

    async def merge(
        self,
        *revisions: str,
        message: str | None = None,
        rev_id: str | None = None,
        branch_label: str | None = None,
        splice: bool = False,
    ) -> CreatedRevision:
        """Write a revision that stands on several: all heads, if none are named."""
        self.project.require_one_history("a merge")
        from asyncmig.render import NewRevision, create_merge, new_revision_id

        directory = await self.project.directory()
        new = NewRevision(
            rev_id=rev_id or new_revision_id(),
            message=message,
            branch_labels=(branch_label,) if branch_label else (),
            splice=splice,
        )
        return await anyio.to_thread.run_sync(
            create_merge, self.settings, directory, new, revisions or ("heads",)
        )


def _moment(stamp: str) -> datetime:
    from datetime import datetime

    return datetime.fromisoformat(stamp)


def _direction(name: str) -> Direction:
    try:
        return Direction(name)
    except ValueError:
        raise TargetError(
            f"there is no direction {name!r}", hint="upgrade or downgrade", target=name
        ) from None
