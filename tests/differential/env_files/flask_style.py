import types

from alembic import context
from app.db import engine
from app.models import Base

config = context.config
target_metadata = Base.metadata
config.set_main_option(
    "sqlalchemy.url", engine.url.render_as_string(hide_password=False).replace("%", "%%")
)


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
    application = types.SimpleNamespace(
        extensions={
            "migrate": types.SimpleNamespace(
                db=types.SimpleNamespace(engine=engine), configure_args={"compare_type": True}
            )
        }
    )
    connectable = application.extensions["migrate"].db.engine
    arguments = application.extensions["migrate"].configure_args
    with connectable.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata, **arguments)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
