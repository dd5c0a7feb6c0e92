"""``from asyncmig import op``: the directives of the running script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, cast

from asyncmig.errors import ScriptError
from asyncmig.operations.running_op import running_op

if TYPE_CHECKING:
    from asyncmig.operations.facade import Operations

__all__ = ["current", "op"]


def current() -> Operations:
    """The directives of the running script.

    Raises:
        ScriptError: no script is running.
    """
    operations = running_op.get()
    if operations is None:
        _raise_not_running("op")
    return cast("Operations", operations)


def _raise_not_running(member: str) -> NoReturn:
    error = ScriptError(
        f"{member} was used where no migration script is running",
        hint="use op inside upgrade() or downgrade(), while asyncmig runs them; "
        "elsewhere take `op: Operations` as an argument",
    )
    error.needs_running_script = True
    raise error


class _Proxy:
    """Forwards to the ``Operations`` of the running script; its decorators work outside as well."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        operations = running_op.get()
        if operations is not None:
            return getattr(operations, name)
        if name.startswith("_"):  # pytest, mock and doctest inspect the members of modules
            raise AttributeError(name)
        if name in {"register_operation", "implementation_for"}:
            from asyncmig.operations.facade import Operations

            return getattr(Operations, name)
        _raise_not_running(f"op.{name}")

    def __dir__(self) -> list[str]:
        from asyncmig.operations.facade import Operations

        return dir(running_op.get() or Operations)

    def __repr__(self) -> str:
        return f"<op: {running_op.get() or 'no script is running'}>"


op: Operations = cast("Any", _Proxy())
