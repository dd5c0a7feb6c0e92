"""``asyncmig log``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import Wait, seconds

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import JournalEntry

EXAMPLES = {
    "asyncmig log": "show what ran, when and by whom",
    "asyncmig log -l 5": "the last five phases",
    "asyncmig log --revision ae10": "all that was done with one revision",
    "asyncmig log --state failed --since 2026-11-01": "what failed this month",
}
DOCUMENT = '{"entries": [JournalEntry]}'


def log(
    invocation: Invocation,
    limit: Annotated[
        int | None,
        typer.Option(
            "-l", "--limit", metavar="N", help="Show the last N entries.", show_default=False
        ),
    ] = None,
    revision: Annotated[
        str | None, typer.Option("--revision", metavar="REVISION", help="Only this revision.")
    ] = None,
    direction: Annotated[
        str | None,
        typer.Option(
            "--direction", metavar="WORD", help="Only one way: upgrade, downgrade or stamp."
        ),
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(
            "--state",
            metavar="WORD",
            help="Only phases in this state: done, started, failed, caught, refused, resolved or forgotten.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="TIME",
            help="Only what began at this time or later: 2026-11-01, 2026-11-01T08:30+01:00.",
        ),
    ] = None,
    tag: Annotated[
        str | None,
        typer.Option("--tag", metavar="TEXT", help="Only runs that were tagged with this."),
    ] = None,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="ID", help="Only this run; the beginning of its id will do."),
    ] = None,
    wait: Wait = None,
) -> None:
    """Show the journal: every phase that ran."""

    async def work(migrator: "Migrator") -> "tuple[JournalEntry, ...]":
        return await migrator.log(
            limit,
            revision=revision,
            direction=direction,
            state=state,
            since=since,
            tag=tag,
            run=run,
        )

    from asyncmig_cli.rendering.journal import journal_lines

    entries = invocation.migrate(
        work, progress=True, wait_for_database=seconds("--wait-for-database", wait)
    )
    document = {"entries": [entry.to_dict() for entry in entries]}
    invocation.show(document, lambda stream: journal_lines(entries, stream))
