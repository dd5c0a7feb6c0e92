"""What ``history``, ``heads``, ``branches`` and ``show`` return."""

from __future__ import annotations

from dataclasses import dataclass

from asyncmig.results.base import Result

__all__ = ["BranchPoint", "RevisionInfo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionInfo(Result):
    """A revision as ``history``, ``heads``, ``branches`` and ``show`` tell it.

    Attributes:
        revision: the id.
        down_revisions: what it stands on.
        children: the ids that stand on it.
        depends_on: resolved ids.
        branch_labels: every label in force at this revision, inherited ones too.
        message: first line of the docstring; ``doc`` is the whole.
        path: the file.
        is_head: nothing stands on it; ``is_base``, ``is_merge``, ``is_branch_point`` likewise.
        is_current: its row is in the version table (only where the database was asked).
    """

    revision: str
    down_revisions: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    message: str = ""
    doc: str = ""
    path: str = ""
    is_head: bool = False
    is_base: bool = False
    is_merge: bool = False
    is_branch_point: bool = False
    is_effective_head: bool = False
    is_current: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchPoint(Result):
    """A revision with several children."""

    revision: RevisionInfo
    children: tuple[RevisionInfo, ...]
