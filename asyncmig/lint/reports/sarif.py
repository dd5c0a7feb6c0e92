"""SARIF 2.1.0, for code scanning. A finding that a comment allows is a suppressed result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from asyncmig.lint.reports.paths import relative_path
from asyncmig.lint.rule import all_rules
from asyncmig.version import asyncmig_version

if TYPE_CHECKING:
    from pathlib import Path

    from asyncmig.results.lint import LintFinding, LintResult

__all__ = ["sarif_report"]

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_PAGE = "https://github.com/asyncmig/asyncmig/blob/main/docs/lint.md"


def sarif_report(result: LintResult, root: Path) -> str:
    """One run, with every rule that has a finding, and all findings."""
    rules = all_rules()
    used = sorted({finding.rule for finding in result.findings})
    index = {rule: number for number, rule in enumerate(used)}
    driver = {
        "name": "asyncmig",
        "version": asyncmig_version(),
        "informationUri": "https://github.com/asyncmig/asyncmig",
        "rules": [
            {
                "id": name,
                "shortDescription": {"text": rules[name].title},
                "fullDescription": {"text": rules[name].why},
                "helpUri": f"{_PAGE}#{name}",
                "defaultConfiguration": {"level": str(rules[name].severity)},
            }
            for name in used
        ],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, root, index) for finding in result.findings],
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {"level": "note", "message": {"text": note}} for note in result.notes
                ],
            }
        ],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _result(finding: LintFinding, root: Path, index: dict[str, int]) -> dict[str, Any]:
    text = finding.message
    if finding.suggestion:
        text += f"\n\n{finding.suggestion}"
    found: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": finding.severity,
        "message": {"text": text},
        "properties": {"revision": finding.revision, "facts": finding.facts},
    }
    if path := relative_path(finding.path, root):
        place: dict[str, Any] = {"artifactLocation": {"uri": path}}
        if finding.line:
            place["region"] = {"startLine": finding.line}
        found["locations"] = [{"physicalLocation": place}]
    if finding.allowed:
        found["suppressions"] = [{"kind": "inSource", "justification": finding.reason}]
    return found
