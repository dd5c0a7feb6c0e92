# offline: no
from alembic import context
from app.models import Base, Book
from sqlalchemy import engine_from_config, pool
from sqlalchemy.orm import Session

config = context.config
target_metadata = Base.metadata


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
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()
        if context.get_context().get_current_revision() == "a3":
            with Session(bind=connection) as session:
                session.add(Book(id=10, title="Ten"))
                session.commit()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
