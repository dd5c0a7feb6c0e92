"""``asyncmig stamp``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.completion import complete_revision
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import LockWait, NoLock, Sql, Tag, Wait, seconds

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import StampResult

EXAMPLES = {
    "asyncmig stamp head": "this database has it all already",
    "asyncmig stamp base": "nothing was applied",
    "asyncmig stamp head --purge": "the same, whatever the version table holds",
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
    tag: Tag = None,
    lock_wait: LockWait = None,
    no_lock: NoLock = False,
    wait: Wait = None,
) -> None:
    """Write revisions into the version table without running them."""
    if sql:
        invocation.console.reserve()

        async def script(migrator: "Migrator") -> str:
            return await migrator.stamp_sql(*revisions, purge=purge)

        invocation.show_sql(invocation.migrate(script, tag=tag))
        return

    async def work(migrator: "Migrator") -> "StampResult":
        return await migrator.stamp(*revisions, purge=purge)

    from asyncmig_cli.rendering.databases import each_lines
    from asyncmig_cli.rendering.states import stamp_lines

    result = invocation.migrate(
        work,
        progress=True,
        tag=tag,
        lock_wait=seconds("--lock-wait", lock_wait),
        lock=False if no_lock else None,
        wait_for_database=seconds("--wait-for-database", wait),
    )
    invocation.confirm(result.to_dict(), lambda stream: each_lines(result, stream, stamp_lines))
