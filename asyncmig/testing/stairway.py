"""Climbs the history of a database revision by revision: up, down, and up again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import asyncpg

from asyncmig.errors import AsyncmigError, IrreversibleError
from asyncmig.testing.rows import Rows, read_rows_of_tables, seed_tables
from asyncmig.testing.snapshot import describe_changes, read_snapshot

if TYPE_CHECKING:
    from asyncmig.results import RevisionInfo
    from asyncmig.testing.runner import AsyncMigrationRunner

__all__ = ["RevisionOutcome", "climb", "climb_fast", "climb_with_rows"]


@dataclass(slots=True)
class RevisionOutcome:
    """What happened to one revision.

    Attributes:
        info: the revision.
        error: why it could not be applied, reverted or applied again; None if it could.
        while_doing: what failed: ``upgrade``, ``downgrade``, ``second upgrade``.
        irreversible: it has no downgrade, or one that raises ``NotImplementedError``.
        reverted: its downgrade was run.
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
    traces: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    unseeded: tuple[str, ...] = field(default=())
    reached: bool = False


async def climb_fast(runner: AsyncMigrationRunner) -> dict[str, RevisionOutcome] | None:
    """As ``climb``, with the second upgrade of a revision in one run with the first upgrade of its child.

    Returns:
        the outcomes; None if something fails or differs, or rows are to be inserted. ``climb`` on an empty
        database then says what it is.
    """
    config = runner.config
    if config.before_revision_data or config.at_revision_data or config.skip_revisions:
        return None
    order = await runner.history()
    outcomes = {info.revision: RevisionOutcome(info, reached=True) for info in order.infos}
    kept = _not_reverted(runner, [*outcomes])
    reverted: str | None = None
    try:
        async with runner.connection() as connection:
            before = await read_snapshot(connection)
            for revision, outcome in outcomes.items():
                if reverted is not None and reverted not in outcome.info.down_revisions:
                    await runner.migrator.upgrade(reverted)
                await runner.migrator.upgrade(revision)
                above, reverted = await read_snapshot(connection), None
                if revision not in kept:
                    outcome.reverted = await _is_reverted(runner, outcome)
                if outcome.reverted:
                    if any(describe_changes(before, await read_snapshot(connection))):
                        return None
                    reverted = revision
                before = above
        if reverted is not None:
            await runner.migrator.upgrade(reverted)
    except (AsyncmigError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return None
    return outcomes


async def _is_reverted(runner: AsyncMigrationRunner, outcome: RevisionOutcome) -> bool:
    """Revert a revision; False if it is irreversible."""
    try:
        await runner.migrator.downgrade(_one_below(outcome.info))
    except IrreversibleError:
        outcome.irreversible = True
    return not outcome.irreversible


async def climb(runner: AsyncMigrationRunner) -> dict[str, RevisionOutcome]:
    """Apply, revert and apply again each revision, from an empty database; stops at the first failure."""
    order = await runner.history()
    outcomes = {info.revision: RevisionOutcome(info) for info in order.infos}
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


async def climb_with_rows(runner: AsyncMigrationRunner) -> dict[str, RevisionOutcome]:
    """Apply each revision on tables with rows, and compare the rows before and after."""
    order = await runner.history()
    outcomes = {info.revision: RevisionOutcome(info) for info in order.infos}
    for revision, outcome in outcomes.items():
        outcome.reached = True
        outcome.while_doing = "upgrade"
        async with runner.connection() as connection:
            before: Rows = await read_rows_of_tables(connection)
        try:
            await runner.upgrade_with_rows(revision)
        except AsyncmigError as error:
            outcome.error = error
            break
        async with runner.connection() as connection:
            after = await read_rows_of_tables(connection)
            outcome.lost = tuple(before.lost_in(after))
            outcome.unseeded = tuple(await seed_tables(connection))
    return outcomes


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
