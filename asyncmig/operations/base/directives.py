"""``Directives``, the base class of the mixins that ``Operations`` consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Directives"]


class Directives:
    """Performing operations and getting the connection, as directives do."""

    def invoke(self, operation: MigrateOperation) -> Any:
        """Perform an operation; the result depends on its class."""
        raise NotImplementedError

    def invoke_rewritable(self, operation: MigrateOperation, *, safe: bool) -> Any:
        """Perform an operation that may have a safe form; ``safe=False`` keeps its plain form."""
        operation.safe = safe
        return self.invoke(operation)

    def perform(self, operation: MigrateOperation) -> Any:
        """Perform an operation without the implementation that a user has registered for it."""
        raise NotImplementedError

    def get_bind(self) -> Connection:
        """The connection of the revision's transaction."""
        raise NotImplementedError
