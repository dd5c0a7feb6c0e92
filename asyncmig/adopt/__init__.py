"""``adopt``: a native configuration for an existing Alembic project."""
