"""``asyncmig lint``."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from asyncmig_cli.errors import UsageError
from asyncmig_cli.exit_codes import ExitCode
from asyncmig_cli.input.completion import complete_revision
from asyncmig_cli.options.parameters import Verbose
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig.migrator import Migrator
    from asyncmig.results import LintResult

EXAMPLES = {
    "asyncmig lint": "the pending revisions; exit code 3 on findings",
    "asyncmig lint --git-diff main --format github": "annotations in CI",
    "asyncmig lint --offline --files ae10_phone.py": "without a database",
    "asyncmig lint --all --format sarif > lint.sarif": "for code scanning",
}
DOCUMENT = 'LintResult, and "ok": boolean'
FORMATS = ("text", "json", "github", "sarif", "gitlab", "markdown")


def lint(
    invocation: Invocation,
    targets: Annotated[
        list[str] | None,
        typer.Argument(
            autocompletion=complete_revision,
            metavar="TARGET",
            help="Lint the pending revisions up to this one; with --files, the files.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="REVISION", help="Lint the revisions after this one."),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Lint every revision, each as a deployment of its own."),
    ] = False,
    git_diff: Annotated[
        str | None,
        typer.Option(
            "--git-diff",
            metavar="REF",
            help="Lint revisions whose files differ from this commit or branch.",
        ),
    ] = None,
    files: Annotated[
        bool, typer.Option("--files", help="The arguments are revision files to lint.")
    ] = False,
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Ask no database for sizes, types and what is pending."),
    ] = False,
    format_: Annotated[
        str,
        typer.Option(
            "--format", metavar="FORMAT", help="text, json, github, sarif, gitlab or markdown."
        ),
    ] = "text",
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on",
            metavar="SEVERITY",
            help="Exit with 3 on findings of this severity or above: error, warning, note; or never.",
        ),
    ] = None,
    verbose: Verbose = False,
) -> int | None:
    """Report what revisions would do to a database that is in use: locks, scans, rewrites, errors."""
    from dataclasses import replace

    from asyncmig.config.lint_settings import FAIL_ON
    from asyncmig_cli.rendering.databases import each_lines
    from asyncmig_cli.rendering.findings import lint_lines

    given = targets or []
    if format_ not in FORMATS:
        message = f"--format is {format_!r}"
        raise UsageError(message, f"it can be {', '.join(FORMATS)}")
    if fail_on is not None and fail_on not in FAIL_ON:
        message = f"--fail-on is {fail_on!r}"
        raise UsageError(message, f"it can be {', '.join(FAIL_ON)}")
    if len(given) > 1 and not files:
        message = f"several targets: {' '.join(given)}"
        raise UsageError(message, "give one target; for files, --files FILE...")
    if files and not given:
        message = "--files needs the files to lint"
        raise UsageError(message, "asyncmig lint --files migrations/versions/FILE...")

    async def work(migrator: "Migrator") -> "LintResult":
        return await migrator.lint(
            "heads" if files or not given else given[0],
            since=since,
            all=everything,
            git_diff=git_diff,
            files=[Path(name) for name in given] if files else None,
            offline=offline,
        )

    result = invocation.migrate(work)
    if fail_on is not None:
        result = replace(result, fail_on=fail_on)
    if format_ not in ("text", "json") and not invocation.options.json:
        from asyncmig.lint.reports import REPORTS

        invocation.console.out.write_utf8(REPORTS[format_](result, Path.cwd()))
    elif format_ == "json" and not invocation.options.json:
        from asyncmig_cli.output.documents import write_document

        write_document(invocation.console.out, result.to_dict() | {"ok": result.ok})
    else:
        lines = partial(lint_lines, verbose=verbose)
        document = result.to_dict() | {"ok": result.ok}
        invocation.show(document, lambda stream: each_lines(result, stream, lines))
    invocation.warn(result.notes)
    return None if result.ok else ExitCode.PENDING
