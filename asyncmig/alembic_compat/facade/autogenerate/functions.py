"""Comparing and writing without a project: ``compare_metadata`` and its neighbours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.event_loops import run
from asyncmig.autogenerate.compare import Autogenerate
from asyncmig.autogenerate.dispatch import renderers
from asyncmig.autogenerate.hooks import Hooks
from asyncmig.config.settings import Settings
from asyncmig.database.connections import UrlDatabase
from asyncmig.errors import ConfigError
from asyncmig.operations.base.containers import DowngradeOps, MigrationScript, UpgradeOps
from asyncmig.render.code.operations import render_operations
from asyncmig.render.code.schema_items import ItemWriter
from asyncmig.render.source.prefixes import Prefixes
from asyncmig.revisions.graph.graph import RevisionGraph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection
    from sqlalchemy.schema import MetaData

__all__ = [
    "_render_cmd_body",
    "compare_metadata",
    "produce_migrations",
    "render_op",
    "render_op_text",
    "render_python_code",
]

_WRITTEN = "SELECT pg_catalog.pg_current_xact_id_if_assigned()"


def compare_metadata(context: Any, metadata: MetaData | Sequence[MetaData]) -> list[Any]:
    """The differences between a database and models, as tuples.

    Args:
        context: ``MigrationContext.configure(connection)``.
        metadata: the models.

    Raises:
        CommandError: the connection has uncommitted changes, which other connections cannot see.
    """
    script = produce_migrations(context, metadata)
    found: list[Any] = script.upgrade_ops.as_diffs() if script.upgrade_ops is not None else []
    return found


def produce_migrations(context: Any, metadata: MetaData | Sequence[MetaData]) -> MigrationScript:
    """The operations that make a database what the models say, and back; raises as ``compare_metadata``."""
    connection: Connection = context.connection
    _check_visible(connection)
    opts = dict(context.opts)
    url = connection.engine.url.render_as_string(hide_password=False)
    settings = Settings(
        url=url,
        journal=False,
        version_table=str(opts.get("version_table") or "alembic_version"),
        version_table_schema=opts.get("version_table_schema"),
        include_schemas=bool(opts.get("include_schemas", False)),
    )
    comparison = Autogenerate(
        database=UrlDatabase(settings, lambda _: None),
        settings=settings,
        graph=RevisionGraph([]),
        metadata=metadata,
        options=opts,
        require_current=False,
    )
    script = MigrationScript(None, UpgradeOps(), DowngradeOps())
    scripts = run(lambda: comparison.operations(script))
    return scripts[0] if scripts else script


def _check_visible(connection: Connection) -> None:
    """Refuse changes that a second connection would not see."""
    if connection.in_transaction() and connection.exec_driver_sql(_WRITTEN).scalar() is not None:
        raise ConfigError(
            "the connection has uncommitted changes, and the comparison reads by another connection",
            hint="commit first",
        )


def render_python_code(
    up_or_down_op: Any,
    sqlalchemy_module_prefix: str = "sa.",
    alembic_module_prefix: str = "op.",
    render_as_batch: bool = False,
    imports: Sequence[str] = (),
    render_item: Any = None,
    migration_context: Any = None,
    user_module_prefix: str | None = None,
) -> str:
    """The body of ``upgrade`` or ``downgrade`` for some operations, indented below its first line.

    Args:
        up_or_down_op: ``UpgradeOps`` or ``DowngradeOps``.
        sqlalchemy_module_prefix: before names of SQLAlchemy.
        alembic_module_prefix: before directives.
        render_as_batch: Alembic's, without effect: PostgreSQL alters tables in place.
        imports: Alembic's, without effect.
        render_item: writes types and defaults that it knows.
        migration_context: Alembic's, without effect: the dialect is PostgreSQL's.
        user_module_prefix: before types of the project.
    """
    del render_as_batch, imports, migration_context
    hooks = replace(
        Hooks(),
        sqlalchemy_module_prefix=sqlalchemy_module_prefix,
        alembic_module_prefix=alembic_module_prefix,
        user_module_prefix=user_module_prefix,
    )
    return _body(up_or_down_op.ops, hooks, None, render_item)


def _render_cmd_body(op_container: Any, autogen_context: Any) -> str:
    """The same with the context of a comparison."""
    return _body(op_container.ops, Hooks(), autogen_context, None)


def render_op_text(autogen_context: Any, op: Any) -> str:
    """One operation as code."""
    return "\n".join(render_op(autogen_context, op))


def render_op(autogen_context: Any, op: Any) -> list[str]:
    """One operation as lines of code."""
    items = _items(Hooks(), autogen_context, None)
    return render_operations([op], items, for_alembic=True).splitlines()


def _body(operations: Any, hooks: Hooks, context: Any, render_item: Any) -> str:
    text = render_operations(
        list(operations), _items(hooks, context, render_item), for_alembic=True
    )
    body = "\n".join(
        [
            "# ### commands auto generated by Alembic - please adjust! ###",
            text or "pass",
            "# ### end Alembic commands ###",
        ]
    )
    return body.replace("\n", "\n    ")


def _items(hooks: Hooks, context: Any, render_item: Any) -> ItemWriter:
    return ItemWriter(
        render_item=render_item,
        context=context,
        prefixes=Prefixes.of(hooks),
        renderer=renderers.nearest if context is not None else None,
    )
