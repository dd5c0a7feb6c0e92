"""Several databases in one call: a plan for each, and results beside failures."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from asyncmig.errors import AsyncmigError
from asyncmig_cli.output.console import Stream
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.migrator.plan_methods import DirectionName
    from asyncmig.plan.model import Plan

__all__ = ["plan_each", "show_plans", "showing_results"]


@contextmanager
def showing_results(
    invocation: Invocation, lines: "Callable[[Any, Stream], Iterable[str]]"
) -> "Iterator[None]":
    """Where some of several databases fail, print the results of the others; in JSON the error has them."""
    try:
        yield
    except AsyncmigError as error:
        if error.failures and not invocation.options.json:
            for line in _lines_beside(error, invocation.console.out, lines):
                invocation.console.out.line(line)
        raise


def _lines_beside(
    error: AsyncmigError, stream: Stream, lines: Callable[[Any, Stream], Iterable[str]]
) -> Iterator[str]:
    """Results, and failures other than the one that ``error`` reports."""
    from asyncmig_cli.rendering.databases import database_lines

    def failure_lines(failure: Mapping[str, str | None], stream: Stream) -> Iterator[str]:
        yield f"{stream.style('failed', 'red', 'bold')}: {failure['message']}"
        if failure["hint"]:
            yield stream.style(failure["hint"], "dim")

    others = {name: one for name, one in error.failures.items() if name != error.database}
    yield from database_lines(error.databases, stream, lines)
    if error.databases and others:
        yield ""
    yield from database_lines(others, stream, failure_lines)


async def plan_each(
    migrator: "Migrator",
    target: str,
    direction: "DirectionName",
    current: Sequence[str] | None = None,
) -> "Mapping[str, Plan]":
    """The plan of each database by name; that of a single database has the empty name."""
    if current is None:
        return await migrator.plan_each(target, direction=direction)
    return {
        one.name or "": await one.plan(target, current=current, direction=direction)
        for one in await migrator.databases()
    }


def show_plans(invocation: Invocation, plans: "Mapping[str, Plan]") -> None:
    """Print a plan, or the plan of each database."""
    from asyncmig_cli.rendering.plans import plan_lines

    invocation.show_each(plans, lambda plan: plan.to_dict(), plan_lines)
