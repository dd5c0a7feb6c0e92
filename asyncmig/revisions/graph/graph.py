"""``RevisionGraph``: the history with its paths, for all commands."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from asyncmig.errors import TargetError
from asyncmig.revisions.graph.history import History
from asyncmig.revisions.graph.order import newest_first
from asyncmig.revisions.graph.paths import path_down, path_of_stamp, path_up, revisions_between
from asyncmig.revisions.graph.targets import TargetReader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from asyncmig.revisions.graph.moves import Move, RowChange
    from asyncmig.revisions.graph.revision import Revision

__all__ = ["RevisionGraph"]


class RevisionGraph(History):
    """The revisions of a script directory, their edges, and the paths through them.

    Iterating gives all revisions, newest first, in the order of ``history``.

    Args:
        revisions: in the order of their files.

    Raises:
        HistoryError: a duplicate id or label, an illegal id, an unknown reference, a cycle.

    Example:
        >>> from asyncmig.revisions.graph.revision import Revision
        >>> graph = RevisionGraph([Revision(id="a"), Revision(id="b", down_revisions=("a",))])
        >>> [move.revision.id for move in graph.upgrade_path("head", current=())]
        ['a', 'b']
    """

    def __iter__(self) -> Iterator[Revision]:
        return iter(self._newest_first)

    @cached_property
    def _newest_first(self) -> tuple[Revision, ...]:
        return tuple(map(self.get, newest_first(self, set(self.position), self.effective_heads)))

    def resolve(self, expression: str, *, current: Collection[str] = ()) -> tuple[Revision, ...]:
        """The revisions that an expression names, for ``show``, ``stamp``, ``merge`` and ``--head``.

        ``base`` names none. A step down without a symbol (``-1``) counts from the heads, a step up and
        ``current`` from the rows given.

        Args:
            expression: ``head``, ``ae1``, ``label@head``, ``current-1`` ...
            current: rows of the version table.

        Raises:
            RevisionNotFoundError, AmbiguousRevisionError, MultipleHeadsError, TargetError
        """
        return TargetReader(self, current).revisions(expression)

    def upgrade_path(self, target: str, current: Collection[str]) -> tuple[Move, ...]:
        """The moves from the current rows up to a target, in the order to run them.

        Raises:
            RevisionNotFoundError, AmbiguousRevisionError, MultipleHeadsError: the target, or a row.
            TargetError: the target cannot be read or reached, or targets or rows overlap.

        Example:
            ``graph.upgrade_path("+2", current=["ae1027a6acf"])``
        """
        return path_up(self, target, current)

    def downgrade_path(self, target: str, current: Collection[str]) -> tuple[Move, ...]:
        """The moves from the current rows down to a target, in the order to run them.

        The target itself stays; ``base`` leaves nothing. Raises what ``upgrade_path`` raises.
        """
        return path_down(self, target, current)

    def stamp_path(self, targets: Sequence[str], current: Collection[str]) -> RowChange:
        """What stamping these targets does to the version table, without running anything.

        A target replaces the rows below and above it; other rows stay. ``base`` removes all rows,
        ``label@base`` those of that branch. Raises what ``upgrade_path`` raises.
        """
        return path_of_stamp(self, targets, current)

    def slice(self, range_: str, current: Collection[str] = ()) -> tuple[Revision, ...]:
        """The revisions of ``history -r a:b``, newest first, both ends included.

        Either side may be left out. ``-3:current`` begins three below its upper end.

        Raises:
            TargetError: no ``:``, or ``a`` is not below ``b``; and what ``resolve`` raises.
        """
        lower, colon, upper = range_.strip().partition(":")
        if not colon or ":" in upper:
            raise TargetError(
                f"'{range_}' is not a range",
                hint="write `a:b`, `a:` or `:b`, for example `-3:current`",
                target=range_,
            )
        return revisions_between(self, lower.strip(), upper.strip(), current)

    def advance(self, heads: Collection[str], move: RowChange) -> frozenset[str]:
        """The rows of the version table after a move."""
        return move.apply(heads)
