"""``alembic.script``."""

from __future__ import annotations

from asyncmig.alembic_compat.facade.script import write_hooks
from asyncmig.alembic_compat.facade.script.base import Script, ScriptDirectory

__all__ = ["Script", "ScriptDirectory", "write_hooks"]
