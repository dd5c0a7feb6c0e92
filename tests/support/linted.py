"""Linting SQL text: a project of SQL revisions, one for what is there before and one for each text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig import Migrator
from asyncmig.config.lint_settings import LintSettings

if TYPE_CHECKING:
    from pathlib import Path

    from asyncmig.results import LintFinding, LintResult

__all__ = ["lint_texts", "write_texts"]


def write_texts(folder: Path, before: str, *texts: str) -> Path:
    """Write SQL revisions ``r0`` (what is there before), ``r1``, ``r2`` ..., and give their location."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate((before, *texts)):
        down = f"-- down_revision: r{number - 1}\n" if number else ""
        (versions / f"r{number}.sql").write_text(
            f"-- text {number}\n-- revision: r{number}\n{down}\n-- upgrade\n{text}\n",
            encoding="utf-8",
        )
    return versions.parent


async def lint_texts(
    folder: Path, before: str, *texts: str, offline: bool = True, **settings: object
) -> LintResult:
    """Lint texts that are deployed together, each in a revision of its own, on what is there before."""
    location = write_texts(folder, before, *texts)
    lint = LintSettings(**settings)  # type: ignore[arg-type]  # the caller's fields
    migrator = Migrator(script_location=location, lint=lint)
    return await migrator.lint(since="r0", offline=offline)


def rules_of(findings: tuple[LintFinding, ...]) -> set[str]:
    """The ids of the rules."""
    return {finding.rule for finding in findings}
