"""Resolves target expressions to revisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.errors import MultipleHeadsError, RevisionNotFoundError, TargetError
from asyncmig.revisions.graph.names import listed
from asyncmig.revisions.graph.target_expression import Expression

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from asyncmig.revisions.graph.history import History
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["TargetReader"]


class TargetReader:
    """Resolves expressions for one history and the current revisions of a database.

    Args:
        history: the history.
        current: the rows of the version table.

    Raises:
        RevisionNotFoundError: a row that no script defines.
    """

    def __init__(self, history: History, current: Collection[str] = ()) -> None:
        self._history = history
        self.rows = tuple(dict.fromkeys(self._row(name) for name in current))

    def _row(self, name: str) -> str:
        try:
            return self._history.find(name).id
        except RevisionNotFoundError as error:
            raise RevisionNotFoundError(
                f"the database is at revision '{name}', which no script defines",
                hint="run a version of the code that has this revision, or correct the version table "
                "with `asyncmig stamp --purge REVISION`",
                revision=name,
                nearest=error.nearest,
                current=True,
            ) from error

    # -- show, stamp, history, revision --head, merge -------------------------------------------

    def revisions(self, text: str, *, beyond: bool = False) -> tuple[Revision, ...]:
        """The revisions that an expression names; none for ``base``.

        Args:
            text: the expression.
            beyond: steps past the end of the history stop there instead of failing.
        """
        expression = Expression.parse(text, self._history)
        if expression.steps is None:
            return self._without_steps(expression)
        starts: tuple[Revision | None, ...]
        if expression.symbol:
            starts = self._starts(expression)
        elif expression.steps > 0:
            starts = (self._start_upward(expression),)
        else:
            starts = self._heads_on(expression.branch)
        found = [self._walk(start, expression, beyond=beyond) for start in starts]
        return tuple(dict.fromkeys(revision for revision in found if revision is not None))

    def _without_steps(self, expression: Expression) -> tuple[Revision, ...]:
        history, branch = self._history, expression.branch
        match expression.symbol:
            case "base":
                if branch is not None:
                    self._branch(branch)  # raises for an unknown one
                return ()
            case "head":
                return self._single_head(expression)
            case "heads" if branch is None:
                return tuple(map(history.get, history.effective_heads))
            case "heads":
                return self._on_branch(history.heads, branch)
            case "current":
                return self._on_branch(self.rows, branch)
            case name:
                return (self._named(name, expression),)

    def _single_head(self, expression: Expression) -> tuple[Revision, ...]:
        heads = self._on_branch(self._history.heads, expression.branch)
        if len(heads) > 1:
            raise self._multiple_heads(expression, [head.id for head in heads])
        return heads

    def _multiple_heads(self, expression: Expression, heads: list[str]) -> MultipleHeadsError:
        labels = [label for head in heads for label in self._history.labels(head)]
        one = f"`{labels[0]}@head`" if labels and not expression.branch else f"`{heads[0]}`"
        every = "" if "heads" in expression.text else " all (`heads`),"
        return MultipleHeadsError(
            f"'{expression.text}' is not one revision: there are {len(heads)} heads, {listed(heads)}",
            hint=f"name one ({one}),{every} or join them with `asyncmig merge heads`",
            target=expression.text,
            heads=tuple(heads),
        )

    def _named(self, name: str, expression: Expression) -> Revision:
        history, branch = self._history, expression.branch
        if branch is None:
            return history.find(name)
        lineage = history.lineage(self._branch(branch).id)
        found = history.find(name, among=lineage)
        if found.id not in lineage:
            raise TargetError(
                f"revision '{found.id}' is not on branch '{branch}'",
                hint=f"`asyncmig history -r {branch}@base:{branch}@head` lists that branch",
                target=expression.text,
            )
        return found

    def _branch(self, name: str) -> Revision:
        try:
            return self._history.find(name)
        except RevisionNotFoundError as error:
            raise RevisionNotFoundError(
                f"no branch is called '{name}'",
                hint=error.hint,
                revision=name,
                nearest=error.nearest,
            ) from error

    def lineage(self, branch: str) -> set[str]:
        """All revisions of a branch, below and above the revision that its name refers to."""
        return self._history.lineage(self._branch(branch).id)

    def _on_branch(self, names: Iterable[str], branch: str | None) -> tuple[Revision, ...]:
        if branch is not None:
            lineage = self.lineage(branch)
            names = [name for name in names if name in lineage]
        return tuple(map(self._history.get, names))

    def _heads_on(self, branch: str | None) -> tuple[Revision, ...]:
        heads = self._history.effective_heads
        return tuple(
            self._history.get(head) for head in heads if branch is None or self.is_on(head, branch)
        )

    def is_on(self, name: str, branch: str) -> bool:
        """True if a revision belongs to a branch.

        The branch is a label, or a revision, which means its only label, or else its line.
        """
        history = self._history
        found = self._branch(branch).id
        labels = (branch,) if history.has_label(branch) else history.labels(found)
        if len(labels) == 1:
            return labels[0] in history.labels(name)
        return name in history.lineage(found)

    # -- upgrade --------------------------------------------------------------------------------

    def upgrade_targets(self, text: str, *, beyond: bool = False) -> tuple[Revision, ...]:
        """The revisions at which an upgrade ends.

        Raises:
            TargetError: a step down from the current revisions, a step past the end of the history, or a
                step with several possible next revisions.
        """
        expression = Expression.parse(text, self._history)
        steps = expression.steps
        if steps is None:
            return self._without_steps(expression)
        if expression.symbol in {"", "current"}:
            if steps <= 0:
                raise TargetError(
                    f"an upgrade cannot go to '{text}'",
                    hint=f"use `asyncmig downgrade {text}`" if steps else "use `+1` or more",
                    target=text,
                )
            start = self._start_upward(expression)
        else:
            start = self._single(expression, on_branch=steps <= 0)
        found = self._walk(start, expression, beyond=beyond)
        if found is None and not beyond:
            raise _too_far(expression, "no revision is below the first one")
        return () if found is None else (found,)

    def _start_upward(self, expression: Expression) -> Revision | None:
        history, branch = self._history, expression.branch
        starts = list(self.rows)
        if branch is not None:
            lineage = self.lineage(branch)
            starts = [name for name in self.rows if name in lineage]
            if not starts:
                # The branch has no row: it starts at the newest applied revisions on it.
                applied = history.ancestors(self.rows) & lineage
                starts = sorted(
                    applied.difference(*(history.below(name) for name in applied)),
                    key=history.position.__getitem__,
                )
        if len(starts) > 1:
            raise TargetError(
                f"'{expression.text}' is ambiguous: the database is at {listed(sorted(starts))}",
                hint="name the revision to start from: "
                + " or ".join(f"`{name}+{expression.steps}`" for name in sorted(starts)[:3]),
                target=expression.text,
                current=tuple(sorted(starts)),
            )
        return history.get(starts[0]) if starts else None

    # -- downgrade ------------------------------------------------------------------------------

    def downgrade_target(self, text: str) -> tuple[str | None, Revision | None]:
        """The branch to which a downgrade is limited, if any, and the revision at which it ends.

        The revision is None for ``base``.

        Raises:
            TargetError: a step up from the current revisions, a step past the base, or a step with
                several possible next revisions.
        """
        expression = Expression.parse(text, self._history)
        steps, branch = expression.steps, expression.branch
        if steps is None:
            return branch, self._downgrade_end(expression)
        if expression.symbol not in {"", "current"}:
            start = self._single(expression, on_branch=steps < 0)
        elif steps >= 0 or not self.rows:
            raise TargetError(
                f"a downgrade cannot go to '{text}'"
                + ("" if steps >= 0 else ": no revision is applied"),
                hint=f"use `asyncmig upgrade {text}`"
                if steps > 0
                else "`asyncmig current` shows its revisions",
                target=text,
            )
        else:
            start = self._start_downward(expression)
            branch = branch or start.id
        return branch, self._walk(start, expression)

    def _downgrade_end(self, expression: Expression) -> Revision | None:
        found = self._without_steps(expression)
        if len(found) > 1:
            raise self._multiple_heads(expression, [revision.id for revision in found])
        return found[0] if found else None

    def _start_downward(self, expression: Expression) -> Revision:
        history, branch = self._history, expression.branch
        starts = list(self.rows)
        if branch is not None:
            lineage = self.lineage(branch)
            starts = [name for name in self.rows if name in lineage]
            if not starts:
                # Its newest revision was applied because another branch depends on it.
                applied = history.ancestors(self.rows)
                starts = [
                    name for name in applied & lineage if applied.isdisjoint(history.children(name))
                ]
        if len(starts) == 1:
            return history.get(starts[0])
        if not starts:
            raise TargetError(
                f"'{expression.text}' cannot be reached: no revision of branch '{branch}' is applied",
                hint="`asyncmig current` shows the current revisions",
                target=expression.text,
                current=self.rows,
            )
        starts.sort()
        raise TargetError(
            f"'{expression.text}' is ambiguous: the database is at {listed(starts)}",
            hint="name the revision to revert: "
            + " or ".join(f"`asyncmig downgrade {name}@{expression.steps}`" for name in starts[:3]),
            target=expression.text,
            current=tuple(starts),
        )

    # -- steps ----------------------------------------------------------------------------------

    def _starts(self, expression: Expression) -> tuple[Revision | None, ...]:
        upward = expression.steps is not None and expression.steps > 0
        if upward and expression.symbol == "current":
            return (self._start_upward(expression),)
        return self._without_steps(expression.start(on_branch=not upward)) or (None,)

    def _single(self, expression: Expression, *, on_branch: bool) -> Revision | None:
        """The revision from which the steps count; None is the base."""
        plain = expression.start(on_branch=on_branch)
        found = self._without_steps(plain)
        if len(found) > 1:
            raise self._multiple_heads(plain, [revision.id for revision in found])
        return found[0] if found else None

    def _walk(
        self, start: Revision | None, expression: Expression, *, beyond: bool = False
    ) -> Revision | None:
        history = self._history
        steps = expression.steps or 0
        if steps < 0 and start is None:
            raise _too_far(expression, "no revision is below the base")
        lineage = self.lineage(expression.branch) if steps > 0 and expression.branch else None
        here = start
        for taken in range(abs(steps)):
            if steps > 0:
                ways = history.bases if here is None else history.children(here.id)
                if lineage is not None:
                    ways = tuple(name for name in ways if name in lineage)
            elif here is None:
                ways = ()
            else:
                ways = here.down_revisions
                if not ways:
                    here = None
                    continue
            if len(ways) > 1:
                raise _fork(expression, steps, here, ways)
            if not ways:
                if beyond:
                    return here
                raise _too_far(expression, _end_of_history(steps, taken))
            here = history.get(ways[0])
        return here


def _too_far(expression: Expression, reason: str) -> TargetError:
    return TargetError(
        f"'{expression.text}' is beyond the end of the history: {reason}",
        hint="`asyncmig history` shows all revisions",
        target=expression.text,
    )


def _end_of_history(steps: int, taken: int) -> str:
    if taken:
        return f"it has only {taken} of the {abs(steps)} steps"
    return f"no revision is {'above' if steps > 0 else 'below'}"


def _fork(
    expression: Expression, steps: int, here: Revision | None, ways: tuple[str, ...]
) -> TargetError:
    place = f"revision '{here.id}'" if here else "the base"
    along = (
        f"@+{steps}" if steps > 0 and here and not (expression.symbol or expression.branch) else ""
    )
    return TargetError(
        f"'{expression.text}' is ambiguous: {place} leads to {listed(ways)}",
        hint="name the one you want: " + " or ".join(f"`{name}{along}`" for name in ways[:3]),
        target=expression.text,
        candidates=ways,
    )
