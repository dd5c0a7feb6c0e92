"""Keys of the comparison of models with a database, and of the linter."""

from __future__ import annotations

from asyncmig.config.keys.key import Key
from asyncmig.config.value_types import (
    BOOLEAN,
    LINT,
    NAMES,
    SCHEMAS,
    TEXT,
)

__all__ = ["COMPARING", "LINTING"]

_COMPARING = "Comparing with models"

_LINTING = "Lint"

COMPARING: tuple[Key, ...] = (
    Key(
        name="compare_type",
        kind=BOOLEAN,
        alembic="compare_type",
        lenient=True,
        group=_COMPARING,
        doc="Compare the types of columns.",
    ),
    Key(
        name="compare_server_default",
        kind=BOOLEAN,
        alembic="compare_server_default",
        lenient=True,
        group=_COMPARING,
        doc="Compare the defaults of columns.",
    ),
    Key(
        name="include_schemas",
        kind=BOOLEAN,
        alembic="include_schemas",
        lenient=True,
        group=_COMPARING,
        doc="Compare all schemas, not only the default one and those of the models.",
    ),
    Key(
        name="concurrent_indexes",
        kind=BOOLEAN,
        group=_COMPARING,
        doc="Let `revision --autogenerate` create and drop indexes of existing tables with CONCURRENTLY.",
    ),
    Key(
        name="schema_translate_map",
        kind=SCHEMAS,
        group=_COMPARING,
        doc="The schema to use instead of that of the models, as SQLAlchemy's option of that name; the"
        ' empty key is for models without a schema: `{ "" = "acme", tenant = "acme_data" }`.',
        default="`{}`",
    ),
    Key(
        name="shadow_url",
        kind=TEXT,
        group=_COMPARING,
        secret=True,
        doc="The database in which the models are built for a comparison, or"
        ' `"embedded"` for a private server of the extra `embedded`. `ASYNCMIG_SHADOW_URL` overrides it.'
        " See [Building the models elsewhere](autogenerate.md#building-the-models-elsewhere).",
        default="the database itself",
    ),
    Key(
        name="shadow_cache",
        kind=BOOLEAN,
        group=_COMPARING,
        doc="Cache the models as PostgreSQL prints them in the user's cache folder, so that unchanged models"
        " are not built again.",
    ),
    Key(
        name="managed_entities",
        kind=NAMES,
        group=_COMPARING,
        doc="Kinds of entities whose undeclared objects are dropped, even if none is declared:"
        " `view`, `materialized_view`, `function`, `procedure`, `aggregate`, `trigger`, `policy`,"
        " `row_security`, `rule`, `statistics`, `composite_type`, `event_trigger`, `extension`, `grant`.",
        default="the declared kinds",
    ),
)

LINTING: tuple[Key, ...] = (
    Key(
        name="lint",
        kind=LINT,
        group=_LINTING,
        doc="What `asyncmig lint` reports: `disable`, `enable`, `start_after`, `small_table_rows`, `fail_on`,"
        " `severity`. See [Settings](lint.md#settings).",
        default="`{}`",
    ),
)
