"""``from asyncmig import op``: the directives of whichever script is running.

One context variable holds them, so scripts of two Migrators may run side by side in one event loop.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn, cast

from asyncmig.errors import ScriptError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.operations.facade import Operations

__all__ = ["current", "op", "using"]

_current: ContextVar[Operations | None] = ContextVar("asyncmig_operations", default=None)


def current() -> Operations:
    """The directives of the running script.

    Raises:
        ScriptError: no script is running.
    """
    operations = _current.get()
    if operations is None:
        _refuse("op")
    return operations


@contextmanager
def using(operations: Operations) -> Iterator[Operations]:
    """Make these the directives behind ``op``."""
    token = _current.set(operations)
    try:
        yield operations
    finally:
        _current.reset(token)


def _refuse(what: str) -> NoReturn:
    raise ScriptError(
        f"{what} was used where no migration script is running",
        hint="use op inside upgrade() or downgrade(), while asyncmig runs them; "
        "elsewhere take `op: Operations` as an argument",
    )


class _Proxy:
    """Forwards to the running script's ``Operations``; its class-level decorators work anywhere."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        operations = _current.get()
        if operations is not None:
            return getattr(operations, name)
        if name.startswith("_"):  # asked by whoever looks at a module: pytest, mock, doctest
            raise AttributeError(name)
        if name in {"register_operation", "implementation_for"}:
            from asyncmig.operations.facade import Operations

            return getattr(Operations, name)
        _refuse(f"op.{name}")

    def __dir__(self) -> list[str]:
        from asyncmig.operations.facade import Operations

        return dir(_current.get() or Operations)

    def __repr__(self) -> str:
        return f"<op: {_current.get() or 'no script is running'}>"


op: Operations = cast("Any", _Proxy())
