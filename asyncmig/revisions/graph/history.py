"""The shape of a history: which revision stands on which, and what follows from that.

Two kinds of edges lead downward. ``down_revision`` makes the *line* of a branch; ``depends_on`` only
says what must have run before. "Below" and "above" mean both kinds; "parents" and "children" are the
line alone. Dependencies that a revision inherits from its own line are left out of "below", since the
line carries them already: this is what decides the rows of the version table.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from asyncmig.errors import AmbiguousRevisionError, HistoryError, RevisionNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Sequence

    from asyncmig.revisions.graph.revision import Revision

__all__ = ["ILLEGAL_CHARACTERS", "History", "nearest_names"]

ILLEGAL_CHARACTERS = frozenset("@-+:")
"""What an id may not contain, since target expressions are made of it."""

_SHORTEST_WHOLE_NAME = 4  # a name of three letters or fewer is only ever written whole


class History:
    """The revisions of a script directory and the edges between them.

    Args:
        revisions: in the order of their files, which decides between orders that are all valid.

    Raises:
        HistoryError: a duplicate id or label, an illegal id, a reference to nothing, a cycle. Facts:
            ``revisions``, and ``paths`` where files are to blame.
    """

    def __init__(self, revisions: Iterable[Revision]) -> None:
        self._revisions: dict[str, Revision] = {}
        for revision in revisions:
            self._admit(revision)
        self._labelled = self._read_labels()
        self._dependencies = self._read_dependencies()
        self._children = self._read_children()
        self.rising = self._sort_upward()
        """Every id, after everything that it stands on."""

    # -- what the files say ---------------------------------------------------------------------

    def _admit(self, revision: Revision) -> None:
        name = revision.id
        if (other := self._revisions.get(name)) is not None:
            raise HistoryError(
                f"revision '{name}' is defined twice: {_where(other)} and {_where(revision)}",
                hint="give one of the two files another `revision`, or delete it",
                revisions=(name,),
                paths=(other.path, revision.path),
            )
        if not name or not ILLEGAL_CHARACTERS.isdisjoint(name):
            raise HistoryError(
                f"revision id '{name}' in {_where(revision)} is empty or has one of '@', '-', '+', ':'",
                hint="use letters, digits and underscores: the other signs belong to target expressions",
                revisions=(name,),
                paths=(revision.path,),
            )
        self._revisions[name] = revision

    def _read_labels(self) -> dict[str, str]:
        labelled: dict[str, str] = {}
        for revision in self._revisions.values():
            for label in revision.branch_labels:
                taken_by = label if label in self._revisions else labelled.get(label)
                if taken_by is not None:
                    raise HistoryError(
                        f"branch label '{label}' of revision '{revision.id}' is already the name of "
                        f"revision '{taken_by}'",
                        hint=f"choose another branch label in {_where(revision)}: every name is used once",
                        revisions=(revision.id, taken_by),
                        paths=(revision.path, self._revisions[taken_by].path),
                    )
                labelled[label] = revision.id
        return labelled

    def _read_dependencies(self) -> dict[str, tuple[str, ...]]:
        return {
            revision.id: tuple(
                dict.fromkeys(self._referred(revision, name) for name in revision.depends_on)
            )
            for revision in self._revisions.values()
            if revision.depends_on
        }

    def _referred(self, revision: Revision, name: str) -> str:
        try:
            return self.find(name).id
        except (RevisionNotFoundError, AmbiguousRevisionError) as error:
            raise _dangling(revision, "depends_on", name, self.names) from error

    def _read_children(self) -> dict[str, list[str]]:
        children: dict[str, list[str]] = {name: [] for name in self._revisions}
        for revision in self._revisions.values():
            for parent in revision.down_revisions:
                try:
                    children[parent].append(revision.id)
                except KeyError:
                    raise _dangling(revision, "down_revision", parent, self._revisions) from None
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
            raise _cycle({name: needs[name] for name, count in waiting.items() if count})
        return tuple(order)

    def _all_below(self, name: str) -> tuple[str, ...]:
        parents = self._revisions[name].down_revisions
        dependencies = self._dependencies.get(name)
        return tuple(dict.fromkeys(parents + dependencies)) if dependencies else parents

    # -- names ----------------------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """Every id in the order of the files, then every branch label."""
        return (*self._revisions, *self._labelled)

    @cached_property
    def position(self) -> dict[str, int]:
        """The place of each id in the order of the files."""
        return {name: place for place, name in enumerate(self._revisions)}

    def __len__(self) -> int:
        return len(self._revisions)

    def __contains__(self, name: object) -> bool:
        return name in self._revisions

    def has_label(self, name: str) -> bool:
        """True when some file carries this branch label."""
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
        """The revision with this id, this branch label, or the only one whose name starts like this.

        Args:
            name: the name as typed.
            among: ids; when the name is only the beginning of names, those of other revisions are
                not meant.

        Raises:
            RevisionNotFoundError: nothing is called so.
            AmbiguousRevisionError: several names start like this.
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
                f"'{name}' is ambiguous: {_listed(candidates)} start with it",
                hint="type one more character",
                revision=name,
                candidates=tuple(candidates),
            )
        return self._revisions[self._labelled.get(candidates[0], candidates[0])]

    def _unknown(self, name: str, known: Iterable[str]) -> RevisionNotFoundError:
        nearest = nearest_names(name, known)
        return RevisionNotFoundError(
            f"no revision or branch is called '{name}'",
            hint=_did_you_mean(nearest) or "`asyncmig history` lists all revisions",
            revision=name,
            nearest=nearest,
        )

    # -- edges ----------------------------------------------------------------------------------

    def dependencies(self, name: str) -> tuple[str, ...]:
        """The ids that ``depends_on`` of this revision names, whatever it inherits."""
        return self._dependencies.get(name, ())

    def children(self, name: str) -> tuple[str, ...]:
        """The ids whose ``down_revision`` names this one."""
        return tuple(self._children[name])

    def below(self, name: str) -> tuple[str, ...]:
        """What this revision stands on: its parents, then the dependencies that its line lacks."""
        own = self._own_dependencies.get(name)
        parents = self._revisions[name].down_revisions
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
        # A dependency is inherited when another revision of the same line, further down, has it too.
        # Only dependencies that several revisions share can be: each gets a bit, and one pass upward
        # tells every revision which bits its line has already.
        sharers: dict[str, int] = {}
        for wanted in self._dependencies.values():
            for name in wanted:
                sharers[name] = sharers.get(name, 0) + 1
        shared = [name for name, count in sharers.items() if count > 1]
        if not shared:
            return self._dependencies
        bit = {name: 1 << place for place, name in enumerate(shared)}
        own: dict[str, tuple[str, ...]] = {}
        carried: dict[str, int] = {}
        for name in self.rising:
            inherited = 0
            for parent in self._revisions[name].down_revisions:
                inherited |= carried[parent]
            carried[name] = inherited
            if wanted := self._dependencies.get(name, ()):
                own[name] = tuple(other for other in wanted if not inherited & bit.get(other, 0))
                for other in wanted:
                    carried[name] |= bit.get(other, 0)
        return own

    def ancestors(self, names: Iterable[str], *, dependencies: bool = True) -> set[str]:
        """These revisions and everything below them; the line alone without ``dependencies``."""
        if dependencies and self._dependencies:
            return _reach(names, self.below)
        revisions = self._revisions
        return _reach(names, lambda name: revisions[name].down_revisions)

    def descendants(self, names: Iterable[str], *, dependencies: bool = True) -> set[str]:
        """These revisions and everything above them; the line alone without ``dependencies``."""
        edges = self.above if dependencies else self._children
        return _reach(names, edges.__getitem__)

    def lineage(self, name: str, *, dependencies: bool = False) -> set[str]:
        """Everything below and above a revision, itself included."""
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

        A label holds for everything above the revision that carries it. It also reaches down to where
        its branch begins, as long as the branch is one line from there to its tip.
        """
        return self._labels_in_force.get(name, ()) if self._labelled else ()

    @cached_property
    def _labels_in_force(self) -> dict[str, tuple[str, ...]]:
        rising: dict[str, tuple[str, ...]] = {}
        for name in self.rising:
            revision = self._revisions[name]
            labels = dict.fromkeys(revision.branch_labels)
            for parent in revision.down_revisions:
                labels.update(dict.fromkeys(rising[parent]))
            rising[name] = tuple(labels)

        depended_on_by: dict[str, set[str]] = {}
        for name, wanted in self._dependencies.items():
            for other in wanted:
                depended_on_by.setdefault(other, set()).add(name)
        # ids from whose tip down to here the branch is one line -> labels that come down that line
        falling: dict[str, tuple[str, ...]] = {}
        for name in reversed(self.rising):
            children = self._children[name]
            standing_on_it = depended_on_by.get(name, set()).union(children)
            if len(standing_on_it) > 1 or self._revisions[name].is_merge:
                continue
            if not children:
                falling[name] = ()
            elif (only := children[0]) in falling:
                falling[name] = self._revisions[only].branch_labels + falling[only]
        return {
            name: tuple(dict.fromkeys(labels + falling.get(name, ())))
            for name, labels in rising.items()
        }


def nearest_names(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three names that look like this one, best first."""
    import difflib

    return tuple(difflib.get_close_matches(name, known, n=3, cutoff=0.6))


def _reach(names: Iterable[str], step: Callable[[str], Iterable[str]]) -> set[str]:
    reached: set[str] = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo.extend(step(name))
    return reached


def _dangling(revision: Revision, field: str, name: str, known: Iterable[str]) -> HistoryError:
    nearest = nearest_names(name, known)
    return HistoryError(
        f"`{field}` of revision '{revision.id}' ({_where(revision)}) names '{name}', which is no revision",
        hint=_did_you_mean(nearest) or f"restore the missing file, or correct `{field}`",
        revisions=(revision.id,),
        paths=(revision.path,),
        missing=name,
        nearest=nearest,
    )


def _cycle(needs: dict[str, tuple[str, ...]]) -> HistoryError:
    # Everything left has something below it that is left, so walking down must come around.
    name = next(iter(needs))
    place: dict[str, int] = {}
    path: list[str] = []
    while name not in place:
        place[name] = len(path)
        path.append(name)
        name = next(lower for lower in needs[name] if lower in needs)
    around = path[place[name] :]
    shown = around if len(around) <= 10 else [*around[:5], "...", *around[-4:]]
    return HistoryError(
        f"the history has a cycle: {' -> '.join([*shown, name])}",
        hint="one of these revisions names a later one in `down_revision` or `depends_on`: correct that file",
        revisions=tuple(around),
    )


def _did_you_mean(nearest: Sequence[str]) -> str | None:
    return f"did you mean {' or '.join(repr(name) for name in nearest)}?" if nearest else None


def _listed(names: Sequence[str], limit: int = 5) -> str:
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def _where(revision: Revision) -> str:
    return revision.path or "a revision without a file"
