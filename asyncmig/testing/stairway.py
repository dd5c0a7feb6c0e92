"""Climbs the history of a database revision by revision: up, down, and up again.

A climb first uses one session for all its runs, with one execution of ``env.py``, and compares fingerprints
of the schema. That is enough where everything passes. Where a revision fails, or needs runs of its own, the
climb is repeated on an empty database with a run for each step, and what these runs report is the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.errors import AsyncmigError, IrreversibleError
from asyncmig.testing.fingerprint import read_fingerprint
from asyncmig.testing.rows import Rows, read_rows, read_tables, seed_tables
from asyncmig.testing.single_session import SessionSteps, in_single_session
from asyncmig.testing.snapshot import describe_changes, read_snapshot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    import asyncpg

    from asyncmig.results import RevisionInfo
    from asyncmig.testing.runner import AsyncMigrationRunner

__all__ = [
    "RevisionOutcome",
    "climb",
    "climb_in_session",
    "climb_with_rows",
    "climb_with_rows_in_session",
    "find_traces",
]


@dataclass(slots=True)
class RevisionOutcome:
    """What happened to one revision.

    Attributes:
        info: the revision.
        error: why it could not be applied, reverted or applied again; None if it could.
        while_doing: what failed: ``upgrade``, ``downgrade``, ``second upgrade``.
        irreversible: it has no downgrade, or one that raises ``NotImplementedError``.
        reverted: its downgrade was run.
        fingerprint_differs: its downgrade left other rows in the catalogs; whether the schema differs too is
            for ``find_traces`` to say.
        traces: what its downgrade left different from before the upgrade.
        lost: rows and values that its upgrade lost.
        unseeded: tables for which no rows could be made, and why.
        reached: False if an earlier revision failed.
    """

    info: RevisionInfo
    error: AsyncmigError | None = None
    while_doing: str = ""
    irreversible: bool = False
    reverted: bool = False
    fingerprint_differs: bool = False
    traces: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    unseeded: tuple[str, ...] = ()
    reached: bool = False


async def climb_in_session(runner: AsyncMigrationRunner) -> dict[str, RevisionOutcome] | None:
    """As ``climb``, on one session, comparing fingerprints.

    Returns:
        the outcomes; None if a revision fails, or rows are to be inserted. ``climb`` on an empty database
        then says what it is.
    """
    outcomes = await _outcomes(runner)
    kept = _not_reverted(runner, [*outcomes])

    async def work(steps: SessionSteps, connection: asyncpg.Connection) -> bool:
        for revision, outcome in outcomes.items():
            outcome.reached = True
            before = await read_fingerprint(connection)
            await steps.upgrade(revision)
            if revision in kept or not await _is_reverted(steps, outcome):
                continue
            outcome.reverted = True
            outcome.fingerprint_differs = await read_fingerprint(connection) != before
            await steps.upgrade(revision)
        return True

    return outcomes if await in_single_session(runner, work) else None


async def find_traces(
    runner: AsyncMigrationRunner, revisions: Collection[str]
) -> dict[str, tuple[str, ...]] | None:
    """What the downgrades of revisions leave different, by full snapshots, on an empty database.

    Returns:
        the traces by revision; None where ``climb`` is to find them.
    """
    found: dict[str, tuple[str, ...]] = {}
    outcomes = await _outcomes(runner)

    async def work(steps: SessionSteps, connection: asyncpg.Connection) -> bool:
        for revision, outcome in outcomes.items():
            if revision in revisions:
                before = await read_snapshot(connection)
                await steps.upgrade(revision)
                await steps.downgrade(_one_below(outcome.info))
                found[revision] = tuple(describe_changes(before, await read_snapshot(connection)))
            await steps.upgrade(revision)
        return True

    return found if await in_single_session(runner, work) else None


async def _is_reverted(steps: SessionSteps, outcome: RevisionOutcome) -> bool:
    """Revert a revision; False if it is irreversible."""
    try:
        await steps.downgrade(_one_below(outcome.info))
    except IrreversibleError:
        outcome.irreversible = True
    return not outcome.irreversible


async def climb(runner: AsyncMigrationRunner) -> dict[str, RevisionOutcome]:
    """Apply, revert and apply again each revision, from an empty database; stops at the first failure."""
    outcomes = await _outcomes(runner)
    kept = _not_reverted(runner, [*outcomes])
    for revision, outcome in outcomes.items():
        outcome.reached = True
        try:
            async with runner.connection() as connection:
                before = await read_snapshot(connection)
            outcome.while_doing = "upgrade"
            await runner.upgrade_with_rows(revision)
            if revision in kept:
                continue
            outcome.while_doing = "downgrade"
            await runner.migrator.downgrade(_one_below(outcome.info))
            outcome.reverted = True
            async with runner.connection() as connection:
                after = await read_snapshot(connection)
            outcome.traces = tuple(describe_changes(before, after))
            outcome.while_doing = "second upgrade"
            await runner.migrator.upgrade(revision)
        except IrreversibleError:
            outcome.irreversible = True
        except AsyncmigError as error:
            outcome.error = error
            break
    return outcomes


async def climb_with_rows_in_session(
    runner: AsyncMigrationRunner,
) -> dict[str, RevisionOutcome] | None:
    """As ``climb_with_rows``, on one session; None where ``climb_with_rows`` is to say what is wrong."""
    outcomes = await _outcomes(runner)

    async def work(steps: SessionSteps, connection: asyncpg.Connection) -> bool:
        await _climb_with_rows(outcomes, connection, steps.upgrade)
        return True

    return outcomes if await in_single_session(runner, work) else None


async def climb_with_rows(runner: AsyncMigrationRunner) -> dict[str, RevisionOutcome]:
    """Apply each revision on tables with rows, and compare the rows before and after."""
    outcomes = await _outcomes(runner)
    async with runner.connection() as connection:
        try:
            await _climb_with_rows(outcomes, connection, runner.upgrade_with_rows)
        except AsyncmigError as error:
            last = [outcome for outcome in outcomes.values() if outcome.reached][-1]
            last.error = error
    return outcomes


async def _climb_with_rows(
    outcomes: dict[str, RevisionOutcome],
    connection: asyncpg.Connection,
    upgrade: Callable[[str], Awaitable[None]],
) -> None:
    before = Rows({})
    for revision, outcome in outcomes.items():
        outcome.reached = True
        outcome.while_doing = "upgrade"
        await upgrade(revision)
        tables = await read_tables(connection)
        after = await read_rows(connection, tables)
        outcome.lost = tuple(before.lost_in(after))
        seeded, outcome.unseeded = await seed_tables(connection, tables, after)
        before = after.replaced_by(await read_rows(connection, tables, seeded))


async def _outcomes(runner: AsyncMigrationRunner) -> dict[str, RevisionOutcome]:
    """An outcome for each revision, in an order in which they can be applied."""
    order = await runner.history()
    return {info.revision: RevisionOutcome(info) for info in order.infos}


def _not_reverted(runner: AsyncMigrationRunner, order: list[str]) -> frozenset[str]:
    """The revisions up to ``minimum_downgrade_revision``."""
    oldest = runner.config.minimum_downgrade_revision
    skipped = frozenset(runner.config.skip_revisions)
    if oldest is None:
        return skipped
    if oldest not in order:
        raise ValueError(
            f"minimum_downgrade_revision names {oldest!r}, which is not in the history"
        )
    return skipped | frozenset(order[: order.index(oldest) + 1])


def _one_below(info: RevisionInfo) -> str:
    """The target of a downgrade that reverts this revision alone, whatever other branches have applied."""
    if len(info.down_revisions) > 1:
        return info.down_revisions[0]
    return f"{info.revision}@-1"
