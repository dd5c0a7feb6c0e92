"""``Revision``: the metadata of a revision file."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import NamedTuple

__all__ = ["Revision", "ScriptKind", "Verdict"]


class ScriptKind(StrEnum):
    """The language of a revision file."""

    PYTHON = "python"
    SQL = "sql"


class Revision(NamedTuple):
    """The metadata of one revision file.

    A tuple, because every start of a service creates one for each file of the history.

    Attributes:
        id: ``revision`` of the script.
        down_revisions: its parents, in the order written; empty for a base.
        depends_on: as written: ids, partial ids or branch labels.
        branch_labels: the labels written in this file (not those inherited along the branch).
        doc: the whole docstring, stripped.
        path: the file.
        kind: Python or SQL.
    """

    id: str
    down_revisions: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    branch_labels: tuple[str, ...] = ()
    doc: str = ""
    path: str = ""
    kind: ScriptKind = ScriptKind.PYTHON

    @property
    def message(self) -> str:
        """First line of the docstring."""
        return self.doc.partition("\n")[0].rstrip()

    @property
    def is_base(self) -> bool:
        """True if it has no parent."""
        return not self.down_revisions

    @property
    def is_merge(self) -> bool:
        """True if it has several parents."""
        return len(self.down_revisions) > 1


class Verdict(Enum):
    """The state of a file that is not, or not yet, read as a ``Revision``."""

    NO_REVISION = "the file is not a revision"
    COMPUTED = "the metadata is computed: the script must be executed"
    UNREAD = "the file must be read"
