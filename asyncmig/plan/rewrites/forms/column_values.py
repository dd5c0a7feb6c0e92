"""The rows of a new column: filled in batches, so that no statement rewrites the table.

A script for psql has no runner that follows a key and keeps its position. There a DO block reads ranges of
pages, each in a transaction of its own, and updates only rows that have no value yet: psql may run it again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.operations.directives.backfills import BackfillOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.sql.escaping.text_escaping import escape_backslashes
from asyncmig.sql.quoting import literal

if TYPE_CHECKING:
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.plan.rewrites.safe_form import RewriteContext

__all__ = ["fill_with_default"]

# a row that another session changes meanwhile may move to a page that was read already, hence the passes;
# a default that is NULL for some row leaves it, hence their number
_BY_PAGES = """\
DO $backfill$
DECLARE
    part regclass;
    first_page bigint;
    pages bigint;
BEGIN
    FOR pass IN 1..3 LOOP
        FOR part IN
            WITH RECURSIVE tree (relid) AS (
                SELECT {table}::regclass::oid
                UNION SELECT i.inhrelid FROM pg_inherits AS i JOIN tree ON i.inhparent = tree.relid
            )
            SELECT c.oid::regclass FROM tree JOIN pg_class AS c ON c.oid = tree.relid WHERE c.relkind = 'r'
        LOOP
            first_page := 0;
            pages := pg_relation_size(part) / current_setting('block_size')::bigint;
            WHILE first_page <= pages LOOP
                EXECUTE format(
                    'UPDATE ONLY %1$s SET %2$I = DEFAULT WHERE %2$I IS NULL AND ctid >= %3$L AND ctid < %4$L',
                    part, {column}, format('(%s,0)', first_page), format('(%s,0)', first_page + 256)
                );
                COMMIT;
                first_page := first_page + 256;
            END LOOP;
        END LOOP;
        EXIT WHEN NOT EXISTS (SELECT FROM {relation} WHERE {name} IS NULL);
    END LOOP;
END
$backfill$"""


def fill_with_default(
    table: str, column: str, schema: str | None, context: RewriteContext
) -> MigrateOperation:
    """Give the rows without a value the default of the column, a transaction for each part of them."""
    name = context.compilation.quote(column)
    if context.facts.offline:
        relation = context.compilation.qualified(
            table, context.compilation.translate_schema(schema)
        )
        block = _BY_PAGES.format(
            table=literal(relation), relation=relation, column=literal(column), name=name
        )
        autocommit = {"isolation_level": "AUTOCOMMIT"}
        return ExecuteSQLOp(escape_backslashes(block), execution_options=autocommit)
    has_key = context.facts.has_key(context.relation(table, schema))
    return BackfillOp(
        table,
        {column: "DEFAULT"},
        where=escape_backslashes(f"{name} IS NULL"),
        name="_".join(" ".join(filter(None, (schema, table, column, "default"))).split()),
        schema=schema,
        by="key" if has_key else "ctid",
    )
