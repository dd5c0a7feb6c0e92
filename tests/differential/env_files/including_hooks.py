from alembic import context
from app.models import Base
from sqlalchemy import engine_from_config, pool

config = context.config
target_metadata = [Base.metadata]


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
    def include_object(obj, name, type_, reflected, compare_to):
        return not (type_ == "table" and name.startswith("audit_"))

    def include_name(name, type_, parent_names):
        return name in (None, "public") if type_ == "schema" else True

    engine = engine_from_config(
        config.get_section(config.config_ini_section, {}),
        prefix="sqlalchemy.",
        poolclass=pool.NullPool,
    )
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=target_metadata,
            include_object=include_object,
            include_name=include_name,
            include_schemas=True,
            render_as_batch=False,
            user_module_prefix="app.",
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
