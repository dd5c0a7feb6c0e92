"""``alembic.autogenerate``: ours, under the names that hooks import."""

from __future__ import annotations

from asyncmig.autogenerate.context import AutogenContext
from asyncmig.autogenerate.dispatch import comparators, renderers
from asyncmig.autogenerate.rewriter import Rewriter

__all__ = ["AutogenContext", "Rewriter", "comparators", "renderers"]
