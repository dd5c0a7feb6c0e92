"""A history as it was read, before anybody knows whether it is one."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from asyncmig.errors import AsyncmigError
from asyncmig.revisions.files.script import load_script

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from asyncmig.revisions.files.script import DeferredScript, PythonScript, SqlScript
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["UnvalidatedHistory"]


@dataclass(kw_only=True)
class UnvalidatedHistory:
    """The revisions of some folders, whatever is wrong with them.

    Attributes:
        revisions: as read, in the order of their files.
        problems: what was wrong with files that could not be read.
        repeated: files that are reached twice, through two locations or a link.
        load: loads a script.
        heads_allowed: how many heads there may be; None allows any number of named ones.
    """

    revisions: Sequence[Revision]
    problems: Sequence[AsyncmigError] = ()
    repeated: Sequence[str] = ()
    load: Callable[[Revision], PythonScript | DeferredScript | SqlScript] = load_script
    heads_allowed: int | None = None
    _directions: dict[str, tuple[bool, bool] | AsyncmigError] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[str, Revision]:
        """Each id with the first revision that has it."""
        by_id: dict[str, Revision] = {}
        for revision in self.revisions:
            by_id.setdefault(revision.id, revision)
        return by_id

    @cached_property
    def by_label(self) -> dict[str, Revision]:
        """Each branch label with the first revision that carries it."""
        by_label: dict[str, Revision] = {}
        for revision in self.revisions:
            for label in revision.branch_labels:
                by_label.setdefault(label, revision)
        return by_label

    def referred(self, name: str) -> list[str]:
        """The ids that a ``depends_on`` may mean."""
        if name in self.by_id:
            return [name]
        if name in self.by_label:
            return [self.by_label[name].id]
        return [known for known in self.by_id if len(known) > 3 and known.startswith(name)]

    def line_from(self, name: str, *, upward: bool) -> set[str]:
        """A revision and everything above it, or below it, by ``down_revision``."""
        steps = self._children if upward else self._parents
        reached: set[str] = set()
        todo = [name]
        while todo:
            here = todo.pop()
            if here not in reached:
                reached.add(here)
                todo.extend(steps[here])
        return reached

    @cached_property
    def _parents(self) -> dict[str, list[str]]:
        return {
            name: [parent for parent in revision.down_revisions if parent in self.by_id]
            for name, revision in self.by_id.items()
        }

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        children: dict[str, list[str]] = {name: [] for name in self.by_id}
        for name, parents in self._parents.items():
            for parent in parents:
                children[parent].append(name)
        return children

    @cached_property
    def bases(self) -> list[str]:
        """The ids without a ``down_revision``."""
        return [name for name, revision in self.by_id.items() if revision.is_base]

    @cached_property
    def heads(self) -> list[str]:
        """The ids that nothing stands on."""
        return [name for name, children in self._children.items() if not children]

    def unnamed(self, ends: Sequence[str], *, upward: bool) -> list[str]:
        """Those of several ends that no branch label leads to, or only together with another end."""
        named: set[str] = set()
        for revision in self.by_label.values():
            reached = self.line_from(revision.id, upward=upward).intersection(ends)
            if len(reached) == 1:
                named |= reached
        return [name for name in ends if name not in named]

    def directions(self, revision: Revision) -> tuple[bool, bool] | AsyncmigError:
        """Whether the script has an upgrade and a downgrade; or why it does not load."""
        if revision.path not in self._directions:
            try:
                script = self.load(revision)
                self._directions[revision.path] = (script.has_upgrade, script.has_downgrade)
            except AsyncmigError as error:
                self._directions[revision.path] = error
        return self._directions[revision.path]
