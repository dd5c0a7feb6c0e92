"""``alembic_postgresql_enum.sql_commands``."""
