# offline: no
from alembic import context
from app.models import Base
from sqlalchemy import engine_from_config, inspect, pool
from sqlalchemy.schema import CreateSchema

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
    with engine.begin() as connection:
        for schema in ("audit", "public"):
            if not engine.dialect.has_schema(connection, schema):
                connection.execute(CreateSchema(schema))
        assert "audit" in inspect(connection).get_schema_names()
    with engine.connect() as connection, connection.begin():
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_schemas=True,
            include_name=lambda name, kind, parents: kind != "schema" or name in {None, "audit"},
            version_table_schema="audit",
            compare_type=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
