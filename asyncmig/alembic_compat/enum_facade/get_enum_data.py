"""``alembic_postgresql_enum.get_enum_data``: the columns of an enum."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["UNSPECIFIED", "ColumnType", "TableReference"]

UNSPECIFIED = "(that of the enum)"
"""The schema of a table in scripts from before it could be given."""


class ColumnType(Enum):
    """What a column holds."""

    COMMON = "common"
    ARRAY = "array"


@dataclass(frozen=True)
class TableReference:
    """A column of the enum's type."""

    table_name: str
    column_name: str
    table_schema: str | None = UNSPECIFIED
    column_type: ColumnType = ColumnType.COMMON
    existing_server_default: str | None = None
