"""``asyncmig branches``."""

from functools import partial

from asyncmig_cli.options.parameters import Verbose
from asyncmig_cli.rendering.revisions import branch_lines
from asyncmig_cli.runtime.invocation import Invocation

EXAMPLES = {"asyncmig branches -v": "the branch points, with all details"}
DOCUMENT = '{"branches": [BranchPoint]}; of several histories {"databases": {NAME: this}}'


def branches(invocation: Invocation, verbose: Verbose = False) -> None:
    """Show the branch points: revisions with several children."""
    from asyncmig.revisions.graph.describe import describe_branch_points

    found = {name: describe_branch_points(graph) for name, graph in invocation.graphs().items()}
    invocation.show_each(
        found,
        lambda points: {"branches": [point.to_dict() for point in points]},
        partial(branch_lines, verbose=verbose),
    )
