"""Where a database differs from the models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.results.base import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CheckResult", "Difference"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference(Result):
    """One thing that a migration would have to change.

    Attributes:
        change: what it would do: ``add_column``, ``alter_column``, ``drop_index`` ...
        object: to what: ``shop.book.pages``.
        before: as the database has it; None where it has nothing, or where ``sql`` says it.
        after: as the models have it; likewise.
        sql: the statements that would make the change.
    """

    change: str
    object: str
    before: str | None = None
    after: str | None = None
    sql: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult(Result):
    """What ``check`` found, in the order in which a migration would change it.

    Of several databases ``differences`` has all, and ``databases`` each of them by name.
    """

    differences: tuple[Difference, ...] = ()
    databases: Mapping[str, CheckResult] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """True when the database is what the models say."""
        return not self.differences
