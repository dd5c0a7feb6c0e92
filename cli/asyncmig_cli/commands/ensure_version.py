"""``asyncmig ensure_version``."""

from typing import TYPE_CHECKING

from asyncmig_cli.options.parameters import (
    LockWait,
    NoJournal,
    NoLock,
    Sql,
    Wait,
    run_settings,
    script_settings,
)
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import VersionTableResult
    from asyncmig_cli.output.console import Stream

EXAMPLES = {
    "asyncmig ensure_version": "create the tables if needed",
    "asyncmig ensure_version --sql": "print the SQL",
}
DOCUMENT = 'VersionTableResult; with --sql {"sql": string}'


def ensure_version(
    invocation: Invocation,
    sql: Sql = False,
    no_journal: NoJournal = False,
    lock_wait: LockWait = None,
    no_lock: NoLock = False,
    wait: Wait = None,
) -> None:
    """Create the version table and the journal if needed."""
    settings = script_settings(sql=sql, no_journal=no_journal)
    if sql:
        invocation.console.reserve()

        async def script(migrator: "Migrator") -> str:
            return await migrator.ensure_version_sql()

        invocation.show_sql(invocation.migrate(script, progress=False, **settings))
        return

    async def work(migrator: "Migrator") -> "VersionTableResult":
        return await migrator.ensure_version()

    result = invocation.migrate(
        work,
        progress=True,
        **run_settings(lock_wait=lock_wait, no_lock=no_lock, wait=wait),
    )
    from asyncmig_cli.rendering.databases import each_lines

    invocation.confirm(result.to_dict(), lambda stream: each_lines(result, stream, _lines))


def _lines(result: "VersionTableResult", stream: "Stream") -> list[str]:
    done = "created" if result.created else "exists already:"
    return [f"{stream.style(done, 'green', 'bold')} {result.table}"]
