from alembic import context
from sqlalchemy import create_engine, text

url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.execute("CREATE TABLE before_it AS SELECT 1 AS a")
        context.run_migrations()
        context.execute(text("COMMENT ON TABLE book IS 'from a script'"))
else:
    with create_engine(url).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.execute("CREATE TABLE IF NOT EXISTS before_it AS SELECT 1 AS a")
            context.run_migrations()
            context.execute(text("COMMENT ON TABLE book IS 'from a script'"))
