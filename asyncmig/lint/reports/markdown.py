"""A table in Markdown, for a comment under a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.reports.paths import relative_path

if TYPE_CHECKING:
    from pathlib import Path

    from asyncmig.results.lint import LintFinding, LintResult

__all__ = ["markdown_report"]


def markdown_report(result: LintResult, root: Path) -> str:
    """The findings as a table, and the safe forms below it."""
    found = result.reported
    parts = [f"### asyncmig lint: {len(found)} finding{'s' if len(found) != 1 else ''}\n"]
    parts += [f"_{note}_\n" for note in result.notes]
    if found:
        parts.append("| severity | rule | where | finding |\n|---|---|---|---|")
        parts += [_row(finding, root) for finding in found]
        parts.append("")
    for finding in found:
        if finding.suggestion:
            where = _where(finding, root)
            parts.append(
                f"<details><summary>{where}: {finding.rule}</summary>\n\n"
                f"```sql\n{finding.suggestion}\n```\n\n</details>\n"
            )
    return "\n".join(parts) + "\n"


def _where(finding: LintFinding, root: Path) -> str:
    path = relative_path(finding.path, root) or finding.revision or ""
    return f"{path}:{finding.line}" if finding.line else path


def _row(finding: LintFinding, root: Path) -> str:
    message = finding.message.replace("|", "\\|").replace("\n", " ")
    return f"| {finding.severity} | `{finding.rule}` | `{_where(finding, root)}` | {message} |"
