"""``asyncmig show``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.input.completion import complete_revision
from asyncmig_cli.rendering.revisions import detail_lines
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from asyncmig.migrator import Migrator
    from asyncmig.plan.model import Plan
    from asyncmig.results import RevisionInfo
    from asyncmig_cli.output.console import Stream

    Shown = tuple[tuple[RevisionInfo, Plan | None], ...]

EXAMPLES = {
    "asyncmig show head": "all details of the head",
    "asyncmig show ae10 --plan": "with its phases and statements",
    "asyncmig show current": "the current revision of the database",
}
DOCUMENT = (
    '{"revisions": [RevisionInfo]}; with --plan each has "plan": Plan; '
    'of several histories {"databases": {NAME: this}}'
)


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
    """Show a revision, with --plan also its statements."""
    found: Mapping[str, tuple[RevisionInfo, ...]]
    if "current" in revision:

        async def ask(migrator: "Migrator") -> "dict[str, tuple[RevisionInfo, ...]]":
            each = await invocation.migrators(migrator)
            return {one.name or "": await one.show(revision) for one in each}

        found = invocation.migrate(ask, progress=True)
    else:
        found = invocation.revisions(revision)
    shown = _plans(invocation, found) if plan else _without_plans(found)
    invocation.show_each(shown, _document, _lines)


def _without_plans(found: "Mapping[str, tuple[RevisionInfo, ...]]") -> "dict[str, Shown]":
    return {name: tuple((info, None) for info in infos) for name, infos in found.items()}


def _plans(
    invocation: Invocation, found: "Mapping[str, tuple[RevisionInfo, ...]]"
) -> "dict[str, Shown]":
    async def plan_one(migrator: "Migrator", info: "RevisionInfo") -> "Plan":
        return await migrator.plan(info.revision, (*info.down_revisions, *info.depends_on))

    async def work(migrator: "Migrator") -> "dict[str, Shown]":
        each = {one.name or "": one for one in await invocation.migrators(migrator)}
        return {
            name: tuple([(info, await plan_one(each[name], info)) for info in infos])
            for name, infos in found.items()
        }

    return invocation.migrate(work)


def _document(shown: "Shown") -> dict[str, object]:
    return {
        "revisions": [
            info.to_dict() | ({} if plan is None else {"plan": plan.to_dict()})
            for info, plan in shown
        ]
    }


def _lines(shown: "Shown", stream: "Stream") -> "Iterator[str]":
    for info, plan in shown:
        yield from detail_lines(info, stream)
        if plan is not None:
            from asyncmig_cli.rendering.plans import phase_lines

            for step in plan.steps:
                yield ""
                yield from phase_lines(step, stream)
        yield ""
