"""``alembic.script.revision``: the errors of a script directory."""

from __future__ import annotations

from asyncmig.errors import (
    AmbiguousRevisionError,
    HistoryError,
    MultipleHeadsError,
    RevisionError,
    RevisionNotFoundError,
)

ResolutionError = RevisionNotFoundError
MultipleHeads = MultipleHeadsError
CycleDetected = HistoryError

__all__ = [
    "AmbiguousRevisionError",
    "CycleDetected",
    "MultipleHeads",
    "ResolutionError",
    "RevisionError",
]
