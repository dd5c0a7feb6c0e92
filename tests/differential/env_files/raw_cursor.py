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
    cursor = raw.cursor()
    cursor.execute("CREATE TABLE IF NOT EXISTS log (id int, note text)")
    cursor.execute("INSERT INTO log VALUES (%s, %s)", (1, "50% o'clock"))
    cursor.executemany(
        "INSERT INTO log VALUES (%(id)s, %(note)s)",
        [{"id": 2, "note": "b"}, {"id": 3, "note": None}],
    )
    cursor.execute("SELECT count(*) FROM log")
    assert cursor.fetchone()[0] >= 3
    raw.commit()
    cursor.close()
    raw.close()
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
