"""The settings of each database of a configuration, where none was chosen with ``-n``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.config.loading import load

if TYPE_CHECKING:
    from asyncmig.config.settings import Settings

__all__ = ["load_each"]


def load_each(settings: Settings, **source: Any) -> dict[str, Settings]:
    """The settings of each database by name; empty where ``settings`` are those of a single database.

    This is so when a database was chosen, when the file has no tables of databases, and when one URL is
    given for the whole: by ``--url``, by ``ASYNCMIG_URL``, or in the common table. ``DATABASE_URL`` is
    such a URL unless every table has its own.

    Args:
        settings: the result of ``load``.
        **source: the arguments of ``load``: ``path``, ``x``, ``url``.

    Raises:
        ConfigError: as ``load``.
    """
    if settings.section is not None or not settings.databases:
        return {}
    from_environment = settings.url_source == "DATABASE_URL"
    if settings.url is not None and not from_environment:
        return {}
    each = {name: load(**{**source, "name": name}) for name in settings.databases}
    if from_environment and any(item.url_source == "DATABASE_URL" for item in each.values()):
        return {}
    return each
