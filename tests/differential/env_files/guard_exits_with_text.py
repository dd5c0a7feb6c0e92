# offline: no
# exit: 1
from alembic import context

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
    raise SystemExit("not from here")


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
