"""``asyncmig current``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.exits import ExitCode
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import Verbose, Wait, seconds

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import CurrentState

EXAMPLES = {
    "asyncmig current": "show where the database stands",
    "asyncmig current --check-heads": "end with 3 unless nothing is pending",
}
DOCUMENT = "CurrentState"


def current(
    invocation: Invocation,
    verbose: Verbose = False,
    check_heads: Annotated[
        bool, typer.Option("--check-heads", help="End with exit code 3 unless nothing is pending.")
    ] = False,
    wait: Wait = None,
) -> int | None:
    """Show the revisions that the database stands at."""

    async def work(migrator: "Migrator") -> "CurrentState":
        return await migrator.current()

    from functools import partial

    from asyncmig_cli.rendering.databases import each_lines, showing_others
    from asyncmig_cli.rendering.states import current_lines

    lines = partial(current_lines, verbose=verbose)
    with showing_others(invocation, lines):
        state = invocation.migrate(
            work, progress=True, wait_for_database=seconds("--wait-for-database", wait)
        )
    invocation.show(state.to_dict(), lambda stream: each_lines(state, stream, lines))
    if check_heads and not state.is_current:
        if invocation.says:
            invocation.note("the database is not at the heads; `asyncmig upgrade` takes it there")
        return ExitCode.PENDING
    return None
