"""Keeps full garbage collections short while a run creates many objects."""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["LIMIT_SECONDS", "short_collections"]

LIMIT_SECONDS = 60.0
"""How long objects stay frozen at most. A service may serve requests during a run of hours, and what becomes
garbage while it is frozen is not freed."""

_OLDEST_GENERATION = 2

_FROZEN_BY_PYTHON = 1000
"""No service that freezes its objects has so few. Python 3.12 starts with some hundred frozen ones."""


class _Freezer:
    """Freezes what survives a full collection, from the first block entered to the last one left."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._blocks = 0
        self._until = 0.0
        self._is_active = False

    def enter(self) -> None:
        with self._lock:
            self._blocks += 1
            if self._blocks > 1 or not gc.isenabled():
                return
            if gc.get_freeze_count() > _FROZEN_BY_PYTHON:
                return
            self._until = time.monotonic() + LIMIT_SECONDS
            self._is_active = True
            gc.callbacks.append(self._collected)
            gc.freeze()

    def leave(self) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks:
                self._thaw()

    def _collected(self, when: Literal["start", "stop"], facts: Mapping[str, int]) -> None:
        """Called by the interpreter at the start and at the end of each collection, in any thread."""
        is_full = facts["generation"] == _OLDEST_GENERATION
        if when == "start":
            if is_full and time.monotonic() > self._until:
                self._thaw()
        elif self._is_active and (is_full or gc.get_count()[2] >= gc.get_threshold()[2]):
            gc.freeze()

    def _thaw(self) -> None:
        if self._is_active:
            self._is_active = False
            gc.callbacks.remove(self._collected)
            gc.unfreeze()


_freezer = _Freezer()


@contextmanager
def short_collections() -> Iterator[None]:
    """Keep full garbage collections short within the block, for at most ``LIMIT_SECONDS``.

    A full collection visits every object of the process, and the event loop waits for it: 40 ms in a service
    with SQLAlchemy, 140 ms with the plan of 10,000 revisions. Within the block a collection visits only what
    was created since the previous one, because the survivors are frozen. The last block that is left
    unfreezes them.

    Changes nothing where garbage collection is disabled, or where the service has frozen objects itself:
    they could not be told from those of the run.
    """
    _freezer.enter()
    try:
        yield
    finally:
        _freezer.leave()
