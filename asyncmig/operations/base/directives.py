"""What the mixins of directives stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["Directives"]


class Directives:
    """The root of the mixins that ``Operations`` is composed of."""

    def invoke(self, operation: MigrateOperation) -> Any:
        """Perform an operation; what comes back depends on its kind."""
        raise NotImplementedError
