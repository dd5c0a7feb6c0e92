"""``asyncmig ensure_version``."""

from typing import TYPE_CHECKING

from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import LockWait, NoLock, Sql, Wait, seconds

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import VersionTableResult
    from asyncmig_cli.console import Stream

EXAMPLES = {
    "asyncmig ensure_version": "create the version table where there is none",
    "asyncmig ensure_version --sql": "print the SQL that does it",
}
DOCUMENT = 'VersionTableResult; with --sql {"sql": string}'


def ensure_version(
    invocation: Invocation,
    sql: Sql = False,
    lock_wait: LockWait = None,
    no_lock: NoLock = False,
    wait: Wait = None,
) -> None:
    """Create the version table and the journal where they are missing."""
    if sql:
        invocation.console.reserve()

        async def script(migrator: "Migrator") -> str:
            return await migrator.ensure_version_sql()

        invocation.show_sql(invocation.migrate(script))
        return

    async def work(migrator: "Migrator") -> "VersionTableResult":
        return await migrator.ensure_version()

    result = invocation.migrate(
        work,
        progress=True,
        lock_wait=seconds("--lock-wait", lock_wait),
        lock=False if no_lock else None,
        wait_for_database=seconds("--wait-for-database", wait),
    )
    from asyncmig_cli.rendering.databases import each_lines

    invocation.confirm(result.to_dict(), lambda stream: each_lines(result, stream, _lines))


def _lines(result: "VersionTableResult", stream: "Stream") -> list[str]:
    done = "created" if result.created else "is there already:"
    return [f"{stream.style(done, 'green', 'bold')} {result.table}"]
