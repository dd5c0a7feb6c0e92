"""``asyncmig merge``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.completion import complete_revision
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import BranchLabel, Message, RevId, Splice
from asyncmig_cli.rendering.files import created_lines

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import CreatedRevision

EXAMPLES = {
    'asyncmig merge heads -m "merge branches"': "make one head of all",
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
    """Write a revision that stands on several others."""

    async def work(migrator: "Migrator") -> "CreatedRevision":
        return await migrator.merge(
            *revisions, message=message, rev_id=rev_id, branch_label=branch_label, splice=splice
        )

    created = invocation.migrate(work)
    invocation.confirm(created.to_dict(), lambda stream: created_lines(created, stream))
