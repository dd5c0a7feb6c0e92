# offline: no
from alembic import context
from sqlalchemy import engine_from_config, pool

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
    raw = engine.raw_connection()
    try:
        raw.driver_connection.autocommit = True
        cursor = raw.cursor()
        cursor.execute("CREATE SCHEMA IF NOT EXISTS extra")
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", ("extra",))
        (found,) = cursor.fetchone()
        assert found == 1
        cursor.close()
    finally:
        raw.close()
    with engine.connect() as connection:
        assert connection.connection.info is not None
        assert connection.dialect.server_version_info >= (12,)
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
