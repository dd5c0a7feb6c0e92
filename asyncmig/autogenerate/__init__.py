"""What users bring to autogenerate: hooks, rewriters, renderers and comparators of their own."""

from __future__ import annotations

from asyncmig.autogenerate.hooks import Hooks

__all__ = ["Hooks"]
