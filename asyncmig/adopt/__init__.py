"""``adopt``: a native configuration for an existing Alembic project."""

from __future__ import annotations

from asyncmig.adopt.adopt import adopt

__all__ = ["adopt"]
