import alembic.context
from alembic import context
from alembic.runtime.migration import MigrationContext
from sqlalchemy import engine_from_config, inspect, pool

config = context.config
target_metadata = None


def run_migrations_offline():
    context.configure(
        url=config.get_main_option("sqlalchemy.url"),
        target_metadata=target_metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    engine = engine_from_config(
        config.get_section(config.config_ini_section, {}),
        prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    with engine.connect() as connection:
        inspector = inspect(connection)
        found = MigrationContext.configure(
            connection, opts={"version_table_schema": "public"}
        ).get_current_heads()
        if not found and set(inspector.get_table_names()) & {"book"}:
            raise RuntimeError("there are tables without a history")
        if not inspector.has_schema("public"):
            raise RuntimeError("there is no such schema")
        connection.exec_driver_sql("SET search_path TO public")
        connection.commit()
        alembic.context.configure(connection=connection, target_metadata=target_metadata)
        with alembic.context.begin_transaction():
            alembic.context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
