"""Types for revision scripts that SQLAlchemy does not have."""

from __future__ import annotations

from typing import Any

from sqlalchemy.types import UserDefinedType

__all__ = ["ServerType"]


class ServerType(UserDefinedType[Any]):
    """A type by its SQL name, if SQLAlchemy has no class for it.

    Args:
        sql: the name with its modifiers, as in DDL.

    Example:
        >>> ServerType("vector(3)").get_col_spec()
        'vector(3)'
    """

    cache_ok = True

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def get_col_spec(self, **_: Any) -> str:
        """The SQL name, with modifiers."""
        return self.sql
