"""The rules of ``validate``, one small function each.

``RevisionFiles`` holds the revisions as they were read, and their history with all its faults, so that one
fault hides no other. Two rules need an explanation:

- ``one-base``: several bases are valid if each begins a branch that a branch label names. A second base
  without a label usually has a forgotten ``down_revision``.
- ``heads``: several heads are valid if each has a name, ``label@head``. With ``heads_allowed``, there may
  be that many heads, named or not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from asyncmig.errors import AsyncmigError
from asyncmig.revisions.files.script import load_script
from asyncmig.revisions.graph.history import History
from asyncmig.revisions.graph.names import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from asyncmig.revisions.files.script import DeferredScript, PythonScript, SqlScript
    from asyncmig.revisions.graph.history_faults import HistoryFault
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["RULES", "Fault", "RevisionFiles", "Rule"]

RESERVED = frozenset(("head", "heads", "base", "current"))
"""Words of target expressions: a revision with such an id could not be named."""


@dataclass(kw_only=True)
class RevisionFiles:
    """The revision files of some folders, valid or not.

    Attributes:
        revisions: as read, in the order of their files.
        problems: errors of files that could not be read.
        repeated: files that two locations contain, or that a link leads to.
        load: loads a script.
        heads_allowed: the number of heads that there may be; None allows any number of named ones.
    """

    revisions: Sequence[Revision]
    problems: Sequence[AsyncmigError] = ()
    repeated: Sequence[str] = ()
    load: Callable[[Revision], PythonScript | DeferredScript | SqlScript] = load_script
    heads_allowed: int | None = None
    _directions: dict[str, tuple[bool, bool] | AsyncmigError] = field(default_factory=dict)

    @cached_property
    def _checked(self) -> tuple[History, list[HistoryFault]]:
        faults: list[HistoryFault] = []
        return History(self.revisions, faults=faults), faults

    @property
    def history(self) -> History:
        """The history, without what its faults concern."""
        return self._checked[0]

    @property
    def faults(self) -> list[HistoryFault]:
        """The faults of the history."""
        return self._checked[1]

    def unnamed(self, ends: Sequence[str], *, upward: bool) -> list[str]:
        """The heads (or bases) that no branch label leads to, or only together with another one."""
        history = self.history
        named: set[str] = set()
        for label in history.labelled:
            reach = history.descendants if upward else history.ancestors
            reached = reach([history.labelled[label]], dependencies=False).intersection(ends)
            if len(reached) == 1:
                named |= reached
        return [name for name in ends if name not in named]

    def directions(self, revision: Revision) -> tuple[bool, bool] | AsyncmigError:
        """Whether the script has an upgrade and a downgrade; or the error of loading it."""
        if revision.path not in self._directions:
            try:
                script = self.load(revision)
                self._directions[revision.path] = (script.has_upgrade, script.has_downgrade)
            except AsyncmigError as error:
                self._directions[revision.path] = error
        return self._directions[revision.path]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that a rule finds: the message, the hint, and the revision or file."""

    message: str
    hint: str | None = None
    revision: Revision | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: its name, its title for people, and the check; None for a rule of ``History``."""

    name: str
    title: str
    check: Callable[[RevisionFiles], Iterator[Fault]] | None = None

    def faults(self, files: RevisionFiles) -> Iterator[Fault]:
        """The faults that break this rule."""
        for fault in files.faults:
            if fault.rule == self.name:
                yield Fault(fault.error.message, fault.error.hint, fault.revision)
        if self.check is not None:
            yield from self.check(files)


def _readable(files: RevisionFiles) -> Iterator[Fault]:
    for problem in files.problems:
        yield Fault(problem.message, problem.hint, path=str(problem.fields().get("path") or ""))


def _unique_files(files: RevisionFiles) -> Iterator[Fault]:
    for path in files.repeated:
        yield Fault(
            f"{path} is read twice",
            "name each folder once in `version_locations`, and link to no file that is there already",
            path=path,
        )


def _not_reserved(files: RevisionFiles) -> Iterator[Fault]:
    for revision in files.revisions:
        if revision.id in RESERVED:
            yield Fault(
                f"revision id '{revision.id}' is a word of target expressions",
                "give the revision another id: no target can name this one",
                revision,
            )


def _one_base(files: RevisionFiles) -> Iterator[Fault]:
    bases = files.history.bases
    if len(bases) > 1:
        for name in files.unnamed(bases, upward=False):
            yield Fault(
                f"revision '{name}' is one of {len(bases)} bases, and no branch label names it",
                "set its `down_revision`, or `branch_labels` if it begins a new branch",
                files.history.get(name),
            )


def _heads(files: RevisionFiles) -> Iterator[Fault]:
    heads, allowed = files.history.heads, files.heads_allowed
    if allowed is not None:
        if len(heads) > allowed:
            yield Fault(
                f"there are {len(heads)} heads, {listed(heads)}, and {allowed} are allowed",
                "join them: `asyncmig merge heads`",
            )
    elif len(heads) > 1:
        for name in files.unnamed(heads, upward=True):
            yield Fault(
                f"revision '{name}' is one of {len(heads)} heads, and no branch label names it",
                "join them with `asyncmig merge heads`, or name its branch in `branch_labels`",
                files.history.get(name),
            )


def _imports(files: RevisionFiles) -> Iterator[Fault]:
    for revision in files.revisions:
        outcome = files.directions(revision)
        if isinstance(outcome, AsyncmigError):
            yield Fault(outcome.message, outcome.hint, revision)


def _upgrades(files: RevisionFiles) -> Iterator[Fault]:
    for revision in files.revisions:
        outcome = files.directions(revision)
        if not isinstance(outcome, AsyncmigError) and not outcome[0]:
            yield Fault(
                f"revision '{revision.id}' has no upgrade",
                "write its `upgrade`; if there is nothing to do, write `pass`",
                revision,
            )


def _downgrades(files: RevisionFiles) -> Iterator[Fault]:
    for revision in files.revisions:
        outcome = files.directions(revision)
        if not isinstance(outcome, AsyncmigError) and not outcome[1]:
            yield Fault(
                f"revision '{revision.id}' has no downgrade",
                "write its `downgrade`; if there is nothing to do, write `pass`",
                revision,
            )


RULES: tuple[Rule, ...] = (
    Rule(name="readable", title="every file can be read and is a revision", check=_readable),
    Rule(name="unique-files", title="no file is read twice", check=_unique_files),
    Rule(name="unique-ids", title="every id is unique"),
    Rule(name="legal-ids", title="every id can be named in a target", check=_not_reserved),
    Rule(name="unique-labels", title="every branch label is unique"),
    Rule(name="parents", title="every down_revision exists"),
    Rule(name="dependencies", title="every depends_on exists"),
    Rule(name="no-cycle", title="no revision is below itself"),
    Rule(name="one-base", title="one base, or a named branch for each", check=_one_base),
    Rule(name="heads", title="one head, or a named branch for each", check=_heads),
    Rule(name="imports", title="every script can be imported", check=_imports),
    Rule(name="upgrades", title="every script has an upgrade", check=_upgrades),
    Rule(name="downgrades", title="every script has a downgrade", check=_downgrades),
)
"""All rules, in the order in which they are checked."""
