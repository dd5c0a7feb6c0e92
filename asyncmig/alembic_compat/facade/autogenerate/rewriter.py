"""``alembic.autogenerate.rewriter``."""

from __future__ import annotations

from asyncmig.autogenerate.rewriter import Rewriter

__all__ = ["Rewriter"]
