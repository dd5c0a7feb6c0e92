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
    wait: Wait = None,
) -> None:
    """Show the journal: every phase that ran."""

    async def work(migrator: "Migrator") -> "tuple[JournalEntry, ...]":
        return await migrator.log(limit=limit, revision=revision)

    from asyncmig_cli.rendering.journal import journal_lines

    entries = invocation.migrate(
        work, progress=True, wait_for_database=seconds("--wait-for-database", wait)
    )
    document = {"entries": [entry.to_dict() for entry in entries]}
    invocation.show(document, lambda stream: journal_lines(entries, stream))
