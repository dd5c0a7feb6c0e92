"""Paths through a history: the revisions between the current revisions of a database and a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.errors import TargetError
from asyncmig.revisions.graph.moves import Move, RowChange, moves_down, moves_up
from asyncmig.revisions.graph.names import listed
from asyncmig.revisions.graph.order import newest_first
from asyncmig.revisions.graph.target_expression import Expression
from asyncmig.revisions.graph.targets import TargetReader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from asyncmig.revisions.graph.history import History
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["path_down", "path_of_stamp", "path_up", "revisions_between"]


def path_up(history: History, target: str, current: Collection[str]) -> tuple[Move, ...]:
    """The moves of ``upgrade target``."""
    reader = TargetReader(history, current)
    wanted = [revision.id for revision in reader.upgrade_targets(target)]
    if set(wanted) == set(reader.rows):
        return ()
    _refuse_overlap(history, wanted, target)
    applied = history.ancestors(reader.rows)
    _refuse_overlapping_rows(history, reader.rows, applied)
    todo = history.ancestors(wanted) - applied
    order = newest_first(history, todo, wanted)
    order.reverse()
    return moves_up(history, order, reader.rows)


def path_down(history: History, target: str, current: Collection[str]) -> tuple[Move, ...]:
    """The moves of ``downgrade target``."""
    reader = TargetReader(history, current)
    branch, end = reader.downgrade_target(target)
    starts = history.bases if end is None else history.children(end.id)
    if branch is not None:
        on_branch = history.ancestors([history.find(branch).id], dependencies=False)
        if end is not None and end.id not in reader.lineage(branch):
            raise _unreachable(
                target, reader.rows, f"revision '{end.id}' is not on branch '{branch}'"
            )
        if len(starts) > 1:
            starts = tuple(name for name in starts if name in on_branch)
            if not starts:
                raise _unreachable(target, reader.rows, f"branch '{branch}' does not contain it")
    applied = history.ancestors(reader.rows)
    todo = history.descendants(starts) & applied
    if end is not None and not todo and end.id not in reader.rows:
        reason = "it is not applied" if end.id not in applied else "no revision above it is applied"
        raise _unreachable(target, reader.rows, reason)
    return moves_down(history, newest_first(history, todo, reader.rows), reader.rows)


def path_of_stamp(history: History, targets: Sequence[str], current: Collection[str]) -> RowChange:
    """The change of ``stamp``: a target replaces the rows above and below it."""
    reader = TargetReader(history, current)
    wanted: dict[str, None] = {}
    touched: set[str] = set()
    for target in targets:
        names = _ids(reader.revisions(target))
        wanted.update(dict.fromkeys(names))
        touched |= _rows_about(history, reader, target, names)
    _refuse_overlap(history, list(wanted), " ".join(targets))
    fresh = [name for name in wanted if name not in reader.rows]
    moved = not wanted or any(  # only bases, or a target near the rows
        not touched.isdisjoint(history.lineage(name, dependencies=True)) for name in fresh
    )
    gone = [row for row in reader.rows if moved and row in touched and row not in wanted]
    return RowChange(remove=tuple(gone), add=tuple(fresh))


def _rows_about(
    history: History, reader: TargetReader, target: str, names: Iterable[str]
) -> set[str]:
    """The rows above and below the revisions of a target, its branch included."""
    branch = target.rpartition("@")[0]
    related = [*names, *([history.find(branch).id] if branch else [])]
    if not related:  # plain "base"
        return set(reader.rows)
    below_and_above = set().union(*(history.lineage(name, dependencies=True) for name in related))
    return below_and_above.intersection(reader.rows)


def revisions_between(
    history: History, lower: str, upper: str, current: Collection[str]
) -> tuple[Revision, ...]:
    """The revisions of ``history -r lower:upper``, newest first, both ends included.

    Steps without a symbol count from the other end, or from the rows if both ends are such steps. Steps
    past the end of the history stop there. A branch at the lower end excludes the heads of other branches.
    """
    low, high = (Expression.parse(text, history) if text else None for text in (lower, upper))
    reader = TargetReader(history, current)
    starts: list[str] = []
    if low and not low.is_relative:
        starts = _ids(reader.revisions(lower, beyond=True))
    heads: list[str] = []
    if high and high.is_relative:
        from_low = reader if low and low.is_relative else TargetReader(history, starts)
        heads = _ids(from_low.upgrade_targets(upper, beyond=True))
    else:
        heads = _ids(reader.revisions(upper or "heads", beyond=True))
    if low and low.is_relative:
        from_high = reader if high and high.is_relative else TargetReader(history, heads)
        starts = _ids(from_high.revisions(low.from_current, beyond=True))
    if low and low.branch:
        heads = [head for head in heads if reader.is_on(head, low.branch)]
    _refuse_overlap(history, heads, upper)

    todo = history.ancestors(heads)
    if not todo.issuperset(starts):
        raise TargetError(
            f"'{lower}:{upper}' is not a range: '{lower}' is not below '{upper or 'heads'}'",
            hint="the older revision comes first; `asyncmig history` shows the order",
            target=f"{lower}:{upper}",
        )
    if starts:
        _refuse_overlap(history, starts, lower)
        todo &= history.descendants(starts, dependencies=False)
    return tuple(map(history.get, newest_first(history, todo, heads)))


def _ids(revisions: Iterable[Revision]) -> list[str]:
    return [revision.id for revision in revisions]


def _refuse_overlap(history: History, names: Collection[str], target: str) -> None:
    lower = _covered(history, names)
    if lower:
        rest = [name for name in names if name not in lower]
        raise TargetError(
            f"'{target}' names revisions of which one is below another: {listed(sorted(names))}",
            hint=f"name only {' '.join(rest[:5])}, which includes the others",
            target=target,
            overlapping=tuple(sorted(names)),
        )


def _refuse_overlapping_rows(history: History, rows: Sequence[str], applied: set[str]) -> None:
    covered = _covered(history, rows)
    kept = {name for name in covered if not _awaited(history, name, rows, applied)}
    if kept:
        right = sorted(set(rows) - covered)
        raise TargetError(
            f"the version table has a superfluous row: {listed(sorted(kept))} is below another row of "
            f"{listed(sorted(rows))}",
            hint=f"`asyncmig stamp --purge {' '.join(right)}` keeps the necessary rows",
            target=" ".join(right),
            overlapping=tuple(sorted(rows)),
        )


def _awaited(history: History, name: str, rows: Collection[str], applied: set[str]) -> bool:
    # After the downgrade of a merge of two revisions, one of them below the other, both are rows if there
    # is a third row. Alembic then refuses its own rows; the next upgrade of the merge removes both.
    return any(
        upper not in applied and len(set(history.below(upper)).intersection(rows)) > 1
        for upper in history.above[name]
    )


def _covered(history: History, names: Collection[str]) -> set[str]:
    """Those revisions that are below others of them."""
    if len(names) < 2:
        return set()
    below = {lower for name in names for lower in history.below(name)}
    return history.ancestors(below).intersection(names)


def _unreachable(target: str, rows: Sequence[str], reason: str) -> TargetError:
    current = listed(sorted(rows), empty="base")
    return TargetError(
        f"a downgrade from {current} cannot reach '{target}': {reason}",
        hint="`asyncmig history -r base:current` lists the applied revisions",
        target=target,
        current=tuple(sorted(rows)),
    )
