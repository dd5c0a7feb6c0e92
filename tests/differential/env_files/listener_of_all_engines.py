# offline: no
from alembic import context
from sqlalchemy import engine_from_config, event, pool
from sqlalchemy.engine import Engine

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
    @event.listens_for(Engine, "connect")
    def set_zone(dbapi_connection, record):
        with dbapi_connection.cursor() as cursor:
            cursor.execute("SET TIME ZONE 'America/Lima'")
        dbapi_connection.commit()

    engine = engine_from_config(
        config.get_section(config.config_ini_section, {}),
        prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )

    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
