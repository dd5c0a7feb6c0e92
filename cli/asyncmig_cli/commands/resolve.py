"""``asyncmig resolve``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.completion import complete_revision
from asyncmig_cli.failures import UsageProblem
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import LockWait, NoLock, Wait, seconds

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import ResolveResult

EXAMPLES = {
    "asyncmig resolve ae10 --done": "the interrupted statement has run: go on behind it",
    "asyncmig resolve ae10 --retry": "it has not: run it again",
    "asyncmig resolve ae10 --forget": "nothing of the revision stands any more",
}
DOCUMENT = "ResolveResult"


def resolve(
    invocation: Invocation,
    revision: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_revision,
            metavar="REVISION",
            help="The revision that stopped half way; `asyncmig status` names it.",
        ),
    ],
    done: Annotated[
        bool, typer.Option("--done", help="The interrupted statement has run.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="It has not run.")] = False,
    forget: Annotated[
        bool,
        typer.Option("--forget", help="You have put right by hand all that the revision left."),
    ] = False,
    lock_wait: LockWait = None,
    no_lock: NoLock = False,
    wait: Wait = None,
) -> None:
    """Say how a revision that stopped half way stands, where the database cannot tell."""
    decisions = {"done": done, "retry": retry, "forget": forget}
    said = [name for name, chosen in decisions.items() if chosen]
    if len(said) != 1:
        message = "resolve needs one decision: --done, --retry or --forget"
        raise UsageProblem(message, "look at the database first: `asyncmig status`, `asyncmig log`")

    async def work(migrator: "Migrator") -> "ResolveResult":
        return await migrator.resolve(revision, said[0])

    from asyncmig_cli.rendering.states import resolve_lines

    result = invocation.migrate(
        work,
        progress=True,
        lock_wait=seconds("--lock-wait", lock_wait),
        lock=False if no_lock else None,
        wait_for_database=seconds("--wait-for-database", wait),
    )
    invocation.confirm(result.to_dict(), lambda stream: resolve_lines(result, stream))
