"""``alembic.util.messaging``."""

from __future__ import annotations

from asyncmig.alembic_compat.facade.util import err, msg, warn

__all__ = ["err", "msg", "warn"]
