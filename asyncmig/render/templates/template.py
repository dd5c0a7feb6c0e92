"""Templates: text files with ``${name}``, without loops or code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.config.files.source import nearest
from asyncmig.errors import FileError, ScriptError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["PYTHON", "fill", "read_template", "token_names"]

PYTHON = "revision.py.template"
"""The template of Python revisions."""

_TOKEN = re.compile(r"^([ \t]*)\$\{(\w+)\}[ \t]*\n|(\$?)\$\{([^}\n]*)\}", re.MULTILINE)


def fill(template: str, values: Mapping[str, str], *, origin: str) -> str:
    r"""Fill in a template.

    The text for a token on a line of its own may have several lines, which are indented like the token;
    an empty text removes the line. ``$${`` is a literal ``${``. Other dollar signs need no escaping.

    Raises:
        ScriptError: a token has no value. Facts: ``path``, ``line``, ``nearest``.

    Example:
        >>> fill("def f():\\n    ${body}\\n", {"body": "a()\\nb()"}, origin="t")
        'def f():\\n    a()\\n    b()\\n'
    """

    def value_of(match: re.Match[str], name: str) -> str:
        if name in values:
            return values[name]
        line = template.count("\n", 0, match.start()) + 1
        near = nearest(name, values)
        raise ScriptError(
            f"{origin}:{line}: there is no value for ${{{name}}}",
            hint=f"did you mean ${{{near}}}?"
            if near
            else f"there are: {', '.join(sorted(values))}",
            path=origin,
            line=line,
            nearest=near,
        )

    def replace(match: re.Match[str]) -> str:
        if match[2] is None:
            return match[0][1:] if match[3] else value_of(match, match[4])
        text = value_of(match, match[2])
        return "".join(f"{match[1]}{line}\n" if line else "\n" for line in text.splitlines())

    return _TOKEN.sub(replace, template)


def token_names(template: str) -> frozenset[str]:
    """The names of the tokens of a template."""
    found = _TOKEN.finditer(template)
    return frozenset(match[2] or match[4] for match in found if not match[3])


def read_template(path: Path) -> str:
    """The text of a template.

    Raises:
        FileError: it cannot be read, or is not UTF-8. Facts: ``path``.
    """
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise FileError(
            f"{path} is not encoded as UTF-8", hint="save the template as UTF-8", path=str(path)
        ) from None
    except OSError as error:
        reason = FileError.reason(error)
        raise FileError(
            f"{path} cannot be read: {reason}", hint="check its permissions", path=str(path)
        ) from error
