"""Schemas in the SQL of the dialect."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect, with_schema_map
from asyncmig.operations.directives.comments import CreateTableCommentOp
from asyncmig.operations.directives.indexes import CreateIndexOp

SCHEMAS = {"app": "tenant", None: "public"}


def test_the_schema_map_applies_to_tables():
    dialect = MigrationDialect((17,), schema_translate_map=SCHEMAS)
    table = sa.Table("t", sa.MetaData(), sa.Column("a", sa.Integer), schema="app")
    assert "CREATE TABLE tenant.t (" in str(CreateTable(table).compile(dialect=dialect))
    select = sa.select(sa.column("a")).select_from(sa.table("t", schema="app"))
    assert "FROM app.t" in str(select.compile(dialect=dialect))


def test_and_to_what_is_compiled_without_tables():
    dialect = MigrationDialect(schema_translate_map=SCHEMAS)
    operations = [CreateIndexOp("i", "t", ["a"]), CreateTableCommentOp("t", "c", schema="app")]
    found = [item.sql for each in operations for item in compile_operation(each, dialect)]
    assert found == ["CREATE INDEX i ON public.t (a)", "COMMENT ON TABLE tenant.t IS 'c'"]


def test_another_schema_map_makes_another_dialect():
    dialect = MigrationDialect((17,))
    assert with_schema_map(dialect, {}) is dialect
    other = with_schema_map(dialect, SCHEMAS)
    assert other.schema_translate_map == SCHEMAS
    assert other.server_version_info == (17,)
    assert with_schema_map(other, SCHEMAS) is other
