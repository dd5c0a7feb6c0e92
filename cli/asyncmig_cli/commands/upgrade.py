"""``asyncmig upgrade``."""

from typing import Annotated

import typer

from asyncmig_cli.input.completion import complete_revision
from asyncmig_cli.options.parameters import (
    DryRun,
    LockRetries,
    LockTimeout,
    LockWait,
    NoJournal,
    NoLock,
    Sql,
    Tag,
    TransactionWait,
    Wait,
    run_settings,
    script_settings,
)
from asyncmig_cli.runtime.invocation import Invocation
from asyncmig_cli.runtime.run_options import run_steps

EXAMPLES = {
    "asyncmig upgrade": "apply all pending revisions",
    "asyncmig upgrade +1": "apply the next revision",
    "asyncmig upgrade head --dry-run": "show the plan",
    "asyncmig upgrade ae10:27c6 --sql > change.sql": "write a script for psql",
}
DOCUMENT = 'RunResult; with --dry-run as plan; with --sql {"sql": string}'


def upgrade(
    invocation: Invocation,
    target: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_revision,
            metavar="TARGET",
            help="head, heads, a full or partial id, +N, id+N, label@head; a:b with --sql.",
        ),
    ] = "heads",
    sql: Sql = False,
    no_journal: NoJournal = False,
    tag: Tag = None,
    dry_run: DryRun = False,
    lock_timeout: LockTimeout = None,
    lock_retries: LockRetries = None,
    transaction_wait: TransactionWait = None,
    lock_wait: LockWait = None,
    no_lock: NoLock = False,
    wait: Wait = None,
) -> None:
    """Apply revisions up to a target."""
    settings = run_settings(
        tag=tag,
        lock_timeout=lock_timeout,
        lock_retries=lock_retries,
        transaction_wait=transaction_wait,
        lock_wait=lock_wait,
        no_lock=no_lock,
        wait=wait,
    )
    script = script_settings(sql=sql, no_journal=no_journal, tag=tag)
    run_steps(
        invocation,
        "upgrade",
        target,
        sql=sql,
        dry_run=dry_run,
        settings=script if sql else settings,
    )
