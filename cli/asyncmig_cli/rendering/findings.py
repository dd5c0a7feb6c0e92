"""The findings of ``lint`` as text."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import count
from asyncmig_cli.rendering.files import near

if TYPE_CHECKING:
    from asyncmig.results import LintFinding, LintResult

__all__ = ["lint_lines"]

COLORS = {"error": "red", "warning": "yellow", "note": "cyan"}


def lint_lines(result: "LintResult", stream: Stream, *, verbose: bool = False) -> Iterator[str]:
    """Each finding with its safe form, and their numbers."""
    for finding in result.findings:
        if not finding.allowed or verbose:
            yield from _finding_lines(finding, stream)
    yield _summary(result, stream)


def _finding_lines(finding: "LintFinding", stream: Stream) -> Iterator[str]:
    path = near(finding.path) if finding.path else finding.revision or ""
    where = f"{path}:{finding.line}" if finding.line else path
    severity = stream.style(finding.severity, COLORS[finding.severity], "bold")
    if finding.allowed:
        severity = stream.style("allowed", "green")
    yield f"{where}: {severity} {stream.style(finding.rule, 'bold')}: {finding.message}"
    if finding.allowed:
        yield stream.style(f"    reason: {finding.reason}", "dim")
        return
    for line in (finding.suggestion or "").splitlines():
        yield stream.style(f"    {line}", "dim")


def _summary(result: "LintResult", stream: Stream) -> str:
    found = result.reported
    looked = f"{count(len(result.revisions), 'revision')}, {count(result.statements, 'statement')}"
    asked = "" if result.database else ", no database"
    allowed = len(result.findings) - len(found)
    silent = f", {allowed} allowed" if allowed else ""
    if not result.revisions:
        return f"{stream.style('nothing to lint', 'green', 'bold')}: {result.scope}{asked}"
    if not found:
        return f"{stream.style('no findings', 'green', 'bold')}: {looked}{asked}{silent}"
    numbers = ", ".join(
        stream.style(count(number, severity), COLORS[severity])
        for severity in COLORS
        if (number := sum(finding.severity == severity for finding in found))
    )
    return f"{numbers}{silent} in {looked}{asked}"
