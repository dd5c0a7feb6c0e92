"""``asyncmig revision``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.failures import InterruptedRunError, UsageProblem
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import BranchLabel, Message, RevId, ShadowUrl, Splice
from asyncmig_cli.renames import asker, given_renames, note_candidates
from asyncmig_cli.rendering.files import created_lines

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import CreatedRevision

EXAMPLES = {
    'asyncmig revision -m "add users"': "a new Python revision on top of the head",
    'asyncmig revision -m "add users" --sql-file': "the same as a SQL file",
    'asyncmig revision --autogenerate -m "add phone"': "filled with what the models have and it has not",
    "asyncmig revision --autogenerate --rename users.fone=users.phone": "a rename, and no drop",
    "asyncmig revision -m cart --head base --branch-label cart": "begin a branch of its own",
}
DOCUMENT = "CreatedRevision"


def revision(
    invocation: Invocation,
    message: Message = None,
    autogenerate: Annotated[
        bool,
        typer.Option(
            "--autogenerate", help="Fill it with what makes the database what the models say."
        ),
    ] = False,
    skip_empty: Annotated[
        bool,
        typer.Option(
            "--skip-empty", help="With --autogenerate: write no file where nothing differs."
        ),
    ] = False,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            metavar="OLD=NEW",
            help="With --autogenerate: what was renamed, users=accounts or users.fone=users.phone; "
            "repeatable.",
        ),
    ] = None,
    no_rename: Annotated[
        bool,
        typer.Option("--no-rename", help="With --autogenerate: ask about no further renames."),
    ] = False,
    shadow_url: ShadowUrl = None,
    rev_id: RevId = None,
    head: Annotated[
        str,
        typer.Option(
            "--head", metavar="REVISION", help="What to build upon: an id, base, label@head."
        ),
    ] = "head",
    splice: Splice = False,
    depends_on: Annotated[
        list[str] | None,
        typer.Option(
            "--depends-on", metavar="REVISION", help="Must be applied before; repeatable."
        ),
    ] = None,
    branch_label: BranchLabel = None,
    version_path: Annotated[
        str | None,
        typer.Option(
            "--version-path", metavar="FOLDER", help="Which of version_locations to write to."
        ),
    ] = None,
    sql_file: Annotated[
        bool, typer.Option("--sql-file", help="Write a .sql revision instead of a Python one.")
    ] = False,
    sql: Annotated[
        bool,
        typer.Option(
            "--sql", help="Ask no database. Nothing does so here; Alembic knows this option."
        ),
    ] = False,
) -> None:
    """Write a new revision file."""
    if autogenerate and sql:
        problem = "--autogenerate compares with a database, and --sql asks none"
        raise UsageProblem(problem, "leave one of them out")
    if shadow_url and not autogenerate:
        raise UsageProblem("--shadow-url is about --autogenerate", "give both, or leave it out")
    if skip_empty and not autogenerate:
        raise UsageProblem("--skip-empty is about --autogenerate", "give both, or leave it out")
    if (rename or no_rename) and not autogenerate:
        raise UsageProblem("--rename is about --autogenerate", "give both, or leave it out")
    renames = given_renames(rename or ())
    ask = None if no_rename else asker(invocation)

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
            ask_rename=ask,
        )

    try:
        created = invocation.migrate(work, shadow_url=shadow_url)
    except InterruptedRunError as error:
        if ask is None or not ask.waiting:
            raise
        hint = "no file was written; the database was read, and nothing was run in it"
        raise InterruptedRunError(error.signal, error.cause, hint=hint) from None
    if not no_rename:
        note_candidates(invocation, created.candidates)
    if sql and invocation.says:
        # Standard output belongs to SQL, of which a new revision has none yet.
        for line in created_lines(created, invocation.console.err):
            invocation.note(line)
        return
    invocation.confirm(created.to_dict(), lambda stream: created_lines(created, stream))
    invocation.warn(created.notes)
