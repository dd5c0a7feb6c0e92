"""Checking a history as a whole, without a database: every rule, every finding.

A finding is anything that somebody should look at; each makes the report not ``ok``.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.results import Finding, ValidationReport
from asyncmig.revisions.files.listing import list_folder
from asyncmig.revisions.files.script import load_script
from asyncmig.revisions.script_directory import read_revisions
from asyncmig.revisions.unvalidated_history import UnvalidatedHistory
from asyncmig.revisions.validation_rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from asyncmig.errors import AsyncmigError
    from asyncmig.revisions.files.import_script import ImportContext
    from asyncmig.revisions.validation_rules import Rule

__all__ = ["check", "validate"]


def validate(
    locations: Sequence[Path],
    *,
    recursive: bool = False,
    sourceless: bool = False,
    heads_allowed: int | None = None,
    import_context: ImportContext | None = None,
    named_by: Path | None = None,
) -> ValidationReport:
    """Check the revision files of some folders. This is file work, and imports every script.

    Args:
        locations: folders of revision files.
        recursive: subfolders too.
        sourceless: byte code too, where its source is missing.
        heads_allowed: how many heads there may be; None allows any number that labels tell apart.
        import_context: makes a context manager that is active while a script is executed.
        named_by: the configuration that the folders come from, for the error where there are none.

    Raises:
        FileError: there is no script directory, or a folder cannot be read.
    """
    problems: list[AsyncmigError] = []
    revisions = read_revisions(
        locations,
        recursive=recursive,
        sourceless=sourceless,
        import_context=import_context,
        named_by=named_by,
        problems=problems,
    )
    history = UnvalidatedHistory(
        revisions=revisions,
        problems=problems,
        repeated=_repeated(locations, recursive=recursive, sourceless=sourceless),
        load=lambda revision: load_script(revision, import_context=import_context),
        heads_allowed=heads_allowed,
    )
    return check(history)


def _repeated(locations: Sequence[Path], *, recursive: bool, sourceless: bool) -> list[str]:
    times: Counter[str] = Counter()
    for location in locations:
        folder = Path(location).resolve()
        files = list_folder(folder, recursive=recursive, sourceless=sourceless)
        times.update(file.path for file in files)
    return [path for path, count in times.items() if count > 1]


def check(history: UnvalidatedHistory, rules: Iterable[Rule] | None = None) -> ValidationReport:
    """Check revisions by rules, by all of them unless some are given."""
    chosen = RULES if rules is None else tuple(rules)
    findings = [
        Finding(
            rule=rule.name,
            message=fault.message,
            revision=fault.revision.id if fault.revision else None,
            path=fault.path or (fault.revision.path if fault.revision else None),
            hint=fault.hint,
        )
        for rule in chosen
        for fault in rule.check(history)
    ]
    return ValidationReport(
        revisions=len(history.revisions),
        checked=tuple(f"{rule.name}: {rule.title}" for rule in chosen),
        findings=tuple(findings),
    )
