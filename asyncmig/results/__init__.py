"""The results of the methods of ``Migrator``: frozen values of plain types.

Names are loaded on first use: creating twenty dataclasses takes longer than reading a history, and each
command needs two or three of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncmig.results.adoption import AdoptedKey, Adoption
    from asyncmig.results.backfills import BackfillEstimate, BackfillFailure, BackfillInfo
    from asyncmig.results.base import Result
    from asyncmig.results.differences import (
        CheckResult,
        Difference,
        RefusedObject,
        RevisionCheck,
    )
    from asyncmig.results.files import CreatedRevision, Finding, ValidationReport
    from asyncmig.results.history import BranchPoint, RevisionInfo
    from asyncmig.results.impact import (
        Blocker,
        Impact,
        LongTransaction,
        PredictedLock,
        RelationLock,
        StatementImpact,
    )
    from asyncmig.results.journal import JournalEntry
    from asyncmig.results.lint import LintFinding, LintResult
    from asyncmig.results.renames import RenameCandidate
    from asyncmig.results.runs import (
        AppliedStep,
        ResolveResult,
        RunResult,
        StampResult,
        VersionTableResult,
    )
    from asyncmig.results.state import CurrentState, PartialStep, Status

__all__ = [
    "AdoptedKey",
    "Adoption",
    "AppliedStep",
    "BackfillEstimate",
    "BackfillFailure",
    "BackfillInfo",
    "Blocker",
    "BranchPoint",
    "CheckResult",
    "CreatedRevision",
    "CurrentState",
    "Difference",
    "Finding",
    "Impact",
    "JournalEntry",
    "LintFinding",
    "LintResult",
    "LongTransaction",
    "PartialStep",
    "PredictedLock",
    "RefusedObject",
    "RelationLock",
    "RenameCandidate",
    "ResolveResult",
    "Result",
    "RevisionCheck",
    "RevisionInfo",
    "RunResult",
    "StampResult",
    "StatementImpact",
    "Status",
    "ValidationReport",
    "VersionTableResult",
]

_MODULE_OF = {
    "AdoptedKey": "adoption",
    "Adoption": "adoption",
    "AppliedStep": "runs",
    "Blocker": "impact",
    "BackfillEstimate": "backfills",
    "BackfillFailure": "backfills",
    "BackfillInfo": "backfills",
    "BranchPoint": "history",
    "CheckResult": "differences",
    "CreatedRevision": "files",
    "CurrentState": "state",
    "Difference": "differences",
    "RefusedObject": "differences",
    "Finding": "files",
    "Impact": "impact",
    "JournalEntry": "journal",
    "LintFinding": "lint",
    "LintResult": "lint",
    "LongTransaction": "impact",
    "PartialStep": "state",
    "PredictedLock": "impact",
    "RelationLock": "impact",
    "RenameCandidate": "renames",
    "ResolveResult": "runs",
    "Result": "base",
    "RevisionCheck": "differences",
    "RevisionInfo": "history",
    "RunResult": "runs",
    "StampResult": "runs",
    "StatementImpact": "impact",
    "Status": "state",
    "ValidationReport": "files",
    "VersionTableResult": "runs",
}


def __getattr__(name: str) -> object:
    if (module := _MODULE_OF.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
