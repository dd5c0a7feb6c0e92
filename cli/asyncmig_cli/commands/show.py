"""``asyncmig show``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.completion import complete_revision
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.rendering.revisions import detail_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asyncmig.migrator import Migrator
    from asyncmig.plan.model import Plan
    from asyncmig.results import RevisionInfo
    from asyncmig_cli.console import Stream

EXAMPLES = {
    "asyncmig show head": "all that is known of the head",
    "asyncmig show ae10 --plan": "and the phases and statements it runs",
    "asyncmig show current": "where the database stands",
}
DOCUMENT = '{"revisions": [RevisionInfo]}; with --plan each has "plan": Plan'


def show(
    invocation: Invocation,
    revision: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_revision,
            metavar="REVISION",
            help="An id, head, heads, base or current.",
        ),
    ],
    plan: Annotated[
        bool, typer.Option("--plan", help="Add the phases and statements of the upgrade.")
    ] = False,
) -> None:
    """Show a revision; with --plan also the phases that it runs in."""
    if "current" in revision:

        async def ask(migrator: "Migrator") -> "tuple[RevisionInfo, ...]":
            return await migrator.show(revision)

        found = invocation.migrate(ask, progress=True)
    else:
        found = invocation.history.show(revision)
    plans = _plans(invocation, found) if plan else None

    def lines(stream: "Stream") -> "Iterator[str]":
        for index, info in enumerate(found):
            yield from detail_lines(info, stream)
            if plans is not None:
                yield from _plan_lines(plans[index], stream)
            yield ""

    documents = [info.to_dict() for info in found]
    if plans is not None:
        for document, one in zip(documents, plans, strict=True):
            document["plan"] = one.to_dict()
    invocation.show({"revisions": documents}, lines)


def _plans(invocation: Invocation, found: "Sequence[RevisionInfo]") -> "list[Plan]":
    async def work(migrator: "Migrator") -> "list[Plan]":
        return [
            await migrator.plan(info.revision, (*info.down_revisions, *info.depends_on))
            for info in found
        ]

    return invocation.migrate(work)


def _plan_lines(plan: "Plan", stream: "Stream") -> "Iterator[str]":
    from asyncmig_cli.rendering.plans import phase_lines

    for step in plan.steps:
        yield ""
        yield from phase_lines(step, stream)
