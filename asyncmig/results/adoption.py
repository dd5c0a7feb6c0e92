"""What taking over a project of Alembic's came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.results.base import Result

if TYPE_CHECKING:
    from asyncmig.results.files import Finding
    from asyncmig.results.state import Status

__all__ = ["AdoptedKey", "Adoption"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedKey(Result):
    """A key of the native configuration, as TOML, and where its value comes from."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption(Result):
    """The native configuration of a project that was Alembic's.

    Attributes:
        path: the file that was written, or would be.
        written: False for a dry run.
        text: what was added to it, or is all of it.
        keys: what was taken, in order.
        decide: what could not be taken, each with what to do about it.
        revisions: how many there are.
        findings: what is wrong with them.
        database: where the database stands against the history; None where it was not asked.
        database_problem: why it could not be asked.
    """

    path: str
    written: bool
    text: str
    keys: tuple[AdoptedKey, ...]
    decide: tuple[str, ...] = ()
    revisions: int = 0
    findings: tuple[Finding, ...] = ()
    database: Status | None = None
    database_problem: str | None = None

    @property
    def ok(self) -> bool:
        """True when the scripts can run, and the code knows every row of the version table."""
        return not self.findings and (self.database is None or not self.database.unknown)
