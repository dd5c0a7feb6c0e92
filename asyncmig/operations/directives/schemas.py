"""Schemas: ``create_schema``, ``drop_schema``."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from asyncmig.operations.base.directives import Directives
from asyncmig.operations.base.operation import MigrateOperation

__all__ = ["CreateSchemaOp", "DropSchemaOp", "SchemaDirectives"]


@dataclass(eq=False)
class CreateSchemaOp(MigrateOperation, directive="create_schema"):
    """``CREATE SCHEMA``."""

    schema_name: str
    _: KW_ONLY
    if_not_exists: bool = False
    authorization: str | None = None

    def reverse(self) -> DropSchemaOp:
        """``DROP SCHEMA``."""
        return DropSchemaOp(
            self.schema_name, if_exists=self.if_not_exists, authorization=self.authorization
        )


@dataclass(eq=False)
class DropSchemaOp(MigrateOperation, directive="drop_schema"):
    """``DROP SCHEMA``. ``authorization`` is only for reversing."""

    schema_name: str
    _: KW_ONLY
    if_exists: bool = False
    cascade: bool = False
    authorization: str | None = None

    def reverse(self) -> CreateSchemaOp:
        """``CREATE SCHEMA``, empty."""
        return CreateSchemaOp(
            self.schema_name, if_not_exists=self.if_exists, authorization=self.authorization
        )


class SchemaDirectives(Directives):
    """Directives for schemas."""

    def create_schema(
        self, schema_name: str, *, if_not_exists: bool = False, authorization: str | None = None
    ) -> None:
        """Create a schema. Locks no table.

        Args:
            schema_name: of the schema.
            if_not_exists: ``IF NOT EXISTS``.
            authorization: the role that owns it; None is the current role.

        Example::

            op.create_schema("shop", if_not_exists=True)
        """
        self.invoke(
            CreateSchemaOp(schema_name, if_not_exists=if_not_exists, authorization=authorization)
        )

    def drop_schema(
        self, schema_name: str, *, if_exists: bool = False, cascade: bool = False
    ) -> None:
        """Drop a schema; with ``cascade``, with everything in it (ACCESS EXCLUSIVE on its tables).

        Example::

            op.drop_schema("shop", if_exists=True, cascade=True)
        """
        self.invoke(DropSchemaOp(schema_name, if_exists=if_exists, cascade=cascade))
