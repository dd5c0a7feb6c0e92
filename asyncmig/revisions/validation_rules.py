"""The rules of ``validate``, one small function each.

They look at the revisions as they were read, one by one, and not at a graph: a history that is broken in
one place has no graph, and may be broken in others. Two rules deserve a word:

- ``one-base``: several bases are fine as long as each begins a branch of its own, named by a branch label.
  A second base without a name is nearly always a forgotten ``down_revision``.
- ``heads``: likewise several heads are fine as long as each can be named, ``label@head``. With a number
  given, there may be so many heads and no more, named or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.errors import AsyncmigError
from asyncmig.revisions.graph.history import ILLEGAL_CHARACTERS, nearest_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from asyncmig.revisions.graph.revision import Revision
    from asyncmig.revisions.unvalidated_history import UnvalidatedHistory

__all__ = ["RULES", "Fault", "Rule"]

RESERVED = frozenset(("head", "heads", "base", "current"))
"""Words of target expressions: a revision of that name could not be named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: a name for machines, a line for people, and the check."""

    name: str
    title: str
    check: Callable[[UnvalidatedHistory], Iterator[Fault]]


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule finds: the message, the way out, and whom it is about."""

    message: str
    hint: str | None = None
    revision: Revision | None = None
    path: str | None = None


def _readable(history: UnvalidatedHistory) -> Iterator[Fault]:
    for problem in history.problems:
        yield Fault(problem.message, problem.hint, path=str(problem.fields().get("path") or ""))


def _unique_files(history: UnvalidatedHistory) -> Iterator[Fault]:
    for path in history.repeated:
        yield Fault(
            f"{path} is reached twice",
            "name each folder once in `version_locations`, and link to no file that is there already",
            path=path,
        )


def _unique_ids(history: UnvalidatedHistory) -> Iterator[Fault]:
    for revision in history.revisions:
        first = history.by_id[revision.id]
        if revision is not first:
            yield Fault(
                f"revision '{revision.id}' is defined in {first.path} already",
                "give one of the two files another `revision`, or delete it",
                revision,
            )


def _legal_ids(history: UnvalidatedHistory) -> Iterator[Fault]:
    for revision in history.revisions:
        if not revision.id or not ILLEGAL_CHARACTERS.isdisjoint(revision.id):
            yield Fault(
                f"revision id '{revision.id}' is empty or has one of '@', '-', '+', ':'",
                "use letters, digits and underscores",
                revision,
            )
        elif revision.id in RESERVED:
            yield Fault(
                f"revision id '{revision.id}' is a word of target expressions",
                "give the revision another id: this one cannot be named",
                revision,
            )


def _unique_labels(history: UnvalidatedHistory) -> Iterator[Fault]:
    seen: dict[str, Revision] = {}
    for revision in history.revisions:
        for label in revision.branch_labels:
            other = history.by_id.get(label) or seen.get(label)
            if other is not None:
                yield Fault(
                    f"branch label '{label}' is the name of revision '{other.id}' already",
                    "choose another label: every name is used once",
                    revision,
                )
            seen.setdefault(label, revision)


def _resolved_parents(history: UnvalidatedHistory) -> Iterator[Fault]:
    for revision in history.revisions:
        for parent in revision.down_revisions:
            if parent not in history.by_id:
                yield _dangling(history, revision, "down_revision", parent, history.by_id)


def _resolved_dependencies(history: UnvalidatedHistory) -> Iterator[Fault]:
    for revision in history.revisions:
        for name in revision.depends_on:
            if len(history.referred(name)) != 1:
                known = [*history.by_id, *history.by_label]
                yield _dangling(history, revision, "depends_on", name, known)


def _dangling(
    history: UnvalidatedHistory, revision: Revision, variable: str, name: str, known: Iterable[str]
) -> Fault:
    several = history.referred(name) if variable == "depends_on" else []
    if several:
        return Fault(
            f"`{variable}` names '{name}', which may be {', '.join(several)}",
            "write the whole id",
            revision,
        )
    nearest = nearest_names(name, known)
    return Fault(
        f"`{variable}` names '{name}', which is no revision",
        f"did you mean {' or '.join(nearest)}?" if nearest else "restore the missing file",
        revision,
    )


def _acyclic(history: UnvalidatedHistory) -> Iterator[Fault]:
    below = {
        name: [
            *(parent for parent in revision.down_revisions if parent in history.by_id),
            *(other for text in revision.depends_on for other in history.referred(text)[:1]),
        ]
        for name, revision in history.by_id.items()
    }
    for around in _cycles(below):
        yield Fault(
            f"a cycle: {' -> '.join([*around, around[0]])}",
            "one of them names a later one in `down_revision` or `depends_on`: correct that file",
            history.by_id[around[0]],
        )


def _cycles(below: dict[str, list[str]]) -> Iterator[list[str]]:
    """Cycles that share no revision, until none is left."""
    above: dict[str, list[str]] = {name: [] for name in below}
    waiting: dict[str, int] = {}
    for name, lowers in below.items():
        waiting[name] = len(set(lowers))
        for lower in set(lowers):
            above[lower].append(name)
    ready = [name for name, count in waiting.items() if not count]
    done: set[str] = set()
    for start in below:
        while ready:
            name = ready.pop()
            if name not in done:
                done.add(name)
                for upper in above[name]:
                    waiting[upper] -= 1
                    if not waiting[upper]:
                        ready.append(upper)
        if start not in done:
            # Everything left stands on something left, so walking down must come around.
            path: dict[str, None] = {}
            name = start
            while name not in path:
                path[name] = None
                name = next(lower for lower in below[name] if lower not in done)
            around = list(path)[list(path).index(name) :]
            yield around
            ready = around


def _one_base(history: UnvalidatedHistory) -> Iterator[Fault]:
    if len(history.bases) > 1:
        for name in history.unnamed(history.bases, upward=False):
            yield Fault(
                f"revision '{name}' is one of {len(history.bases)} bases, and no branch label names it",
                "set its `down_revision`, or `branch_labels` if it begins a branch of its own",
                history.by_id[name],
            )


def _heads(history: UnvalidatedHistory) -> Iterator[Fault]:
    heads, allowed = history.heads, history.heads_allowed
    if allowed is not None:
        if len(heads) > allowed:
            yield Fault(
                f"there are {len(heads)} heads, {', '.join(heads)}, and {allowed} may be",
                "join them: `asyncmig merge heads`",
            )
    elif len(heads) > 1:
        for name in history.unnamed(heads, upward=True):
            yield Fault(
                f"revision '{name}' is one of {len(heads)} heads, and no branch label names it",
                "join them with `asyncmig merge heads`, or name its branch in `branch_labels`",
                history.by_id[name],
            )


def _imports(history: UnvalidatedHistory) -> Iterator[Fault]:
    for revision in history.revisions:
        outcome = history.directions(revision)
        if isinstance(outcome, AsyncmigError):
            yield Fault(outcome.message, outcome.hint, revision)


def _upgrades(history: UnvalidatedHistory) -> Iterator[Fault]:
    for revision in history.revisions:
        outcome = history.directions(revision)
        if not isinstance(outcome, AsyncmigError) and not outcome[0]:
            yield Fault(
                f"revision '{revision.id}' has no upgrade",
                "write its `upgrade`; with nothing to do, `pass` will do",
                revision,
            )


def _downgrades(history: UnvalidatedHistory) -> Iterator[Fault]:
    for revision in history.revisions:
        outcome = history.directions(revision)
        if not isinstance(outcome, AsyncmigError) and not outcome[1]:
            yield Fault(
                f"revision '{revision.id}' has no downgrade",
                "write its `downgrade`; with nothing to do, `pass` will do",
                revision,
            )


RULES: tuple[Rule, ...] = (
    Rule(name="readable", title="every file can be read and is a revision", check=_readable),
    Rule(name="unique-files", title="no file is reached twice", check=_unique_files),
    Rule(name="unique-ids", title="no id is used twice", check=_unique_ids),
    Rule(name="legal-ids", title="every id can be named in a target", check=_legal_ids),
    Rule(name="unique-labels", title="no branch label is used twice", check=_unique_labels),
    Rule(name="parents", title="every down_revision is there", check=_resolved_parents),
    Rule(name="dependencies", title="every depends_on is there", check=_resolved_dependencies),
    Rule(name="no-cycle", title="no revision stands on itself", check=_acyclic),
    Rule(name="one-base", title="one base, or a named branch for each", check=_one_base),
    Rule(name="heads", title="one head, or a named branch for each", check=_heads),
    Rule(name="imports", title="every script can be imported", check=_imports),
    Rule(name="upgrades", title="every script has an upgrade", check=_upgrades),
    Rule(name="downgrades", title="every script has a downgrade", check=_downgrades),
)
"""All rules, in the order in which they are checked."""
