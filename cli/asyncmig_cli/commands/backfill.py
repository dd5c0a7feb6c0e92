"""``asyncmig backfill``."""

from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.errors import UsageError
from asyncmig_cli.options.parameters import DryRun, LockTimeout, Wait, run_settings
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import BackfillEstimate, BackfillInfo

EXAMPLES = {
    "asyncmig backfill list": "all backfills, with their progress",
    "asyncmig backfill run": "run what is pending, until it is done",
    "asyncmig backfill run emails --workers 4": "over four connections",
    "asyncmig backfill run --dry-run": "rows, batches and expected time",
    "asyncmig backfill pause emails": "until `resume`",
    "asyncmig backfill show emails": "SQL, state, refused rows",
}
DOCUMENT = '{"backfills": [BackfillInfo]}; with --dry-run {"estimates": [BackfillEstimate]}'

ACTIONS = ("list", "run", "pause", "resume", "cancel", "show")


def backfill(
    invocation: Invocation,
    action: Annotated[
        str, typer.Argument(metavar="ACTION", help="list, run, pause, resume, cancel or show.")
    ] = "list",
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help="The backfills; `run` without a name runs all."),
    ] = None,
    workers: Annotated[
        int,
        typer.Option("--workers", metavar="N", help="Connections that work on a backfill."),
    ] = 1,
    until_done: Annotated[
        bool, typer.Option("--until-done", help="Wait for backfills that are paused, too.")
    ] = False,
    dry_run: DryRun = False,
    lock_timeout: LockTimeout = None,
    wait: Wait = None,
) -> None:
    """Run and control backfills."""
    wanted = tuple(names or ())
    _check(action, wanted, workers, dry_run=dry_run)
    settings = run_settings(lock_timeout=lock_timeout, wait=wait)
    from asyncmig_cli.backfills.details import detail_lines, estimate_lines
    from asyncmig_cli.backfills.table import idle_lines, list_lines

    if dry_run:

        async def estimate(migrator: "Migrator") -> "tuple[BackfillEstimate, ...]":
            return await migrator.estimate_backfills(*wanted)

        estimates = invocation.migrate(estimate, progress=True, **settings)
        document = {"estimates": [one.to_dict() for one in estimates]}
        invocation.show(document, lambda stream: estimate_lines(estimates, stream))
        return

    idle: list[BackfillInfo] = []

    async def work(migrator: "Migrator") -> "tuple[BackfillInfo, ...]":
        match action:
            case "run":
                ran = await migrator.run_backfills(*wanted, workers=workers, until_done=until_done)
                if not ran:
                    known = await migrator.backfills()
                    idle.extend(one for one in known if not wanted or one.name in wanted)
                return ran
            case "pause":
                return tuple([await migrator.pause_backfill(name) for name in wanted])
            case "resume":
                return tuple([await migrator.resume_backfill(name) for name in wanted])
            case "cancel":
                return tuple([await migrator.cancel_backfill(name) for name in wanted])
            case "show":
                return tuple([one for name in wanted for one in await migrator.backfills(name)])
            case _:
                return await migrator.backfills()

    found = invocation.migrate(work, progress=True, **settings)
    document = {"backfills": [one.to_dict() for one in found]}
    lines = detail_lines if action == "show" else list_lines
    if action == "run" and not found:
        invocation.show(document, lambda stream: idle_lines(idle, stream))
    else:
        invocation.show(document, lambda stream: lines(found, stream))


def _check(action: str, names: tuple[str, ...], workers: int, *, dry_run: bool) -> None:
    """Check the arguments.

    Raises:
        UsageError: there is no such action, or it takes other arguments.
    """
    if action not in ACTIONS:
        message = f"there is no action {action!r}"
        raise UsageError(message, f"it is one of {', '.join(ACTIONS)}")
    if action == "list" and names:
        message = "`backfill list` takes no name"
        raise UsageError(message, f"`asyncmig backfill show {names[0]}` shows one")
    if action not in {"list", "run"} and not names:
        message = f"`backfill {action}` needs the name of a backfill"
        raise UsageError(message, "`asyncmig backfill list` shows the names")
    if workers < 1:
        message = f"--workers {workers} is not a number of workers"
        raise UsageError(message, "give 1 or more")
    if action != "run" and (workers > 1 or dry_run):
        message = f"--workers and --dry-run belong to `backfill run`, not to `backfill {action}`"
        raise UsageError(message, "leave them out")
