"""``asyncmig show``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.invocation import Invocation
from asyncmig_cli.rendering.revisions import detail_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig_cli.console import Stream

EXAMPLES = {
    "asyncmig show head": "all that is known of the head",
    "asyncmig show ae10": "a partial id does",
}


def show(
    invocation: Invocation,
    revision: Annotated[
        str, typer.Argument(metavar="REVISION", help="An id, head, heads, base or current.")
    ],
) -> None:
    """Show a revision and the phases that it runs in."""
    found = invocation.history.show(revision)

    def lines(stream: "Stream") -> "Iterator[str]":
        for info in found:
            yield from detail_lines(info, stream)
            yield ""

    invocation.show({"revisions": [info.to_dict() for info in found]}, lines)
