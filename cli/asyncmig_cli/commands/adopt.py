"""``asyncmig adopt``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.exit_codes import ExitCode
from asyncmig_cli.rendering.adoption import adoption_lines
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import Adoption

EXAMPLES = {
    "asyncmig adopt --dry-run": "show what would be written",
    "asyncmig adopt": "write it to pyproject.toml or asyncmig.toml",
    "asyncmig adopt --no-db --to asyncmig.toml": "needs no database",
}
DOCUMENT = 'Adoption, and "ok": boolean'


def adopt(
    invocation: Invocation,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FILE",
            help="The file to write; a pyproject.toml gets a table.",
        ),
    ] = None,
    db: Annotated[
        bool,
        typer.Option("--db/--no-db", help="Compare the database with the history, or not."),
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")
    ] = False,
) -> int | None:
    """Write a native configuration for an Alembic project."""

    async def work(migrator: "Migrator") -> "Adoption":
        from asyncmig.adopt import adopt as run

        return await run(migrator.settings, path=to, dry_run=dry_run, database=db)

    result = invocation.migrate(work)
    document = result.to_dict() | {"ok": result.ok}
    invocation.show(document, lambda stream: adoption_lines(result, stream))
    return None if result.ok else ExitCode.ERROR
