"""``alembic.operations.schemaobj``."""

from __future__ import annotations

from asyncmig.operations.base.schema_objects import SchemaObjects

__all__ = ["SchemaObjects"]
