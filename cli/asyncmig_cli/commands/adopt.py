"""``asyncmig adopt``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.exits import ExitCode
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.rendering.adoption import adoption_lines

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import Adoption

EXAMPLES = {
    "asyncmig adopt --dry-run": "show what would be written, and what is left to decide",
    "asyncmig adopt": "write it into pyproject.toml, or asyncmig.toml where there is none",
    "asyncmig adopt --no-db --to asyncmig.toml": "without a database, into a file of its own",
}
DOCUMENT = 'Adoption, and "ok": boolean'


def adopt(
    invocation: Invocation,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FILE",
            help="What to write; pyproject.toml gets a table, another file is made.",
        ),
    ] = None,
    db: Annotated[
        bool,
        typer.Option("--db/--no-db", help="Compare the database with the history."),
    ] = True,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")
    ] = False,
) -> int | None:
    """Write the native configuration of a project made for Alembic; its own files stay as they are."""

    async def work(migrator: "Migrator") -> "Adoption":
        from asyncmig.adopt.adopt import adopt as run

        return await run(migrator.settings, path=to, dry_run=dry_run, database=db)

    result = invocation.migrate(work)
    document = result.to_dict() | {"ok": result.ok}
    invocation.show(document, lambda stream: adoption_lines(result, stream))
    return None if result.ok else ExitCode.ERROR
