"""``alembic.operations.ops``: every operation class, under its one name."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import asyncmig.operations as home


def __getattr__(name: str) -> Any:
    if name.endswith(("Op", "Ops", "Operation", "Container", "Script")):
        for module in walk_packages(home.__path__, f"{home.__name__}."):
            found = getattr(import_module(module.name), name, None)
            if isinstance(found, type):
                globals()[name] = found
                return found
    raise AttributeError(f"alembic.operations.ops has no {name!r} in asyncmig")
