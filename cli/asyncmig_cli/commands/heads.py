"""``asyncmig heads``."""

from functools import partial
from typing import Annotated

import typer

from asyncmig_cli.options.parameters import Verbose
from asyncmig_cli.rendering.revisions import head_lines
from asyncmig_cli.runtime.invocation import Invocation

EXAMPLES = {
    "asyncmig heads": "the newest revision of each branch",
    "asyncmig heads --resolve-dependencies": "without those others depend on",
}
DOCUMENT = '{"heads": [RevisionInfo]}; of several histories {"databases": {NAME: this}}'


def heads(
    invocation: Invocation,
    verbose: Verbose = False,
    resolve_dependencies: Annotated[
        bool,
        typer.Option("--resolve-dependencies", help="Leave out heads that a revision depends on."),
    ] = False,
) -> None:
    """Show the heads: the revisions without a child."""
    from asyncmig.revisions.graph.describe import describe_heads

    found = {
        name: describe_heads(graph, resolve_dependencies=resolve_dependencies)
        for name, graph in invocation.graphs().items()
    }
    invocation.show_each(
        found,
        lambda infos: {"heads": [info.to_dict() for info in infos]},
        partial(head_lines, verbose=verbose),
    )
