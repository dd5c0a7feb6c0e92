"""The classes that stand in for alembic-utils: where they do more than it, and what they refuse."""

import pytest
from sqlalchemy import text

from asyncmig.alembic_compat.entity_facade.exceptions import BadInputException, SQLParseFailure
from asyncmig.alembic_compat.entity_facade.pg_extension import PGExtension
from asyncmig.alembic_compat.entity_facade.pg_function import PGFunction
from asyncmig.alembic_compat.entity_facade.pg_grant_table import PGGrantTable
from asyncmig.alembic_compat.entity_facade.pg_materialized_view import PGMaterializedView
from asyncmig.alembic_compat.entity_facade.pg_policy import PGPolicy
from asyncmig.alembic_compat.entity_facade.pg_trigger import PGTrigger
from asyncmig.alembic_compat.entity_facade.pg_view import PGView
from asyncmig.alembic_compat.entity_facade.replaceable_entity import register_entities, registry
from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import DirectiveError
from asyncmig.operations.directives.entities import CreateEntityOp, DropEntityOp, ReplaceEntityOp

VIEW = PGView("public", "v", "SELECT 1")


def sql(operation):
    return [compiled.sql for compiled in compile_operation(operation, MigrationDialect())]


@pytest.mark.parametrize(
    ("signature", "dropped"),
    [
        ("f()", '"f"()'),
        ("f(a int, b text default 'x,(y')", '"f"(a int, b text)'),
        ("f(a int = 1, VARIADIC b text[] := '{}')", '"f"(a int, VARIADIC b text[])'),
        ("f(default_value numeric(10, 2), c int DEFAULT 2)", '"f"(default_value numeric(10, 2), c int)'),
    ],
)  # fmt: skip
def test_a_function_is_dropped_by_its_arguments_alone(signature, dropped):
    entity = PGFunction("public", signature, "RETURNS int LANGUAGE sql AS 'SELECT 1'")

    assert sql(DropEntityOp(entity)) == [f'DROP FUNCTION "public".{dropped}']
    assert sql(DropEntityOp(entity, cascade=True)) == [f'DROP FUNCTION "public".{dropped} CASCADE']


@pytest.mark.parametrize(
    ("written", "with_data"), [("", True), (" WITH DATA", True), (" with no data;", False)]
)
def test_a_materialized_view_is_read_from_its_statement(written, with_data):
    entity = PGMaterializedView.from_sql(
        f'CREATE MATERIALIZED VIEW public."m" (a) AS SELECT 1{written}'
    )

    assert (entity.signature.strip(), entity.definition) == ("m", "SELECT 1")
    assert entity.with_data is with_data


@pytest.mark.parametrize(
    "kind", [PGFunction, PGView, PGMaterializedView, PGTrigger, PGPolicy], ids=lambda k: k.__name__
)
def test_another_statement_is_refused(kind, tmp_path):
    (tmp_path / "entity.sql").write_text("CREATE TABLE a (b int)")

    with pytest.raises(SQLParseFailure, match="no CREATE"):
        kind.from_path(tmp_path / "entity.sql")


def test_colons_are_no_parameters():
    assert sql(CreateEntityOp(PGView("public", "v", "SELECT ':a', 'b:c', 1::int AS \"d:e\""))) == [
        'CREATE VIEW "public"."v" AS SELECT \':a\', \'b:c\', 1::int AS "d:e"'
    ]


def test_a_policy_s_name_is_quoted_only_where_it_must_be():
    for name, printed in (("Own", "Own"), ('"my own"', '"my own"')):
        entity = PGPolicy("public", name, "USING (true)", '"Book"')
        assert sql(CreateEntityOp(entity)) == [
            f'CREATE POLICY {printed} ON public."Book" USING (true)'
        ]


def test_columns_belong_to_some_rights_only():
    with pytest.raises(BadInputException, match=r"SELECT on public\.book needs columns"):
        PGGrantTable("public", "book", "reader", "SELECT")
    with pytest.raises(BadInputException, match=r"DELETE on public\.book is of tables"):
        PGGrantTable("public", "book", "reader", "DELETE", columns=["id"])
    assert PGGrantTable("s", "b", "r", "DELETE") == PGGrantTable('"s"', '"b"', '"r"', "DELETE")


def test_what_is_no_entity_is_refused():
    for wrong in (PGView, text("SELECT 1"), "CREATE VIEW v AS SELECT 1"):
        with pytest.raises(DirectiveError, match="create_entity takes an entity, not"):
            sql(CreateEntityOp(wrong))
    with pytest.raises(DirectiveError, match="PGExtension cannot be replaced"):
        sql(ReplaceEntityOp(PGExtension("public", "pg_trgm")))


def test_the_way_back():
    other = PGView("public", "v", "SELECT 2")

    assert CreateEntityOp(VIEW).reverse().target is VIEW
    assert DropEntityOp(VIEW).reverse().target is VIEW
    back = ReplaceEntityOp(VIEW, existing=other).reverse()
    assert (back.target, back.existing) == (other, VIEW)
    with pytest.raises(ValueError, match=r"PGView: public\.v"):
        ReplaceEntityOp(VIEW).reverse()
    assert CreateEntityOp(VIEW).to_diff_tuple()[:2] == ("create_entity", "PGView: public.v")
    assert DropEntityOp(VIEW).to_diff_tuple() == ("drop_entity", "PGView: public.v")
    assert ReplaceEntityOp(VIEW).to_diff_tuple()[0] == "replace_or_revert_entity"


def test_entities_of_older_versions_of_the_package():
    class Older:
        def to_sql_statement_create(self):
            return text("CREATE VIEW o AS SELECT 1")

        def to_sql_statement_drop(self):
            return text("DROP VIEW o")

        def to_sql_statement_create_or_replace(self):
            return text("CREATE OR REPLACE VIEW o AS SELECT 1")

    assert sql(DropEntityOp(Older())) == ["DROP VIEW o"]
    assert sql(ReplaceEntityOp(Older())) == ["CREATE OR REPLACE VIEW o AS SELECT 1"]


def test_declared_entities_are_kept_once():
    try:
        register_entities([VIEW, PGView("public", "v", "SELECT 3")], exclude_schemas=["old"])
        assert [entity.definition for entity in registry.entities()] == ["SELECT 3"]
        assert registry.exclude_schemas == {"old"}
    finally:
        registry.clear()
    assert registry.entities() == []
