"""``asyncmig check``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.completion import complete_revision
from asyncmig_cli.exits import ExitCode
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import ShadowUrl, Verbose

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import CheckResult, CurrentState

EXAMPLES = {
    "asyncmig check": "is the database what the models say? exit code 3 if it is not",
    "asyncmig check -v": "and the SQL that would make it so",
    "asyncmig check ae1027a6acf": "is the database at that revision? exit code 3 if it is not",
}
DOCUMENT = 'CheckResult, and "ok": boolean; with a revision CurrentState, and "ok": boolean'


def check(
    invocation: Invocation,
    revision: Annotated[
        str | None,
        typer.Argument(
            autocompletion=complete_revision,
            metavar="REVISION",
            help="Only ask whether the database is at it: an id, head, heads or base.",
        ),
    ] = None,
    verbose: Verbose = False,
    shadow_url: ShadowUrl = None,
) -> int | None:
    """Compare the models with the database, or the database with a revision."""
    if revision is not None:
        return _check_place(invocation, revision)

    async def work(migrator: "Migrator") -> "CheckResult":
        return await migrator.check()

    from asyncmig_cli.rendering.differences import check_lines

    result = invocation.migrate(work, shadow_url=shadow_url)
    document = result.to_dict() | {"ok": result.ok}
    invocation.show(document, lambda stream: check_lines(result, stream, verbose=verbose))
    return None if result.ok else ExitCode.PENDING


def _check_place(invocation: Invocation, revision: str) -> int | None:
    async def work(migrator: "Migrator") -> "tuple[CurrentState, tuple[str, ...]]":
        wanted = tuple(info.revision for info in await migrator.show(revision))
        return await migrator.current(), wanted

    state, wanted = invocation.migrate(work)
    ok = set(state.heads) == set(wanted) and not state.partial
    at = ", ".join(state.heads) or "base"
    told = f"the database is at {at}"
    if not ok:
        half_done = " and half way in a step" if state.partial else ""
        told += f"{half_done}, not at {', '.join(wanted) or 'base'}"
    invocation.show(state.to_dict() | {"ok": ok}, lambda _: [told])
    return None if ok else ExitCode.PENDING
