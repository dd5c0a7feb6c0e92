"""``asyncmig downgrade``."""

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
    "asyncmig downgrade -1": "revert the last revision",
    "asyncmig downgrade ae10": "revert what came after ae10",
    "asyncmig downgrade base": "revert all revisions",
    "asyncmig downgrade 27c6:ae10 --sql": "print the SQL from 27c6 down to ae10",
}
DOCUMENT = 'RunResult; with --dry-run as plan; with --sql {"sql": string}'


def downgrade(
    invocation: Invocation,
    target: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_revision,
            metavar="TARGET",
            help="-N, a full or partial id, id-N, base, label@base; a:b with --sql.",
        ),
    ],
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
    """Revert revisions down to a target, which stays applied."""
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
        "downgrade",
        target,
        sql=sql,
        dry_run=dry_run,
        settings=script if sql else settings,
    )
