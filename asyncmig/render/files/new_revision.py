"""``NewRevision``, a revision that is to be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.render.files.revision_id import new_revision_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from os import PathLike

__all__ = ["NewRevision"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRevision:
    """The content of a new revision file, and its place in the history.

    Attributes:
        rev_id: the id; a new one by default.
        message: one line or more; the first line names the file.
        head: the revision below it for ``create_revision``: an id, ``head``, ``label@head``, or
            ``base`` for a new branch without a parent.
        splice: allow parents that are not heads.
        down_revisions: the parents; ``create_revision`` and ``create_merge`` set them.
        branch_labels: new labels.
        depends_on: revisions or branch labels that must be applied before.
        version_path: one of the version locations, or with recursive ones a folder below; None is the
            only location, else that of the parent.
        as_sql: a SQL file; None is ``Settings.revision_format``.
        upgrades: the body of ``upgrade``, not indented; empty for ``pass``.
        downgrades: likewise.
        imports: whole lines.
        created: None is now, in ``Settings.timezone``.
        template_args: further names for Mako templates.
    """

    rev_id: str = field(default_factory=new_revision_id)
    message: str | None = None
    head: str = "head"
    splice: bool = False
    down_revisions: Sequence[str] = ()
    branch_labels: Sequence[str] = ()
    depends_on: Sequence[str] = ()
    version_path: str | PathLike[str] | None = None
    as_sql: bool | None = None
    upgrades: str = ""
    downgrades: str = ""
    imports: Sequence[str] = ()
    created: datetime | None = None
    template_args: Mapping[str, object] = field(default_factory=dict)
