"""Faults of a history: unknown references, cycles, and their errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.errors import HistoryError
from asyncmig.revisions.graph.names import did_you_mean, listed, nearest_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from asyncmig.revisions.graph.revision import Revision

__all__ = ["HistoryFault", "cycle_error", "find_cycles", "path_of", "unknown_reference"]


@dataclass(frozen=True, slots=True)
class HistoryFault:
    """A fault that makes a history invalid: the rule that it breaks, the error, and the revision."""

    rule: str
    error: HistoryError
    revision: Revision


def unknown_reference(
    revision: Revision,
    field: str,
    name: str,
    known: Iterable[str],
    *,
    candidates: Sequence[str] = (),
) -> HistoryError:
    """The error of a reference to an unknown revision, or with ``candidates`` to several."""
    nearest = nearest_names(name, known)
    what = f"`{field}` of revision '{revision.id}' ({path_of(revision)}) names '{name}', which"
    if candidates:
        message, hint = f"{what} may be {listed(candidates)}", "write the whole id"
    else:
        message = f"{what} is not a revision"
        hint = did_you_mean(nearest) or f"restore the missing file, or correct `{field}`"
    return HistoryError(
        message,
        hint=hint,
        revisions=(revision.id,),
        paths=(revision.path,),
        missing=name,
        nearest=nearest,
    )


def find_cycles(
    below: dict[str, tuple[str, ...]], sorted_ids: Iterable[str]
) -> Iterator[list[str]]:
    """Cycles that share no revision, until none is left.

    Args:
        below: the parents and dependencies of each id.
        sorted_ids: the ids that are not part of a cycle or above one.
    """
    above: dict[str, list[str]] = {name: [] for name in below}
    waiting: dict[str, int] = {}
    for name, lowers in below.items():
        waiting[name] = len(set(lowers))
        for lower in set(lowers):
            above[lower].append(name)
    ready = list(sorted_ids)
    done: set[str] = set()
    for start in below:
        while ready:
            name = ready.pop()
            if name not in done:
                done.add(name)
                ready += [upper for upper in above[name] if _is_last(waiting, upper)]
        if start not in done:
            # Each id that is left has an id below it that is left, so a path down ends in a cycle.
            path: dict[str, None] = {}
            name = start
            while name not in path:
                path[name] = None
                name = next(lower for lower in below[name] if lower not in done)
            cycle = list(path)[list(path).index(name) :]
            yield cycle
            ready = cycle


def _is_last(waiting: dict[str, int], name: str) -> bool:
    """Count down what an id waits for; True when nothing is left."""
    waiting[name] -= 1
    return not waiting[name]


def cycle_error(cycle: list[str]) -> HistoryError:
    """The error of a cycle; a long one is shortened in the message."""
    shown = cycle if len(cycle) <= 10 else [*cycle[:5], "...", *cycle[-4:]]
    return HistoryError(
        f"the history has a cycle: {' -> '.join([*shown, cycle[0]])}",
        hint="one of these revisions names a later one in `down_revision` or `depends_on`: correct that file",
        revisions=tuple(cycle),
    )


def path_of(revision: Revision) -> str:
    """The path of a revision's file, for messages."""
    return revision.path or "a revision without a file"
