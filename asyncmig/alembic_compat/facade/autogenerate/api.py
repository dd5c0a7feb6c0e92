"""``alembic.autogenerate.api``: a name for annotations."""

from __future__ import annotations

__all__ = ["AutogenContext"]


class AutogenContext:
    """What Alembic hands to its renderers; asyncmig makes none."""
