"""``asyncmig status``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.exits import ExitCode
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import Wait, seconds

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import Status

EXAMPLES = {
    "asyncmig status": "compare the database with this code",
    "asyncmig status --check": "the same, and end with 3 unless a service may start",
    "asyncmig status --no-scripts": "one query, and no script is read",
}
DOCUMENT = 'Status, and "ok": boolean'


def status(
    invocation: Invocation,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="End with exit code 3 when revisions are pending or half done."
        ),
    ] = False,
    scripts: Annotated[
        bool,
        typer.Option(
            "--scripts/--no-scripts",
            help="Tell which applied scripts were changed since; reads all of them.",
        ),
    ] = True,
    wait: Wait = None,
) -> int | None:
    """Show what the database has, what the code has, and what lies between them."""

    async def work(migrator: "Migrator") -> "Status":
        return await migrator.status(scripts=scripts)

    from asyncmig_cli.rendering.databases import each_lines, showing_others
    from asyncmig_cli.rendering.states import status_lines

    with showing_others(invocation, status_lines):
        found = invocation.migrate(
            work, progress=True, wait_for_database=seconds("--wait-for-database", wait)
        )
    document = found.to_dict() | {"ok": found.ok}
    invocation.show(document, lambda stream: each_lines(found, stream, status_lines))
    return ExitCode.PENDING if check and not found.ok else None
