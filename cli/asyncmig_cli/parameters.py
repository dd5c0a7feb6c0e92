"""Arguments and options that several commands share, spelled and explained once."""

from typing import Annotated

import typer

__all__ = [
    "BranchLabel",
    "DryRun",
    "LockTimeout",
    "LockWait",
    "Message",
    "NoLock",
    "RevId",
    "Splice",
    "Sql",
    "Tag",
    "Verbose",
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
BranchLabel = Annotated[
    str | None,
    typer.Option("--branch-label", metavar="LABEL", help="Name the branch from here on."),
]
Splice = Annotated[
    bool, typer.Option("--splice", help="Allow a revision that is no head to be built upon.")
]
LockTimeout = Annotated[
    float | None,
    typer.Option(
        "--lock-timeout",
        metavar="SECONDS",
        show_default=False,
        help="How long a statement may wait for a lock before it is tried again; 0 is for ever.",
    ),
]
LockWait = Annotated[
    float | None,
    typer.Option(
        "--lock-wait",
        metavar="SECONDS",
        show_default=False,
        help="How long to wait for another runner; afterwards the exit code is 4.",
    ),
]
NoLock = Annotated[
    bool, typer.Option("--no-lock", help="Do not take the lock that keeps other runners out.")
]
