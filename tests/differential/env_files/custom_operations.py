from alembic import context
from alembic.autogenerate import comparators, renderers
from alembic.operations import MigrateOperation, Operations
from alembic.script import write_hooks
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


@Operations.register_operation("say_hello")
class SayHello(MigrateOperation):
    def __init__(self, who):
        self.who = who

    @classmethod
    def say_hello(cls, operations, who):
        return operations.invoke(cls(who))

    def reverse(self):
        return SayHello(self.who)


@Operations.implementation_for(SayHello)
def say(operations, operation):
    operations.execute(f"COMMENT ON TABLE book IS '{operation.who}'")


@renderers.dispatch_for(SayHello)
def rendered(autogen_context, operation):
    return f"op.say_hello({operation.who!r})"


@comparators.dispatch_for("schema")
def compared(autogen_context, upgrade_ops, schemas):
    return None


@write_hooks.register("nothing")
def nothing(filename, options):
    return None


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


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
