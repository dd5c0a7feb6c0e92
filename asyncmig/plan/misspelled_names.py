"""Misspelled directives and keywords in scripts: the known name that a script error probably means."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

from asyncmig.config.files.source import nearest
from asyncmig.operations.facade import Operations

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["name_hint"]

_UNEXPECTED = re.compile(
    r"(?:\w+\.)*(?P<function>\w+)\(\) got an unexpected keyword argument '(?P<name>\w+)'"
)
_ADDITIONAL = re.compile(r"Additional arguments should be named .*, got '(?P<name>\w+)'")
"""What SQLAlchemy says of keywords of tables, columns and constraints."""


def name_hint(error: BaseException, path: str) -> str | None:
    """``did you mean ...?`` for an attribute or a keyword that does not exist.

    Args:
        error: what a script raised.
        path: of the script.
    """
    name, known = "", list[str]()
    if isinstance(error, AttributeError) and error.name is not None:
        name, known = error.name, [each for each in dir(error.obj) if not each.startswith("_")]
    elif isinstance(error, TypeError) and (found := _UNEXPECTED.search(str(error))):
        function = getattr(Operations, found["function"], None)
        name = found["name"]
        known = [] if function is None else list(inspect.signature(function).parameters)
    elif isinstance(error, TypeError) and (found := _ADDITIONAL.search(str(error))):
        name, known = found["name"], list(_keywords_of_callers(error, path))
    near = nearest(name, known)
    return None if near is None or near == name else f"did you mean '{near}'?"


def _keywords_of_callers(error: BaseException, path: str) -> Iterator[str]:
    """The arguments of all functions between the script and the one that raised the error."""
    trace, below_script = error.__traceback__, False
    while trace is not None:
        code = trace.tb_frame.f_code
        if below_script:
            yield from code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        below_script = below_script or code.co_filename == path
        trace = trace.tb_next
