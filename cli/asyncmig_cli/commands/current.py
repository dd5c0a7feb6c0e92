"""``asyncmig current``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.exit_codes import ExitCode
from asyncmig_cli.options.parameters import Verbose, Wait, run_settings
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import CurrentState

EXAMPLES = {
    "asyncmig current": "the applied revisions without a child",
    "asyncmig current --check-heads": "exit code 3 if any are pending",
}
DOCUMENT = "CurrentState"


def current(
    invocation: Invocation,
    verbose: Verbose = False,
    check_heads: Annotated[
        bool, typer.Option("--check-heads", help="Exit with code 3 if revisions are pending.")
    ] = False,
    wait: Wait = None,
) -> int | None:
    """Show the current revisions of the database."""

    async def work(migrator: "Migrator") -> "CurrentState":
        return await migrator.current()

    from functools import partial

    from asyncmig_cli.rendering.databases import each_lines
    from asyncmig_cli.rendering.states import current_lines
    from asyncmig_cli.runtime.several_databases import showing_results

    lines = partial(current_lines, verbose=verbose)
    with showing_results(invocation, lines):
        state = invocation.migrate(work, progress=True, **run_settings(wait=wait))
    invocation.show(state.to_dict(), lambda stream: each_lines(state, stream, lines))
    if check_heads and not state.is_current:
        if invocation.is_verbal:
            invocation.note("the database is not at the heads; run `asyncmig upgrade`")
        return ExitCode.PENDING
    return None
