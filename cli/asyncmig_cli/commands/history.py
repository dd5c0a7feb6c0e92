"""``asyncmig history``."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import Verbose
from asyncmig_cli.rendering.revisions import graph_lines, history_lines

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import RevisionInfo

EXAMPLES = {
    "asyncmig history": "all revisions, newest first",
    "asyncmig history --graph": "with the lines of the branches",
    "asyncmig history -r current:head -i": "what the database has not got yet",
    "asyncmig history -r -3:": "the head and the three below it",
}
DOCUMENT = '{"revisions": [RevisionInfo]}'

_CURRENT = re.compile(r"\bcurrent\b")


def history(
    invocation: Invocation,
    verbose: Verbose = False,
    rev_range: Annotated[
        str | None,
        typer.Option(
            "-r",
            "--rev-range",
            metavar="A:B",
            help="Only this part: ids, base, head, current, +N, -N on either side.",
        ),
    ] = None,
    indicate_current: Annotated[
        bool, typer.Option("-i", "--indicate-current", help="Mark where the database stands.")
    ] = False,
    graph: Annotated[
        bool, typer.Option("--graph", help="Draw the lines between the revisions.")
    ] = False,
) -> None:
    """List the revisions, newest first."""
    if rev_range is not None:
        # `-r=-3:` is how Alembic's users give a range that begins with a minus.
        rev_range = rev_range.removeprefix("=")
    if indicate_current or (rev_range and _CURRENT.search(rev_range)):

        async def work(migrator: "Migrator") -> "tuple[RevisionInfo, ...]":
            return await migrator.history(rev_range, indicate_current=indicate_current)

        found = invocation.migrate(work, progress=True)
    else:
        found = invocation.history.history(rev_range)
    draw = graph_lines if graph else history_lines
    invocation.show(
        {"revisions": [info.to_dict() for info in found]},
        lambda stream: draw(found, stream, verbose=verbose),
    )
