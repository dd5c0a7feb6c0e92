"""What ``import alembic`` gives to a script that asyncmig runs.

Its modules have Alembic's names, and in them what people's scripts and ``env.py`` files were seen to
use. A module that is not here is taken from an installed Alembic, where there is one.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "1.20.1"
"""The Alembic whose behaviour this follows: scripts compare it with what they need."""


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    from asyncmig.alembic_compat.imports import facade_module, has_facade_module, real_alembic

    if has_facade_module(f"alembic.{name}"):
        return facade_module(f"alembic.{name}")
    with real_alembic():
        try:
            return import_module(f"alembic.{name}")
        except ModuleNotFoundError:
            raise AttributeError(f"asyncmig's alembic has no {name!r}") from None
