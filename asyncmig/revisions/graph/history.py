"""``History``: the directed acyclic graph of the revisions, with its names, edges, heads and labels.

There are two kinds of edges. ``down_revision`` forms the *line* of a branch; ``depends_on`` only names
what must be applied before. "Below" and "above" mean both kinds; "parents" and "children" are the line
alone. Dependencies that a revision inherits from its own line are left out of "below", because a parent
has them already: this decides which rows the version table has.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from asyncmig.errors import AmbiguousRevisionError, HistoryError, RevisionNotFoundError
from asyncmig.revisions.graph.history_faults import (
    HistoryFault,
    cycle_error,
    find_cycles,
    path_of,
    unknown_reference,
)
from asyncmig.revisions.graph.names import did_you_mean, listed, nearest_names

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    from asyncmig.revisions.graph.revision import Revision

__all__ = ["ILLEGAL_CHARACTERS", "History"]

ILLEGAL_CHARACTERS = frozenset("@-+:")
"""Characters that an id may not have, because target expressions use them."""

_SHORTEST_WHOLE_NAME = 4  # names of three letters or fewer cannot be abbreviated


class History:
    """The revisions of a script directory and the edges between them.

    Args:
        revisions: in the order of their files, which decides between orders that are all valid.
        faults: a list that receives all faults; None raises the first. With faults, a revision that is
            defined twice counts once, and references to unknown revisions are left out.

    Raises:
        HistoryError: a duplicate id or label, an illegal id, an unknown reference, a cycle.
    """

    def __init__(
        self, revisions: Iterable[Revision], *, faults: list[HistoryFault] | None = None
    ) -> None:
        self._faults = faults
        self._revisions: dict[str, Revision] = {}
        for revision in revisions:
            self._add(revision)
        self._labelled = self._read_labels()
        self._dependencies = self._read_dependencies()
        self._parents = self._read_parents()
        self._children = self._read_children()
        self.rising = self._sort_upward()
        """Every id, after all its parents and dependencies."""

    # -- what the files define ------------------------------------------------------------------

    def _report(self, rule: str, error: HistoryError, revision: Revision) -> None:
        """Collect a fault, or raise it.

        Raises:
            HistoryError: faults are not collected.
        """
        if self._faults is None:
            raise error
        self._faults.append(HistoryFault(rule, error, revision))

    def _add(self, revision: Revision) -> None:
        name = revision.id
        if (other := self._revisions.get(name)) is not None:
            error = HistoryError(
                f"revision '{name}' is defined twice: {path_of(other)} and {path_of(revision)}",
                hint="give one of the two files another `revision`, or delete it",
                revisions=(name,),
                paths=(other.path, revision.path),
            )
            self._report("unique-ids", error, revision)
            return
        if not name or not ILLEGAL_CHARACTERS.isdisjoint(name):
            error = HistoryError(
                f"revision id '{name}' in {path_of(revision)} is empty or has one of '@', '-', '+', ':'",
                hint="use letters, digits and underscores; target expressions use the other characters",
                revisions=(name,),
                paths=(revision.path,),
            )
            self._report("legal-ids", error, revision)
        self._revisions[name] = revision

    def _read_labels(self) -> dict[str, str]:
        labelled: dict[str, str] = {}
        for revision in self._revisions.values():
            for label in revision.branch_labels:
                taken_by = label if label in self._revisions else labelled.get(label)
                if taken_by is not None:
                    error = HistoryError(
                        f"branch label '{label}' of revision '{revision.id}' is already the name of "
                        f"revision '{taken_by}'",
                        hint=f"choose another branch label in {path_of(revision)}: names are unique",
                        revisions=(revision.id, taken_by),
                        paths=(revision.path, self._revisions[taken_by].path),
                    )
                    self._report("unique-labels", error, revision)
                labelled.setdefault(label, revision.id)
        return labelled

    def _read_dependencies(self) -> dict[str, tuple[str, ...]]:
        return {
            revision.id: tuple(dict.fromkeys(self._referred(revision)))
            for revision in self._revisions.values()
            if revision.depends_on
        }

    def _referred(self, revision: Revision) -> Iterator[str]:
        """The ids that ``depends_on`` of a revision names."""
        for name in revision.depends_on:
            try:
                yield self.find(name).id
            except RevisionNotFoundError:
                error = unknown_reference(revision, "depends_on", name, self.names)
                self._report("dependencies", error, revision)
            except AmbiguousRevisionError as ambiguous:
                error = unknown_reference(
                    revision, "depends_on", name, (), candidates=ambiguous.candidates
                )
                self._report("dependencies", error, revision)

    def _read_parents(self) -> dict[str, tuple[str, ...]]:
        parents: dict[str, tuple[str, ...]] = {}
        for revision in self._revisions.values():
            known = revision.down_revisions
            for name in revision.down_revisions:
                if name not in self._revisions:
                    error = unknown_reference(revision, "down_revision", name, self._revisions)
                    self._report("parents", error, revision)
                    known = tuple(other for other in known if other != name)
            parents[revision.id] = known
        return parents

    def _read_children(self) -> dict[str, list[str]]:
        children: dict[str, list[str]] = {name: [] for name in self._revisions}
        for name, parents in self._parents.items():
            for parent in parents:
                children[parent].append(name)
        return children

    def _sort_upward(self) -> tuple[str, ...]:
        needs = {name: self._all_below(name) for name in self._revisions}
        waiting = {name: len(below) for name, below in needs.items()}
        above = self._children
        if self._dependencies:
            above = {name: [] for name in needs}
            for name, below in needs.items():
                for other in below:
                    above[other].append(name)
        order = [name for name, count in waiting.items() if not count]
        for name in order:
            for upper in above[name]:
                waiting[upper] -= 1
                if not waiting[upper]:
                    order.append(upper)
        if len(order) < len(needs):
            for cycle in find_cycles(needs, order):
                self._report("no-cycle", cycle_error(cycle), self._revisions[cycle[0]])
        return tuple(order)

    def _all_below(self, name: str) -> tuple[str, ...]:
        parents = self._parents[name]
        dependencies = self._dependencies.get(name)
        return tuple(dict.fromkeys(parents + dependencies)) if dependencies else parents

    # -- names ----------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """Every id in the order of the files, then every branch label."""
        return (*self._revisions, *self._labelled)

    @cached_property
    def position(self) -> dict[str, int]:
        """The index of each id in the order of the files."""
        return {name: place for place, name in enumerate(self._revisions)}

    @property
    def labelled(self) -> Mapping[str, str]:
        """Each branch label with the id of the revision that has it."""
        return self._labelled

    def __len__(self) -> int:
        return len(self._revisions)

    def __contains__(self, name: object) -> bool:
        return name in self._revisions

    def has_label(self, name: str) -> bool:
        """True when a file has this branch label."""
        return name in self._labelled

    def get(self, name: str) -> Revision:
        """The revision with exactly this id.

        Raises:
            RevisionNotFoundError: there is none.
        """
        try:
            return self._revisions[name]
        except KeyError:
            raise self._unknown(name, self._revisions) from None

    def find(self, name: str, *, among: Container[str] | None = None) -> Revision:
        """The revision with this id or branch label, or the only one whose name begins with it.

        Args:
            name: the name as typed.
            among: ids to which a partial name is limited.

        Raises:
            RevisionNotFoundError: no name matches.
            AmbiguousRevisionError: several names begin with it.
        """
        known = self._labelled.get(name, name)
        if known in self._revisions:
            return self._revisions[known]
        candidates = [
            other
            for other in self.names
            if len(other) >= _SHORTEST_WHOLE_NAME and other.startswith(name)
        ]
        if among is not None:
            candidates = [
                other for other in candidates if self._labelled.get(other, other) in among
            ]
        if not candidates or not name:
            raise self._unknown(name, self.names)
        if len(candidates) > 1:
            raise AmbiguousRevisionError(
                f"'{name}' is ambiguous: {listed(candidates)} start with it",
                hint="type one more character",
                revision=name,
                candidates=tuple(candidates),
            )
        return self._revisions[self._labelled.get(candidates[0], candidates[0])]

    def _unknown(self, name: str, known: Iterable[str]) -> RevisionNotFoundError:
        nearest = nearest_names(name, known)
        return RevisionNotFoundError(
            f"no revision or branch is called '{name}'",
            hint=did_you_mean(nearest) or "`asyncmig history` lists all revisions",
            revision=name,
            nearest=nearest,
        )

    # -- edges ----------------------------------------------------------------------------------

    def dependencies(self, name: str) -> tuple[str, ...]:
        """The ids that ``depends_on`` of this revision names, inherited or not."""
        return self._dependencies.get(name, ())

    def children(self, name: str) -> tuple[str, ...]:
        """The ids whose ``down_revision`` names this one."""
        return tuple(self._children[name])

    def below(self, name: str) -> tuple[str, ...]:
        """The parents of this revision, then the dependencies that it does not inherit."""
        own = self._own_dependencies.get(name)
        parents = self._parents[name]
        return tuple(dict.fromkeys(parents + own)) if own else parents

    @cached_property
    def above(self) -> dict[str, list[str]]:
        """For each id, the ids that have it in ``below``."""
        if not self._own_dependencies:
            return self._children
        above: dict[str, list[str]] = {name: [] for name in self._revisions}
        for name in self._revisions:
            for lower in self.below(name):
                above[lower].append(name)
        return above

    @cached_property
    def _own_dependencies(self) -> dict[str, tuple[str, ...]]:
        # A dependency is inherited if another revision further down the same line has it too. Only
        # dependencies of several revisions can be inherited: each gets a bit, and one pass upward
        # collects the bits of each revision's line.
        sharers = Counter(chain.from_iterable(self._dependencies.values()))
        shared = [name for name, count in sharers.items() if count > 1]
        if not shared:
            return self._dependencies
        bit = {name: 1 << place for place, name in enumerate(shared)}
        own: dict[str, tuple[str, ...]] = {}
        carried: dict[str, int] = {}
        for name in self.rising:
            inherited = 0
            for parent in self._parents[name]:
                inherited |= carried[parent]
            carried[name] = inherited
            if wanted := self._dependencies.get(name, ()):
                own[name] = tuple(other for other in wanted if not inherited & bit.get(other, 0))
                for other in wanted:
                    carried[name] |= bit.get(other, 0)
        return own

    def ancestors(self, names: Iterable[str], *, dependencies: bool = True) -> set[str]:
        """These revisions and all below them; without ``dependencies`` only on the line."""
        if dependencies and self._dependencies:
            return _reach(names, self.below)
        return _reach(names, self._parents.__getitem__)

    def descendants(self, names: Iterable[str], *, dependencies: bool = True) -> set[str]:
        """These revisions and all above them; without ``dependencies`` only on the line."""
        edges = self.above if dependencies else self._children
        return _reach(names, edges.__getitem__)

    def lineage(self, name: str, *, dependencies: bool = False) -> set[str]:
        """All revisions below and above a revision, itself included."""
        return self.ancestors([name], dependencies=dependencies) | self.descendants(
            [name], dependencies=dependencies
        )

    # -- ends and labels ------------------------------------------------------------------------

    @cached_property
    def bases(self) -> tuple[str, ...]:
        """The ids without a ``down_revision``."""
        return tuple(
            revision.id for revision in self._revisions.values() if not revision.down_revisions
        )

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """The ids that no ``down_revision`` names."""
        return tuple(name for name, children in self._children.items() if not children)

    @cached_property
    def effective_heads(self) -> tuple[str, ...]:
        """The heads that no ``depends_on`` names either: the rows of a database that is up to date."""
        depended_on = {name for names in self._dependencies.values() for name in names}
        return tuple(name for name in self.heads if name not in depended_on)

    def labels(self, name: str) -> tuple[str, ...]:
        """The branch labels in force at a revision: its own, those from below and those from above.

        A label applies to all revisions above the one that has it. It also applies down to the start of
        its branch, if the branch is a single line from there to its head.
        """
        return self._labels_in_force.get(name, ()) if self._labelled else ()

    @cached_property
    def _labels_in_force(self) -> dict[str, tuple[str, ...]]:
        rising: dict[str, tuple[str, ...]] = {}
        for name in self.rising:
            revision = self._revisions[name]
            labels = dict.fromkeys(revision.branch_labels)
            for parent in self._parents[name]:
                labels.update(dict.fromkeys(rising[parent]))
            rising[name] = tuple(labels)

        depended_on_by: dict[str, set[str]] = {}
        for name, wanted in self._dependencies.items():
            for other in wanted:
                depended_on_by.setdefault(other, set()).add(name)
        # ids from which the branch is a single line up to its head -> the labels on that line
        falling: dict[str, tuple[str, ...]] = {}
        for name in reversed(self.rising):
            children = self._children[name]
            dependents = depended_on_by.get(name, set()).union(children)
            if len(dependents) > 1 or self._revisions[name].is_merge:
                continue
            if not children:
                falling[name] = ()
            elif (only := children[0]) in falling:
                falling[name] = self._revisions[only].branch_labels + falling[only]
        return {
            name: tuple(dict.fromkeys(labels + falling.get(name, ())))
            for name, labels in rising.items()
        }


def _reach(names: Iterable[str], step: Callable[[str], Iterable[str]]) -> set[str]:
    reached: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(step(name))
    return reached
