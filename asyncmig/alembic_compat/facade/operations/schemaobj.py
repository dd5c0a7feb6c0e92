"""``alembic.operations.schemaobj``."""

from __future__ import annotations

from asyncmig.operations.schema_objects import SchemaObjects

__all__ = ["SchemaObjects"]
