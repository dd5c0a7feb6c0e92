"""Replaces ``${NAME}`` by environment variables, in native files and in the URL of all files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.config.files.source import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.config.files.source import ValueSource

__all__ = ["expand_environment"]

# Compiled when first used: most configurations have none.
_REFERENCE = r"(\$?)\$\{([^}]*)\}"
_NAMED = r"(?s)([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?"


def expand_environment(value: object, environ: Mapping[str, str], place: ValueSource) -> object:
    """Fill in ``${NAME}`` and ``${NAME:-default}`` in text, and in the text of lists and tables.

    An empty variable counts as missing where a default is given, as in a shell. ``$${`` is a
    literal ``${``. A dollar sign that no brace follows is literal, so that passwords need no escaping.

    Raises:
        ConfigKeyError: the variable is not set and there is no default, or its name is malformed.
    """
    if isinstance(value, list):
        return [expand_environment(item, environ, place) for item in value]
    if isinstance(value, dict):
        return {key: expand_environment(item, environ, place) for key, item in value.items()}
    if not isinstance(value, str) or "${" not in value:
        return value

    def fill(match: re.Match[str]) -> str:
        escaped, inside = match[1], match[2]
        if escaped:
            return match[0][1:]
        named = re.fullmatch(_NAMED, inside)
        if named is None:
            raise place.fault(
                "has a '${...}' without the name of a variable",
                hint="write ${NAME} or ${NAME:-default}; a literal '${' is written '$${'",
            )
        name, default = named[1], named[2]
        found = environ.get(name)
        if default is not None:
            return found or default
        if found is None:
            near = nearest(name, environ)
            raise place.fault(
                f"needs the environment variable {name}, which is not set",
                hint=(f"did you mean {near}? otherwise " if near else "")
                + f"set {name}, or give a default: ${{{name}:-...}}",
                near=near,
            )
        return found

    return re.sub(_REFERENCE, fill, value)
