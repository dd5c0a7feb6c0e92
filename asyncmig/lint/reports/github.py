"""Workflow commands of GitHub Actions: an annotation at the line of each directive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.reports.paths import relative_path

if TYPE_CHECKING:
    from pathlib import Path

    from asyncmig.results.lint import LintFinding, LintResult

__all__ = ["github_report"]

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}


def github_report(result: LintResult, root: Path) -> str:
    """A line for each finding that no comment allows."""
    return "".join(f"{_command(finding, root)}\n" for finding in result.reported)


def _command(finding: LintFinding, root: Path) -> str:
    properties = {
        "file": relative_path(finding.path, root),
        "line": str(finding.line) if finding.line else None,
        "title": f"asyncmig {finding.rule}",
    }
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    text = finding.message
    if finding.suggestion:
        text += f"\n\n{finding.suggestion}"
    return f"::{_COMMANDS[finding.severity]} {written}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
