"""``asyncmig stamp``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.input.completion import complete_revision
from asyncmig_cli.options.parameters import (
    LockWait,
    NoJournal,
    NoLock,
    Sql,
    Tag,
    Wait,
    run_settings,
    script_settings,
)
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import StampResult

EXAMPLES = {
    "asyncmig stamp head": "the database has all of it already",
    "asyncmig stamp base": "no revision is applied",
    "asyncmig stamp head --purge": "whatever the version table holds",
}
DOCUMENT = 'StampResult; with --sql {"sql": string}'


def stamp(
    invocation: Invocation,
    revisions: Annotated[
        list[str],
        typer.Argument(
            autocompletion=complete_revision, metavar="REVISION", help="Ids, head, heads or base."
        ),
    ],
    purge: Annotated[bool, typer.Option("--purge", help="Empty the version table first.")] = False,
    sql: Sql = False,
    no_journal: NoJournal = False,
    tag: Tag = None,
    lock_wait: LockWait = None,
    no_lock: NoLock = False,
    wait: Wait = None,
) -> None:
    """Set the version table without running revisions."""
    settings = script_settings(sql=sql, no_journal=no_journal, tag=tag)
    if sql:
        invocation.console.reserve()

        async def script(migrator: "Migrator") -> str:
            return await migrator.stamp_sql(*revisions, purge=purge)

        invocation.show_sql(invocation.migrate(script, progress=False, **settings))
        return

    async def work(migrator: "Migrator") -> "StampResult":
        return await migrator.stamp(*revisions, purge=purge)

    from asyncmig_cli.rendering.databases import each_lines
    from asyncmig_cli.rendering.states import stamp_lines

    result = invocation.migrate(
        work,
        progress=True,
        **run_settings(tag=tag, lock_wait=lock_wait, no_lock=no_lock, wait=wait),
    )
    invocation.confirm(result.to_dict(), lambda stream: each_lines(result, stream, stamp_lines))
