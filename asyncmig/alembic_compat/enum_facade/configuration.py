"""``alembic_postgresql_enum.configuration``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Config", "set_configuration"]


@dataclass
class Config:
    """Without effect: it steers autogenerate."""

    add_type_ignore: bool = False
    type_ignore_comment: str = "  # type: ignore[attr-defined]"
    include_name: Any = None
    drop_unused_enums: bool = True
    detect_enum_values_changes: bool = True
    force_dialect_support: bool = False
    ignore_enum_values_order: bool = False


def set_configuration(config: Any) -> None:
    """Without effect: it steers autogenerate."""
