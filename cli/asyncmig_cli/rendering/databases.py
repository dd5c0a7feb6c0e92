"""What there is to say of several databases, one after the other."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from asyncmig.errors import AsyncmigError
from asyncmig_cli.console import Stream
from asyncmig_cli.invocation import Invocation

if TYPE_CHECKING:
    from typing import Self

    from asyncmig.migrator import Migrator
    from asyncmig.plan.model import Plan

__all__ = ["database_lines", "each_lines", "plan_each", "show_plans", "showing_others"]

T = TypeVar("T")


class Several(Protocol):
    """A result that holds those of several databases by name; none where there is one."""

    @property
    def databases(self) -> "Mapping[str, Self]":
        """Each by name."""
        ...


S = TypeVar("S", bound=Several)


def each_lines(
    result: S, stream: Stream, lines: Callable[[S, Stream], Iterable[str]]
) -> Iterator[str]:
    """The lines of a result, or of each database's under its name."""
    if result.databases:
        yield from database_lines(result.databases, stream, lines)
    else:
        yield from lines(result, stream)


@contextmanager
def showing_others(
    invocation: Invocation, lines: "Callable[[Any, Stream], Iterable[str]]"
) -> "Iterator[None]":
    """Where some of several databases fail, show what the others say; in JSON the error has it."""
    try:
        yield
    except AsyncmigError as error:
        if not invocation.options.json:
            for line in _other_lines(error, invocation.console.out, lines):
                invocation.console.out.line(line)
        raise


def _other_lines(
    error: AsyncmigError, stream: Stream, lines: Callable[[Any, Stream], Iterable[str]]
) -> Iterator[str]:
    facts: Any = error
    if not hasattr(error, "failures"):
        return

    def failed(told: Mapping[str, str | None], stream: Stream) -> Iterator[str]:
        yield f"{stream.style('failed', 'red', 'bold')}: {told['message']}"
        if told["hint"]:
            yield stream.style(told["hint"], "dim")

    others = {name: told for name, told in facts.failures.items() if name != facts.database}
    yield from database_lines(facts.databases, stream, lines)
    if facts.databases and others:
        yield ""
    yield from database_lines(others, stream, failed)


def database_lines(
    found: Mapping[str, T], stream: Stream, lines: Callable[[T, Stream], Iterable[str]]
) -> Iterator[str]:
    """The lines of each, indented under its name."""
    for number, (name, one) in enumerate(found.items()):
        if number:
            yield ""
        yield stream.style(name, "bold", "cyan")
        for line in lines(one, stream):
            yield f"  {line}" if line else ""


async def plan_each(
    migrator: "Migrator", target: str, direction: str, current: "list[str] | None" = None
) -> "Mapping[str, Plan]":
    """The plan of each database by name; that of a single one has the empty name."""
    if current is None:
        return await migrator.plan_each(target, direction=direction)
    return {
        one.name or "": await one.plan(target, current=current, direction=direction)
        for one in await migrator.databases()
    }


def show_plans(invocation: Invocation, plans: "Mapping[str, Plan]") -> None:
    """Print a plan, or the plan of each database."""
    from asyncmig_cli.rendering.plans import plan_lines

    if len(plans) == 1:
        (plan,) = plans.values()
        invocation.show(plan.to_dict(), lambda stream: plan_lines(plan, stream))
        return
    document = {"databases": {name: plan.to_dict() for name, plan in plans.items()}}
    invocation.show(document, lambda stream: database_lines(plans, stream, plan_lines))
