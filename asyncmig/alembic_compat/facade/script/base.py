"""``alembic.script.base``."""

from __future__ import annotations

from asyncmig.alembic_compat.facade.script import AlembicScript, ScriptDirectory

__all__ = ["AlembicScript", "ScriptDirectory"]
