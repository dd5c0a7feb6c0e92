"""``alembic.script.base``."""

from __future__ import annotations

from asyncmig.alembic_compat.facade.script import Script, ScriptDirectory

__all__ = ["Script", "ScriptDirectory"]
