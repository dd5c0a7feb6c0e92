"""``asyncmig log``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.errors import UsageError
from asyncmig_cli.options.parameters import Wait, run_settings
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncmig.migrator import Migrator
    from asyncmig.results import JournalEntry, PredictedLock

EXAMPLES = {
    "asyncmig log": "what ran, when, and by whom",
    "asyncmig log -l 5": "the last five phases",
    "asyncmig log --revision ae10": "everything about one revision",
    "asyncmig log --locks": "predicted and actual locks",
    "asyncmig log --state failed --since 2026-11-01": "failures of this month",
}
DOCUMENT = '{"entries": [JournalEntry]}, each with "predicted" (PredictedLock or null) with --locks'


def log(
    invocation: Invocation,
    limit: Annotated[
        int | None,
        typer.Option(
            "-l", "--limit", metavar="N", help="Only the last N entries.", show_default=False
        ),
    ] = None,
    revision: Annotated[
        str | None, typer.Option("--revision", metavar="REVISION", help="Only this revision.")
    ] = None,
    direction: Annotated[
        str | None,
        typer.Option(
            "--direction", metavar="WORD", help="Only this direction: upgrade, downgrade or stamp."
        ),
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(
            "--state",
            metavar="WORD",
            help="Only this state: done, started, failed, caught, refused, resolved, forgotten.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="TIME",
            help="Only phases that began at this time or later (2026-11-01, 2026-11-01T08:30+01:00).",
        ),
    ] = None,
    tag: Annotated[
        str | None,
        typer.Option("--tag", metavar="TEXT", help="Only runs with this label."),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="ID", help="Only this run; the start of its id is enough."),
    ] = None,
    locks: Annotated[
        bool,
        typer.Option(
            "--locks", help="Show the predicted lock of each phase beside the actual one."
        ),
    ] = False,
    wait: Wait = None,
) -> None:
    """Show the journal: the phases that ran."""

    async def work(migrator: "Migrator") -> "tuple[JournalEntry, ...]":
        return await migrator.journal(
            limit,
            revision=revision,
            direction=direction,
            state=state,
            since=since,
            tag=tag,
            run=run,
        )

    _check_filter(limit, direction, state, since)
    if locks:
        _show_locks(invocation, work, wait)
        return
    from asyncmig_cli.rendering.journal import journal_lines

    entries = invocation.migrate(work, progress=True, **run_settings(wait=wait))
    document = {"entries": [entry.to_dict() for entry in entries]}
    invocation.show(document, lambda stream: journal_lines(entries, stream))


def _show_locks(
    invocation: Invocation,
    read: "Callable[[Migrator], Awaitable[tuple[JournalEntry, ...]]]",
    wait: str | None,
) -> None:
    from asyncmig_cli.rendering.locks.journal_locks import journal_lock_lines

    async def work(
        migrator: "Migrator",
    ) -> "tuple[tuple[JournalEntry, ...], dict[tuple[str | None, int], PredictedLock]]":
        entries = await read(migrator)
        found = {}
        for one in await migrator.databases():
            own = [entry for entry in entries if entry.database == one.name]
            predicted = await one.predicted_locks(own)
            found.update({(one.name, number): lock for number, lock in predicted.items()})
        return entries, found

    entries, predicted = invocation.migrate(work, progress=True, **run_settings(wait=wait))
    documents = []
    for entry in entries:
        lock = predicted.get((entry.database, entry.id))
        documents.append({**entry.to_dict(), "predicted": None if lock is None else lock.to_dict()})
    invocation.show(
        {"entries": documents}, lambda stream: journal_lock_lines(entries, predicted, stream)
    )


def _check_filter(
    limit: int | None, direction: str | None, state: str | None, since: str | None
) -> None:
    """Check the values of the options.

    Raises:
        UsageError: no entry of the journal can have such a value.
    """
    from asyncmig.bookkeeping.queries import LogFilter, parse_timestamp
    from asyncmig.errors import TargetError

    try:
        LogFilter(limit=limit, direction=direction, state=state, since=parse_timestamp(since))
    except TargetError as error:
        raise UsageError(error.message, error.hint) from error
