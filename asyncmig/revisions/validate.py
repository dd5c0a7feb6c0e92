"""``validate``: reads the revision files of some folders and checks every rule, without a database."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.results import Finding, ValidationReport
from asyncmig.revisions.files.listing import list_folder
from asyncmig.revisions.files.script import load_script
from asyncmig.revisions.script_directory import read_revisions
from asyncmig.revisions.validation_rules import RULES, RevisionFiles

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
        recursive: read subfolders, too.
        sourceless: read byte code whose source is missing, too.
        heads_allowed: the number of heads that there may be; None allows any number of named ones.
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
    files = RevisionFiles(
        revisions=revisions,
        problems=problems,
        repeated=_repeated(locations, recursive=recursive, sourceless=sourceless),
        load=lambda revision: load_script(revision, import_context=import_context),
        heads_allowed=heads_allowed,
    )
    return check(files)


def _repeated(locations: Sequence[Path], *, recursive: bool, sourceless: bool) -> list[str]:
    times: Counter[str] = Counter()
    for location in locations:
        folder = Path(location).resolve()
        files = list_folder(folder, recursive=recursive, sourceless=sourceless)
        times.update(file.path for file in files)
    return [path for path, count in times.items() if count > 1]


def check(files: RevisionFiles, rules: Iterable[Rule] | None = None) -> ValidationReport:
    """Check revision files by rules, by all of them unless some are given."""
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
        for fault in rule.faults(files)
    ]
    return ValidationReport(
        revisions=len(files.revisions),
        checked=tuple(f"{rule.name}: {rule.title}" for rule in chosen),
        findings=tuple(findings),
    )
