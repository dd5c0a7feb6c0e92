"""The steps of ``alembic.runtime.migration``: one revision in one direction, or one move of a stamp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.plan.version_hooks import MigrationInfo
from asyncmig.revisions.graph.moves import Move, StampMove, moves_down, moves_up

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from asyncmig.alembic_compat.facade.script.revision import RevisionMap

__all__ = ["MigrationStep", "RevisionStep", "StampStep"]


class MigrationStep:
    """What both kinds share."""

    revision_map: RevisionMap
    is_upgrade: bool
    is_stamp = False
    from_revisions_no_deps: tuple[str, ...]
    to_revisions_no_deps: tuple[str, ...]

    @classmethod
    def upgrade_from_script(cls, revision_map: RevisionMap, script: Any) -> RevisionStep:
        """The upgrade of a revision."""
        return RevisionStep(revision_map, script, True)

    @classmethod
    def downgrade_from_script(cls, revision_map: RevisionMap, script: Any) -> RevisionStep:
        """The downgrade of a revision."""
        return RevisionStep(revision_map, script, False)

    @property
    def doc(self) -> str | None:
        """The first paragraph of the revision's docstring."""
        return None

    @property
    def name(self) -> str:
        """The function that runs."""
        return "upgrade" if self.is_upgrade else "downgrade"

    @property
    def is_downgrade(self) -> bool:
        """True when it goes down."""
        return not self.is_upgrade

    @property
    def short_log(self) -> str:
        """What runs, in a line."""
        return (
            f"{self.name} {_ids(self.from_revisions_no_deps)} -> {_ids(self.to_revisions_no_deps)}"
        )

    def __str__(self) -> str:
        return f"{self.short_log}, {self.doc}" if self.doc else self.short_log


class RevisionStep(MigrationStep):
    """One revision in one direction.

    Args:
        revision_map: the history.
        revision: the script.
        is_upgrade: whether its upgrade runs.
    """

    def __init__(self, revision_map: RevisionMap, revision: Any, is_upgrade: bool) -> None:
        self.revision_map = revision_map
        self.revision = revision
        self.is_upgrade = is_upgrade

    def __repr__(self) -> str:
        return f"RevisionStep({self.revision.revision!r}, is_upgrade={self.is_upgrade!r})"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, RevisionStep)
            and other.revision == self.revision
            and other.is_upgrade == self.is_upgrade
        )

    def __hash__(self) -> int:
        return hash((self.revision.revision, self.is_upgrade))

    @property
    def migration_fn(self) -> Callable[..., Any]:
        """The script's function."""
        function: Callable[..., Any] = getattr(self.revision.module, self.name)
        return function

    @property
    def doc(self) -> str:
        """The first paragraph of the revision's docstring."""
        return str(self.revision.doc)

    @property
    def _lower(self) -> tuple[str, ...]:
        return tuple(self.revision._normalized_down_revisions)  # noqa: SLF001 - one concept in two classes

    @property
    def _lower_no_deps(self) -> tuple[str, ...]:
        return tuple(self.revision._versioned_down_revisions)  # noqa: SLF001 - likewise

    @property
    def from_revisions(self) -> tuple[str, ...]:
        """Where it begins."""
        return self._lower if self.is_upgrade else (self.revision.revision,)

    @property
    def from_revisions_no_deps(self) -> tuple[str, ...]:  # type: ignore[override]  # computed here
        """Where it begins, along its own line."""
        return self._lower_no_deps if self.is_upgrade else (self.revision.revision,)

    @property
    def to_revisions(self) -> tuple[str, ...]:
        """Where it ends."""
        return (self.revision.revision,) if self.is_upgrade else self._lower

    @property
    def to_revisions_no_deps(self) -> tuple[str, ...]:  # type: ignore[override]  # computed here
        """Where it ends, along its own line."""
        return (self.revision.revision,) if self.is_upgrade else self._lower_no_deps

    @property
    def insert_version_num(self) -> str:
        """The row that an upgrade writes."""
        return str(self.revision.revision)

    @property
    def delete_version_num(self) -> str:
        """The row that a downgrade takes away."""
        return str(self.revision.revision)

    @property
    def info(self) -> MigrationInfo:
        """As ``on_version_apply`` gets it."""
        return MigrationInfo.of_move(self.move(()), self.revision_map.graph)

    def move(self, rows: Collection[str]) -> Move:
        """The step as asyncmig's own."""
        moves = moves_up if self.is_upgrade else moves_down
        return moves(self.revision_map.graph, [self.revision.revision], rows)[0]


class StampStep(MigrationStep):
    """One move of a stamp.

    Args:
        from_: the rows that go.
        to_: the rows that come.
        is_upgrade: whether it goes up.
        branch_move: Alembic's, without effect.
        revision_map: the history.
    """

    is_stamp = True

    def __init__(
        self,
        from_: str | Collection[str] | None,
        to_: str | Collection[str] | None,
        is_upgrade: bool,
        branch_move: bool,
        revision_map: RevisionMap | None = None,
    ) -> None:
        self.from_ = _tuple(from_)
        self.to_ = _tuple(to_)
        self.is_upgrade = is_upgrade
        self.branch_move = branch_move
        self._map = revision_map
        self.from_revisions_no_deps, self.to_revisions_no_deps = self.from_, self.to_

    def stamp_revision(self, **_: Any) -> None:
        """Nothing runs."""

    @property
    def from_revisions(self) -> tuple[str, ...]:
        """The rows that go."""
        return self.from_

    @property
    def to_revisions(self) -> tuple[str, ...]:
        """The rows that come."""
        return self.to_

    @property
    def delete_version_num(self) -> str:
        """The row that goes."""
        return self.from_[0]

    @property
    def insert_version_num(self) -> str:
        """The row that comes."""
        return self.to_[0]

    @property
    def info(self) -> MigrationInfo:
        """As ``on_version_apply`` gets it."""
        assert self._map is not None  # noqa: S101 - a step of a script directory has one
        return MigrationInfo.of_stamp(self.move(()), self._map.graph)

    def move(self, rows: Collection[str]) -> StampMove:
        """The step as asyncmig's own."""
        del rows
        return StampMove(upgrade=self.is_upgrade, remove=self.from_, add=self.to_)


def _tuple(given: str | Collection[str] | None) -> tuple[str, ...]:
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(given)


def _ids(names: Collection[str]) -> str:
    return ", ".join(names)
