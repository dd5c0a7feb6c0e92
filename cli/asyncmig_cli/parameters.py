"""Arguments and options that several commands share, spelled and explained once."""

from typing import Annotated

import typer

from asyncmig_cli.failures import UsageProblem

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
    "seconds",
]

Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Show all that is known.")]
Sql = Annotated[
    bool, typer.Option("--sql", help="Print the SQL to standard output instead of running it.")
]
Tag = Annotated[
    str | None, typer.Option("--tag", metavar="TEXT", help="A word of yours for the journal.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and run nothing.")]
Message = Annotated[
    str | None, typer.Option("-m", "--message", metavar="TEXT", help="What the revision is for.")
]
RevId = Annotated[
    str | None, typer.Option("--rev-id", metavar="ID", help="Use this id instead of a new one.")
]
ShadowUrl = Annotated[
    str | None,
    typer.Option(
        "--shadow-url",
        metavar="URL",
        help="Build the models in this database, or in a private server: embedded.",
    ),
]
BranchLabel = Annotated[
    str | None,
    typer.Option("--branch-label", metavar="LABEL", help="Name the branch from here on."),
]
Splice = Annotated[
    bool, typer.Option("--splice", help="Allow a revision that is no head to be built upon.")
]
LockTimeout = Annotated[
    str | None,
    typer.Option(
        "--lock-timeout",
        metavar="TIME",
        help="How long a statement may wait for a lock before it is tried again: 5s, 200ms; 0 is for ever.",
    ),
]
LockRetries = Annotated[
    int | None,
    typer.Option(
        "--lock-retries",
        metavar="N",
        show_default=False,
        help="How often a phase that met a lock or a deadlock is tried again; 0 is a single try.",
    ),
]
LockWait = Annotated[
    str | None,
    typer.Option(
        "--lock-wait",
        metavar="TIME",
        help="How long to wait for another runner: 10min, 30s; afterwards the exit code is 4.",
    ),
]
Wait = Annotated[
    str | None,
    typer.Option(
        "--wait-for-database",
        metavar="TIME",
        help="How long to wait for a database that does not answer yet: 30s, 1min.",
    ),
]
NoLock = Annotated[
    bool, typer.Option("--no-lock", help="Do not take the lock that keeps other runners out.")
]


def seconds(option: str, written: str | None) -> float | None:
    """A length of time as typed, in seconds.

    Raises:
        UsageProblem: it is none.
    """
    if written is None:
        return None
    from asyncmig.config.duration import parse_duration

    try:
        return parse_duration(written)
    except ValueError:
        message = f"{option}: {written!r} is no length of time"
        raise UsageProblem(message, "write 5s, 200ms, 1min, or a number of seconds") from None
