"""GitLab's code quality report: the format of Code Climate."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from asyncmig.lint.reports.paths import relative_path

if TYPE_CHECKING:
    from pathlib import Path

    from asyncmig.results.lint import LintFinding, LintResult

__all__ = ["gitlab_report"]

_SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}


def gitlab_report(result: LintResult, root: Path) -> str:
    """A list of the findings that no comment allows."""
    seen: dict[str, int] = {}
    return json.dumps([_issue(finding, root, seen) for finding in result.reported], indent=2) + "\n"


def _issue(finding: LintFinding, root: Path, seen: dict[str, int]) -> dict[str, object]:
    path = relative_path(finding.path, root) or ""
    # of what stays the same when lines move; several equal findings are numbered
    same = "\0".join(
        (finding.rule, finding.revision or "", path, finding.sql or "", finding.message)
    )
    number = seen[same] = seen.get(same, 0) + 1
    fingerprint = hashlib.sha256(f"{same}\0{number}".encode()).hexdigest()
    return {
        "description": finding.message,
        "check_name": f"asyncmig/{finding.rule}",
        "fingerprint": fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": path, "lines": {"begin": finding.line or 1}},
    }
