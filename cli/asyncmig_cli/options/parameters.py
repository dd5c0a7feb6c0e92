"""Arguments and options that several commands share, each defined once."""

from typing import Annotated

import typer

from asyncmig_cli.errors import UsageError

__all__ = [
    "BranchLabel",
    "DryRun",
    "LockRetries",
    "LockTimeout",
    "LockWait",
    "Message",
    "NoLock",
    "RevId",
    "ShadowUrl",
    "Splice",
    "Sql",
    "Tag",
    "Verbose",
    "Wait",
    "run_settings",
]

Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Show more detail.")]
Sql = Annotated[bool, typer.Option("--sql", help="Print the SQL instead of running it.")]
NoJournal = Annotated[
    bool,
    typer.Option(
        "--no-journal", help="With --sql: leave out the journal; keep the version table only."
    ),
]
Tag = Annotated[
    str | None,
    typer.Option("--tag", metavar="TEXT", help="Label of this run in the journal."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and run nothing.")]
Message = Annotated[
    str | None, typer.Option("-m", "--message", metavar="TEXT", help="Description of the revision.")
]
RevId = Annotated[
    str | None, typer.Option("--rev-id", metavar="ID", help="Use this id, not a generated one.")
]
ShadowUrl = Annotated[
    str | None,
    typer.Option(
        "--shadow-url",
        metavar="URL",
        help="Build the models in this database instead; `embedded` starts a private server.",
    ),
]
BranchLabel = Annotated[
    str | None,
    typer.Option("--branch-label", metavar="LABEL", help="Label of a new branch."),
]
Splice = Annotated[
    bool,
    typer.Option("--splice", help="Allow a parent that is not a head (creates a branch)."),
]
LockTimeout = Annotated[
    str | None,
    typer.Option(
        "--lock-timeout",
        metavar="TIME",
        help="Maximum wait for a lock before a phase is retried (5s). 0: no limit.",
    ),
]
LockRetries = Annotated[
    int | None,
    typer.Option(
        "--lock-retries",
        metavar="N",
        show_default=False,
        help="Retries after a lock timeout or deadlock. 0 disables retries.",
    ),
]
TransactionWait = Annotated[
    str | None,
    typer.Option(
        "--wait-for-transactions",
        metavar="TIME",
        help="Let long transactions end before a phase of a safe rewrite (1min).",
    ),
]
LockWait = Annotated[
    str | None,
    typer.Option(
        "--lock-wait",
        metavar="TIME",
        help="Maximum wait for another runner (10min).",
    ),
]
Wait = Annotated[
    str | None,
    typer.Option(
        "--wait-for-database",
        metavar="TIME",
        help="Wait until the server answers (30s).",
    ),
]
NoLock = Annotated[
    bool,
    typer.Option(
        "--no-lock",
        help="Take no advisory lock. Only safe if nothing else migrates.",
    ),
]


def _seconds(option: str, written: str | None) -> float | None:
    """A duration as typed, in seconds.

    Raises:
        UsageError: it is not a duration.
    """
    if written is None:
        return None
    from asyncmig.config.duration import parse_duration

    try:
        return parse_duration(written)
    except ValueError:
        message = f"{option}: {written!r} is not a duration"
        raise UsageError(message, "write 5s, 200ms, 1min, or a number of seconds") from None


def script_settings(*, sql: bool, no_journal: bool, tag: str | None = None) -> dict[str, object]:
    """The settings of a script for psql that these options change.

    Raises:
        UsageError: ``--no-journal`` without ``--sql``.
    """
    if no_journal and not sql:
        message = "--no-journal is for --sql"
        raise UsageError(
            message, "a run needs no journal with `journal = false` in the configuration"
        )
    return {"tag": tag, "journal": False if no_journal else None}


def run_settings(
    *,
    tag: str | None = None,
    lock_timeout: str | None = None,
    lock_retries: int | None = None,
    lock_wait: str | None = None,
    no_lock: bool = False,
    wait: str | None = None,
    transaction_wait: str | None = None,
) -> dict[str, object]:
    """The settings that these options change; None where an option was not given.

    Raises:
        UsageError: a value is not a duration, or a number is negative.
    """
    if lock_retries is not None and lock_retries < 0:
        message = f"--lock-retries: {lock_retries} is negative"
        raise UsageError(message, "give 0 or more; 0 disables retries")
    return {
        "tag": tag,
        "lock_timeout": _seconds("--lock-timeout", lock_timeout),
        "lock_retries": lock_retries,
        "lock_wait": _seconds("--lock-wait", lock_wait),
        "lock": False if no_lock else None,
        "wait_for_database": _seconds("--wait-for-database", wait),
        "wait_for_transactions": _seconds("--wait-for-transactions", transaction_wait),
    }
