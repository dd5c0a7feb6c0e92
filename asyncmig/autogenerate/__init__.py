"""Autogenerate: the comparison of models and database, with hooks, rewriters, renderers and comparators."""

from __future__ import annotations

from asyncmig.autogenerate.context import AutogenContext, ComparisonContext
from asyncmig.autogenerate.dispatch import comparators, renderers
from asyncmig.autogenerate.hooks import Hooks
from asyncmig.autogenerate.rewriter import Rewriter

__all__ = [
    "AutogenContext",
    "ComparisonContext",
    "Hooks",
    "Rewriter",
    "comparators",
    "renderers",
]
