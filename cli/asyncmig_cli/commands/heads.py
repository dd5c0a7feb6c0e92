"""``asyncmig heads``."""

from typing import Annotated

import typer

from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import Verbose
from asyncmig_cli.rendering.revisions import head_lines

EXAMPLES = {
    "asyncmig heads": "the revisions that nothing stands on",
    "asyncmig heads --resolve-dependencies": "without those that others depend on",
}
DOCUMENT = '{"heads": [RevisionInfo]}'


def heads(
    invocation: Invocation,
    verbose: Verbose = False,
    resolve_dependencies: Annotated[
        bool,
        typer.Option("--resolve-dependencies", help="Leave out heads that a revision depends on."),
    ] = False,
) -> None:
    """Show the heads of the history."""
    found = invocation.history.heads(resolve_dependencies=resolve_dependencies)
    invocation.show(
        {"heads": [info.to_dict() for info in found]},
        lambda stream: head_lines(found, stream, verbose=verbose),
    )
