"""Objects of the user's code that a project needs: models and version hooks, given or named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from asyncmig.config.objects import import_object, import_objects
from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.schema import MetaData

    from asyncmig.config.settings import Settings
    from asyncmig.plan.version_hooks import VersionHook

VersionHooks: TypeAlias = "VersionHook | str | Sequence[VersionHook | str] | None"

__all__ = ["VersionHooks", "as_list", "load_models", "load_version_hooks"]


def load_models(
    settings: Settings, given: MetaData | str | Sequence[MetaData | str] | None
) -> tuple[MetaData, ...]:
    """The models; those that are names are imported, so call it in a thread.

    Raises:
        ConfigError: a name cannot be imported.
    """
    several = as_list(given or ())
    names = [item for item in several if isinstance(item, str)]
    found: dict[str, Any] = {}
    if names:
        objects = import_objects(names, sys_path=settings.prepend_sys_path)
        found = dict(zip(names, objects, strict=True))
    return tuple(found[item] if isinstance(item, str) else item for item in several)


def load_version_hooks(
    settings: Settings, given: VersionHooks, of_env: object
) -> tuple[VersionHook, ...]:
    """The ``on_version_apply`` hooks: those given, those of the hooks module, those of ``env.py``.

    Raises:
        ConfigError: a hook cannot be imported, or cannot be called.
    """
    found = as_list(given)
    if settings.hooks is not None:
        module = import_object(settings.hooks, sys_path=settings.prepend_sys_path)
        found += as_list(getattr(module, "on_version_apply", None))
    found += as_list(of_env)
    hooks: list[Any] = [
        import_object(hook, sys_path=settings.prepend_sys_path) if isinstance(hook, str) else hook
        for hook in found
    ]
    for hook in hooks:
        if not callable(hook):
            raise ConfigError(
                f"on_version_apply has {hook!r}, which cannot be called",
                hint="give a function, `async def` or not, or several in a list",
            )
    return tuple(hooks)


def as_list(given: Any) -> list[Any]:
    """A list of one or several values; empty for None."""
    if given is None:
        return []
    return list(given) if isinstance(given, list | tuple | set | frozenset) else [given]
