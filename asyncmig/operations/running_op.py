"""Which script is running: the context variable behind ``from asyncmig import op``."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.base.directives import Directives

__all__ = ["running_op", "using"]

_D = TypeVar("_D", bound="Directives")

running_op: ContextVar[Directives | None] = ContextVar("asyncmig_operations", default=None)
"""The directives of the running script; scripts of two Migrators may run in one event loop."""


@contextmanager
def using(operations: _D) -> Iterator[_D]:
    """Make these the directives behind ``op``."""
    token = running_op.set(operations)
    try:
        yield operations
    finally:
        running_op.reset(token)
