"""Functions that users register by the type, or the word, that they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    _Function = TypeVar("_Function", bound=Callable[..., Any])

__all__ = ["Dispatcher", "comparators", "renderers"]


class Dispatcher:
    """A registry of functions; it belongs to the process, as ``dispatch_for`` names no Migrator."""

    def __init__(self) -> None:
        self.functions: dict[tuple[Any, str], list[Callable[..., Any]]] = {}

    def dispatch_for(
        self, target: Any, *, qualifier: str = "default", replace: bool = False, **_: Any
    ) -> Callable[[_Function], _Function]:
        """Register a function for a type or a word, as a decorator.

        Args:
            target: a class, whose subclasses it is for too; or a word.
            qualifier: the database that it is for: ``default`` or ``postgresql``.
            replace: forget what was registered before.
        """

        def decorate(function: _Function) -> _Function:
            registered = self.functions.setdefault((target, qualifier), [])
            if replace:
                registered.clear()
            registered.append(function)
            return function

        return decorate

    def registered(self, target: Any) -> Iterator[Callable[..., Any]]:
        """Those for exactly this, in the order of their registration, PostgreSQL's own last."""
        for qualifier in ("default", "postgresql"):
            yield from self.functions.get((target, qualifier), ())

    def nearest(self, kind: type) -> Callable[..., Any] | None:
        """The last one registered for a class, or for the nearest class above it."""
        for candidate in kind.__mro__:
            found = list(self.registered(candidate))
            if found:
                return found[-1]
        return None


renderers = Dispatcher()
"""By operation: ``function(autogen_context, operation)`` gives its line, or a list of lines."""

comparators = Dispatcher()
"""By the words ``autogenerate``, ``schema``, ``table`` and ``column``: see the module ``comparing``."""
