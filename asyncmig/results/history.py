"""The results of ``history``, ``heads``, ``branches`` and ``show``."""

from __future__ import annotations

from dataclasses import dataclass

from asyncmig.results.base import Result

__all__ = ["BranchPoint", "RevisionInfo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionInfo(Result):
    """A revision and its place in the history.

    Attributes:
        revision: the id.
        down_revisions: its parents.
        children: the ids of its children.
        depends_on: resolved ids.
        branch_labels: every label of its branch, inherited ones too.
        message: first line of the docstring; ``doc`` is the whole.
        path: the file.
        is_head: it has no child. A base has no parent, a merge several, a branch point several children.
        is_current: it is in the version table; None if the database was not read.
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
