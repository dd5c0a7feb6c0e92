"""A run from lock to result: read the state, find what is to do, take the lock, do it, check the outcome."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import asyncpg

from asyncmig.bookkeeping.inserted_revisions import inserted_revisions
from asyncmig.bookkeeping.journal import Decision
from asyncmig.bookkeeping.partial_revisions import check_stamp, resolved_by
from asyncmig.bookkeeping.state import read_state
from asyncmig.bookkeeping.tables import Bookkeeping, setup_statements
from asyncmig.bookkeeping.unknown_revisions import known_ancestors, split_known
from asyncmig.bookkeeping.version_conflict import is_version_conflict, version_conflict
from asyncmig.database.advisory_lock import runner_lock
from asyncmig.database.concurrency import import_in_thread
from asyncmig.database.session import ANSWER_SECONDS
from asyncmig.database.session_settings import open_session, run_settings
from asyncmig.errors import AsyncmigError, PlanError, RevisionNotFoundError
from asyncmig.events import DatabaseConnected, HistoryWarning, NothingPending, RunFailed
from asyncmig.execution.history_prefetch import prefetch_history
from asyncmig.results import StampResult
from asyncmig.revisions.graph.moves import RowChange, stamp_moves
from asyncmig.revisions.graph.names import listed
from asyncmig.telemetry.observe import observed_run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from asyncmig.bookkeeping.state import DatabaseState, PartialRevision
    from asyncmig.config.settings import Settings
    from asyncmig.database.connections import Database
    from asyncmig.database.session import Session
    from asyncmig.events import Event
    from asyncmig.execution.history_prefetch import HistoryPrefetch
    from asyncmig.execution.pending_run import PendingRun, StepwiseRun
    from asyncmig.execution.script_source import ScriptSource
    from asyncmig.plan.run_request import RunRequest
    from asyncmig.results import RunResult
    from asyncmig.revisions.graph.graph import RevisionGraph
    from asyncmig.revisions.graph.moves import Move

__all__ = ["Runner"]


class Runner:
    """Runs against one database.

    Args:
        database: where sessions come from.
        settings: everything that was configured.
        emit: called with each event.
        source: where the revisions come from.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        emit: Callable[[Event], None],
        source: ScriptSource,
    ) -> None:
        self._database = database
        self._settings = settings
        self._emit = emit
        self._source = source

    async def run(self, request: RunRequest) -> RunResult:
        """Bring the database to a target.

        Raises:
            AsyncmigError: see ``Migrator.upgrade``.
        """
        request = request.begin()
        with observed_run(str(request.direction), {"asyncmig.target": request.target}):
            try:
                async with (
                    prefetch_history(self._source, request) as prefetch,
                    self._session() as session,
                ):
                    result = await self._run(session, prefetch, request)
            except AsyncmigError as error:
                self._emit(_run_failed(error, request))
                raise
        return replace(result, address=str(session.address), url_source=self._settings.url_source)

    async def _run(
        self, session: Session, prefetch: HistoryPrefetch, request: RunRequest
    ) -> RunResult:
        state = await self._read_state(session)
        graph = await prefetch.graph(state)
        if graph is None:
            return self._nothing_pending(state, request, ahead=False)
        await self._warn_of_inserted_revisions(session, state, graph)
        moves, ahead = await self._moves(session, state, graph, request)
        if not moves:
            return self._nothing_pending(state, request, ahead=ahead)
        # imports and scripts may take longer than the role allows
        async with session.idling(self._settings.connect_timeout or ANSWER_SECONDS):
            return await self._run_moves(session, state, graph, moves, request)

    async def _run_moves(
        self,
        session: Session,
        state: DatabaseState,
        graph: RevisionGraph,
        moves: tuple[Move, ...],
        request: RunRequest,
    ) -> RunResult:
        pending = await self._pending_run(session, graph, request.tag)
        scripts = await pending.load_scripts(moves, request.direction)
        async with self._locked(session, state):
            before = state
            state = await self._read_state(session, check_tables_first=not before.has_version_table)
            if state != before:  # another runner was quicker
                moves, ahead = await self._moves(session, state, graph, request)
                if not moves:
                    return self._nothing_pending(state, request, ahead=ahead)
                if any(move.revision.id not in scripts for move in moves):
                    scripts = await pending.load_scripts(moves, request.direction)
            async with run_settings(session, self._settings):
                return await pending.execute(state, moves, scripts, request)

    async def _warn_of_inserted_revisions(
        self, session: Session, state: DatabaseState, graph: RevisionGraph
    ) -> None:
        """Look at what was run last: a database at the target needs no other query."""
        for found in await inserted_revisions(session, self._settings, state, graph, whole=False):
            self._emit(HistoryWarning(message=str(found), revisions=found.revisions))

    def _nothing_pending(
        self, state: DatabaseState, request: RunRequest, *, ahead: bool
    ) -> RunResult:
        heads = tuple(sorted(state.heads))
        self._emit(NothingPending(direction=str(request.direction), heads=heads, ahead=ahead))
        return request.result(state.heads, state.heads, ahead=ahead)

    async def _read_state(
        self, session: Session, *, check_tables_first: bool = False
    ) -> DatabaseState:
        """The state; another session may have locked the version table for as long as its run takes."""
        async with session.answering(self._settings.lock_wait, "reading the version table"):
            return await read_state(session, self._settings, check_tables_first=check_tables_first)

    @asynccontextmanager
    async def stepwise(self) -> AsyncIterator[StepwiseRun]:
        """One session under the runner's lock, for upgrades and downgrades that follow one another.

        Raises:
            AsyncmigError: see ``Migrator.upgrade``.
        """
        from asyncmig.execution.pending_run import StepwiseRun

        graph = await self._source.graph()
        async with (
            self._session() as session,
            self._locked(session),
            session.idling(self._settings.connect_timeout or ANSWER_SECONDS),
            run_settings(session, self._settings),
        ):
            pending = await self._pending_run(session, graph, None, is_last=False)
            yield StepwiseRun(pending, lambda: self._read_state(session))

    async def _pending_run(
        self,
        session: Session,
        graph: RevisionGraph,
        tag: str | None,
        *,
        is_last: bool = True,
    ) -> PendingRun:
        """What executes scripts; its imports are most of the time of a start, and not needed at head."""
        await import_in_thread("asyncmig.execution.pending_run")
        from asyncmig.execution.pending_run import PendingRun

        return PendingRun(
            session=session,
            database=self._database,
            settings=self._settings,
            emit=self._emit,
            source=self._source,
            planner=await self._source.planner(graph),
            tag=tag,
            is_last=is_last,
        )

    async def stamp(
        self,
        targets: Sequence[str],
        *,
        purge: bool = False,
        tag: str | None = None,
    ) -> StampResult:
        """Write the version table without running anything.

        Raises:
            ScriptError: a partially applied revision would count as applied, or as undone.
        """
        graph = await self._source.graph()
        async with self._session() as session, self._locked(session):
            state = await self._read_state(session)
            kept = frozenset[str]() if purge else state.heads
            change = graph.stamp_path(targets, kept)
            after = change.apply(kept)
            check_stamp(graph, state.partial, after)
            if purge:
                change = RowChange(remove=tuple(sorted(state.heads)), add=tuple(sorted(after)))
            books = Bookkeeping.of_run(self._settings, state.schema, tag)
            statements = await setup_statements(session, self._settings, state, books, after)
            rows = []
            if books.journal is not None:
                rows += [
                    books.journal.insert_stamp(revision, graph.get(revision).down_revisions)
                    for revision in sorted(after - state.heads)
                ]
                for entry in resolved_by(graph, state.partial, change):
                    rows.append(books.journal.resolve(entry.journal_id, Decision.FORGET))
                    if state.has_backfills:
                        rows.append(books.backfills.resolve(entry.revision, Decision.FORGET))
            hooks = await anyio.to_thread.run_sync(self._source.version_hooks)
            if hooks and change:
                if purge:
                    gone = RowChange(remove=tuple(sorted(state.heads)))
                    statements += books.version.change(gone, expected=state.heads)
                    change = RowChange(add=tuple(sorted(after)))
                pending = await self._pending_run(session, graph, tag)
                moves = stamp_moves(graph, change)
                await pending.stamp(moves, books, kept, before=statements, after=rows)
            else:
                statements += books.version.change(change, expected=state.heads)
                await self._transact_stamp(session, books, [*statements, *rows], state.heads)
            return StampResult(before=tuple(sorted(state.heads)), after=tuple(sorted(after)))

    async def _transact_stamp(
        self,
        session: Session,
        books: Bookkeeping,
        statements: Sequence[str],
        expected: frozenset[str],
    ) -> None:
        if not statements:
            return
        try:
            await session.transact(statements)
        except asyncpg.PostgresError as error:
            if not is_version_conflict(error, books.version):
                raise
            raise await version_conflict(session, books.version, "the stamp", expected) from error

    async def resolve(self, revision: str, decision: Decision) -> PartialRevision:
        """Record what a person has decided about a partially applied revision.

        Raises:
            RevisionNotFoundError: that revision is not partially applied.
        """
        async with self._session() as session, self._locked(session):
            state = await self._read_state(session)
            found = [entry for entry in state.partial if entry.revision.startswith(revision)]
            if len(found) != 1:
                names = ", ".join(entry.revision for entry in state.partial)
                raise RevisionNotFoundError(
                    f"revision {revision!r} is not partially applied",
                    hint=f"partially applied: {names}"
                    if names
                    else "no revision is partially applied: there is nothing to resolve",
                    revision=revision,
                )
            entry = found[0]
            in_statement = entry.kind in {"autocommit", "backfill"} and entry.state != "done"
            if decision is Decision.DONE and not in_statement:
                raise PlanError(
                    f"revision {entry.revision} stopped between two phases, not in a statement",
                    hint="run the same command again: it continues from there",
                    revision=entry.revision,
                )
            books = Bookkeeping.of(replace(self._settings, journal=True), state.schema)
            assert books.journal is not None  # noqa: S101 - asked for in the line above
            changes = [books.journal.resolve(entry.journal_id, decision)]
            if state.has_backfills and (entry.kind == "backfill" or decision is Decision.FORGET):
                changes.append(books.backfills.resolve(entry.revision, decision))
            await session.transact(changes)
            return entry

    async def ensure_tables(self) -> bool:
        """Create the version table and the journal where they are missing.

        Returns:
            True when the version table was created.
        """
        async with self._session() as session, self._locked(session):
            state = await self._read_state(session, check_tables_first=True)
            books = Bookkeeping.of(self._settings, state.schema)
            if statements := await setup_statements(session, self._settings, state, books, ()):
                await session.transact(statements)
            return not state.has_version_table

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        """The connection; events and errors tell which database it is."""
        async with open_session(self._database, self._settings) as session:
            address, source = session.address, self._settings.url_source
            self._emit(
                DatabaseConnected(
                    host=address.host, port=address.port, database=address.database, source=source
                )
            )
            try:
                yield session
            except AsyncmigError as error:
                error.add_fields(address=str(address), url_source=source)
                raise

    @asynccontextmanager
    async def _locked(
        self, session: Session, state: DatabaseState | None = None
    ) -> AsyncIterator[None]:
        """The runner's lock for the version table that the server finds."""
        if state is None:
            state = await self._read_state(session)
        async with runner_lock(
            session, self._database, self._settings, self._emit, schema=state.schema
        ):
            yield

    async def _moves(
        self, session: Session, state: DatabaseState, graph: RevisionGraph, request: RunRequest
    ) -> tuple[tuple[Move, ...], bool]:
        """What is to do, and whether the database is ahead of the code.

        Rows that the code does not have are no error where the journal shows that they descend from
        everything the target asks for: a deployment was rolled back, its migrations were not.
        """
        if state.partial and not self._settings.journal:
            names = ", ".join(entry.revision for entry in state.partial)
            raise PlanError(
                f"revision {names} is partially applied, and the journal that records where is switched off",
                hint="run once with the journal switched on, or use `asyncmig resolve`",
                revision=names,
            )
        known, unknown = split_known(graph, state.heads)
        if not unknown:
            return await _find_moves(request, graph, state.heads), False
        if request.direction == "upgrade":
            below = await known_ancestors(session, self._settings, state, unknown, graph)
            if below is not None and not await _find_moves(request, graph, known | below):
                return (), True
        names = ", ".join(unknown)
        raise RevisionNotFoundError(
            f"the database is at {listed(unknown)}, which the script directory does not have",
            hint=(
                "deploy the code that has it, or bring its file back; "
                "`asyncmig stamp --purge REVISION` overrides what the database says"
            ),
            revision=names,
            current=tuple(sorted(state.heads)),
        )


async def _find_moves(
    request: RunRequest, graph: RevisionGraph, heads: frozenset[str]
) -> tuple[Move, ...]:
    """Which revisions run; a way through 10,000 of them would hold the event loop for 90 ms."""
    return await anyio.to_thread.run_sync(request.moves, graph, heads)


def _run_failed(error: AsyncmigError, request: RunRequest) -> RunFailed:
    fields: dict[str, Any] = error.fields()
    return RunFailed(
        direction=str(request.direction),
        error=type(error).__name__,
        message=error.message,
        hint=error.hint,
        sqlstate=fields.get("sqlstate"),
        revision=fields.get("revision"),
        phase=fields.get("phase"),
        applied=tuple(fields.get("applied") or ()),
        elapsed=time.monotonic() - request.started,
    )
