"""``asyncmig check``."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, cast

import typer

from asyncmig.errors import RefusedModelsError
from asyncmig_cli.exit_codes import ExitCode
from asyncmig_cli.input.completion import complete_revision
from asyncmig_cli.options.parameters import ShadowUrl, Verbose
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import CheckResult, Difference, RevisionCheck

EXAMPLES = {
    "asyncmig check": "compare; exit code 3 if they differ",
    "asyncmig check -v": "with the SQL of each difference",
    "asyncmig check ae10": "exit code 3 unless the database is at ae10",
}
DOCUMENT = 'CheckResult, with REVISION RevisionCheck, and "ok": boolean'


def check(
    invocation: Invocation,
    revision: Annotated[
        str | None,
        typer.Argument(
            autocompletion=complete_revision,
            metavar="REVISION",
            help="Only check that the database is at this revision: an id, head, heads or base.",
        ),
    ] = None,
    verbose: Verbose = False,
    shadow_url: ShadowUrl = None,
) -> int | None:
    """Compare the database with the models, or with a revision."""
    from asyncmig.results import CheckResult
    from asyncmig_cli.rendering.databases import each_lines
    from asyncmig_cli.rendering.differences import check_lines, revision_check_lines
    from asyncmig_cli.runtime.several_databases import showing_results

    if revision is not None:

        async def check_one(migrator: "Migrator") -> "RevisionCheck":
            return await migrator.check_revision(revision)

        with showing_results(invocation, revision_check_lines):
            found = invocation.migrate(check_one)
        document = found.to_dict() | {"ok": found.ok}
        invocation.show(document, lambda stream: each_lines(found, stream, revision_check_lines))
        return None if found.ok else ExitCode.PENDING

    async def work(migrator: "Migrator") -> "CheckResult":
        return await migrator.check()

    lines = partial(check_lines, verbose=verbose)
    try:
        with showing_results(invocation, lines):
            result = invocation.migrate(work, shadow_url=shadow_url)
    except RefusedModelsError as error:
        if error.differences and not invocation.options.json:
            compared = CheckResult(differences=cast("tuple[Difference, ...]", error.differences))
            for line in lines(compared, invocation.console.out):
                invocation.console.out.line(line)
        raise
    document = result.to_dict() | {"ok": result.ok}
    invocation.show(document, lambda stream: each_lines(result, stream, lines))
    invocation.warn(result.notes)
    return None if result.ok else ExitCode.PENDING
