"""``alembic.util.sqla_compat``: which SQLAlchemy this is."""

from __future__ import annotations

import sqlalchemy

__all__ = ["sqla_2", "sqla_14", "sqla_vers"]

sqla_vers = tuple(int(part) for part in sqlalchemy.__version__.split(".")[:2])
sqla_14 = sqla_vers >= (1, 4)
sqla_2 = sqla_vers >= (2,)
sqla_2_1 = sqla_vers >= (2, 1)
