"""Settings from TOML, ini and the environment, as one frozen value.

Names are loaded on first use: a graph command needs ``load`` and nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncmig.config.connection.connect_arguments import connect_arguments, database_url
    from asyncmig.config.connection.url import DatabaseUrl, parse_url
    from asyncmig.config.loading import load
    from asyncmig.config.objects import extend_sys_path, import_object, import_objects
    from asyncmig.config.settings import PostWriteHook, Settings

__all__ = [
    "DatabaseUrl",
    "PostWriteHook",
    "Settings",
    "connect_arguments",
    "database_url",
    "extend_sys_path",
    "import_object",
    "import_objects",
    "load",
    "parse_url",
]

_MODULE_OF = {
    "DatabaseUrl": "connection.url",
    "PostWriteHook": "settings",
    "Settings": "settings",
    "connect_arguments": "connection.connect_arguments",
    "database_url": "connection.connect_arguments",
    "extend_sys_path": "objects",
    "import_object": "objects",
    "import_objects": "objects",
    "load": "loading",
    "parse_url": "connection.url",
}


def __getattr__(name: str) -> object:
    if (module := _MODULE_OF.get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = found
    return found
