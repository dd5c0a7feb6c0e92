"""The report of ``validate``."""

from collections.abc import Iterator

from asyncmig.results import ValidationReport
from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import count
from asyncmig_cli.rendering.files import near

__all__ = ["report_lines"]


def report_lines(
    report: ValidationReport, stream: Stream, *, verbose: bool = False
) -> Iterator[str]:
    """The findings one by one, and their number."""
    if verbose:
        broken = {finding.rule for finding in report.findings}
        for rule in report.checked:
            sign = (
                stream.style("✗", "red")
                if rule.partition(":")[0] in broken
                else stream.style("✓", "green")
            )
            yield f"{sign} {rule}"
        yield ""
    for finding in report.findings:
        where = near(finding.path) if finding.path else finding.revision
        place = f"{where}: " if where else ""
        yield f"{stream.style(finding.rule, 'red')} {place}{finding.message}"
        if finding.hint:
            yield f"  {stream.style('hint:', 'cyan')} {finding.hint}"
    checked = count(report.revisions, "revision")
    if report.ok:
        rules = count(len(report.checked), "check")
        yield f"{stream.style('valid', 'green', 'bold')}: {checked}, {rules}"
    else:
        found = count(len(report.findings), "problem")
        yield f"{stream.style('not valid', 'red', 'bold')}: {checked}, {found}"
