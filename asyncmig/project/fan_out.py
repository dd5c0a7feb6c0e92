"""The same call on each database of a project, and the queries that ``Migrator`` makes of one."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import anyio

from asyncmig.database.concurrency import import_in_thread
from asyncmig.errors import AsyncmigError, ConfigError, ConnectionFailedError, NotCurrentError
from asyncmig.project.project import several_databases
from asyncmig.project.visit import visit_databases
from asyncmig.revisions.graph.names import listed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from asyncmig.alembic_compat.env_script.request import EnvRequest
    from asyncmig.bookkeeping.queries import LogFilter
    from asyncmig.database.session import Session
    from asyncmig.project.project import Project
    from asyncmig.results import CurrentState, JournalEntry, RevisionCheck, Status

__all__ = [
    "call_each",
    "call_one",
    "current_state",
    "journal_of_each",
    "naming_database",
    "query_each",
    "required",
    "revision_check",
    "status_of",
    "wait_for",
]

T = TypeVar("T")


async def call_each(
    project: Project, work: Callable[[Project], Awaitable[T]], request: EnvRequest
) -> dict[str, T]:
    """Call ``work`` with the project of each database, one after the other, up to the first that fails.

    Args:
        project: its databases are those of the configuration, or those that an ``env.py`` connects to.
        work: awaited in the event loop of the ``env.py``, where that starts one.
        request: the command, as ``env.py`` sees it.

    Returns:
        the results by name; that of a single database has the empty name. Empty where an ``env.py``
        starts no run.

    Raises:
        AsyncmigError: as ``work``; with several databases the message and ``database`` name it.
    """
    found: list[tuple[str, T]] = []

    async def one(member: Project) -> None:
        with naming_database(member):
            found.append((member.label, await work(member)))

    await visit_databases(project, one, request)
    return _by_name(found)


async def call_one(
    project: Project, work: Callable[[Project], Awaitable[T]], request: EnvRequest, doing: str
) -> T:
    """Call ``work`` with the project of the only database.

    Raises:
        ConfigError: there are several, or none.
        AsyncmigError: as ``work``.
    """
    await project.require_one_database(doing)
    found: list[tuple[str, T]] = []

    async def one(member: Project) -> None:
        if found:
            raise several_databases((found[0][0], member.label), doing)
        found.append((member.label, await work(member)))

    await visit_databases(project, one, request)
    ((_, result),) = required(dict(found)).items()
    return result


def required(found: dict[str, T]) -> dict[str, T]:
    """The results, if there are any.

    Raises:
        ConfigError: an ``env.py`` started no run.
    """
    if not found:
        raise ConfigError(
            "env.py starts no run: it never calls context.run_migrations()",
            hint="call it for each database; or configure asyncmig itself: [tool.asyncmig] in "
            "pyproject.toml with script_location, url and target_metadata goes before env.py",
        )
    return found


def _by_name(found: list[tuple[str, T]]) -> dict[str, T]:
    """Results by the names of their databases; a single one has the empty name."""
    if len(found) == 1:
        return {"": found[0][1]}
    named: dict[str, T] = {}
    for number, (name, result) in enumerate(found, start=1):
        named[name if name and name not in named else f"{name or 'database'}-{number}"] = result
    return named


async def query_each(
    project: Project, query: Callable[[Project], Awaitable[T]], request: EnvRequest
) -> dict[str, T]:
    """Call ``query`` with the project of each database; a failure does not stop it.

    Returns:
        as ``call_each``, but never empty.

    Raises:
        AsyncmigError: as ``query``, after all were called. With several failures it is the first one
            that is not a ``NotCurrentError``, or else the first; ``database`` names its database,
            ``databases`` has the results of the others by name, and ``failures`` type, message and
            hint of each failure.
    """
    results: list[tuple[str, T]] = []
    failed: dict[str, AsyncmigError] = {}

    async def one(member: Project) -> None:
        try:
            with naming_database(member):
                results.append((member.label, await query(member)))
        except AsyncmigError as error:
            if member.name is None:
                raise
            failed[member.name] = error

    await visit_databases(project, one, request)
    found = dict(results) if failed else required(_by_name(results))
    if failed:
        reported = min(failed.values(), key=lambda error: isinstance(error, NotCurrentError))
        failures = {
            name: {"type": type(error).__name__, "message": error.message, "hint": error.hint}
            for name, error in failed.items()
        }
        reported.add_fields(databases=found, failures=failures)
        raise reported
    return found


@contextmanager
def naming_database(project: Project) -> Iterator[None]:
    """Put the database's name before the message of an error, where there are several."""
    try:
        yield
    except AsyncmigError as error:
        if project.name is not None:
            error.message = f"{project.name}: {error.message}"
            error.add_fields(database=project.name)
        raise


@asynccontextmanager
async def _reading_session(project: Project) -> AsyncIterator[Session]:
    """A connection for queries; what they need is imported in a thread."""
    await import_in_thread(
        "asyncmig.bookkeeping.queries",
        "asyncmig.database.connections",
        "asyncmig.database.session_settings",
    )
    from asyncmig.database.session_settings import open_session

    async with open_session(project.database(), project.settings) as session:
        yield session


def _answering(session: Session, project: Project) -> AbstractAsyncContextManager[None]:
    """A health check shall end: the server answers within ``connect_timeout``."""
    seconds = project.settings.connect_timeout or None
    return session.answering(seconds, "reading the version table and the journal")


async def status_of(project: Project, *, scripts: bool = False) -> Status:
    """The status of one database; ``scripts`` also reports applied scripts that were changed."""
    graph = await project.graph()
    async with _reading_session(project) as session:
        from asyncmig.bookkeeping.queries import read_status

        async with _answering(session, project):
            status, state = await read_status(session, project.settings, graph)
        if scripts:
            from asyncmig.bookkeeping.changed_scripts import changed_revisions
            from asyncmig.bookkeeping.inserted_revisions import inserted_revisions

            edited = await changed_revisions(session, project.settings, state, graph)
            found = await inserted_revisions(session, project.settings, state, graph)
            inserted = tuple(name for each in found for name in each.revisions)
            status = replace(status, edited=edited, inserted=inserted)
    return status


async def current_state(project: Project) -> CurrentState:
    """The current revisions of one database."""
    await import_in_thread(
        "asyncmig.results.history", "asyncmig.results.state", "asyncmig.revisions.graph.describe"
    )
    from asyncmig.results.state import CurrentState
    from asyncmig.revisions.graph.describe import describe_all

    status = await status_of(project)
    graph = await project.graph()
    known = [graph.get(head) for head in status.current if head in graph]
    return CurrentState(
        heads=status.current,
        revisions=describe_all(graph, known, current=status.current),
        unknown=status.unknown,
        ahead=status.state == "ahead",
        partial=status.partial,
        is_current=status.state in {"current", "ahead"},
    )


async def revision_check(project: Project, target: str) -> RevisionCheck:
    """Whether one database is exactly at the revisions of a target expression."""
    await import_in_thread("asyncmig.results.differences")
    from asyncmig.results.differences import RevisionCheck

    status = await status_of(project)
    graph = await project.graph()
    named = tuple(item.id for item in graph.resolve(target, current=status.current))
    applied = graph.ancestors(row for row in status.current if row in graph)
    return RevisionCheck(
        target=target,
        revisions=named,
        current=status.current,
        missing=tuple(name for name in named if name not in applied),
        unexpected=tuple(row for row in status.current if row not in named),
        partial=tuple(step.revision for step in status.partial),
    )


async def wait_for(project: Project, seconds: float | None) -> Status:
    """Wait until another process has migrated one database; raises as ``wait_until_current``."""
    status: Status | None = None
    graph = await project.graph()
    began = anyio.current_time()
    least = project.settings.connect_timeout or seconds
    with anyio.move_on_after(None if seconds is None else max(seconds, least or 0.0)):
        async with _reading_session(project) as session:
            from asyncmig.bookkeeping.queries import wait_until_current

            left = None if seconds is None else max(0.0, seconds - (anyio.current_time() - began))
            status = await wait_until_current(session, project.settings, graph, left)
    if status is None:
        raise ConnectionFailedError(
            f"the database has not answered within {anyio.current_time() - began:.0f} s",
            hint="check host, port and firewall, and whether another session has locked the version table",
        )
    if not status.ok:
        pending = listed(status.pending, empty="nothing")
        raise NotCurrentError(
            f"the database is {status.state} after {seconds:g} s: pending {pending}",
            hint="is the migration job running? `asyncmig status` shows the state of the database",
            current=status.current,
            pending=status.pending,
            state=status.state,
        )
    return status


async def journal_of_each(
    project: Project, wanted: LogFilter, request: EnvRequest
) -> tuple[JournalEntry, ...]:
    """The entries of each database's journal, newest first."""

    async def read(one: Project) -> list[JournalEntry]:
        async with _reading_session(one) as session:
            from asyncmig.bookkeeping.queries import read_journal

            async with _answering(session, one):
                entries = await read_journal(session, one.settings, wanted)
        return [replace(entry, database=one.name) for entry in entries]

    found = await call_each(project, read, request)
    entries = [entry for several in found.values() for entry in several]
    if len(found) > 1:
        entries.sort(key=lambda entry: datetime.fromisoformat(entry.started_at), reverse=True)
    return tuple(entries[: wanted.limit])
