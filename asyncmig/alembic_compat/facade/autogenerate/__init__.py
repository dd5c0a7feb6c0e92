"""``alembic.autogenerate``: what is registered with it at import; nothing is compared here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.dispatch import Dispatcher

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Rewriter", "comparators", "renderers"]

renderers = Dispatcher()
comparators = Dispatcher()


class Rewriter:
    """Collects rewriting functions; a hook of autogenerate."""

    def __init__(self) -> None:
        self._rules: dict[type, list[Callable[..., Any]]] = {}

    def rewrites(self, operator: type | tuple[type, ...]) -> Callable[..., Any]:
        """Register a function for a kind of operation, as a decorator."""

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            for kind in operator if isinstance(operator, tuple) else (operator,):
                self._rules.setdefault(kind, []).append(function)
            return function

        return decorate

    def chain(self, other: Any) -> Rewriter:
        """Another hook that runs after this one."""
        chained = Rewriter()
        chained._rules = {**self._rules}
        chained._next = other
        return chained

    _next: Any = None

    def __call__(self, context: Any, revision: Any, directives: list[Any]) -> None:
        """Rewrite the operations of new revision files."""
        for script in directives:
            for container in (*script.upgrade_ops_list, *script.downgrade_ops_list):
                self._rewrite_container(context, revision, container)
        if self._next is not None:
            self._next(context, revision, directives)

    def _rewrite_container(self, context: Any, revision: Any, container: Any) -> None:
        rewritten: list[Any] = []
        for operation in container.ops:
            found = self._rewritten(context, revision, operation)
            for each in found:
                if hasattr(each, "ops"):
                    self._rewrite_container(context, revision, each)
            rewritten += found
        container.ops[:] = rewritten

    def _rewritten(self, context: Any, revision: Any, operation: Any) -> list[Any]:
        current = [operation]
        for kind in type(operation).__mro__:
            for rule in self._rules.get(kind, ()):
                following: list[Any] = []
                for each in current:
                    result = rule(context, revision, each) if isinstance(each, kind) else each
                    if isinstance(result, list | tuple):
                        following += result
                    elif result is not None:
                        following.append(result)
                current = following
        return current
