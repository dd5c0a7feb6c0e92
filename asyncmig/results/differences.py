"""The results of ``check``: differences between a database and the models, or a revision."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import TYPE_CHECKING

from asyncmig.results.base import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.results.renames import RenameCandidate

__all__ = ["CheckResult", "Difference", "RefusedObject", "RevisionCheck"]


_EXECUTED = re.compile(r"(CREATE|DROP)\b|ALTER TABLE \S+ (ADD|DROP) CONSTRAINT\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference(Result):
    """A difference, as an operation that a migration would have.

    Attributes:
        change: the operation: ``add_column``, ``alter_column``, ``drop_index`` ...
        object: the object: ``shop.book.pages``.
        before: the definition in the database: a type, a default, the definition of a dropped object;
            None if there is none, or if only ``sql`` shows it. Views and functions have several lines.
        after: the definition in the models, likewise.
        sql: the statements that would make the change.
        blocked_by: undeclared entities that depend on a dropped column or table, and make the
            statements fail: ``view titles``.
    """

    change: str
    object: str
    before: str | None = None
    after: str | None = None
    sql: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()

    @property
    def sign(self) -> str:
        """``+`` for an addition, ``-`` for a removal, ``~`` for a change."""
        verb = self.change.partition("_")[0]
        if verb == "execute" and self.sql:
            found = _EXECUTED.match(self.sql[0])
            verb = "" if found is None else (found[1] or found[2]).lower()
        return {"add": "+", "create": "+", "drop": "-"}.get(verb, "~")

    @property
    def what(self) -> str:
        """The change and its object; for plain SQL its first line."""
        if self.change == "execute" and self.sql:
            return self.sql[0].partition("\n")[0]
        return f"{self.change} {self.object}"

    @property
    def changed_lines(self) -> tuple[str, ...]:
        """The removed (``-``) and added (``+``) lines of texts of several lines, with three lines of context.

        ``...`` replaces the lines between them. Empty if both texts are one line.
        """
        if self.before is None or self.after is None or "\n" not in self.before + self.after:
            return ()
        found = unified_diff(self.before.splitlines(), self.after.splitlines(), lineterm="")
        return tuple("..." if line.startswith("@@") else line for line in list(found)[3:])

    def __str__(self) -> str:
        ends = [end for end in (self.before, self.after) if end is not None]
        text = f": {' -> '.join(ends)}" if ends else ""
        if changed := self.changed_lines:
            text = "".join(f"\n    {line}" for line in changed)
        fails = f" (fails: {', '.join(self.blocked_by)} depends on it)" if self.blocked_by else ""
        return f"{self.sign} {self.what}{text}{fails}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedObject(Result):
    """An object of the models, or a declared entity, that PostgreSQL or SQLAlchemy refuses to create.

    Attributes:
        subject: the object: ``table shop.book``.
        part: the part of it: ``index ix_book_title``; None if the object as a whole is refused.
        reason: why, with the server's detail.
        hint: what to do.
        sql: the statement; ``position`` is the character that the server points to, from 1.
        sqlstate: the server's error code; None if the statement was not sent: SQLAlchemy refuses it, or
            what it refers to is missing or refused.
        server_hint: the hint of the server.
    """

    subject: str
    part: str | None = None
    reason: str
    hint: str | None = None
    sql: str | None = None
    position: int | None = None
    sqlstate: str | None = None
    server_hint: str | None = None

    def __str__(self) -> str:
        what = f"{self.subject}, {self.part}" if self.part else self.subject
        return f"{what}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult(Result):
    """The differences between a database and the models, in the order of a migration.

    With several databases ``differences`` has all of them, and ``databases`` has the result of each by
    name. ``candidates`` may be renames; each is among the differences as a drop and an addition. ``notes``
    are warnings, for example that the models have no tables.
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
        """One difference per line, as the message of an assertion."""
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
    """Whether a database is exactly at a revision.

    Attributes:
        target: the target expression.
        revisions: the ids that it names; empty for ``base``.
        current: rows of the version table.
        missing: those of ``revisions`` that are not applied.
        unexpected: those of ``current`` that are newer than the target, or of another branch.
        partial: the ids of partially applied revisions.
        databases: the result of each database by name, if there are several.
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
        """True if it is."""
        return not (self.missing or self.unexpected or self.partial)
