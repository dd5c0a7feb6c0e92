"""What stands before the names that a script uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Chosen", "Prefixes"]


class Chosen(Protocol):
    """The user's prefixes; None where nothing is said."""

    @property
    def user_module_prefix(self) -> str | None:
        """Before types of the user's."""
        ...

    @property
    def sqlalchemy_module_prefix(self) -> str | None:
        """Before names of SQLAlchemy."""
        ...

    @property
    def alembic_module_prefix(self) -> str | None:
        """Before directives."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefixes:
    """The prefixes, with their dots.

    Attributes:
        op: before directives.
        sa: before names of SQLAlchemy.
        user: before types of the user's; None is their module, which the script then imports.
    """

    op: str = "op."
    sa: str = "sa."
    user: str | None = None

    @classmethod
    def of(cls, chosen: Chosen) -> Prefixes:
        """Those that were chosen, and ours for the rest."""
        usual = cls()
        op, sa = chosen.alembic_module_prefix, chosen.sqlalchemy_module_prefix
        return cls(
            op=usual.op if op is None else op,
            sa=usual.sa if sa is None else sa,
            user=chosen.user_module_prefix,
        )
