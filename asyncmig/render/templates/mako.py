"""``script.py.mako`` of existing projects.

Mako is not a dependency of asyncmig. The templates of Alembic, and most templates of projects, only
contain names; they are filled in here. Templates with code are rendered by Mako, if it is installed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from asyncmig.errors import ScriptError
from asyncmig.render.templates.template import PYTHON, read_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from asyncmig.config.settings import Settings

__all__ = ["MAKO", "comma", "mako_template", "render_mako"]

MAKO = "script.py.mako"
"""The template of Alembic's projects."""

_EXPRESSION = re.compile(r"\$\{([^}]*)\}")
_PLAIN = re.compile(r"\s*(\w+)\s*(?:\|\s*(?:comma\s*,\s*n|n|comma|str)\s*)?")
_REPR = re.compile(r"\s*repr\(\s*(\w+)\s*\)\s*(?:\|\s*n\s*)?")
_EITHER = re.compile(r"\s*(\w+)\s+(?:if\s+\1\s+else|or)\s+(\"[^\"\\]*\"|'[^'\\]*')\s*")
# code blocks, tags, control lines and joined lines
_CODE = re.compile(r"</?%|^[ \t]*%|\\$", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*##.*\n", re.MULTILINE)


def mako_template(settings: Settings) -> str | None:
    """The text of ``script.py.mako``, if the project uses it.

    Raises:
        FileError: it cannot be read. Facts: ``path``.
    """
    mako = settings.script_location / MAKO
    if mako.is_file() and not (settings.script_location / PYTHON).is_file():
        return read_template(mako)
    return None


def comma(value: str | Iterable[str] | None) -> str:
    """Names separated by commas; a filter in Mako templates."""
    if value is None or isinstance(value, str):
        return value or ""
    return ", ".join(value)


def render_mako(path: Path, text: str, context: Mapping[str, object]) -> str:
    """Fill in a ``script.py.mako``.

    Args:
        path: the file, for messages.
        text: its content.
        context: the names that Alembic gives to it.

    Raises:
        ScriptError: it needs Mako and Mako is not installed, or it fails. Facts: ``path``.
    """
    simple = _fill_simple(text, context)
    return simple if simple is not None else _render_with_mako(path, text, context)


def _fill_simple(text: str, context: Mapping[str, object]) -> str | None:
    """The filled-in text; None if the template contains more than names."""
    text = _COMMENT.sub("", text)
    if _CODE.search(text):
        return None
    values: list[str] = []
    for match in _EXPRESSION.finditer(text):
        value = _value(match[1], context)
        if value is None:
            return None
        values.append(value)
    filled = iter(values)
    return _EXPRESSION.sub(lambda _: next(filled), text)


def _value(expression: str, context: Mapping[str, object]) -> str | None:
    if (match := _PLAIN.fullmatch(expression)) and match[1] in context:
        value = context[match[1]]
        return comma(value) if "comma" in expression else str(value)  # type: ignore[arg-type]  # names
    if (match := _REPR.fullmatch(expression)) and match[1] in context:
        return repr(context[match[1]])
    if (match := _EITHER.fullmatch(expression)) and match[1] in context:
        return str(context[match[1]] or match[2][1:-1])
    return None


def _render_with_mako(path: Path, text: str, context: Mapping[str, object]) -> str:
    from importlib import import_module

    try:
        template = import_module("mako.template")
    except ImportError:
        raise ScriptError(
            f"{path} contains code and needs Mako, which is not installed",
            hint="install mako; or replace the file by revision.py.template, plain text with"
            " ${message}, ${revision}, ${upgrades} ... (docs/configuration.md)",
            path=str(path),
        ) from None
    try:
        return str(template.Template(text=text).render_unicode(**context))
    except Exception as error:
        # a template may raise any exception; Mako's errors have the line in their text
        cause = str(error).partition("\n")[0]
        raise ScriptError(
            f"{path} failed: {type(error).__name__}: {cause}".rstrip(": "),
            hint="it is a Mako template; the message and line are Mako's",
            path=str(path),
        ) from error
