"""``asyncmig edit``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.input.completion import complete_revision
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import CurrentState

EXAMPLES = {
    "asyncmig edit head": "open the head in $VISUAL or $EDITOR",
    "EDITOR='code --wait' asyncmig edit ae10": "with another editor",
}
DOCUMENT = '{"editor": [string], "paths": [string]}'


def edit(
    invocation: Invocation,
    revision: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_revision, metavar="REVISION", help="An id, head, or current."
        ),
    ] = "head",
) -> int | None:
    """Open revision files in your editor."""
    from asyncmig_cli.input.editor import find_editor, open_editor

    program = find_editor()
    if revision == "current":

        async def work(migrator: "Migrator") -> "CurrentState":
            return await migrator.current()

        found = invocation.migrate(work, progress=True).revisions
    else:
        found = tuple(info for infos in invocation.revisions(revision).values() for info in infos)
    paths = list(dict.fromkeys(info.path for info in found))
    invocation.console.out.flush()
    code = open_editor(program, paths) if paths else 0
    if invocation.options.json:
        invocation.show({"editor": program, "paths": paths}, lambda _: ())
    elif not paths:
        invocation.note(f"{revision} names no revision file")
    return code or None
