"""``alembic.autogenerate``: ours, under the names that hooks and callers import."""

from __future__ import annotations

from asyncmig.alembic_compat.facade.autogenerate.functions import (
    compare_metadata,
    produce_migrations,
    render_op_text,
    render_python_code,
)
from asyncmig.autogenerate.context import AutogenContext
from asyncmig.autogenerate.dispatch import comparators, renderers
from asyncmig.autogenerate.rewriter import Rewriter

__all__ = [
    "AutogenContext",
    "Rewriter",
    "comparators",
    "compare_metadata",
    "produce_migrations",
    "render_op_text",
    "render_python_code",
    "renderers",
]
