# ini: databases = one, two
# ini: [one] sqlalchemy.url = @URL@
# ini: [two] sqlalchemy.url = @URL2@
import re

from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
names = re.split(r",\s*", config.get_main_option("databases", ""))
target_metadata = {}


def run_migrations_offline():
    for name in names:
        url = context.config.get_section_option(name, "sqlalchemy.url")
        with open(f"{name}.sql", "w") as buffer:
            context.configure(
                url=url,
                output_buffer=buffer,
                target_metadata=target_metadata.get(name),
                literal_binds=True,
            )
            with context.begin_transaction():
                context.run_migrations(engine_name=name)


def run_migrations_online():
    engines = {}
    for name in names:
        engines[name] = record = {}
        record["engine"] = engine_from_config(
            context.config.get_section(name, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
        )
    for record in engines.values():
        record["connection"] = connection = record["engine"].connect()
        record["transaction"] = connection.begin()
    try:
        for name, record in engines.items():
            context.configure(
                connection=record["connection"],
                upgrade_token=f"{name}_upgrades",
                downgrade_token=f"{name}_downgrades",
                target_metadata=target_metadata.get(name),
            )
            context.run_migrations(engine_name=name)
        for record in engines.values():
            record["transaction"].commit()
    except:
        for record in engines.values():
            record["transaction"].rollback()
        raise
    finally:
        for record in engines.values():
            record["connection"].close()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
