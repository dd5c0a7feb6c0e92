"""``asyncmig resolve``."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from asyncmig_cli.errors import UsageError
from asyncmig_cli.input.completion import complete_revision
from asyncmig_cli.options.parameters import LockWait, NoLock, Wait, run_settings
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import ResolveResult

EXAMPLES = {
    "asyncmig resolve ae10 --done": "the statement has run: continue after it",
    "asyncmig resolve ae10 --retry": "it has not run: run it again",
    "asyncmig resolve ae10 --forget": "I have removed its partial changes",
}
DOCUMENT = "ResolveResult"


def resolve(
    invocation: Invocation,
    revision: Annotated[
        str,
        typer.Argument(
            autocompletion=complete_revision,
            metavar="REVISION",
            help="The partially applied revision; `asyncmig status` names it.",
        ),
    ],
    done: Annotated[
        bool, typer.Option("--done", help="The interrupted statement has run.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="It has not run.")] = False,
    forget: Annotated[
        bool,
        typer.Option("--forget", help="Discard the partial state; you have cleaned up by hand."),
    ] = False,
    lock_wait: LockWait = None,
    no_lock: NoLock = False,
    wait: Wait = None,
) -> None:
    """Record whether an interrupted statement has run."""
    decisions: dict[Literal["done", "retry", "forget"], bool] = {
        "done": done,
        "retry": retry,
        "forget": forget,
    }
    given: list[Literal["done", "retry", "forget"]] = [
        name for name, chosen in decisions.items() if chosen
    ]
    if len(given) != 1:
        message = "resolve needs exactly one of --done, --retry and --forget"
        raise UsageError(
            message, "look at the database first, with `asyncmig status` and `asyncmig log`"
        )

    async def work(migrator: "Migrator") -> "ResolveResult":
        return await migrator.resolve(revision, given[0])

    from asyncmig_cli.rendering.states import resolve_lines

    result = invocation.migrate(
        work,
        progress=True,
        **run_settings(lock_wait=lock_wait, no_lock=no_lock, wait=wait),
    )
    invocation.confirm(result.to_dict(), lambda stream: resolve_lines(result, stream))
