"""``alembic_postgresql_enum.sql_commands.indexes``."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["TableIndex"]


class TableIndex(NamedTuple):
    """An index to drop before, and to create after the enum has changed."""

    name: str
    definition: str
