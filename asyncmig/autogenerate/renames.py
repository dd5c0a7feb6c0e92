"""Decide which renames a comparison assumes: those that are requested, and those that the user confirms."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import anyio.to_thread

from asyncmig.diff.renames.apply import apply_rename
from asyncmig.diff.renames.candidates import candidates
from asyncmig.diff.renames.implied_renames import implied_renames
from asyncmig.diff.renames.requests import parse_requests
from asyncmig.diff.schema_items.inheritance import with_inherited_columns
from asyncmig.results.renames import RenameCandidate

if TYPE_CHECKING:
    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.normalize.sides import Sides
    from asyncmig.diff.schema_items.rename import Rename

__all__ = ["ConfirmRename", "RenameRequests", "Renamed", "confirm_renames"]

ConfirmRename: TypeAlias = Callable[[RenameCandidate], bool | Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameRequests:
    """The renames that a user requests; by default none, and nothing is guessed.

    Attributes:
        given: new names by old ones, with table and schema as needed.
        ask: returns whether a candidate is a rename; called with one after the other, the likeliest first.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    ask: ConfirmRename | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """Both sides after the renames.

    Attributes:
        sides: the sides.
        renames: all renames in order, including those of default names.
        accepted: the renames that were requested or confirmed.
        candidates: possible renames about which the user was not asked.
    """

    sides: Sides
    renames: tuple[Rename, ...] = ()
    accepted: tuple[RenameCandidate, ...] = ()
    candidates: tuple[RenameCandidate, ...] = ()


async def confirm_renames(
    sides: Sides, requests: RenameRequests, pair: Callable[[Sides], Awaitable[Sides]]
) -> Renamed:
    """Apply the requested and confirmed renames, and those of default names that follow from them.

    Args:
        sides: both sides, before renames.
        requests: the requested renames.
        pair: runs ``PAIR_PASSES`` again, for objects that have the same name on both sides after a rename.

    Raises:
        TargetError: a requested name does not exist, or is taken.
    """
    renames, actual = parse_requests(requests.given, sides.actual, sides.wanted)
    accepted = [_as_result(item, actual) for item in renames if not item.inherited]
    if renames:
        sides = await pair(replace(sides, actual=actual))
    declined: set[Rename] = set()
    while True:
        found = await anyio.to_thread.run_sync(candidates, sides.actual, sides.wanted)
        remaining = [item for item in found if item.rename not in declined]
        if not remaining or requests.ask is None:
            break
        item = remaining[0]
        candidate = _as_result(item.rename, sides.actual, item.likeness)
        answer = requests.ask(candidate)
        if (await answer) if inspect.isawaitable(answer) else answer:
            accepted.append(candidate)
            more = with_inherited_columns(item.rename, sides.actual)
            renames += more
            sides = await pair(_apply(sides, more))
        else:
            declined.add(item.rename)
    implied = implied_renames(sides.actual, sides.wanted, renames)
    if implied:
        renames += implied
        sides = await pair(_apply(sides, implied))
    return Renamed(
        sides=sides,
        renames=tuple(renames),
        accepted=tuple(accepted),
        candidates=tuple(
            _as_result(item.rename, sides.actual, item.likeness) for item in remaining
        ),
    )


def _apply(sides: Sides, renames: list[Rename]) -> Sides:
    actual = sides.actual
    for item in renames:
        actual = apply_rename(actual, item)
    return replace(sides, actual=actual)


def _as_result(item: Rename, catalog: Catalog, likeness: float = 1.0) -> RenameCandidate:
    default = catalog.default_schema
    return RenameCandidate(
        kind=item.kind,
        old=item.label(item.old, default),
        new=item.label(item.new, default),
        likeness=round(likeness, 2),
    )
