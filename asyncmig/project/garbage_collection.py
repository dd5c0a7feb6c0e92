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

THRESHOLDS = (10_000, 3, 3)
"""New objects before the young are collected, and collections of a generation before that of the next.

Reading modules and scripts creates hundreds of thousands of objects that stay: with Python's 700 new objects,
the collections take a tenth of a short run. Ten thousand are visited within a millisecond.
"""

_OLDEST_GENERATION = 2

_FROZEN_BY_PYTHON = 1000
"""No service that freezes its objects has so few. Python 3.12 starts with some hundred frozen ones."""


class _Freezer:
    """Freezes what survives, from the first block entered to the last one left."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._blocks = 0
        self._until = 0.0
        self._thresholds: tuple[int, int, int] | None = None
        """Those of the service, while objects are frozen."""
        self._service_freezes = False
        """Found once, since Python counts frozen objects one by one: 50 ms for half a million."""

    def enter(self) -> None:
        with self._lock:
            self._blocks += 1
            usual = gc.get_threshold()
            if self._blocks > 1 or not (gc.isenabled() and all(usual)):
                return  # Python 3.14 collects in increments, and its last threshold is 0
            if self._service_freezes or gc.get_freeze_count() > _FROZEN_BY_PYTHON:
                self._service_freezes = True
                return
            self._thresholds = usual
            self._until = time.monotonic() + LIMIT_SECONDS
            gc.set_threshold(max(THRESHOLDS[0], usual[0]), *THRESHOLDS[1:])
            gc.callbacks.append(self._collected)
            gc.freeze()

    def leave(self) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks:
                self._thaw()

    def _collected(self, when: Literal["start", "stop"], facts: Mapping[str, int]) -> None:
        """Called by the interpreter at the start and at the end of each collection, in any thread."""
        if when == "start":
            if time.monotonic() > self._until:
                self._thaw()
        elif self._thresholds is not None and (
            facts["generation"] == _OLDEST_GENERATION or gc.get_count()[2] >= THRESHOLDS[2]
        ):
            gc.freeze()

    def _thaw(self) -> None:
        usual, self._thresholds = self._thresholds, None
        if usual is not None:
            gc.set_threshold(*usual)
            gc.callbacks.remove(self._collected)
            gc.unfreeze()


_freezer = _Freezer()


@contextmanager
def short_collections() -> Iterator[None]:
    """Keep full garbage collections short within the block, for at most ``LIMIT_SECONDS``.

    A full collection visits every object of the process, and the event loop waits for it: 40 ms in a service
    with SQLAlchemy, 140 ms with the plan of 10,000 revisions. Within the block a collection visits only what
    was created since the previous one, because the survivors are frozen, and there are fewer collections. The
    last block that is left unfreezes them, and restores the thresholds.

    Changes nothing where garbage collection is disabled, or where the service has frozen objects itself:
    they could not be told from those of the run. That is remembered for the life of the process.
    """
    _freezer.enter()
    try:
        yield
    finally:
        _freezer.leave()
