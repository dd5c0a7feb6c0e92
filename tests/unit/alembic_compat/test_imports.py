"""``import alembic`` in scripts gives our modules, there and nowhere else."""

import builtins
import sys
import textwrap
import threading

import pytest

from asyncmig import Migrator
from asyncmig.alembic_compat.facade.environment_context import Environment
from asyncmig.alembic_compat.imports import alembic_imports
from asyncmig.config.settings import Settings
from asyncmig.errors import AsyncmigError, ScriptError

FORMS = """
    import alembic
    import alembic.op as op1
    import alembic.op
    from alembic import op, context, util
    from alembic.op import create_table, execute
    from alembic.operations import Operations, ops, MigrateOperation, BatchOperations
    from alembic.operations.ops import CreateTableOp, UpgradeOps
    from alembic.operations.base import Operations as Again
    from alembic.operations.schemaobj import SchemaObjects
    from alembic.operations import toimpl
    from alembic.operations.toimpl import create_table as perform_create_table
    from alembic.runtime.migration import MigrationContext
    from alembic.runtime.environment import EnvironmentContext
    from alembic.migration import MigrationContext as Older
    from alembic.script import ScriptDirectory
    from alembic.script.revision import RevisionError
    from alembic.util import CommandError
    from alembic.util.exc import CommandError as Same
    from alembic.config import Config
    from alembic.autogenerate import renderers
    from alembic.autogenerate.rewriter import Rewriter
    from alembic.ddl.base import AddColumn, RenameTable, format_table_name
    from alembic.ddl.impl import DefaultImpl
    from alembic.ddl.postgresql import PostgresqlImpl
"""


def run(code: str, **names):
    space = {"__name__": "a_script", **names}
    exec(textwrap.dedent(code), space)
    return space


def test_every_form_resolves_to_ours():
    before = set(sys.modules)

    with alembic_imports():
        space = run(FORMS)
        from alembic.operations import toimpl as inside_of_a_function

    assert space["toimpl"] is inside_of_a_function
    assert space["alembic"].__name__ == "asyncmig.alembic_compat.facade"
    assert space["op"] is space["op1"] is space["alembic"].op
    assert space["Operations"] is space["Again"]
    assert space["Operations"].__module__ == "asyncmig.operations.facade"
    assert space["CreateTableOp"].__module__ == "asyncmig.operations.directives.tables"
    assert issubclass(space["RevisionError"], space["CommandError"])
    assert [int(part) for part in space["alembic"].__version__.split(".")] >= [1, 16]
    assert not {name for name in set(sys.modules) - before if name.split(".")[0] == "alembic"}


def test_an_attribute_is_enough_for_a_submodule():
    with alembic_imports():
        space = run("import alembic\nerror = alembic.util.CommandError\nrun = alembic.op.execute")

    assert space["error"] is AsyncmigError
    assert space["run"].__doc__.startswith("Execute")


def test_real_alembic_is_what_others_get_meanwhile_and_all_get_afterwards():
    original = builtins.__import__
    import alembic.op as real

    found = {}

    def elsewhere():
        import alembic.op

        found["thread"] = alembic.op

    with alembic_imports():
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        import alembic.op as ours
    import alembic.op as after

    assert found["thread"] is real is after is sys.modules["alembic.op"]
    assert ours is not real
    assert builtins.__import__ is original


def test_scopes_may_overlap_and_end_in_any_order():
    original = builtins.__import__
    first, second = alembic_imports(), alembic_imports()
    first.__enter__()
    second.__enter__()
    second.__exit__(None, None, None)
    from alembic import op

    first.__exit__(None, None, None)

    assert op.__name__.startswith("asyncmig.")
    assert builtins.__import__ is original


def test_what_asyncmig_has_not_is_taken_from_installed_alembic():
    with alembic_imports():
        space = run("from alembic import ext\nimport alembic.ext as again")

    import alembic.ext

    assert space["ext"] is space["again"] is alembic.ext


def test_a_name_that_nobody_has_is_an_import_error():
    with alembic_imports():
        with pytest.raises(ImportError, match="nonsense"):
            run("from alembic import nonsense")
        with pytest.raises(ModuleNotFoundError, match="nonsense"):
            run("import alembic.nonsense.more")
        with pytest.raises(ImportError, match="no_directive"):
            run("from alembic.op import no_directive")


def test_without_alembic_installed_ours_is_found_all_the_same(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "alembic"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "alembic", None)  # what Python takes for "not there"

    with alembic_imports():
        space = run(FORMS)
        with pytest.raises(ImportError):
            run("from alembic import ext")

    assert space["op"].__name__ == "asyncmig.alembic_compat.facade.op"


def test_context_speaks_to_the_environment_of_its_own_scope():
    with alembic_imports():
        from alembic import context
    with alembic_imports(Environment(Settings(x={"tenant": "a", "fast": ""}, tag="t1"))):
        assert context.get_x_argument() == ["tenant=a", "fast"]
        assert context.get_x_argument(as_dictionary=True) == {"tenant": "a", "fast": ""}
        assert context.get_tag_argument() == "t1"
        assert context.is_offline_mode() is False
        with pytest.raises(ScriptError, match="configure"):
            context.configure(url="postgresql://db/app")
    with pytest.raises(ScriptError, match="runs no script"):
        _ = context.config


def test_a_wrapper_that_stays_is_no_endless_circle():
    before = builtins.__import__
    with alembic_imports():
        inner = builtins.__import__

        def wrapper(*args, **kwargs):
            return inner(*args, **kwargs)

        builtins.__import__ = wrapper
    try:
        assert builtins.__import__ is wrapper
        with alembic_imports():
            assert run("from alembic import op")["op"].__name__.startswith("asyncmig.")
        assert run("import alembic")["alembic"].__name__ == "alembic"
    finally:
        builtins.__import__ = before


async def test_scripts_and_what_they_import_use_ours(project, monkeypatch):
    monkeypatch.syspath_prepend(project.path)
    (project.path / "compat_helpers_of_a_project.py").write_text(
        "from alembic import op\n\n\ndef audit(table):\n    op.execute(f'-- x\\nDROP TABLE {table}')\n"
    )
    project.revision(
        "a1",
        header="from alembic import op\nfrom alembic.op import execute",
        signature="def {name}():",
        upgrade="""
            import alembic
            from compat_helpers_of_a_project import audit
            op.execute("SELECT 1")
            execute("SELECT 2")
            audit("book")
            alembic.op.drop_table("author")
            assert op._proxy.get_context() is op.get_context()
        """,
    )

    plan = await Migrator(settings=project.settings()).plan(current=())

    assert [s.sql.split("\n")[-1] for s in plan.steps[0].statements] == [
        "SELECT 1",
        "SELECT 2",
        "DROP TABLE book",
        "DROP TABLE author",
    ]


def test_toimpl_has_what_alembic_s_has():
    import alembic.operations.toimpl as real

    theirs = {name for name, value in vars(real).items()
              if getattr(value, "__module__", "") == real.__name__}  # fmt: skip
    with alembic_imports():
        ours = run("from alembic.operations import toimpl")["toimpl"]

    assert set(ours.__all__) == theirs


async def test_a_replaced_implementation_may_call_the_one_before_it(project):
    project.revision(
        "a1",
        header="""
import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations, ops, toimpl


class CreateAuditedTableOp(ops.CreateTableOp):
    pass


@Operations.implementation_for(CreateAuditedTableOp)
def create_audited(operations, operation):
    table = toimpl.create_table(operations, operation)
    toimpl.execute_sql(operations, ops.ExecuteSQLOp(f"SELECT audit('{table.name}')"))
    return table
""",
        signature="def {name}():",
        upgrade="""
            table = op.invoke(CreateAuditedTableOp("book", [sa.Column("id", sa.Integer)]))
            assert table.c.id is not None
        """,
    )

    plan = await Migrator(settings=project.settings()).plan(current=())

    texts = [statement.sql for statement in plan.steps[0].statements]
    assert texts[0].startswith("CREATE TABLE book")
    assert texts[1:] == ["SELECT audit('book')"]


async def test_a_script_whose_metadata_is_computed_may_import_alembic_too(project):
    project.write(
        "a1.py",
        "from alembic import context, op\nrevision = 'a' + str(len('x'))\ndown_revision = None\n"
        "location = context.config.get_main_option('script_location')\n"
        "def upgrade():\n    op.execute('SELECT 1')\n",
    )

    assert [head.revision for head in await Migrator(settings=project.settings()).heads()] == ["a1"]


async def test_two_revisions_of_a_run_may_create_a_table_with_the_same_enum(project):
    for number, down in ((1, None), (2, "a1")):
        project.revision(
            f"a{number}",
            down=down,
            header="import sqlalchemy as sa\nfrom alembic import op",
            signature="def {name}():",
            upgrade=f"op.create_table('t{number}', sa.Column('c', sa.Enum('x', 'y', name='kind')))",
        )

    plan = await Migrator(settings=project.settings()).plan(current=())

    texts = [statement.sql for step in plan.steps for statement in step.statements]
    assert [text.split()[1] for text in texts] == ["TYPE", "TABLE", "TABLE"]
