"""A plan as text: steps, phases, statements and their origins."""

from collections.abc import Iterator, Sequence

from asyncmig.plan.inverses import changes_rows
from asyncmig.plan.model import Direction, Phase, PhaseKind, Plan, Step
from asyncmig.plan.rewrites.notes import rewrite_notes
from asyncmig.sql.statement import Statement
from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import count, large_count, size
from asyncmig_cli.rendering.files import near

__all__ = ["backfill_notes", "phase_lines", "plan_lines", "step_lines"]

KINDS = {
    PhaseKind.TRANSACTION: ("transaction", "green", "one transaction"),
    PhaseKind.AUTOCOMMIT: ("autocommit", "yellow", "each statement commits separately"),
    PhaseKind.BACKFILL: ("backfill", "magenta", "in batches, each its own transaction"),
}

_LEAST_INDENTED = 8


def plan_lines(plan: Plan, stream: Stream) -> Iterator[str]:
    """The whole plan, or that there is nothing to do."""
    current = ", ".join(plan.current) or "<base>"
    if not plan.steps:
        yield f"nothing to {plan.direction}: the database is at {current}"
        return
    statements = sum(len(phase.statements) for step in plan.steps for phase in step.phases)
    goal = ", ".join(plan.heads) or "<base>"
    yield (
        f"{plan.direction} {current} → {goal}: {count(len(plan.steps), 'step')},"
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
    """The phases of a step, and its change of the version table."""
    for index, phase in enumerate(step.phases, 1):
        yield from _phase_lines(phase, step.direction, index, len(step.phases), stream)
    if step.live:
        where = f" at {near(step.live_origin)}" if step.live_origin else ""
        note = f"reads from the database{where}: later statements are known only when it runs"
        yield f"    {stream.style(note, 'yellow')}"
    yield f"    {stream.style(_version_change(step), 'dim')}"


def _phase_lines(
    phase: Phase, direction: Direction, index: int, total: int, stream: Stream
) -> Iterator[str]:
    word, color, meaning = KINDS[phase.kind]
    counted = count(len(phase.statements), "statement") if phase.statements else "nothing to run"
    heading = stream.style(word, color)
    yield f"  phase {index}/{total} {heading} {stream.style(f'({meaning}), {counted}', 'dim')}"
    for note in backfill_notes(phase, direction):
        yield f"    {stream.style(f'-- {note}', 'dim')}"
    for statement in phase.statements:
        yield from _statement_lines(statement, stream)


def backfill_notes(phase: Phase, direction: Direction) -> Iterator[str]:
    """What a plan says about a backfill: its rows, what computes them, who runs it, and its inverse."""
    definition = changes_rows(phase)
    if definition is None:
        return
    estimate = phase.estimate
    if estimate is not None:
        figures = f"about {large_count(estimate.rows)} rows, {size(estimate.bytes)}"
        yield figures + (" in the table" if estimate.whole_table else "")
    if definition.function is not None:
        yield f"{definition.function} computes the values"
    if definition.deferred:
        yield "deferred: it is recorded here, and `asyncmig backfill run` does it"
    if direction is Direction.UPGRADE:
        yield (
            f"no inverse: the downgrade has no backfill of {definition.table_name}"
            if phase.inverse is None
            else f"inverse: backfill {phase.inverse} of the downgrade"
        )


def _statement_lines(statement: Statement, stream: Stream) -> Iterator[str]:
    origin = statement.origin or ""
    if origin:
        directive = f" {statement.directive}" if statement.directive else ""
        yield f"    {stream.style(f'-- {near(origin)}{directive}', 'dim')}"
    for note in rewrite_notes(statement):
        yield f"    {stream.style(f'-- {note}', 'dim')}"
    lines = _aligned(statement)
    for position, line in enumerate(lines):
        end = (
            ";" if position == len(lines) - 1 and not statement.shown.rstrip().endswith(";") else ""
        )
        yield f"    {line}{end}"
    if statement.copy_data:
        rows = count(statement.copy_data.count("\n"), "row")
        yield f"    {stream.style(f'-- {rows} of data', 'dim')}"


def _aligned(statement: Statement) -> list[str]:
    """The lines of a statement without the indentation of the Python script.

    A statement begins at its first word, so its first lines have no indentation, and the following ones
    have that of the text in the script: a multiple of four, at least eight. A smaller indentation may
    belong to the statement and is kept, as is that of SQL files. ``--sql`` and ``--json`` print
    statements unchanged.
    """
    lines = statement.shown.strip().splitlines() or [""]
    if statement.directive == "sql":
        return lines
    first = next((at for at, line in enumerate(lines) if line[:1].isspace()), len(lines))
    rest = lines[first:]
    depth = min((len(line) - len(line.lstrip(" ")) for line in rest if line.strip()), default=0)
    cut = depth // 4 * 4 if depth >= _LEAST_INDENTED else 0
    return [*lines[:first], *(line[cut:] for line in rest)]


def _version_change(step: Step) -> str:
    removed: Sequence[str] = step.version.remove
    added: Sequence[str] = step.version.add
    return f"version: {', '.join(removed) or '<none>'} → {', '.join(added) or '<none>'}"
