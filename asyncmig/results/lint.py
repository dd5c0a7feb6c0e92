"""The results of ``lint``: what a plan would do to a busy database, as findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from asyncmig.results.base import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LintFinding", "LintResult", "Severity"]


class Severity(StrEnum):
    """How serious a finding is.

    ``error``: it fails, loses data, breaks running code, or blocks reads or writes of an existing table
    for as long as a scan takes. ``warning``: it does so under conditions, or only for a moment.
    ``note``: worth knowing.
    """

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        """0 for a note; the more serious, the higher."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFinding(Result):
    """What one rule says about one statement.

    Attributes:
        rule: the id of the rule.
        severity: ``note``, ``warning`` or ``error``.
        revision: the id; None where the finding is about a file.
        path: the file, as the user would name it.
        line: the line of the directive in it, or of the comment.
        sql: the statement, without passwords; None where there is none.
        message: one line.
        suggestion: the safe form, with the names of the script; may have several lines.
        allowed: a comment in the script allows it; ``reason`` is the reason in the comment.
        table: the relation that it is about.
        rows: estimate of its rows; None where it was not asked for, or is not known.
        bytes: its size with indexes; likewise.
        facts: where its facts come from: ``sql`` (the text alone), ``history`` (the earlier revisions),
            or ``database``.
    """

    rule: str
    severity: str
    revision: str | None = None
    path: str | None = None
    line: int | None = None
    sql: str | None = None
    message: str = ""
    suggestion: str | None = None
    allowed: bool = False
    reason: str | None = None
    table: str | None = None
    rows: int | None = None
    bytes: int | None = None
    facts: str = "sql"


@dataclass(frozen=True, slots=True, kw_only=True)
class LintResult(Result):
    """The findings about a set of revisions.

    Attributes:
        findings: in the order of the plan; those that a comment allows are included.
        scope: what was linted, in words.
        revisions: the ids that were linted, in order.
        statements: how many statements were analysed.
        database: whether a database was asked for sizes and validity.
        fail_on: findings of this severity or above make ``ok`` false; ``never`` is none.
        notes: what else to know: a database that is behind, or could not be asked.
        databases: the results by name where there are several.
    """

    findings: tuple[LintFinding, ...] = ()
    scope: str = ""
    revisions: tuple[str, ...] = ()
    statements: int = 0
    database: bool = False
    fail_on: str = "warning"
    notes: tuple[str, ...] = ()
    databases: Mapping[str, LintResult] = field(default_factory=dict)

    @property
    def reported(self) -> tuple[LintFinding, ...]:
        """The findings that no comment allows."""
        return tuple(finding for finding in self.findings if not finding.allowed)

    @property
    def ok(self) -> bool:
        """No finding at or above ``fail_on``, but those that a comment allows."""
        if self.fail_on == "never":
            return True
        least = Severity(self.fail_on).rank
        return all(Severity(finding.severity).rank < least for finding in self.reported)
