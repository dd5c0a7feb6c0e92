"""``asyncmig branches``."""

from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import Verbose
from asyncmig_cli.rendering.revisions import branch_lines

EXAMPLES = {"asyncmig branches -v": "where the history forks, with all details"}
DOCUMENT = '{"branches": [BranchPoint]}'


def branches(invocation: Invocation, verbose: Verbose = False) -> None:
    """Show the revisions that several others stand on."""
    found = invocation.history.branches()
    invocation.show(
        {"branches": [point.to_dict() for point in found]},
        lambda stream: branch_lines(found, stream, verbose=verbose),
    )
