"""The prefixes of names in a script: ``op.``, ``sa.`` and the user's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Prefixes", "UserPrefixes"]


class UserPrefixes(Protocol):
    """The user's prefixes; None for the default."""

    @property
    def user_module_prefix(self) -> str | None:
        """The prefix of the user's types."""
        ...

    @property
    def sqlalchemy_module_prefix(self) -> str | None:
        """The prefix of names of SQLAlchemy."""
        ...

    @property
    def alembic_module_prefix(self) -> str | None:
        """The prefix of directives."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefixes:
    """The prefixes, with their dots.

    Attributes:
        op: of directives.
        sa: of names of SQLAlchemy.
        user: of the user's types; None is their module, which the script imports.
    """

    op: str = "op."
    sa: str = "sa."
    user: str | None = None

    @classmethod
    def of(cls, chosen: UserPrefixes) -> Prefixes:
        """The user's prefixes, with defaults for the rest."""
        usual = cls()
        op, sa = chosen.alembic_module_prefix, chosen.sqlalchemy_module_prefix
        return cls(
            op=usual.op if op is None else op,
            sa=usual.sa if sa is None else sa,
            user=chosen.user_module_prefix,
        )
