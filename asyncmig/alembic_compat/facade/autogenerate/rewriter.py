"""``alembic.autogenerate.rewriter``."""

from __future__ import annotations

from asyncmig.alembic_compat.facade.autogenerate import Rewriter

__all__ = ["Rewriter"]
