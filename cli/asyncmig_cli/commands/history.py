"""``asyncmig history``."""

import re
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.errors import UsageError
from asyncmig_cli.options.parameters import Verbose
from asyncmig_cli.rendering.revisions import graph_lines, history_lines
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import RevisionInfo

EXAMPLES = {
    "asyncmig history": "all revisions, newest first",
    "asyncmig history --graph": "with the branches drawn",
    "asyncmig history -r current:head -i": "what the database lacks",
    "asyncmig history -r -3:": "the last four revisions",
}
DOCUMENT = '{"revisions": [RevisionInfo]}; of several histories {"databases": {NAME: this}}'

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
            help="Only this range; a side is an id, base, head, current, +N or -N.",
        ),
    ] = None,
    indicate_current: Annotated[
        bool, typer.Option("-i", "--indicate-current", help="Mark the current revision.")
    ] = False,
    graph: Annotated[bool, typer.Option("--graph", help="Draw the branches.")] = False,
) -> None:
    """List the revisions, newest first."""
    if rev_range is not None:
        # `-r=-3:` is how Alembic's users give a range that begins with a minus.
        rev_range = rev_range.removeprefix("=")
        if rev_range.count(":") != 1:
            raise UsageError(
                f"{rev_range!r} is not a range",
                "write `a:b`, `a:` or `:b`, for example `-3:current`",
            )
    found: dict[str, tuple[RevisionInfo, ...]]
    if indicate_current or (rev_range and _CURRENT.search(rev_range)):

        async def work(migrator: "Migrator") -> "dict[str, tuple[RevisionInfo, ...]]":
            return {
                one.name or "": await one.history(rev_range, indicate_current=indicate_current)
                for one in await invocation.migrators(migrator)
            }

        found = invocation.migrate(work, progress=True)
    else:
        from asyncmig.revisions.graph.describe import describe_history

        found = {
            name: describe_history(one, rev_range) for name, one in invocation.graphs().items()
        }
    invocation.show_each(
        found,
        lambda infos: {"revisions": [info.to_dict() for info in infos]},
        partial(graph_lines if graph else history_lines, verbose=verbose),
    )
