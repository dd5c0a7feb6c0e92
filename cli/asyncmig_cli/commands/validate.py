"""``asyncmig validate``."""

from functools import partial

from asyncmig_cli.exit_codes import ExitCode
from asyncmig_cli.options.parameters import Verbose
from asyncmig_cli.runtime.invocation import Invocation

EXAMPLES = {
    "asyncmig validate": "check the history and the scripts",
    "asyncmig validate -v": "and list the rules that were checked",
}
DOCUMENT = 'ValidationReport, and "ok": boolean'


def validate(invocation: Invocation, verbose: Verbose = False) -> int | None:
    """Check the history and the scripts; needs no database."""
    from asyncmig.project.validate import validate_project
    from asyncmig.results.combining import combined_validation
    from asyncmig_cli.rendering.databases import each_lines
    from asyncmig_cli.rendering.validation import report_lines

    report = combined_validation(
        {name: validate_project(settings) for name, settings in invocation.histories.items()}
    )
    document = report.to_dict() | {"ok": report.ok}
    lines = partial(report_lines, verbose=verbose)
    invocation.show(document, lambda stream: each_lines(report, stream, lines))
    return None if report.ok else ExitCode.ERROR
