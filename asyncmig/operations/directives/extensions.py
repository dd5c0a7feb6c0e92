"""Extensions: ``create_extension``, ``drop_extension``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["CreateExtensionOp", "DropExtensionOp", "ExtensionDirectives"]


@dataclass(eq=False)
class CreateExtensionOp(MigrateOperation, directive="create_extension"):
    """``CREATE EXTENSION``."""

    extension_name: str
    _: KW_ONLY
    schema: str | None = None
    version: str | None = None
    if_not_exists: bool = False
    cascade: bool = False

    def reverse(self) -> DropExtensionOp:
        """``DROP EXTENSION``."""
        return DropExtensionOp(
            self.extension_name,
            schema=self.schema,
            version=self.version,
            if_exists=self.if_not_exists,
        )


@dataclass(eq=False)
class DropExtensionOp(MigrateOperation, directive="drop_extension"):
    """``DROP EXTENSION``. ``schema`` and ``version`` are only for reversing."""

    extension_name: str
    _: KW_ONLY
    schema: str | None = None
    version: str | None = None
    if_exists: bool = False
    cascade: bool = False

    def reverse(self) -> CreateExtensionOp:
        """``CREATE EXTENSION``."""
        return CreateExtensionOp(
            self.extension_name,
            schema=self.schema,
            version=self.version,
            if_not_exists=self.if_exists,
        )


class ExtensionDirectives(Directives):
    """Directives for extensions."""

    def create_extension(
        self,
        extension_name: str,
        *,
        schema: str | None = None,
        version: str | None = None,
        if_not_exists: bool = False,
        cascade: bool = False,
    ) -> None:
        """Install an extension. Locks no table.

        Args:
            extension_name: as in ``pg_available_extensions``.
            schema: of its objects; None is the first schema of the search path.
            version: None is the server's default.
            if_not_exists: ``IF NOT EXISTS``.
            cascade: also install the extensions it depends on.

        Example::

            op.create_extension("pg_trgm", if_not_exists=True)
        """
        self.invoke(
            CreateExtensionOp(
                extension_name,
                schema=schema,
                version=version,
                if_not_exists=if_not_exists,
                cascade=cascade,
            )
        )

    def drop_extension(
        self, extension_name: str, *, if_exists: bool = False, cascade: bool = False
    ) -> None:
        """Drop an extension; with ``cascade``, also the columns and indexes that use it.

        Example::

            op.drop_extension("pg_trgm", if_exists=True)
        """
        self.invoke(DropExtensionOp(extension_name, if_exists=if_exists, cascade=cascade))
