"""``asyncmig status``."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.exit_codes import ExitCode
from asyncmig_cli.options.parameters import Wait, run_settings
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import RevisionInfo, Status
    from asyncmig_cli.output.console import Stream

EXAMPLES = {
    "asyncmig status": "the state, and the pending revisions",
    "asyncmig status --list": "every revision, applied or pending",
    "asyncmig status --check": "exit code 3 unless a service may start",
    "asyncmig status --no-scripts": "one query, no script is read",
}
DOCUMENT = 'Status, and "ok": boolean; with --list "revisions": [{"revision", "message", "state"}]'


def status(
    invocation: Invocation,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Exit with code 3 if revisions are pending or partially applied."
        ),
    ] = False,
    list_: Annotated[
        bool,
        typer.Option(
            "--list", help="List every revision, oldest first: applied, pending, partial."
        ),
    ] = False,
    scripts: Annotated[
        bool,
        typer.Option(
            "--scripts/--no-scripts",
            help="Report applied scripts that were changed, and revisions inserted below them; reads all.",
        ),
    ] = True,
    wait: Wait = None,
) -> int | None:
    """Compare the revisions of database and code."""
    histories: dict[str, Sequence[RevisionInfo]] = {}

    async def work(migrator: "Migrator") -> "Status":
        found = await migrator.status(scripts=scripts)
        if list_:
            for one in await migrator.databases():
                histories[one.name or ""] = await one.history()
        return found

    from asyncmig_cli.rendering.databases import database_lines, each_lines
    from asyncmig_cli.rendering.states import revision_lines, revision_states, status_lines
    from asyncmig_cli.runtime.several_databases import showing_results

    with showing_results(invocation, status_lines):
        found = invocation.migrate(work, progress=True, **run_settings(wait=wait))
    document = found.to_dict() | {"ok": found.ok}
    if not list_:
        invocation.show(document, lambda stream: each_lines(found, stream, status_lines))
        return ExitCode.PENDING if check and not found.ok else None

    revisions = {
        name: revision_states(status, histories[name])
        for name, status in (found.databases or dict.fromkeys(histories, found)).items()
    }
    only = None if found.databases else next(iter(revisions.values()))
    document["revisions"] = revisions if only is None else only

    def lines(stream: "Stream") -> Iterable[str]:
        if only is None:
            return database_lines(revisions, stream, revision_lines)
        return revision_lines(only, stream)

    invocation.show(document, lines)
    return ExitCode.PENDING if check and not found.ok else None
