"""Findings in the formats of others: GitHub, GitLab, SARIF, Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.reports.github import github_report
from asyncmig.lint.reports.gitlab import gitlab_report
from asyncmig.lint.reports.markdown import markdown_report
from asyncmig.lint.reports.sarif import sarif_report

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from asyncmig.results.lint import LintResult

__all__ = ["REPORTS"]

REPORTS: Mapping[str, Callable[[LintResult, Path], str]] = {
    "github": github_report,
    "sarif": sarif_report,
    "gitlab": gitlab_report,
    "markdown": markdown_report,
}
"""A report by the name of its format: given the result and the folder that paths are relative to."""
