"""Settings, from environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, cast

from sqlalchemy import URL, make_url

Mode = Literal["upgrade", "wait", "check", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``database_url`` is any PostgreSQL URL; ``migrations`` is a mode of ``asyncmig.lifespan``."""

    database_url: str = field(repr=False)
    migrations: Mode = "upgrade"
    reserved_for: timedelta = timedelta(minutes=15)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        return cls(
            database_url=environ["DATABASE_URL"],
            migrations=cast("Mode", environ.get("BOXOFFICE_MIGRATIONS", "upgrade")),
        )

    @property
    def engine_url(self) -> URL:
        return make_url(self.database_url).set(drivername="postgresql+asyncpg")
