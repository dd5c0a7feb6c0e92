"""Plugins: packages that add directives, found by entry point and used if the settings name them.

A package declares them in its ``pyproject.toml``::

    [project.entry-points."asyncmig.plugins"]
    audit = "acme_audit.asyncmig_plugin"

An installed plugin has no effect until ``plugins = ["audit"]`` in the settings enables it, for all databases
or for one. It is imported before the scripts, so that its operations (``Operations.register_operation``,
``implementation_for``) are registered. If the entry point is a function, it is called with the ``Settings``
each time that scripts are loaded.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from asyncmig.config.files.source import nearest
from asyncmig.errors import AsyncmigError, ConfigError
from asyncmig.results.base import Result

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from asyncmig.config.settings import Settings

__all__ = ["GROUP", "PluginInfo", "list_plugins", "load_plugins"]

GROUP = "asyncmig.plugins"


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginInfo(Result):
    """An installed plugin; ``chosen`` is True if the settings name it."""

    name: str
    package: str
    version: str
    refers_to: str
    chosen: bool


def list_plugins(settings: Settings | None = None) -> tuple[PluginInfo, ...]:
    """The installed plugins by name, without importing them."""
    chosen = settings.plugins if settings is not None else ()
    return tuple(
        PluginInfo(
            name=name,
            package=point.dist.name if point.dist else "",
            version=point.dist.version if point.dist else "",
            refers_to=point.value,
            chosen=name in chosen,
        )
        for name, point in sorted(_installed().items())
    )


def load_plugins(settings: Settings) -> tuple[object, ...]:
    """Import the plugins that the settings name, in that order; call it in a thread.

    Raises:
        ConfigError: one is not installed, or fails while it is imported or called.
    """
    if not settings.plugins:
        return ()
    installed = _installed()
    return tuple(_load(name, installed, settings) for name in settings.plugins)


def _installed() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}


def _load(name: str, installed: dict[str, EntryPoint], settings: Settings) -> object:
    point = installed.get(name)
    if point is None:
        near = nearest(name, installed)
        hint = (
            f"did you mean '{near}'?"
            if near
            else "install its package, or remove it from `plugins`"
        )
        raise ConfigError(
            f"there is no plugin '{name}'",
            hint=hint,
            plugin=name,
            installed=tuple(sorted(installed)),
        )
    try:
        found: object = point.load()
        if inspect.isfunction(found):
            found(settings)
    except AsyncmigError:
        raise
    except Exception as error:
        cause = str(error).partition("\n")[0]
        raise ConfigError(
            f"plugin '{name}' ({point.value}) failed: {type(error).__name__}: {cause}".rstrip(": "),
            hint="the plugin raised this error; remove it from `plugins`, or correct its package",
            plugin=name,
        ) from error
    return found
