"""``Rewriter``: a ``process_revision_directives`` made of functions for classes of operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from asyncmig.autogenerate.dispatch import Dispatcher
from asyncmig.operations.base.containers import MigrationScript, OpContainer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from asyncmig.operations.base.operation import MigrateOperation

    _Rule = TypeVar("_Rule", bound=Callable[..., Any])

__all__ = ["Rewriter"]


class Rewriter:
    """Rewrites each operation with the function that is registered for its class.

    A function receives ``(context, revision, operation)`` and returns the operation, another one, a list
    of operations, or None to remove it. Returned operations are not rewritten again by the same Rewriter.
    Containers and the script itself are operations too; the function of the nearest base class is used.

    Example::

        writer = Rewriter()

        @writer.rewrites(AddColumnOp)
        def nullable_first(context, revision, operation):
            ...
            return [operation, AlterColumnOp(...)]

        process_revision_directives = writer
    """

    def __init__(self) -> None:
        self._rules = Dispatcher()
        self._chained: tuple[Callable[..., Any], ...] = ()

    def rewrites(
        self, operator: type[MigrateOperation] | tuple[type[MigrateOperation], ...]
    ) -> Callable[[_Rule], _Rule]:
        """Register a function for one or several classes of operations, as a decorator."""

        def decorate(function: _Rule) -> _Rule:
            for kind in operator if isinstance(operator, tuple) else (operator,):
                self._rules.dispatch_for(kind, replace=True)(function)
            return function

        return decorate

    def chain(self, other: Callable[..., Any]) -> Rewriter:
        """Return a Rewriter that runs this one, then another one or any ``process_revision_directives``."""
        chained = Rewriter()
        chained._rules = self._rules
        chained._chained = (*self._chained, other)
        return chained

    def __call__(self, context: Any, revision: Any, directives: list[Any]) -> None:
        """Rewrite the scripts, in place."""
        run = _Run(self._rules, context, revision)
        directives[:] = [found for script in directives for found in run.rewritten(script)]
        for other in self._chained:
            other(context, revision, directives)

    process_revision_directives = __call__


class _Run:
    """One pass over the scripts, in which operations that a rule returned are not rewritten again."""

    def __init__(self, rules: Dispatcher, context: Any, revision: Any) -> None:
        self._rules = rules
        self._context = context
        self._revision = revision
        self._rewritten: list[MigrateOperation] = []

    def rewritten(self, operation: MigrateOperation) -> list[MigrateOperation]:
        """The operations that replace an operation, with their contents rewritten."""
        rule = self._rules.nearest(type(operation))
        found = [operation]
        if rule is not None and not any(operation is made for made in self._rewritten):
            result: Any = rule(self._context, self._revision, operation)
            found = (
                []
                if result is None
                else list(result)
                if isinstance(result, list | tuple)
                else [result]
            )
            self._rewritten += found
        for each in found:
            if isinstance(each, OpContainer):
                each.ops[:] = [inner for item in list(each.ops) for inner in self.rewritten(item)]
            elif isinstance(each, MigrationScript):
                each.upgrade_ops = self._containers(each.upgrade_ops_list, "upgrade_ops")
                each.downgrade_ops = self._containers(each.downgrade_ops_list, "downgrade_ops")
        return found

    def _containers(self, containers: Sequence[OpContainer], name: str) -> list[Any]:
        rewritten = []
        for container in containers:
            found = self.rewritten(container)
            if len(found) != 1:
                raise ValueError(
                    f"a Rewriter made {len(found)} objects of one {name}; return exactly one"
                )
            rewritten += found
        return rewritten
