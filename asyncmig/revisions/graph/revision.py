"""What a revision file says of itself, without running it."""

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

    A tuple, since every start of a service makes one for each file of the history.

    Attributes:
        id: ``revision`` of the script.
        down_revisions: the revisions it stands on, in the order written; empty for a base.
        depends_on: as written: ids, partial ids or branch labels.
        branch_labels: the labels written in this file (not those inherited along the branch).
        doc: the whole docstring, without the space around it.
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
        """True when nothing is below it."""
        return not self.down_revisions

    @property
    def is_merge(self) -> bool:
        """True when it stands on several revisions."""
        return len(self.down_revisions) > 1


class Verdict(Enum):
    """What is known of a file that is not, or not yet, a ``Revision``."""

    NO_REVISION = "a file that only lives in the folder"
    COMPUTED = "only running the script can tell its metadata"
    UNREAD = "the file has to be read"
