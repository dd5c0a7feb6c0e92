"""``asyncmig revision``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.errors import InterruptedRunError, UsageError
from asyncmig_cli.input.rename_prompt import note_candidates, parse_renames, rename_prompt
from asyncmig_cli.options.parameters import BranchLabel, Message, RevId, ShadowUrl, Splice
from asyncmig_cli.rendering.files import created_lines
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import CreatedRevision

EXAMPLES = {
    'asyncmig revision -m "add users"': "an empty revision",
    'asyncmig revision -m "add users" --sql-file': "as a SQL file",
    'asyncmig revision --autogenerate -m "add phone"': "changes of the models",
    "asyncmig revision --autogenerate --rename fone=phone": "a table was renamed",
    "asyncmig revision -m cart --head base --branch-label cart": "a new branch",
}
DOCUMENT = "CreatedRevision"


def revision(
    invocation: Invocation,
    message: Message = None,
    autogenerate: Annotated[
        bool,
        typer.Option(
            "--autogenerate", help="Write the changes that bring the database to the models."
        ),
    ] = False,
    skip_empty: Annotated[
        bool,
        typer.Option("--skip-empty", help="Write no file if --autogenerate finds no difference."),
    ] = False,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            metavar="OLD=NEW",
            help="A table or column that was renamed: users.fone=users.phone; repeatable.",
        ),
    ] = None,
    no_rename: Annotated[
        bool,
        typer.Option("--no-rename", help="Do not ask about other renames."),
    ] = False,
    shadow_url: ShadowUrl = None,
    rev_id: RevId = None,
    head: Annotated[
        str,
        typer.Option("--head", metavar="REVISION", help="Parent: an id, base or label@head."),
    ] = "head",
    splice: Splice = False,
    depends_on: Annotated[
        list[str] | None,
        typer.Option(
            "--depends-on", metavar="REVISION", help="Revision to apply before; repeatable."
        ),
    ] = None,
    branch_label: BranchLabel = None,
    version_path: Annotated[
        str | None,
        typer.Option(
            "--version-path", metavar="FOLDER", help="One of version_locations to write to."
        ),
    ] = None,
    sql_file: Annotated[
        bool, typer.Option("--sql-file", help="Write a .sql file, not a Python file.")
    ] = False,
    sql: Annotated[
        bool,
        typer.Option("--sql", help="Accepted for compatibility with Alembic; has no effect."),
    ] = False,
) -> None:
    """Write a new revision file."""
    if autogenerate and sql:
        problem = "--autogenerate needs a database, and --sql uses none"
        raise UsageError(problem, "leave one of them out")
    if shadow_url and not autogenerate:
        raise UsageError("--shadow-url needs --autogenerate", "give both, or leave it out")
    if skip_empty and not autogenerate:
        raise UsageError("--skip-empty needs --autogenerate", "give both, or leave it out")
    if (rename or no_rename) and not autogenerate:
        raise UsageError(
            "--rename and --no-rename need --autogenerate", "give both, or leave it out"
        )
    renames = parse_renames(rename or ())
    prompt = None if no_rename else rename_prompt(invocation)

    async def work(migrator: "Migrator") -> "CreatedRevision":
        return await migrator.revision(
            message,
            autogenerate=autogenerate,
            skip_empty=skip_empty,
            rev_id=rev_id,
            head=head,
            splice=splice,
            depends_on=tuple(depends_on or ()),
            branch_label=branch_label,
            version_path=version_path,
            sql_file=sql_file,
            renames=renames,
            confirm_rename=prompt,
        )

    try:
        created = invocation.migrate(work, shadow_url=shadow_url)
    except InterruptedRunError as error:
        if prompt is None or not prompt.is_open:
            raise
        hint = "no file was written, and the database was only read"
        raise InterruptedRunError(error.signal, error.cause, hint=hint) from None
    if not no_rename:
        note_candidates(invocation, created.candidates)
    if sql and invocation.is_verbal:
        # With --sql standard output is for SQL, and a new revision has none.
        for line in created_lines(created, invocation.console.err):
            invocation.note(line)
        return
    invocation.confirm(created.to_dict(), lambda stream: created_lines(created, stream))
    invocation.warn(created.notes)
