"""``asyncmig check``."""

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.completion import complete_revision
from asyncmig_cli.exits import ExitCode
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import ShadowUrl, Verbose

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import CheckResult, RevisionCheck

EXAMPLES = {
    "asyncmig check": "is the database what the models say? exit code 3 if it is not",
    "asyncmig check -v": "and the SQL that would make it so",
    "asyncmig check ae10": "does the database stand at this revision? exit code 3 if it does not",
}
DOCUMENT = 'CheckResult, with REVISION RevisionCheck, and "ok": boolean'


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
    from asyncmig_cli.rendering.databases import each_lines, showing_others
    from asyncmig_cli.rendering.differences import check_lines, position_lines

    if revision is not None:

        async def locate(migrator: "Migrator") -> "RevisionCheck":
            return await migrator.check_at(revision)

        with showing_others(invocation, position_lines):
            place = invocation.migrate(locate)
        document = place.to_dict() | {"ok": place.ok}
        invocation.show(document, lambda stream: each_lines(place, stream, position_lines))
        return None if place.ok else ExitCode.PENDING

    async def work(migrator: "Migrator") -> "CheckResult":
        return await migrator.check()

    lines = partial(check_lines, verbose=verbose)
    with showing_others(invocation, lines):
        result = invocation.migrate(work, shadow_url=shadow_url)
    document = result.to_dict() | {"ok": result.ok}
    invocation.show(document, lambda stream: each_lines(result, stream, lines))
    invocation.warn(result.notes)
    return None if result.ok else ExitCode.PENDING
