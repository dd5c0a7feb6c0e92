"""What the methods of a ``Migrator`` return: frozen values of plain types."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

__all__ = [
    "AppliedStep",
    "BranchPoint",
    "CreatedRevision",
    "CurrentState",
    "JournalEntry",
    "RevisionInfo",
    "RunResult",
    "StampResult",
    "Status",
    "ValidationReport",
    "VersionTableResult",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The root of all results."""

    def to_dict(self) -> dict[str, object]:
        """The result as plain data, ready for JSON."""
        return asdict(self)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedStep(Result):
    """A step of a run that stands committed; ``phases`` counts them, ``elapsed`` is in seconds."""

    revision: str
    direction: str
    phases: int
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult(Result):
    """What an upgrade or downgrade did.

    ``before`` and ``after`` are rows of the version table. ``ahead`` is True when nothing was done
    because the database stands on newer revisions than the code has.
    """

    direction: str
    target: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    applied: tuple[AppliedStep, ...] = ()
    ahead: bool = False
    elapsed: float = 0.0

    @property
    def revisions(self) -> tuple[str, ...]:
        """The ids that ran, in order."""
        return tuple(step.revision for step in self.applied)

    def __bool__(self) -> bool:
        return bool(self.applied)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialStep(Result):
    """A revision that stopped between two of its phases."""

    revision: str
    direction: str
    phase: int
    kind: str
    statement: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentState(Result):
    """Where the database stands.

    Attributes:
        heads: rows of the version table, sorted.
        revisions: what the script directory says of them (unknown ones are left out).
        unknown: rows that the script directory does not have.
        ahead: True when the journal shows that the unknown rows stand on revisions we have.
        partial: steps that stopped half way.
        is_current: True when nothing is pending.
    """

    heads: tuple[str, ...]
    revisions: tuple[RevisionInfo, ...] = ()
    unknown: tuple[str, ...] = ()
    ahead: bool = False
    partial: tuple[PartialStep, ...] = ()
    is_current: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Result):
    """For health endpoints: what the database has, what the code has, what is between them.

    ``state`` is one of ``current``, ``pending``, ``partial``, ``ahead``, ``diverged``, ``empty``.
    """

    state: str
    current: tuple[str, ...]
    heads: tuple[str, ...]
    pending: tuple[str, ...] = ()
    partial: tuple[PartialStep, ...] = ()
    unknown: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True when a service of this code may serve: nothing pending, nothing half done."""
        return self.state in {"current", "ahead"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StampResult(Result):
    """What ``stamp`` left in the version table."""

    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedRevision(Result):
    """A revision file that was written."""

    revision: str
    path: str
    down_revisions: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Result):
    """One thing that ``validate`` found wrong."""

    rule: str
    message: str
    revision: str | None = None
    path: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationReport(Result):
    """What ``validate`` checked and found."""

    revisions: int
    checked: tuple[str, ...]
    findings: tuple[Finding, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return not self.findings


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionTableResult(Result):
    """Whether ``ensure_version`` had to create the tables."""

    table: str
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry(Result):
    """One row of the journal, one phase of one revision.

    Times are ISO 8601 with zone; ``elapsed`` is in seconds; ``state`` is ``started``, ``done`` or
    ``failed``; ``statement`` counts the phase's finished statements; ``final`` marks the phase that
    changed the version table.
    """

    id: int
    run: str
    revision: str
    direction: str
    phase: int
    kind: str
    state: str
    statement: int
    final: bool
    started_at: str
    finished_at: str | None
    elapsed: float | None
    checksum: str | None
    host: str | None
    pid: int | None
    application: str | None
    role: str | None
    asyncmig_version: str | None
    tag: str | None
    error: str | None
