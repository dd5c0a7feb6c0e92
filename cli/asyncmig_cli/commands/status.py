"""``asyncmig status``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.exit_codes import ExitCode
from asyncmig_cli.options.parameters import Wait, run_settings
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import Status

EXAMPLES = {
    "asyncmig status": "the state, and the pending revisions",
    "asyncmig status --check": "exit code 3 unless a service may start",
    "asyncmig status --no-scripts": "one query, no script is read",
}
DOCUMENT = 'Status, and "ok": boolean'


def status(
    invocation: Invocation,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Exit with code 3 if revisions are pending or partially applied."
        ),
    ] = False,
    scripts: Annotated[
        bool,
        typer.Option(
            "--scripts/--no-scripts",
            help="Report applied scripts that were changed since; reads all scripts.",
        ),
    ] = True,
    wait: Wait = None,
) -> int | None:
    """Compare the revisions of database and code."""

    async def work(migrator: "Migrator") -> "Status":
        return await migrator.status(scripts=scripts)

    from asyncmig_cli.rendering.databases import each_lines
    from asyncmig_cli.rendering.states import status_lines
    from asyncmig_cli.runtime.several_databases import showing_results

    with showing_results(invocation, status_lines):
        found = invocation.migrate(work, progress=True, **run_settings(wait=wait))
    document = found.to_dict() | {"ok": found.ok}
    invocation.show(document, lambda stream: each_lines(found, stream, status_lines))
    return ExitCode.PENDING if check and not found.ok else None
