"""What ``upgrade`` and ``downgrade`` have in common: the run, its preview, its offline script."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from asyncmig_cli.failures import UsageProblem
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.migrator import Migrator
    from asyncmig.plan.model import Plan
    from asyncmig.results import RunResult

__all__ = ["RunRequest", "run_steps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What was asked for."""

    direction: Literal["upgrade", "downgrade"]
    target: str
    sql: bool
    tag: str | None
    dry_run: bool
    lock_timeout: str | None
    lock_retries: int | None
    lock_wait: str | None
    no_lock: bool
    wait: str | None

    @property
    def overrides(self) -> dict[str, object]:
        """The settings it changes."""
        return {
            "tag": self.tag,
            "lock_timeout": seconds("--lock-timeout", self.lock_timeout),
            "lock_retries": self.lock_retries,
            "lock_wait": seconds("--lock-wait", self.lock_wait),
            "wait_for_database": seconds("--wait-for-database", self.wait),
            "lock": False if self.no_lock else None,
        }


def run_steps(invocation: Invocation, request: RunRequest) -> None:
    """Run, preview or write out the steps of ``request``."""
    if request.sql and request.dry_run:
        message = "--sql and --dry-run exclude each other"
        raise UsageProblem(message, "--sql prints the script, --dry-run shows the plan")
    if ":" in request.target and not request.sql:
        message = f"{request.target!r} is a range, and a run goes from where the database stands"
        raise UsageProblem(message, "ranges are for --sql")
    if request.sql:
        _write_sql(invocation, request)
    elif request.dry_run:
        _preview(invocation, request)
    else:
        _run(invocation, request)


def _write_sql(invocation: Invocation, request: RunRequest) -> None:
    invocation.console.reserve()

    async def work(migrator: "Migrator") -> str:
        return await migrator.sql(request.target, direction=request.direction)

    invocation.show_sql(invocation.migrate(work, tag=request.tag))


def _preview(invocation: Invocation, request: RunRequest) -> None:
    from asyncmig_cli.rendering.databases import plan_each, show_plans

    async def work(migrator: "Migrator") -> "Mapping[str, Plan]":
        return await plan_each(migrator, request.target, request.direction)

    show_plans(invocation, invocation.migrate(work, progress=True, **request.overrides))


def _run(invocation: Invocation, request: RunRequest) -> None:
    async def work(migrator: "Migrator") -> "RunResult":
        run = migrator.upgrade if request.direction == "upgrade" else migrator.downgrade
        return await run(request.target)

    from asyncmig_cli.rendering.databases import each_lines
    from asyncmig_cli.rendering.states import run_lines

    result = invocation.migrate(work, progress=True, **request.overrides)
    invocation.confirm(result.to_dict(), lambda stream: each_lines(result, stream, run_lines))
