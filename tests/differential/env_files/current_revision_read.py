# setup: CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)
# setup: INSERT INTO alembic_version VALUES ('a1')
# setup: CREATE TYPE mood AS ENUM ('sad', 'happy')
# setup: CREATE TABLE book (id serial PRIMARY KEY, title varchar(80) NOT NULL, mood mood DEFAULT 'sad')
# offline: no
from alembic import context
from sqlalchemy import engine_from_config, pool, text

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
        context.configure(connection=connection, target_metadata=target_metadata)
        before = context.get_context().get_current_revision()
        heads = context.get_context().get_current_heads()
        head = context.get_head_revision()
        current = context.script.get_revision(before)
        with context.begin_transaction():
            context.run_migrations()
        after = context.get_context().get_current_heads()
        connection.execute(text("CREATE TABLE IF NOT EXISTS seen (what text)"))
        connection.execute(
            text("INSERT INTO seen VALUES (:what)"),
            {"what": f"{before} {heads} {head} {current.revision} {after}"},
        )
        connection.commit()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
