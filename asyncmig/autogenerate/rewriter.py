"""``Rewriter``: a ``process_revision_directives`` put together of small functions."""

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
    """Rewrites operations one by one, each by the function that is registered for its class.

    A function gets ``(context, revision, operation)`` and returns the operation, another one, a list
    of them, or None for nothing. What it returns is not given to the same Rewriter again. Containers
    and the script itself are operations too: the rule of the nearest class counts.

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
        """Register a function for one class of operations or several, as a decorator."""

        def decorate(function: _Rule) -> _Rule:
            for kind in operator if isinstance(operator, tuple) else (operator,):
                self._rules.dispatch_for(kind, replace=True)(function)
            return function

        return decorate

    def chain(self, other: Callable[..., Any]) -> Rewriter:
        """This Rewriter, followed by another one or by any ``process_revision_directives``."""
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
    """One pass over the scripts; what its rules have made, they do not see again."""

    def __init__(self, rules: Dispatcher, context: Any, revision: Any) -> None:
        self._rules = rules
        self._context = context
        self._revision = revision
        self._made: list[MigrateOperation] = []

    def rewritten(self, operation: MigrateOperation) -> list[MigrateOperation]:
        """What a rule makes of an operation, with everything inside of it rewritten too."""
        rule = self._rules.nearest(type(operation))
        found = [operation]
        if rule is not None and not any(operation is made for made in self._made):
            said: Any = rule(self._context, self._revision, operation)
            found = [] if said is None else list(said) if isinstance(said, list | tuple) else [said]
            self._made += found
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
