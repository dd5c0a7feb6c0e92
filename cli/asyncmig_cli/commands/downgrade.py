"""``asyncmig downgrade``."""

from typing import Annotated

import typer

from asyncmig_cli.completion import complete_revision
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import (
    DryRun,
    LockRetries,
    LockTimeout,
    LockWait,
    NoLock,
    Sql,
    Tag,
    Wait,
)
from asyncmig_cli.runs import RunRequest, run_steps

EXAMPLES = {
    "asyncmig downgrade -1": "take the last revision back",
    "asyncmig downgrade ae10": "go back to a revision, which stays",
    "asyncmig downgrade base": "take everything back",
    "asyncmig downgrade 27c6:ae10 --sql": "print the SQL of the way from 27c6 down to ae10",
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
    tag: Tag = None,
    dry_run: DryRun = False,
    lock_timeout: LockTimeout = None,
    lock_retries: LockRetries = None,
    lock_wait: LockWait = None,
    no_lock: NoLock = False,
    wait: Wait = None,
) -> None:
    """Take revisions back, down to a target."""
    run_steps(
        invocation,
        RunRequest(
            direction="downgrade",
            target=target,
            sql=sql,
            tag=tag,
            dry_run=dry_run,
            lock_timeout=lock_timeout,
            lock_retries=lock_retries,
            lock_wait=lock_wait,
            no_lock=no_lock,
            wait=wait,
        ),
    )
