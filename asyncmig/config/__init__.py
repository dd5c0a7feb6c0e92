"""Settings from TOML, ini and the environment, as one frozen value."""

from __future__ import annotations

from asyncmig.config.connection import connect_arguments, database_url
from asyncmig.config.load import load
from asyncmig.config.objects import extend_sys_path, import_object, import_objects
from asyncmig.config.settings import PostWriteHook, Settings
from asyncmig.config.url import DatabaseUrl, parse_url

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
