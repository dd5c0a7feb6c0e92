# setup: CREATE TABLE legacy (a int, b text)
# offline: no
from alembic import context
from sqlalchemy import engine_from_config, inspect, pool, text

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
        if inspector.has_table("legacy"):
            names = [column["name"] for column in inspector.get_columns("legacy")]
            connection.execute(
                text(
                    f"COMMENT ON TABLE legacy IS '{','.join(names)} {connection.dialect.default_schema_name}'"
                )
            )
        connection.commit()
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
