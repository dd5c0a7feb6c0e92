"""``-x key=value``: arguments for scripts, from the command line and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["read_x"]

# Later prefixes override earlier ones.
_PREFIXES = ("ALEMBIC_X_", "ASYNCMIG_X_")


def read_x(
    given: Mapping[str, object] | Sequence[str], environ: Mapping[str, str]
) -> Mapping[str, str | tuple[str, ...]]:
    """The arguments by name; the value of a repeated name is a tuple.

    ``ASYNCMIG_X_TENANT=acme`` is ``-x tenant=acme``: names of variables are upper case, names of
    arguments lower case. Arguments override the environment. An argument without ``=`` has an empty
    value, as in Alembic.

    Example:
        >>> dict(read_x(["tenant=a", "tenant=b", "fast"], {}))
        {'tenant': ('a', 'b'), 'fast': ''}
    """
    found: dict[str, str | tuple[str, ...]] = {}
    for prefix in _PREFIXES:
        for variable, value in environ.items():
            if variable.upper().startswith(prefix) and len(variable) > len(prefix):
                found[variable[len(prefix) :].lower()] = value
    if isinstance(given, Mapping):
        for name, several in given.items():
            if isinstance(several, list | tuple):
                found[name] = tuple(map(str, several))
            else:
                found[name] = str(several)
        return MappingProxyType(found)
    listed: dict[str, list[str]] = {}
    for argument in given:
        name, _, value = argument.partition("=")
        listed.setdefault(name, []).append(value)
    for name, values in listed.items():
        found[name] = values[0] if len(values) == 1 else tuple(values)
    return MappingProxyType(found)
