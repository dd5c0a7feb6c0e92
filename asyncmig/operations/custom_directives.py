"""Users' directives and implementations: ``register_operation`` and ``implementation_for``.

Both are decorators that run when a module is imported, and have no Migrator. Registrations are
therefore kept in the class, for the whole process. asyncmig itself registers nothing here.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from asyncmig.operations.base.operation import is_built_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Extensible"]

_Operation = TypeVar("_Operation", bound=type)
_Function = TypeVar("_Function", bound="Callable[..., Any]")


class Extensible:
    """The class methods by which users add directives."""

    _implementations: ClassVar[dict[type, Callable[..., Any]]] = {}

    @classmethod
    def register_operation(
        cls, name: str, sourcename: str | None = None
    ) -> Callable[[_Operation], _Operation]:
        """Add a directive ``op.<name>``, as a decorator of an operation class.

        The class has a class method of that name (or of ``sourcename``) that takes the ``Operations``
        and then the directive's arguments. It replaces a directive of asyncmig that has the same
        name, for the whole process.

        Example::

            @Operations.register_operation("create_audit_trigger")
            class CreateAuditTriggerOp(MigrateOperation):
                def __init__(self, table_name: str) -> None:
                    self.table_name = table_name

                @classmethod
                def create_audit_trigger(cls, operations, table_name):
                    return operations.invoke(cls(table_name))
        """

        def register(operation: _Operation) -> _Operation:
            source = getattr(operation, sourcename or name)

            def directive(self: Any, *args: Any, **kwargs: Any) -> Any:
                return source(self, *args, **kwargs)

            directive.__name__ = name
            directive.__qualname__ = f"{cls.__name__}.{name}"
            directive.__doc__ = source.__doc__
            signature = inspect.signature(source)
            this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
            directive.__signature__ = signature.replace(  # type: ignore[attr-defined]  # PEP 362
                parameters=[this, *list(signature.parameters.values())[1:]]
            )
            setattr(cls, name, directive)
            return operation

        return register

    @classmethod
    def implementation_for(
        cls, op_cls: type, replace: bool = False
    ) -> Callable[[_Function], _Function]:
        """Register how an operation is performed: a decorator of ``function(operations, operation)``.

        Args:
            op_cls: the operation's class; also for its subclasses, unless they have their own.
            replace: must be True for an operation that has an implementation.

        Raises:
            ValueError: it has one and ``replace`` is False.

        Example::

            @Operations.implementation_for(CreateAuditTriggerOp)
            def create_audit_trigger(operations, operation):
                operations.execute(f"CREATE TRIGGER audit ... ON {operation.table_name} ...")
        """

        def decorate(function: _Function) -> _Function:
            known = op_cls in cls._implementations or is_built_in(op_cls)
            if known and not replace:
                raise ValueError(
                    f"{op_cls.__name__} has an implementation; replace=True replaces it"
                )
            cls._implementations[op_cls] = function
            return function

        return decorate

    def _custom_implementation(self, operation: MigrateOperation) -> Callable[..., Any] | None:
        if not self._implementations:
            return None
        for kind in type(operation).__mro__:
            if kind in self._implementations:
                return self._implementations[kind]
            if is_built_in(kind):
                return None
        return None
