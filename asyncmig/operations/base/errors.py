"""Errors of directives, with the line of the script that called them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import sqlalchemy

from asyncmig.errors import DirectiveError
from asyncmig.operations.base.origin import call_site

__all__ = ["directive_error"]

_LIBRARY = (
    str(Path(__file__).parents[2]),
    str(Path(sqlalchemy.__file__).parent),
    contextlib.__file__,
    "<",
)
"""Frames that are never the caller's: of asyncmig, SQLAlchemy and generated code."""

_DIRECTIVES = str(Path(__file__).parents[1])


def directive_error(message: str, *, hint: str, directive: str | None = None) -> DirectiveError:
    """An error with the line of the script, or of its helper module, that called the directive."""
    origin = _caller()
    where = f" ({origin})" if origin else ""
    return DirectiveError(f"{message}{where}", hint=hint, directive=directive, origin=origin)


def _caller() -> str | None:
    """The line that called the innermost directive; None outside of a script."""
    is_directive = False
    for path, line in call_site()[2:]:  # without this function and its caller
        if path.startswith(_DIRECTIVES):
            is_directive = True
        elif is_directive and not path.startswith(_LIBRARY):
            return f"{path}:{line}"
    return None
