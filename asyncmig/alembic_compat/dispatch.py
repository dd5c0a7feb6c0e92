"""Functions that users register by the type of what they handle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    _Function = TypeVar("_Function", bound=Callable[..., Any])

__all__ = ["Dispatcher"]


class Dispatcher:
    """A registry of functions; it belongs to the process, as ``dispatch_for`` names no Migrator."""

    def __init__(self) -> None:
        self.functions: dict[tuple[Any, str], list[Callable[..., Any]]] = {}

    def dispatch_for(
        self, target: Any, *, qualifier: str = "default", replace: bool = False, **_: Any
    ) -> Callable[[_Function], _Function]:
        """Register a function for a type or a word, as a decorator."""

        def decorate(function: _Function) -> _Function:
            registered = self.functions.setdefault((target, qualifier), [])
            if replace:
                registered.clear()
            registered.append(function)
            return function

        return decorate
