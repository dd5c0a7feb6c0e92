"""``alembic_postgresql_enum`` as scripts and ``env.py`` files import it, installed or not."""

from __future__ import annotations

from asyncmig.alembic_compat.enum_facade.configuration import Config, set_configuration
from asyncmig.alembic_compat.enum_facade.get_enum_data import ColumnType, TableReference

__all__ = ["ColumnType", "Config", "TableReference", "set_configuration"]
