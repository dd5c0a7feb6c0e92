"""The result of ``adopt``."""

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
    """A key of the native configuration, its value as TOML, and the source of the value."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption(Result):
    """The native configuration of an Alembic project.

    Attributes:
        path: the file, written or not.
        written: False for a dry run.
        text: the configuration, the whole file or a table of it.
        keys: the keys, in order.
        decide: what has no key, each with the decision to make.
        revisions: the number of revisions.
        findings: what is wrong with them, as ``validate`` finds it.
        database: the status of the database; None if it was not read.
        database_problem: why it could not be read.
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
