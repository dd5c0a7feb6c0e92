"""Settings given as keyword arguments: names and numbers are checked, as in a file."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from warnings import warn

from asyncmig.config.duration import parse_duration
from asyncmig.config.files.source import nearest
from asyncmig.config.settings import InvalidUrl, Settings
from asyncmig.errors import ConfigError

__all__ = ["checked_overrides"]

_TIMES = frozenset({"connect_timeout", "wait_for_database", "wait_for_transactions"})
_LIMITS = frozenset({"command_timeout", "lock_timeout", "lock_wait", "statement_timeout"})
_FORMER = {"lenient_bind": "psycopg2_compat"}
_URLS = frozenset({"url", "shadow_url"})
_COUNTS = frozenset({"lock_retries", "statement_cache_size"})


def checked_overrides(overrides: dict[str, Any]) -> dict[str, Any]:
    """The same settings, with times in seconds.

    Raises:
        ConfigError: a setting is unknown, or has a wrong value.
    """
    for former in overrides.keys() & _FORMER.keys():
        warn(f"{former} is named {_FORMER[former]} now", DeprecationWarning, stacklevel=3)
        overrides = {_FORMER.get(name, name): value for name, value in overrides.items()}
    known = {field.name for field in fields(Settings)}
    unknown = sorted(set(overrides) - known)
    if unknown:
        near = nearest(unknown[0], known)
        raise ConfigError(
            f"there is no setting {unknown[0]!r}",
            hint=f"did you mean {near!r}?" if near else "see docs/configuration.md",
        )
    return {name: _checked(name, value) for name, value in overrides.items()}


def _checked(name: str, value: Any) -> Any:
    if name in _URLS:
        if not isinstance(value, str | InvalidUrl | None):
            raise ConfigError(
                f"{name} must be text, such as postgresql://user@host/database, not {type(value).__name__}",
                hint="write a URL object of SQLAlchemy as text: "
                "url.render_as_string(hide_password=False)",
            )
        return value
    if name in _COUNTS:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise _wrong(name, value, "a whole number, 0 or more")
        return value
    if name in _LIMITS and (value is None or value == "none"):
        return None
    if name in _TIMES | _LIMITS:
        try:
            return parse_duration(value)
        except ValueError:
            expected = 'a time, in seconds or such as "5s", "200ms" or "1min"'
            raise _wrong(name, value, expected) from None
    if name == "schema_translate_map":  # a file writes None as an empty name
        return {schema or None: place for schema, place in value.items()}
    return value


def _wrong(name: str, value: object, expected: str) -> ConfigError:
    from asyncmig.sql.masking import mask_secrets

    return ConfigError(
        f"{name} must be {expected}, not {mask_secrets(repr(value))}",
        hint=f"docs/configuration.md describes {name} and its default",
    )
