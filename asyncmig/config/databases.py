"""Configurations of several databases, of which none was chosen: all of them are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.config.loading import load

if TYPE_CHECKING:
    from asyncmig.config.settings import Settings

__all__ = ["load_each"]


def load_each(settings: Settings, **source: Any) -> dict[str, Settings]:
    """The settings of each database by name; empty where the settings stand for one by themselves.

    They do when one was chosen, when the file has no tables of databases, and when a URL is given for
    the whole: by ``--url``, by ``ASYNCMIG_URL``, or above the tables. ``DATABASE_URL`` names one as
    well, unless every table has a URL of its own.

    Args:
        settings: what ``load`` gave.
        **source: what it was given: ``path``, ``x``, ``url``.

    Raises:
        ConfigError: as ``load``.
    """
    if settings.section is not None or not settings.databases:
        return {}
    from_environment = settings.url_source == "DATABASE_URL"
    given = settings.url is not None or settings.url_problem is not None
    if given and not from_environment:
        return {}
    each = {name: load(**{**source, "name": name}) for name in settings.databases}
    if from_environment and any(item.url_source == "DATABASE_URL" for item in each.values()):
        return {}
    return each
