"""``asyncmig merge``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.input.completion import complete_revision
from asyncmig_cli.options.parameters import BranchLabel, Message, RevId, Splice
from asyncmig_cli.rendering.files import created_lines
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import CreatedRevision

EXAMPLES = {
    'asyncmig merge heads -m "merge branches"': "merge all heads",
    'asyncmig merge ae10 27c6 -m "merge cart"': "merge two revisions",
}
DOCUMENT = "CreatedRevision"


def merge(
    invocation: Invocation,
    revisions: Annotated[
        list[str],
        typer.Argument(
            autocompletion=complete_revision,
            metavar="REVISION",
            help="Two or more revisions, or heads.",
        ),
    ],
    message: Message = None,
    branch_label: BranchLabel = None,
    rev_id: RevId = None,
    splice: Splice = False,
) -> None:
    """Write a revision that merges several others."""

    async def work(migrator: "Migrator") -> "CreatedRevision":
        return await migrator.merge(
            *revisions, message=message, rev_id=rev_id, branch_label=branch_label, splice=splice
        )

    created = invocation.migrate(work)
    invocation.confirm(created.to_dict(), lambda stream: created_lines(created, stream))
