"""Registries for functions of the user: renderers by operation, comparators by target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    _Function = TypeVar("_Function", bound=Callable[..., Any])

__all__ = ["Dispatcher", "comparators", "renderers"]


class Dispatcher:
    """A registry of functions of the whole process, because ``dispatch_for`` does not name a Migrator."""

    def __init__(self) -> None:
        self.functions: dict[tuple[Any, str], list[Callable[..., Any]]] = {}

    def dispatch_for(
        self, target: Any, *, qualifier: str = "default", replace: bool = False, **_: Any
    ) -> Callable[[_Function], _Function]:
        """Register a function for a class or a word, as a decorator.

        Args:
            target: a class, including its subclasses; or a word.
            qualifier: the database: ``default`` or ``postgresql``.
            replace: remove the functions that were registered before.
        """

        def decorate(function: _Function) -> _Function:
            registered = self.functions.setdefault((target, qualifier), [])
            if replace:
                registered.clear()
            registered.append(function)
            return function

        return decorate

    def registered(self, target: Any) -> Iterator[Callable[..., Any]]:
        """The functions for a target in the order of their registration, those for PostgreSQL last."""
        for qualifier in ("default", "postgresql"):
            yield from self.functions.get((target, qualifier), ())

    def nearest(self, kind: type) -> Callable[..., Any] | None:
        """The last function that was registered for a class or its nearest base class."""
        for candidate in kind.__mro__:
            found = list(self.registered(candidate))
            if found:
                return found[-1]
        return None


renderers = Dispatcher()
"""By class of operation: ``function(autogen_context, operation)`` returns a line or a list of lines."""

comparators = Dispatcher()
"""By the words ``autogenerate``, ``schema``, ``table`` and ``column``: see ``user_comparators``."""
