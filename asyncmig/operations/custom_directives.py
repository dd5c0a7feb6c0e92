"""Directives and implementations that users bring: Alembic's ``register_operation`` and its kin.

Both are decorators that run once, when a module is imported, and name no Migrator. So what they
register cannot belong to one: it is kept for the process, in the class, and this is the only such
registry of asyncmig. Nothing of our own goes through it, and importing asyncmig leaves it empty.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Extensible"]

_Operation = TypeVar("_Operation", bound=type)
_Function = TypeVar("_Function", bound="Callable[..., Any]")


class Extensible:
    """The class methods by which users add directives."""

    built_in: ClassVar[frozenset[type[MigrateOperation]]] = frozenset()
    """The operations that asyncmig performs itself."""

    _implementations: ClassVar[dict[type, Callable[..., Any]]] = {}

    @classmethod
    def register_operation(
        cls, name: str, sourcename: str | None = None
    ) -> Callable[[_Operation], _Operation]:
        """Add a directive ``op.<name>``, as a decorator of an operation class.

        The class has a class method of that name (or of ``sourcename``) that takes the ``Operations``
        and then the directive's arguments. A directive of ours that has the same name is replaced,
        for the whole process.

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
        """Say how an operation is performed, as a decorator of ``function(operations, operation)``.

        Args:
            op_cls: the operation's class; its subclasses follow, unless they have their own.
            replace: must be True for an operation that has an implementation.

        Raises:
            ValueError: it has one and ``replace`` is False.

        Example::

            @Operations.implementation_for(CreateAuditTriggerOp)
            def create_audit_trigger(operations, operation):
                operations.execute(f"CREATE TRIGGER audit ... ON {operation.table_name} ...")
        """

        def decorate(function: _Function) -> _Function:
            known = op_cls in cls._implementations or op_cls in cls.built_in
            if known and not replace:
                raise ValueError(
                    f"{op_cls.__name__} has an implementation; replace=True puts yours in its place"
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
            if kind in self.built_in:
                return None
        return None
