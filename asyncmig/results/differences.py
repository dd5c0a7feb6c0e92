"""Where a database differs from the models."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import TYPE_CHECKING

from asyncmig.results.base import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.results.renames import RenameCandidate

__all__ = ["CheckResult", "Difference", "RevisionCheck"]


_EXECUTED = re.compile(r"(CREATE|DROP)\b|ALTER TABLE \S+ (ADD|DROP) CONSTRAINT\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference(Result):
    """One thing that a migration would have to change.

    Attributes:
        change: what it would do: ``add_column``, ``alter_column``, ``drop_index`` ...
        object: to what: ``shop.book.pages``.
        before: as the database has it: a type, a default, the definition behind a dropped thing's name;
            None where it has nothing, or where only ``sql`` says it. Views and functions have several lines.
        after: as the models have it; likewise.
        sql: the statements that would make the change.
        blocked_by: what would make them fail: entities that nobody declares, which stand on a dropped
            column or table: ``view titles``.
    """

    change: str
    object: str
    before: str | None = None
    after: str | None = None
    sql: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()

    @property
    def sign(self) -> str:
        """``+`` for what comes, ``-`` for what goes, ``~`` for what changes."""
        verb = self.change.partition("_")[0]
        if verb == "execute" and self.sql:
            found = _EXECUTED.match(self.sql[0])
            verb = "" if found is None else (found[1] or found[2]).lower()
        return {"add": "+", "create": "+", "drop": "-"}.get(verb, "~")

    @property
    def what(self) -> str:
        """The change and its object; of plain SQL its first line."""
        if self.change == "execute" and self.sql:
            return self.sql[0].partition("\n")[0]
        return f"{self.change} {self.object}"

    @property
    def changed_lines(self) -> tuple[str, ...]:
        """Of texts of several lines those that go and come, with ``-`` and ``+``, and three lines around.

        Lines that are left out between them are one that says ``...``. None where both texts fit on a line.
        """
        if self.before is None or self.after is None or "\n" not in self.before + self.after:
            return ()
        found = unified_diff(self.before.splitlines(), self.after.splitlines(), lineterm="")
        return tuple("..." if line.startswith("@@") else line for line in list(found)[3:])

    def __str__(self) -> str:
        ends = [end for end in (self.before, self.after) if end is not None]
        told = f": {' -> '.join(ends)}" if ends else ""
        if changed := self.changed_lines:
            told = "".join(f"\n    {line}" for line in changed)
        fails = f" (fails: {', '.join(self.blocked_by)} stands on it)" if self.blocked_by else ""
        return f"{self.sign} {self.what}{told}{fails}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult(Result):
    """What ``check`` found, in the order in which a migration would change it.

    Of several databases ``differences`` has all, and ``databases`` each of them by name. ``candidates``
    look like renames, and are among the differences as a drop and an addition. ``notes`` are what a person
    should know: that the models have no tables at all.
    """

    differences: tuple[Difference, ...] = ()
    candidates: tuple[RenameCandidate, ...] = ()
    notes: tuple[str, ...] = ()
    databases: Mapping[str, CheckResult] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True when the database matches the models."""
        return not self.differences

    def __str__(self) -> str:
        """A difference a line: the message of an assertion, which pytest cuts short where it is no text."""
        if self.ok:
            return "the database matches the models"
        if not self.databases:
            return "\n".join(
                [
                    *map(str, self.differences),
                    *(item.suggestion for item in self.candidates),
                    *self.notes,
                ]
            )
        return "\n".join(f"{name}:\n{found}" for name, found in self.databases.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionCheck(Result):
    """Whether a database stands at a revision, no more and no less.

    Attributes:
        target: what was asked for.
        revisions: the ids that it names; none for ``base``.
        current: rows of the version table.
        missing: of ``revisions``, what is not applied.
        unexpected: of ``current``, what is not asked for: newer, or of another branch.
        partial: the ids of revisions that stopped half way.
        databases: each of several by name.
    """

    target: str
    revisions: tuple[str, ...]
    current: tuple[str, ...]
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    databases: Mapping[str, RevisionCheck] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True when it stands there."""
        return not (self.missing or self.unexpected or self.partial)
