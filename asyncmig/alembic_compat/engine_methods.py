"""Methods of SQLAlchemy's ``Engine`` that are replaced while an ``env.py`` is read or runs."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["EngineMethods"]


class EngineMethods:
    """Replaces methods of ``Engine`` from the first use in the process to the end of the last one.

    Args:
        names: the methods.
        make: called with a name and SQLAlchemy's own method; gives the method that takes its place.
    """

    def __init__(
        self, names: Sequence[str], make: Callable[[str, Callable[..., Any]], Callable[..., Any]]
    ) -> None:
        self._names = names
        self._make = make
        self._lock = threading.Lock()
        self._users = 0
        self._originals: dict[str, Callable[..., Any]] = {}

    @contextmanager
    def replaced(self) -> Iterator[None]:
        """Replace them within the block."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                for name in self._names:
                    self._originals[name] = getattr(Engine, name)
                    setattr(Engine, name, self._make(name, self._originals[name]))
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    for name, original in self._originals.items():
                        setattr(Engine, name, original)
