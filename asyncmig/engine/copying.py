"""COPY ... FROM STDIN with its data in the script, as pg_dump writes it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg

    from asyncmig.engine.units import Part

__all__ = ["copy_in"]


async def copy_in(driver: asyncpg.Connection, part: Part) -> None:
    """Send a COPY statement and the lines that follow it in the script.

    asyncpg's public COPY methods build their own statement; the one written in the script is to run
    as it stands, so the method beneath them is called.
    """
    data = (part.statement.copy_data if part.statement else None) or ""
    source = io.BytesIO(data.encode())
    await driver._copy_in(part.sql, source, None)  # noqa: SLF001 - see the docstring
