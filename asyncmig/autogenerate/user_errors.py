"""Errors of hooks, with the file and line of the hook."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from asyncmig.errors import AsyncmigError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["user_errors"]

_OURS = Path(__file__).parents[1]


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn an exception of a hook into an error that names its line.

    Raises:
        ConfigError: a hook raised an exception, which is the cause. Facts: ``path``, ``line``.
    """
    try:
        yield
    except AsyncmigError:
        raise
    except Exception as error:
        place = _users_line(error.__traceback__)
        if place is None:
            raise
        path, line, name = place
        cause = str(error).partition("\n")[0]
        raise ConfigError(
            f"{path}:{line}: {name} failed: {type(error).__name__}: {cause}".rstrip(": "),
            hint="asyncmig calls it while it compares models and database; fix it there",
            path=path,
            line=line,
        ) from error


def _users_line(traceback: TracebackType | None) -> tuple[str, int, str] | None:
    """The innermost line of code that belongs neither to asyncmig nor to an installed package."""
    found = None
    while traceback is not None:
        code = traceback.tb_frame.f_code
        is_ours = Path(code.co_filename).is_relative_to(_OURS)
        library = "site-packages" in code.co_filename or code.co_filename.startswith("<")
        if not is_ours and not library:
            found = (code.co_filename, traceback.tb_lineno, code.co_name)
        traceback = traceback.tb_next
    return found
