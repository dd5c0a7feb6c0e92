"""What users bring to autogenerate: each hook called as they know it, on a real comparison."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy.types import PickleType, TypeDecorator, UserDefinedType

from asyncmig import Migrator
from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from fix_project import Project


class Money(UserDefinedType[Any]):
    """A type of the user's own; PostgreSQL's money under another name."""

    cache_ok = True

    def __init__(self, name: str = "coin") -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


class Password(TypeDecorator[str]):
    """For Python only."""

    impl = sa.String
    cache_ok = True


class Loose(TypeDecorator[str]):
    """Is content with any text."""

    impl = sa.String(20)
    cache_ok = True

    def compare_against_backend(self, dialect: Any, conn_type: Any) -> bool | None:
        return isinstance(conn_type, sa.String) or None


def books(*columns: sa.Column[Any], indexes: tuple[str, ...] = ()) -> sa.MetaData:
    metadata = sa.MetaData()
    table = sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    for name in indexes:
        sa.Index(f"ix_{name}", table.c[name])
    return metadata


@pytest.fixture
def hooked(project: Project, database_url: str, tmp_path: Any, monkeypatch: Any) -> Any:
    """A migrator whose hooks module has this source."""
    monkeypatch.syspath_prepend(tmp_path)
    numbers = iter(range(100))

    def make(metadata: Any, source: str = "", **settings: Any) -> Migrator:
        name = f"hooks_{tmp_path.name}_{next(numbers)}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        return Migrator(
            settings=project.settings(url=database_url, hooks=name, **settings),
            target_metadata=metadata,
        )

    return make


async def written(migrator: Migrator, rev_id: str | None = "a1") -> str:
    created = await migrator.revision("x", autogenerate=True, rev_id=rev_id)
    return _text(created.path)


def _text(path: str) -> str:
    from pathlib import Path

    return Path(path).read_text()


async def test_a_rewriter_changes_what_was_found(hooked, pg):
    rewriting = """
        from alembic.autogenerate import rewriter
        from alembic.operations import ops

        writer = rewriter.Rewriter()
        last = rewriter.Rewriter()

        @writer.rewrites(ops.AddColumnOp)
        def nullable_first(context, revision, op):
            if op.column.nullable:
                return op
            op.column.nullable = True
            return [op, ops.AlterColumnOp(op.table_name, op.column.name, modify_nullable=False)]

        @writer.rewrites(ops.CreateIndexOp)
        def no_index(context, revision, op):
            return []

        @last.rewrites(ops.MigrationScript)
        def named(context, revision, script):
            script.message = "named by a rule"
            return script

        process_revision_directives = writer.chain(last)
    """
    await hooked(books()).revision("x", autogenerate=True, rev_id="a1")
    await hooked(books()).upgrade()
    models = books(sa.Column("isbn", sa.Text, nullable=False), indexes=("isbn",))
    found = (await hooked(models, rewriting).check()).differences
    assert [item.change for item in found] == ["add_column", "alter_column"]
    text = await written(hooked(models, rewriting), "b2")
    assert '"""named by a rule' in text
    assert 'op.add_column("book", sa.Column("isbn", sa.Text()))' in text
    assert 'op.alter_column("book", "isbn", nullable=False)' in text
    assert text.count("create_index") == 0


async def test_directives_can_be_renamed_added_and_taken_away(hooked, project):
    several = """
        from alembic.operations import ops

        def process_revision_directives(context, revision, directives):
            script = directives[0]
            assert context.config.cmd_opts.autogenerate
            assert context.script.get_current_head() is None and revision is None
            assert context.opts["target_metadata"].tables and not context.as_sql
            assert context.connection.exec_driver_sql("SELECT 1").scalar() == 1
            assert context.get_current_heads() == ()
            script.rev_id = "0001"
            assert not script.upgrade_ops.is_empty()
            assert script.upgrade_ops.as_diffs()[0][0] == "add_table"
            data = ops.UpgradeOps([ops.ExecuteSQLOp("INSERT INTO book DEFAULT VALUES")])
            back = ops.DowngradeOps([ops.ExecuteSQLOp("DELETE FROM book")])
            directives.append(ops.MigrationScript("0002", data, back, message="fill"))
    """
    created = await hooked(books(), several).revision("x", autogenerate=True)
    assert (created.revision, created.further, created.changes) == ("0001", ("0002",), 1)
    fill = project.versions.joinpath("0002_fill.py").read_text()
    assert 'down_revision: str | tuple[str, ...] | None = "0001"' in fill
    assert 'op.execute("INSERT INTO book DEFAULT VALUES")' in fill
    await hooked(books()).upgrade()

    nothing = """
        def process_revision_directives(context, revision, directives):
            assert revision == "0002"
            if directives[0].upgrade_ops.is_empty():
                directives[:] = []
    """
    again = await hooked(books(), nothing).revision("x", autogenerate=True)
    assert (again.written, again.changes) == (False, 0)


async def test_what_is_no_script_is_refused(hooked):
    wrong = """
        def process_revision_directives(context, revision, directives):
            directives.append("script")
    """
    with pytest.raises(ConfigError, match="left a str, not a MigrationScript"):
        await written(hooked(books(), wrong))


async def test_an_error_of_a_hook_names_its_line(hooked):
    failing = """
        def include_object(item, name, type_, reflected, compare_to):
            return item.nothing
    """
    with pytest.raises(ConfigError, match=r"hooks_.*\.py:3: include_object failed: AttributeErr"):
        await hooked(books(), failing).check()
    with pytest.raises(ConfigError, match="include_name is a bool, and must be a function"):
        await hooked(books(), "include_name = True").check()


async def test_render_item_sees_the_models_types(hooked):
    rendering = """
        def render_item(type_, obj, autogen_context):
            if type_ == "type" and type(obj).__name__ == "Password":
                autogen_context.imports.add("from app.types import Password")
                return f"Password({obj.impl.length})"
            if type_ == "server_default":
                return '"7"'
            assert autogen_context.metadata.tables and autogen_context.dialect.name == "postgresql"
            return False
    """
    models = books(
        sa.Column("secret", Password(30)), sa.Column("n", sa.Integer, server_default="7")
    )
    text = await written(hooked(models, rendering))
    assert "from app.types import Password\n" in text
    assert 'sa.Column("secret", Password(30))' in text
    assert 'sa.Column("n", sa.Integer(), server_default="7")' in text


async def test_types_of_users_and_types_for_python_only(hooked, pg, project):
    await pg.execute("CREATE DOMAIN coin AS numeric")
    everything = "include_name = lambda name, type_, parents: name != 'coin'"
    models = books(
        sa.Column("price", Money()),
        sa.Column("secret", Password(30)),
        sa.Column("blob", PickleType),
        sa.Column("kind", sa.Enum("a", "bcd", name="kind", native_enum=False)),
        sa.Column("name", sa.String(30).with_variant(sa.Text(), "postgresql")),
        sa.Column("span", sa.Interval),
    )
    text = await written(hooked(models, everything))
    assert f"import {__name__}\n" in text
    assert f'sa.Column("price", {__name__}.Money())' in text
    assert 'sa.Column("secret", sa.String(length=30))' in text
    assert 'sa.Column("blob", sa.LargeBinary())' in text
    assert 'sa.Column("kind", sa.String(length=3))' in text
    assert 'sa.Column("name", sa.Text())' in text
    assert 'sa.Column("span", sa.Interval())' in text
    prefixed = (
        'user_module_prefix = "mine."\nsqlalchemy_module_prefix = "sqlalchemy."\n' + everything
    )
    project.versions.joinpath("a1_x.py").unlink()
    text = await written(hooked(models, prefixed))
    assert f"import {__name__}" not in text
    assert 'sqlalchemy.Column("price", mine.Money())' in text


async def test_custom_operations_and_comparators(hooked):
    custom = """
        from alembic.autogenerate import comparators, renderers
        from alembic.operations import MigrateOperation, Operations

        @Operations.register_operation("set_owner_of")
        class SetOwnerOp(MigrateOperation):
            def __init__(self, owner):
                self.owner = owner
            @classmethod
            def set_owner_of(cls, operations, owner):
                return operations.invoke(cls(owner))
            def reverse(self):
                return SetOwnerOp("nobody")

        @renderers.dispatch_for(SetOwnerOp)
        def render(autogen_context, op):
            autogen_context.imports.add("import owners")
            return [f"# owner {op.owner}", f"op.set_owner_of({op.owner!r})"]

        @comparators.dispatch_for("schema")
        def compare_schema(autogen_context, upgrade_ops, schemas):
            assert schemas == {None}
            assert autogen_context.connection.exec_driver_sql("SELECT 2").scalar() == 2
            assert autogen_context.inspector.get_table_names() == []
            upgrade_ops.ops.insert(0, SetOwnerOp("first"))

        @comparators.dispatch_for("table")
        def compare_table(autogen_context, ops, schema, name, conn_table, metadata_table):
            assert (schema, name, conn_table) == (None, "book", None)
            assert metadata_table.c.id.primary_key
            ops.ops.append(SetOwnerOp(name))
    """
    from asyncmig.autogenerate import comparators, renderers

    kept = [dict(comparators.functions), dict(renderers.functions)]
    try:
        text = await written(hooked(books(), custom))
    finally:
        comparators.functions, renderers.functions = kept  # type: ignore[assignment]
    assert "import owners\n" in text
    up, down = text.split("def upgrade")[1].split("def downgrade")
    order = ["op.set_owner_of('first')", "op.create_table(", "op.set_owner_of('book')"]
    assert sorted(order, key=up.index) == order
    assert up.index("# owner first") < up.index(order[0])
    assert down.count("op.set_owner_of('nobody')") == 2
    first = down.index("op.set_owner_of('nobody')")
    assert first < down.index("op.drop_table") < down.rindex("op.set_owner_of('nobody')")


@pytest.fixture
def registries():
    """What tests register is forgotten."""
    from asyncmig.autogenerate import comparators, renderers

    kept = [dict(comparators.functions), dict(renderers.functions)]
    yield
    comparators.functions, renderers.functions = kept  # type: ignore[assignment]


async def test_comparators_of_columns(hooked, pg, registries):
    await pg.execute("CREATE TABLE book (id serial PRIMARY KEY, name text, n integer, gone text)")
    models = books(
        sa.Column("name", sa.String(9), info={"comment": "as printed"}),
        sa.Column("n", sa.Integer, info={"nullable": False}),
        sa.Column("new", sa.Text),
    )
    source = """
        from alembic.autogenerate import comparators

        @comparators.dispatch_for("column")
        def compare_info(context, alter, schema, table, name, conn_column, metadata_column):
            assert (schema, table) == (None, "book")
            assert name == alter.column_name == conn_column.name == metadata_column.name
            assert alter.existing_nullable is conn_column.nullable
            assert not alter.has_changes()
            assert conn_column.table.name == "book"
            assert name in {"id", "name", "n"}
            for what, value in metadata_column.info.items():
                setattr(alter, f"modify_{what}", value)
            alter.modify_type = metadata_column.type if name == "name" else None
    """
    text = await written(hooked(models, source))
    up, down = (
        " ".join(part.split()) for part in text.split("def upgrade")[1].split("def downgrade")
    )
    assert up.count('op.alter_column("book", "name"') == 2
    assert up.count("type_=sa.String") == 1  # what PostgreSQL found is not said twice
    assert up.index("type_=") < up.index('comment="as printed"')
    assert 'op.alter_column("book", "n", nullable=False' in up
    assert 'op.alter_column("book", "n", nullable=True' in down
    assert down.index("comment=None") < down.index("type_=sa.Text()")


async def test_comparators_of_what_nobody_compares(hooked, registries):
    source = """
        from alembic.autogenerate import comparators

        @comparators.dispatch_for("index")
        def compare(*arguments):
            raise AssertionError("never called")
    """
    with pytest.raises(ConfigError, match=r"dispatch_for\('index'\)") as caught:
        await hooked(books(), source).check()
    assert "column" in str(caught.value.hint)


async def test_functions_that_compare(hooked, pg):
    await pg.execute("CREATE TABLE book (id serial PRIMARY KEY, name text DEFAULT 'a', n integer)")
    models = books(
        sa.Column("name", sa.String(9), server_default="b"), sa.Column("n", sa.BigInteger)
    )

    async def changed(source: str, **settings: Any) -> list[str]:
        found = (await hooked(models, source, **settings).check()).differences
        return sorted(f"{item.object}: {item.after}" for item in found)

    everything = [
        "book.n: BIGINT",
        "book.name: VARCHAR(9)",
        "book.name: default 'b'",
    ]
    assert await changed("") == everything
    # the column stays text, and a constant of another type is SQL
    assert await changed("compare_type = False") == ["book.name: default 'b'::character varying"]
    assert await changed("", compare_type=False) == ["book.name: default 'b'::character varying"]
    assert await changed("compare_server_default = False") == everything[:2]
    functions = """
        def compare_type(context, inspected_column, metadata_column, inspected_type, metadata_type):
            assert inspected_column.table.name == metadata_column.table.name == "book"
            assert context.dialect.name == "postgresql"
            return False if inspected_column.name == "n" else None

        def compare_server_default(
            context, inspected_column, metadata_column, inspected_default, metadata_default, rendered
        ):
            assert (inspected_default, metadata_default.arg, rendered) == ("'a'::text", "b", "'b'")
            return False
    """
    assert await changed(functions) == ["book.name: VARCHAR(9)"]
    loose = books(sa.Column("name", Loose, server_default="a"), sa.Column("n", sa.Integer))
    assert [item.after for item in (await hooked(loose).check()).differences] == []


async def test_types_that_count_as_the_same_make_no_difference_elsewhere(hooked, pg):
    await pg.execute(
        "CREATE TABLE book (id serial PRIMARY KEY, name text, price numeric,"
        " loud text GENERATED ALWAYS AS (upper(name)) STORED,"
        " CONSTRAINT short CHECK (length(name) < 1000 AND price > 0));"
        "CREATE INDEX ix ON book (lower(name)) WHERE name <> ''"
    )
    models = books(
        sa.Column("name", sa.String(50)),
        sa.Column("price", sa.Integer),
        sa.Column("loud", sa.Text, sa.Computed("upper(name)", persisted=True)),
        sa.CheckConstraint("length(name) < 1000 AND price > 0", name="short"),
        sa.Index("ix", sa.text("lower(name)"), postgresql_where=sa.text("name <> ''")),
    )
    assert not (await hooked(models).check()).ok
    found = await hooked(models, compare_type=False).check()
    assert found.ok, str(found)
    await pg.execute(
        "ALTER TABLE book DROP CONSTRAINT short,"
        " ADD CONSTRAINT short CHECK (length(name) < 999 AND price > 0)"
    )
    found = await hooked(models, compare_type=False).check()
    assert [item.object for item in found.differences][:1] == ["book.short"]


async def test_every_kind_of_object_is_asked_about(hooked, pg, tmp_path):
    await pg.execute(
        "CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN coin AS integer; CREATE SEQUENCE numbers;"
        "CREATE TABLE book (id serial PRIMARY KEY, name text UNIQUE CHECK (name <> ''), up integer "
        "REFERENCES book, EXCLUDE USING btree (name WITH =)); CREATE INDEX ix_up ON book (up)"
    )
    seen = tmp_path / "seen.txt"
    asking = f"""
        def include_object(object, name, type_, reflected, compare_to):
            with open({str(seen)!r}, "a") as file:
                other = None if compare_to is None else compare_to.name
                print(type_, name, type(object).__name__, reflected, other, file=file)
            return True
    """
    models = books(sa.Column("the_name", sa.Text, key="other"), sa.Column("up", sa.Integer))
    models.tables["book"].c.other.name = "name"
    await hooked(books(sa.Column("name", sa.Text, key="other")), asking).check()
    lines = set(seen.read_text().splitlines())
    assert lines == {
        "table book Table False book",
        "column id Column False id",
        "column name Column False name",
        "column up Column True None",
        "primary_key_constraint book_pkey PrimaryKeyConstraint False book_pkey",
        "unique_constraint book_name_key UniqueConstraint True None",
        "check_constraint book_name_check CheckConstraint True None",
        "foreign_key_constraint book_up_fkey ForeignKeyConstraint True None",
        "exclude_constraint book_name_excl ExcludeConstraint True None",
        "index ix_up Index True None",
        "sequence numbers Sequence True None",
        "enum mood Enum True None",
        "domain coin Domain True None",
    }
