"""Questions to one database of a project, and how the same is done to each of several."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from asyncmig.errors import AsyncmigError, ConfigError, NotCurrentError
from asyncmig.results.differences import RevisionCheck
from asyncmig.results.state import CurrentState
from asyncmig.revisions.graph.describe import describe_all

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from asyncmig.alembic_compat.env_script.request import EnvRequest
    from asyncmig.bookkeeping.queries import LogFilter
    from asyncmig.project.project import Project
    from asyncmig.results import JournalEntry, Status

__all__ = [
    "call_each",
    "call_one",
    "current_state",
    "journal",
    "naming",
    "position",
    "query_each",
    "required",
    "several_databases",
    "status_of",
    "wait_for",
]

T = TypeVar("T")


async def call_each(
    project: Project, work: Callable[[Project], Awaitable[T]], request: EnvRequest
) -> dict[str, T]:
    """Do the same to each database of a project, one after the other, up to the first that fails.

    Args:
        project: its databases are those of the configuration, or those that an ``env.py`` hands over.
        work: what to do; an ``env.py`` of its own event loop has it awaited there.
        request: the command, as an ``env.py`` may ask for it.

    Returns:
        the results by name; a single database has the empty one. Empty where an ``env.py`` starts no run.

    Raises:
        AsyncmigError: as ``work``; of several databases the message and ``database`` say which.
    """
    found: list[tuple[str, T]] = []

    async def one(member: Project) -> None:
        with naming(member):
            found.append((member.label, await work(member)))

    await project.visit(one, request)
    return _by_name(found)


async def call_one(
    project: Project, work: Callable[[Project], Awaitable[T]], request: EnvRequest, doing: str
) -> T:
    """Do something to the one database of a project.

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

    await project.visit(one, request)
    ((_, result),) = required(dict(found)).items()
    return result


def required(found: dict[str, T]) -> dict[str, T]:
    """What was found, if there is anything.

    Raises:
        ConfigError: an ``env.py`` handed over no database.
    """
    if not found:
        raise ConfigError(
            "env.py starts no run: it never calls context.run_migrations()",
            hint="call it for each database; or configure asyncmig itself: [tool.asyncmig] in "
            "pyproject.toml with script_location, url and target_metadata goes before env.py",
        )
    return found


def several_databases(names: Sequence[str], doing: str) -> ConfigError:
    """The error for what is about one of several databases."""
    return ConfigError(
        f"there are several databases, {', '.join(names)}, and {doing} is about one of them",
        hint=f"name one: -n {names[0]}; in Python, one of `await migrator.databases()`",
    )


def _by_name(found: list[tuple[str, T]]) -> dict[str, T]:
    """Results by the names of their databases; a single one needs none."""
    if len(found) == 1:
        return {"": found[0][1]}
    named: dict[str, T] = {}
    for number, (name, result) in enumerate(found, start=1):
        named[name if name and name not in named else f"{name or 'database'}-{number}"] = result
    return named


async def query_each(
    project: Project, ask: Callable[[Project], Awaitable[T]], request: EnvRequest
) -> dict[str, T]:
    """Ask each database of a project, also behind one that fails.

    Returns:
        as ``call_each``, but never empty.

    Raises:
        AsyncmigError: as ``ask``, when all were asked. Of several databases it is that of the first
            that could not answer, or where all that failed are only not current, of the first of these;
            ``database`` says which, ``databases`` has the results of the others by name, and
            ``failures`` type, message and hint of each that failed.
    """
    answers: list[tuple[str, T]] = []
    failed: dict[str, AsyncmigError] = {}

    async def one(member: Project) -> None:
        try:
            with naming(member):
                answers.append((member.label, await ask(member)))
        except AsyncmigError as error:
            if member.name is None:
                raise
            failed[member.name] = error

    await project.visit(one, request)
    found = dict(answers) if failed else required(_by_name(answers))
    if failed:
        gravest = min(failed.values(), key=lambda error: isinstance(error, NotCurrentError))
        told = {
            name: {"type": type(error).__name__, "message": error.message, "hint": error.hint}
            for name, error in failed.items()
        }
        gravest.add_facts(databases=found, failures=told)
        raise gravest
    return found


@contextmanager
def naming(project: Project) -> Iterator[None]:
    """Say of which of several databases an error is."""
    try:
        yield
    except AsyncmigError as error:
        if project.name is not None:
            error.message = f"{project.name}: {error.message}"
            error.add_facts(database=project.name)
        raise


async def status_of(project: Project, *, scripts: bool = False) -> Status:
    """Where one database stands; ``scripts`` also reads which scripts were changed."""
    from asyncmig.bookkeeping.queries import read_status
    from asyncmig.database.session_settings import open_session

    graph = await project.graph()
    async with open_session(project.database(), project.settings) as session:
        status, state = await read_status(session, project.settings, graph)
        if scripts:
            from asyncmig.bookkeeping.changed_scripts import changed_revisions

            edited = await changed_revisions(session, project.settings, state, graph)
            status = replace(status, edited=edited)
    return status


async def current_state(project: Project) -> CurrentState:
    """What one database stands at."""
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


async def position(project: Project, target: str) -> RevisionCheck:
    """Whether one database stands at what a target expression names."""
    status = await status_of(project)
    graph = await project.graph()
    named = tuple(item.id for item in graph.resolve(target, current=status.current))
    applied: set[str] = set()
    waiting = [row for row in status.current if row in graph]
    while waiting:
        revision = waiting.pop()
        if revision not in applied:
            applied.add(revision)
            found = graph.get(revision)
            waiting += (*found.down_revisions, *found.depends_on)
    return RevisionCheck(
        target=target,
        revisions=named,
        current=status.current,
        missing=tuple(name for name in named if name not in applied),
        unexpected=tuple(row for row in status.current if row not in named),
        partial=tuple(step.revision for step in status.partial),
    )


async def wait_for(project: Project, seconds: float | None) -> Status:
    """Wait until somebody else has migrated one database; raises as ``wait_until_current``."""
    from asyncmig.bookkeeping.queries import wait_until_current
    from asyncmig.database.session_settings import open_session

    graph = await project.graph()
    async with open_session(project.database(), project.settings) as session:
        status = await wait_until_current(session, project.settings, graph, seconds)
    if not status.ok:
        pending = ", ".join(status.pending[:5]) + (" ..." if len(status.pending) > 5 else "")
        raise NotCurrentError(
            f"the database is {status.state} after {seconds:g} s: pending {pending or 'nothing'}",
            hint="is the job that migrates running? `asyncmig status` shows where it stands",
            current=status.current,
            pending=status.pending,
            state=status.state,
        )
    return status


async def journal(project: Project, wanted: LogFilter) -> tuple[JournalEntry, ...]:
    """Rows of one database's journal."""
    from asyncmig.bookkeeping.queries import read_journal
    from asyncmig.database.session_settings import open_session

    async with open_session(project.database(), project.settings) as session:
        entries = await read_journal(session, project.settings, wanted)
    return tuple(replace(entry, database=project.name) for entry in entries)
