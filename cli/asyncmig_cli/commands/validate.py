"""``asyncmig validate``."""

from asyncmig_cli.exits import ExitCode
from asyncmig_cli.invocation import Invocation
from asyncmig_cli.parameters import Verbose

EXAMPLES = {
    "asyncmig validate": "check the history and its scripts, without a database",
    "asyncmig validate -v": "and say what was checked",
}
DOCUMENT = 'ValidationReport, and "ok": boolean'


def validate(invocation: Invocation, verbose: Verbose = False) -> int | None:
    """Check that the history holds together and that its scripts can run."""
    from asyncmig.project.validate import validate_project
    from asyncmig_cli.rendering.validation import report_lines

    report = validate_project(invocation.settings)
    document = report.to_dict() | {"ok": report.ok}
    invocation.show(document, lambda stream: report_lines(report, stream, verbose=verbose))
    return None if report.ok else ExitCode.ERROR
