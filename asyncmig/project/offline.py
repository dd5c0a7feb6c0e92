"""Offline mode: scripts for psql, written from the plan without a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.bookkeeping.tables import Bookkeeping
from asyncmig.errors import TargetError
from asyncmig.execution.offline_script import offline_script, write_transaction
from asyncmig.plan.model import Direction
from asyncmig.plan.version_hooks import MigrationInfo
from asyncmig.project.plans import make_plan
from asyncmig.project.visit import visit_databases
from asyncmig.revisions.graph.moves import stamp_moves

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from asyncmig.project.project import Project
    from asyncmig.revisions.graph.graph import RevisionGraph

__all__ = ["ensure_version_script", "migration_script", "stamp_script"]


async def migration_script(project: Project, range_: str, way: Direction) -> str:
    """What an upgrade or downgrade over ``start:target`` would run; raises as ``Migrator.sql``."""
    start, colon, target = range_.rpartition(":")
    if way is Direction.DOWNGRADE and not colon:
        raise TargetError(
            f"a downgrade script needs a range, and {range_!r} is none",
            hint="write FROM:TO, for example head:base",
            target=range_,
        )

    async def write(member: Project) -> str:
        current = _rows(await member.graph(), start)
        plan = await make_plan(member, target or "heads", current, way, offline=True)
        return offline_script(
            plan,
            _books(member),
            create_tables=way is Direction.UPGRADE and not current,
            one_transaction=member.settings.transaction == "all",
            inside=member.env_migration is not None and member.env_migration.inside,
        )

    request = EnvRequest(
        command=str(way), revision=target or "heads", starting=start or None, offline=True
    )
    return await _written(project, write, request)


async def stamp_script(project: Project, targets: Sequence[str], *, purge: bool) -> str:
    """Writing the version table as if the targets had been run; ``start:target`` names the rows before."""
    start, wanted = "", list(targets)
    if len(targets) == 1:
        start, _, target = targets[0].rpartition(":")
        wanted = [target or "heads"]

    async def write(member: Project) -> str:
        return await _stamp_script(member, wanted, start, purge=purge)

    request = EnvRequest(
        command="stamp", revision=tuple(wanted), starting=start or None, offline=True
    )
    return await _written(project, write, request)


async def _stamp_script(project: Project, wanted: Sequence[str], start: str, *, purge: bool) -> str:
    graph = await project.graph()
    current = _rows(graph, start)
    books = _books(project)
    change = graph.stamp_path(wanted, frozenset(current))
    statements = [books.version.require(current)]
    if purge:
        statements = [f"DELETE FROM {books.version.sql_name}"]
    elif not current:
        statements.insert(0, books.version.create(graph.heads, if_missing=True))
    planner = await project.planner(offline=True)
    if planner.version_hooks:
        rows = frozenset(() if purge else current)
        for move in stamp_moves(graph, change):
            rows = move.apply(rows)
            name = (move.add or move.remove)[0]
            statements += books.version.change(move)
            info = MigrationInfo.of_stamp(move, graph)
            statements += [said.sql for said in planner.epilogue(graph.get(name), info, rows)]
    else:
        statements += books.version.change(change)
    if books.journal is not None:
        statements += books.journal.create()
        statements += [
            books.journal.insert_stamp(revision, graph.get(revision).down_revisions)
            for revision in change.add
        ]
    return write_transaction(statements)


async def ensure_version_script(project: Project) -> str:
    """The creation of the version table and the journal."""

    async def write(member: Project) -> str:
        books = _books(member)
        create = [books.version.create((await member.graph()).heads, if_missing=True)]
        return write_transaction(create + (books.journal.create() if books.journal else []))

    return await _written(project, write, EnvRequest(command="ensure_version", offline=True))


async def _written(
    project: Project, write: Callable[[Project], Awaitable[str]], request: EnvRequest
) -> str:
    """The script of the one configured database, or what an ``env.py`` writes offline."""
    await project.require_one_database("a script for psql")
    return await visit_databases(project, write, request)


def _rows(graph: RevisionGraph, start: str) -> tuple[str, ...]:
    """The rows of the version table that a range begins with."""
    if not start or start == "base":
        return ()
    return tuple(revision.id for revision in graph.resolve(start))


def _books(project: Project) -> Bookkeeping:
    return Bookkeeping.of(project.settings, project.settings.version_table_schema)
