# offline: no
from alembic import context
from app.models import Base
from sqlalchemy import Column, Integer, Table, engine_from_config, pool

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
    Table("later", Base.metadata, Column("id", Integer, primary_key=True))
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()
            Base.metadata.create_all(connection)


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
