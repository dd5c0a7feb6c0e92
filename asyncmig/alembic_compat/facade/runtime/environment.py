"""``alembic.runtime.environment``."""

from __future__ import annotations

from asyncmig.alembic_compat.environment import Environment as EnvironmentContext

__all__ = ["EnvironmentContext"]
