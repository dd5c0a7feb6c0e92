"""A plan as people read it: steps, their phases, the statements and where they come from."""

from collections.abc import Iterator, Sequence

from asyncmig.plan.model import Phase, PhaseKind, Plan, Step
from asyncmig.sql.statement import Statement
from asyncmig_cli.console import Stream
from asyncmig_cli.rendering.durations import count
from asyncmig_cli.rendering.files import near

__all__ = ["phase_lines", "plan_lines", "step_lines"]

KINDS = {
    PhaseKind.TRANSACTION: ("transaction", "green", "one transaction"),
    PhaseKind.AUTOCOMMIT: ("autocommit", "yellow", "each statement commits by itself"),
    PhaseKind.BACKFILL: ("backfill", "magenta", "in batches, each its own transaction"),
}


def plan_lines(plan: Plan, stream: Stream) -> Iterator[str]:
    """The whole plan; for an empty one, that there is nothing to do."""
    standing = ", ".join(plan.current) or "<base>"
    if not plan.steps:
        yield f"nothing to {plan.direction}: the database stands at {standing}"
        return
    statements = sum(len(phase.statements) for step in plan.steps for phase in step.phases)
    goal = ", ".join(plan.heads) or "<base>"
    yield (
        f"{plan.direction} {standing} → {goal}: {count(len(plan.steps), 'step')},"
        f" {count(sum(len(step.phases) for step in plan.steps), 'phase')},"
        f" {count(statements, 'statement')}"
    )
    for number, step in enumerate(plan.steps, 1):
        yield ""
        yield from step_lines(step, stream, f"{number}/{len(plan.steps)} ")


def step_lines(step: Step, stream: Stream, number: str = "") -> Iterator[str]:
    """One step with its phases."""
    name = stream.style(step.revision, "bold")
    yield f"{stream.style(number, 'dim')}{name} {step.message}".rstrip()
    yield from phase_lines(step, stream)


def phase_lines(step: Step, stream: Stream) -> Iterator[str]:
    """The phases of a step and what it does to the version table."""
    for index, phase in enumerate(step.phases, 1):
        yield from _phase_lines(phase, index, len(step.phases), stream)
    if step.live:
        where = f" at {near(step.live_origin)}" if step.live_origin else ""
        note = f"reads from the database{where}: what follows is known only when it runs"
        yield f"    {stream.style(note, 'yellow')}"
    yield f"    {stream.style(_version_change(step), 'dim')}"


def _phase_lines(phase: Phase, index: int, total: int, stream: Stream) -> Iterator[str]:
    word, color, meaning = KINDS[phase.kind]
    counted = count(len(phase.statements), "statement") if phase.statements else "nothing to run"
    heading = stream.style(word, color)
    yield f"  phase {index}/{total} {heading} {stream.style(f'({meaning}), {counted}', 'dim')}"
    for statement in phase.statements:
        yield from _statement_lines(statement, stream)


def _statement_lines(statement: Statement, stream: Stream) -> Iterator[str]:
    origin = statement.origin or ""
    if origin:
        directive = f" {statement.directive}" if statement.directive else ""
        yield f"    {stream.style(f'-- {near(origin)}{directive}', 'dim')}"
    lines = statement.sql.strip().splitlines() or [""]
    for position, line in enumerate(lines):
        end = ";" if position == len(lines) - 1 and not statement.sql.rstrip().endswith(";") else ""
        yield f"    {line}{end}"
    if statement.copy_data:
        rows = count(statement.copy_data.count("\n"), "row")
        yield f"    {stream.style(f'-- {rows} of data', 'dim')}"


def _version_change(step: Step) -> str:
    gone: Sequence[str] = step.version.remove
    come: Sequence[str] = step.version.add
    return f"version: {', '.join(gone) or '<none>'} → {', '.join(come) or '<none>'}"
