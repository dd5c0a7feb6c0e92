"""asyncmig.plan.recorder: the safe forms and online phases that take the place of a directive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import DirectiveError, NeedsDatabaseError, ScriptError
from asyncmig.operations.directives.backfills import BackfillOp
from asyncmig.operations.directives.checks import CreateCheckConstraintOp
from asyncmig.operations.directives.columns import AlterColumnOp
from asyncmig.operations.directives.data import BulkInsertOp
from asyncmig.operations.directives.execute import ExecuteSQLOp
from asyncmig.operations.directives.indexes import CreateIndexOp
from asyncmig.operations.directives.online import AlterColumnOnlineOp
from asyncmig.operations.facade import Operations
from asyncmig.plan.online.changes import OnlineChanges
from asyncmig.plan.phases import COMMIT_HERE
from asyncmig.plan.recorder import Recorder, StopRecordingError
from asyncmig.plan.rewrites.rewriting import Rewriting, ScriptRewrites
from asyncmig.revisions.graph.revision import Revision
from asyncmig.sql.slices import LARGE

if TYPE_CHECKING:
    from asyncmig.operations.base.operation import MigrateOperation

ALTER = AlterColumnOnlineOp("bill", "total", type_=sa.BigInteger)
CHECK = CreateCheckConstraintOp("c", "book", "pages > 0")
REVISION = Revision(id="a1", path=__file__)


@pytest.fixture(autouse=True)
def _no_error_is_handled(monkeypatch) -> None:
    """The frames of pytest handle errors; those of a script do not."""
    monkeypatch.setattr("asyncmig.plan.recorder.is_handled_by_caller", lambda: False)


class Live:
    """A connection without a server: no schemas are translated, and a thread is called at once."""

    def __init__(self) -> None:
        self.in_thread = 0

    def schema_translate_map(self) -> None:
        return None

    def call_in_thread(self, function: Any) -> None:
        self.in_thread += 1
        function()


def rewrites() -> ScriptRewrites:
    found = Rewriting().for_script("a1")
    assert found is not None
    return found


def recorded(*operations: MigrateOperation, **options: Any) -> Recorder:
    own = Recorder(REVISION, dialect=MigrationDialect(), **options)
    for each in operations:
        own.perform(each)
    return own


def texts(of: Recorder) -> list[str]:
    return ["COMMIT" if entry is COMMIT_HERE else entry.sql for entry in of.entries]


class TestSafeForms:
    def test_each_phase_is_committed(self) -> None:
        own = recorded(CHECK, ExecuteSQLOp("SELECT 1"), rewrites=rewrites())
        assert texts(own) == [
            "ALTER TABLE book ADD CONSTRAINT c CHECK (pages > 0) NOT VALID",
            "COMMIT",
            "ALTER TABLE book VALIDATE CONSTRAINT c",
            "COMMIT",
            "SELECT 1",
        ]
        first, _, second, _, plain = own.entries
        assert first.replaces == second.replaces
        assert first.replaces == "ALTER TABLE book ADD CONSTRAINT c CHECK (pages > 0)"
        assert (plain.replaces, plain.not_rewritten) == (None, None)

    def test_what_has_no_safe_form_keeps_its_own_with_the_reason(self) -> None:
        check = CreateCheckConstraintOp(None, "book", "pages > 0")
        (entry,) = recorded(check, rewrites=rewrites()).entries
        assert entry.replaces is None
        assert "the CHECK has no name" in entry.not_rewritten

    def test_what_is_committed_cannot_be_handled_as_one_error(self, monkeypatch) -> None:
        monkeypatch.setattr("asyncmig.plan.recorder.is_handled_by_caller", lambda: True)
        (entry,) = recorded(CHECK, rewrites=rewrites()).entries
        assert entry.not_rewritten == "the script handles its error"

    def test_without_rewrites_the_plain_form_is_recorded(self) -> None:
        own = recorded(CHECK)
        assert texts(own) == ["ALTER TABLE book ADD CONSTRAINT c CHECK (pages > 0)"]
        assert own.rewrite_facts is None

    def test_a_table_of_the_script_needs_no_safe_form(self) -> None:
        made = rewrites()
        own = recorded(ExecuteSQLOp("CREATE TABLE book (pages int)"), CHECK, rewrites=made)
        assert texts(own)[1:] == ["ALTER TABLE book ADD CONSTRAINT c CHECK (pages > 0)"]
        assert own.rewrite_facts is made.facts.answers

    def test_the_conventions_of_the_models_name_the_constraints_of_a_new_column(self) -> None:
        metadata = sa.MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s"})
        own = Recorder(
            REVISION, dialect=MigrationDialect(), target_metadata=metadata, rewrites=rewrites()
        )
        Operations(own).add_column("book", sa.Column("code", sa.Text, unique=True))
        assert "CREATE UNIQUE INDEX CONCURRENTLY uq_book_code ON book (code)" in texts(own)

    def test_a_check_of_a_new_column_is_validated_under_its_conventional_name(self) -> None:
        metadata = sa.MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})
        options = {"target_metadata": metadata, "rewrites": rewrites()}
        own = Recorder(REVISION, dialect=MigrationDialect(), **options)
        check = sa.CheckConstraint("pages > 0", name="positive")
        Operations(own).add_column("book", sa.Column("pages", sa.Integer, check))
        assert texts(own)[2:5] == [
            "ALTER TABLE book ADD CONSTRAINT ck_book_positive CHECK (pages > 0) NOT VALID",
            "COMMIT",
            "ALTER TABLE book VALIDATE CONSTRAINT ck_book_positive",
        ]

    def test_the_check_of_a_type_has_its_conventional_name(self) -> None:
        metadata = sa.MetaData(naming_convention={"ck": "ck_%(table_name)s_%(constraint_name)s"})
        options = {"target_metadata": metadata, "rewrites": rewrites()}
        own = Recorder(REVISION, dialect=MigrationDialect(), **options)
        kind = sa.Enum("a", "b", name="kind", native_enum=False, create_constraint=True)
        Operations(own).add_column("book", sa.Column("kind", kind, unique=True))
        added = "ALTER TABLE book ADD CONSTRAINT ck_book_kind CHECK (kind IN ('a', 'b'))"
        assert texts(own)[1:3] == [added, "COMMIT"]

    def test_the_first_phase_may_share_a_transaction_with_what_is_before_it(self) -> None:
        own = recorded(ExecuteSQLOp("SELECT 1"), CHECK, rewrites=rewrites())
        assert texts(own)[:3] == [
            "SELECT 1",
            "ALTER TABLE book ADD CONSTRAINT c CHECK (pages > 0) NOT VALID",
            "COMMIT",
        ]


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (Rewriting, "_relations"),
        (OnlineChanges, "_relations"),
        (OnlineChanges, "_ddl"),
        (OnlineChanges, "_used"),
    ],
)
def test_what_the_scripts_of_a_plan_have_changed_is_not_given(kind, field) -> None:
    with pytest.raises(TypeError, match=field):
        kind(**{field: {}})


def test_safe_forms_are_for_a_run_unless_a_script_for_psql_is_written() -> None:
    assert not Rewriting().offline


class TestOnline:
    def test_a_plan_without_a_database_assumes_the_column(self) -> None:
        own = recorded(ALTER)
        assert texts(own)[0] == "ALTER TABLE bill ADD COLUMN total_online BIGINT"
        assert own.rewrite_facts == {"safe_rewrites": False}

    def test_its_facts_are_added_to_those_of_the_safe_rewrites(self) -> None:
        made = rewrites()
        own = recorded(ALTER, rewrites=made)
        assert own.rewrite_facts is made.facts.answers

    def test_with_a_database_the_column_is_not_assumed(self) -> None:
        with pytest.raises(DirectiveError, match="the table was not looked up before the run"):
            recorded(ALTER, live=Live())

    def test_the_changes_that_are_given_are_used(self) -> None:
        made = OnlineChanges().for_script("a1")
        own = recorded(ExecuteSQLOp("CREATE TABLE bill (total int)"), ALTER, online=made)
        assert own.online is made
        assert texts(own)[1:] == ["ALTER TABLE bill ALTER COLUMN total TYPE BIGINT"]

    def test_a_table_that_the_script_has_created_before(self) -> None:
        own = recorded(ExecuteSQLOp("CREATE TABLE bill (total int)"))
        own.divide()
        own.perform(ALTER)
        own.perform(AlterColumnOnlineOp("bill", "total", type_=sa.Text))
        assert texts(own)[1:] == [
            "COMMIT",
            "ALTER TABLE bill ALTER COLUMN total TYPE BIGINT",
            "ALTER TABLE bill ALTER COLUMN total TYPE TEXT",
        ]

    def test_a_script_for_psql_refuses_it_and_names_the_line(self) -> None:
        with pytest.raises(ScriptError, match="its phases depend on the catalog") as caught:
            recorded(ALTER, offline=True)
        assert caught.value.fields()["line"]

    def test_a_plan_ends_where_an_earlier_script_changes_the_table(self) -> None:
        changes = OnlineChanges(documents={})
        earlier, later = changes.for_script("a0"), changes.for_script("a1")
        earlier.note("ALTER TABLE bill ADD x int")
        own = Recorder(REVISION, dialect=MigrationDialect(), online=later)
        with pytest.raises(StopRecordingError):
            own.perform(ALTER)
        assert own.went_live
        assert str(own.live_origin).startswith(f"{__file__}:")

    def test_the_mark_of_a_sql_file(self) -> None:
        own = Recorder(REVISION, dialect=MigrationDialect())
        own.add_online("", "ALTER TABLE bill ALTER total TYPE bigint", origin=f"{__file__}:7")
        assert texts(own)[0] == "ALTER TABLE bill ADD COLUMN total_online bigint"
        assert own.entries[0].origin == f"{__file__}:7"
        with pytest.raises(ScriptError, match=r"failed at .*:9: the mark"):
            own.add_online("slowly", "ALTER TABLE bill DROP total", origin=f"{__file__}:9")


class TestBackfills:
    def fill(self, **options: Any) -> BackfillOp:
        return BackfillOp("t", {"a": "1"}, name="x", **options)

    def test_a_name_is_used_once(self) -> None:
        with pytest.raises(ScriptError, match="two backfills with the name x"):
            recorded(self.fill(), self.fill())

    def test_a_gate_may_have_the_name_of_a_backfill(self) -> None:
        own = recorded(self.fill())
        assert own.add_backfill("require=x", None, origin=f"{__file__}:7") is False
        assert own.add_backfill("name=y", "DELETE FROM t", origin=f"{__file__}:8") is True
        assert [entry.backfill.kind for entry in own.entries] == ["update", "gate", "delete"]
        assert not any(entry.transactional for entry in own.entries)

    def test_a_script_for_psql_refuses_it(self) -> None:
        with pytest.raises(ScriptError, match="a backfill commits after each batch"):
            recorded(self.fill(), offline=True)

    def test_the_mark_names_its_line(self) -> None:
        with pytest.raises(ScriptError, match=r"failed at .*:7: the mark"):
            recorded().add_backfill("name=x", None, origin=f"{__file__}:7")


@pytest.mark.parametrize(
    ("operation", "is_large"),
    [
        (ExecuteSQLOp("SELECT 1"), False),
        (ExecuteSQLOp("x" * LARGE), False),
        (ExecuteSQLOp("x" * (LARGE + 1)), True),
        (ExecuteSQLOp(sa.text("x" * (LARGE + 1))), True),
        (BulkInsertOp(sa.table("t", sa.column("a")), [{"a": 1}] * 200), False),
        (BulkInsertOp(sa.table("t", sa.column("a")), [{"a": 1}] * 201), True),
        (CreateIndexOp("i", "t", ["a"]), False),
    ],
)
def test_a_large_operation_is_compiled_in_a_thread(operation, is_large) -> None:
    live = Live()
    assert recorded(operation, live=live).entries
    assert live.in_thread == is_large


def test_only_a_script_of_alembic_may_have_a_keyword_without_effect() -> None:
    operation = AlterColumnOp("t", "a", modify_type=sa.Text, nulable=False)
    with pytest.raises(DirectiveError, match="has no keyword nulable"):
        recorded(operation)
    own = Recorder(REVISION, dialect=MigrationDialect())
    own.is_of_alembic = True
    with pytest.warns(UserWarning, match="nulable"):
        own.perform(operation)
    assert texts(own) == ["ALTER TABLE t ALTER COLUMN a TYPE TEXT"]


@pytest.mark.parametrize(
    ("sql", "changes"),
    [
        ("SET ROLE r", True),
        ("set session authorization r", True),
        ("DO $$ BEGIN SET LOCAL Role r; END $$", True),
        ("SELECT 1", False),
    ],
)
def test_a_change_of_the_role_is_noted(sql, changes) -> None:
    assert recorded(ExecuteSQLOp(sql), ExecuteSQLOp("SELECT 1")).changes_role is changes


def test_reading_is_refused_in_a_script_for_psql() -> None:
    with pytest.raises(NeedsDatabaseError):
        recorded(offline=True).bind()
