"""Which renames a comparison is to take for granted: those given, and those that somebody agrees to."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import anyio.to_thread

from asyncmig.diff.normalize.retained_types import keep_used_types
from asyncmig.diff.normalize.unmodelled_properties import keep_constraint_names
from asyncmig.diff.renames.apply import apply_rename
from asyncmig.diff.renames.candidates import candidates
from asyncmig.diff.renames.requests import parse_requests
from asyncmig.diff.renames.server_names import implied_renames
from asyncmig.diff.tables.inheritance import with_heirs
from asyncmig.results.renames import RenameCandidate

if TYPE_CHECKING:
    from asyncmig.catalog.model import Catalog
    from asyncmig.diff.schema_items.rename import Rename

__all__ = ["AskRename", "RenameRequests", "Renamed", "confirm_renames"]

AskRename: TypeAlias = Callable[[RenameCandidate], bool | Awaitable[bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameRequests:
    """What is known of renames; the default knows of none, and nothing is guessed.

    Attributes:
        given: new names by old ones, with table and schema as far as needed.
        ask: says whether a candidate is a rename; called for one after the other, the likeliest first.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    ask: AskRename | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """Both sides after the renames.

    Attributes:
        before: the database as it is after them.
        after: the models.
        renames: in order, with those of the server's own names.
        accepted: what was given or agreed to.
        candidates: what looks like a rename and was not agreed to.
    """

    before: Catalog
    after: Catalog
    renames: tuple[Rename, ...] = ()
    accepted: tuple[RenameCandidate, ...] = ()
    candidates: tuple[RenameCandidate, ...] = ()


async def confirm_renames(
    before: Catalog,
    after: Catalog,
    renaming: RenameRequests,
    again: Callable[[Catalog, Catalog], Awaitable[tuple[Catalog, Catalog]]],
) -> Renamed:
    """Find out what is renamed, and go on from there.

    Args:
        before: the database.
        after: the models.
        renaming: what is known.
        again: settles the two sides anew after a rename, by names that they now share.

    Raises:
        TargetError: a given name is nowhere, or taken.
    """
    origin = before
    renames, before = parse_requests(renaming.given, before, after)
    if renames:
        before, after = await again(before, after)
    accepted = [_told(item, before) for item in renames if not item.along]
    declined: set[Rename] = set()
    while True:
        likely = await anyio.to_thread.run_sync(candidates, before, after)
        open_ = [item for item in likely if item.rename not in declined]
        if not open_:
            break
        if renaming.ask is None:
            break
        item = open_[0]
        told = _told(item.rename, before, item.likeness)
        answer = renaming.ask(told)
        if (await answer) if inspect.isawaitable(answer) else answer:
            accepted.append(told)
            for each in with_heirs(item.rename, before):
                renames.append(each)
                before = apply_rename(before, each)
            before, after = await again(before, after)
        else:
            declined.add(item.rename)
    for follower in implied_renames(origin, before, after, renames):
        renames.append(follower)
        before = apply_rename(before, follower)
    if renames:
        before, after = await again(before, after)
    return Renamed(
        before=before,
        after=await anyio.to_thread.run_sync(_completed, origin, before, after),
        renames=tuple(renames),
        accepted=tuple(accepted),
        candidates=tuple(_told(item.rename, before, item.likeness) for item in open_),
    )


def _completed(origin: Catalog, before: Catalog, after: Catalog) -> Catalog:
    return keep_used_types(origin, before, keep_constraint_names(before, after))


def _told(item: Rename, catalog: Catalog, likeness: float = 1.0) -> RenameCandidate:
    default = catalog.default_schema
    return RenameCandidate(
        kind=item.kind,
        old=item.label(item.old, default),
        new=item.label(item.new, default),
        likeness=round(likeness, 2),
    )
