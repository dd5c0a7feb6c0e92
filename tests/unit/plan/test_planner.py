"""asyncmig.plan: from scripts on disk to a plan, without a database."""

from __future__ import annotations

import pytest

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import IrreversibleError, NeedsDatabaseError, ScriptError
from asyncmig.plan.model import Direction
from asyncmig.plan.moves import find_moves
from asyncmig.plan.online.changes import OnlineChanges
from asyncmig.plan.online_columns import find_column_requests
from asyncmig.plan.planner import Planner
from asyncmig.plan.rewrites.rewriting import Rewriting
from asyncmig.revisions.files.script import load_script
from asyncmig.revisions.script_directory import ScriptDirectory

UP, DOWN = Direction.UPGRADE, Direction.DOWNGRADE


@pytest.fixture
def plan(project):
    def make(target: str = "heads", current=(), direction: Direction = UP, **options):
        graph = ScriptDirectory.load([project.versions], cache=False).graph
        planner = Planner(graph, dialect=MigrationDialect(), **options)
        moves = find_moves(graph, target, current, direction)
        scripts = {move.revision.id: load_script(move.revision) for move in moves}
        return planner.plan(target, current, direction, moves, scripts)

    return make


def shape(plan) -> list:
    """Each step as its id and its phases."""
    return [
        (
            step.revision,
            [(str(phase.kind), [item.sql for item in phase.statements]) for phase in step.phases],
        )
        for step in plan
    ]


def test_a_plan_is_steps_in_order_with_their_phases(project, plan) -> None:
    project.revision("a1", upgrade='op.execute("CREATE TABLE a ()")')
    project.revision(
        "b1",
        down="a1",
        upgrade='op.execute("SELECT 1"); op.execute("VACUUM a"); op.execute("SELECT 2")',
    )
    made = plan()
    assert shape(made) == [
        ("a1", [("transaction", ["CREATE TABLE a ()"])]),
        (
            "b1",
            [
                ("transaction", ["SELECT 1"]),
                ("autocommit", ["VACUUM a"]),
                ("transaction", ["SELECT 2"]),
            ],
        ),
    ]
    assert (made.revisions, made.heads, made.current) == (("a1", "b1"), ("b1",), ())
    assert (len(made), made.live) == (2, False)
    assert [item.sql for item in made.steps[1].statements] == ["SELECT 1", "VACUUM a", "SELECT 2"]
    assert made.steps[0].phases[0].statements[0].origin == f"{project.versions / 'a1.py'}:11"
    assert made.steps[0].rows_before is None
    assert made.steps[0].epilogue == ()


def test_an_empty_script_has_one_empty_phase(project, plan) -> None:
    project.revision("a1")
    assert shape(plan()) == [("a1", [("transaction", [])])]


def test_a_downgrade_runs_the_other_function(project, plan) -> None:
    project.revision("a1", downgrade='op.execute("DROP TABLE a")')
    made = plan("base", ["a1"], DOWN)
    assert shape(made) == [("a1", [("transaction", ["DROP TABLE a"])])]
    assert (made.heads, made.steps[0].version.remove) == ((), ("a1",))


def test_the_plan_as_plain_data(project, plan) -> None:
    project.revision(
        "a1",
        upgrade='op.bulk_insert(sa.table("t", sa.column("i")), [{"i": 1}])',
        header="import sqlalchemy as sa",
    )
    data = plan().to_dict()
    assert (data["direction"], data["target"], data["heads"]) == ("upgrade", "heads", ["a1"])
    (step,) = data["steps"]
    assert step["version"] == {"remove": [], "add": ["a1"]}
    (statement,) = step["phases"][0]["statements"]
    assert statement["directive"] == "bulk_insert"
    assert statement["transactional"] is True


@pytest.mark.parametrize("offline", [False, True])
def test_hooks_are_a_part_of_scripts_for_psql_only(project, plan, offline) -> None:
    called = []
    project.revision("a1")
    plan(
        version_hooks=[lambda **facts: called.append(facts["step"].up_revision_id)], offline=offline
    )
    assert called == (["a1"] if offline else [])


class TestInverses:
    FILL = 'op.backfill("t", {"a": "1"}, name="up")'

    def inverse(self, project, plan, downgrade: str, direction: Direction = UP):
        project.revision("a1", upgrade=self.FILL, downgrade=downgrade)
        target, current = ("heads", ()) if direction is UP else ("base", ["a1"])
        (step,) = plan(target, current, direction).steps
        (phase,) = step.phases
        return phase.inverse

    @pytest.mark.parametrize(
        ("downgrade", "name"),
        [
            ('op.backfill("t", {"a": "0"}, name="back")', "back"),
            ('op.backfill("u", {"a": "0"}, name="back")', None),
            ('op.backfill("t", {"a": "0"}, name="back"); op.no_such()', "back"),
            ('op.no_such(); op.backfill("t", {"a": "0"}, name="back")', None),
            ("pass", None),
        ],
    )
    def test_a_backfill_has_the_inverse_of_the_downgrade(self, project, plan, downgrade, name):
        assert self.inverse(project, plan, downgrade) == name

    def test_other_phases_of_the_upgrade_have_none(self, project, plan) -> None:
        upgrade, downgrade = f'op.execute("SELECT 1"); {self.FILL}', self.FILL.replace("up", "back")
        project.revision("a1", upgrade=upgrade, downgrade=downgrade)
        assert [phase.inverse for phase in plan().steps[0].phases] == [None, "back"]

    def test_a_downgrade_has_none(self, project, plan) -> None:
        assert self.inverse(project, plan, self.FILL, DOWN) is None


class TestColumnRequests:
    ALTER = 'op.alter_column_online("bill", "total", type_=sa.BigInteger)'

    def requests(self, project) -> list[str]:
        graph = ScriptDirectory.load([project.versions], cache=False).graph
        planner = Planner(graph, dialect=MigrationDialect())
        moves = find_moves(graph, "heads", (), UP)
        scripts = {move.revision.id: load_script(move.revision) for move in moves}
        return [request.key for request in find_column_requests(planner, moves, scripts)]

    def test_each_column_once(self, project) -> None:
        header = "import sqlalchemy as sa"
        project.revision("a1", upgrade=self.ALTER, header=header)
        project.revision("b1", down="a1", upgrade="op.execute('SELECT 1')")
        project.revision("c1", down="b1", upgrade=self.ALTER, header=header)
        rename = 'op.rename_column_online("bill", "total", "sum")'
        project.revision("d1", down="c1", upgrade=rename)
        assert self.requests(project) == ["online alter bill total", "online rename bill total sum"]

    def test_a_script_without_an_online_change_is_not_run(self, project, tmp_path) -> None:
        project.revision("a1", upgrade=f"open({str(tmp_path / 'ran')!r}, 'w').close()")
        assert self.requests(project) == []
        assert not (tmp_path / "ran").exists()

    def test_a_script_that_fails_is_run_again_anyway(self, project) -> None:
        project.revision(
            "a1", upgrade=f"{self.ALTER}; op.no_such()", header="import sqlalchemy as sa"
        )
        project.revision("b1", down="a1", upgrade='op.alter_column_online("bill", "x")')
        assert self.requests(project) == ["online alter bill total"]


@pytest.mark.parametrize("rewriting", [None, Rewriting()])
def test_an_online_change_keeps_its_facts_with_those_of_the_safe_rewrites(
    project, rewriting
) -> None:
    project.revision("a1")
    graph = ScriptDirectory.load([project.versions], cache=False).graph
    planner = Planner(graph, dialect=MigrationDialect(), rewriting=rewriting)
    planner.online = OnlineChanges()
    recorder = planner.script_recorder(graph.resolve("a1")[0])
    if rewriting is None:
        assert recorder.rewrite_facts == {"safe_rewrites": False}
    else:
        assert recorder.rewrite_facts is recorder.rewrites.facts.answers
    assert planner.recorder(graph.resolve("a1")[0]).rewrite_facts is None


class TestLive:
    def test_a_script_that_reads_is_live_from_there(self, project, plan) -> None:
        project.revision(
            "a1",
            upgrade="""
                op.execute("SELECT 1")
                op.execute("ALTER TYPE mood ADD VALUE 'ok'")
                op.get_bind().exec_driver_sql("SELECT count(*) FROM t")
                op.execute("SELECT 2")
            """,
        )
        made = plan()
        assert shape(made) == [
            (
                "a1",
                [
                    ("transaction", ["SELECT 1"]),
                    ("autocommit", ["ALTER TYPE mood ADD VALUE 'ok'"]),
                ],
            )
        ]
        assert made.live
        assert made.steps[0].live_origin.endswith("a1.py:13")

    def test_its_except_exception_does_not_hide_that(self, project, plan) -> None:
        project.revision(
            "a1",
            upgrade="""
                try:
                    op.get_bind().exec_driver_sql("SELECT count(*) FROM t")
                except Exception:
                    op.execute("SELECT 'hidden'")
            """,
        )
        made = plan()
        assert (shape(made), made.live) == ([("a1", [("transaction", [])])], True)

    def test_a_coroutine_that_only_calls_directives_is_not(self, project, plan) -> None:
        project.revision("a1", signature="async def {name}(op):", upgrade='op.execute("SELECT 1")')
        assert not plan().live

    @pytest.mark.parametrize(
        "reads", ['await op.fetch("SELECT 1")', "import asyncio\nawait asyncio.sleep(0)"]
    )
    def test_a_coroutine_that_waits_is(self, project, plan, reads) -> None:
        project.revision(
            "a1", signature="async def {name}(op):", upgrade=f'op.execute("SELECT 1")\n{reads}'
        )
        made = plan()
        assert (shape(made), made.live) == ([("a1", [("transaction", ["SELECT 1"])])], True)

    def test_a_script_for_psql_cannot_read(self, project, plan) -> None:
        project.revision("a1", upgrade="op.run_async(print)")
        with pytest.raises(
            NeedsDatabaseError, match=r"run_async\(\) at .*a1\.py:11 needs a database"
        ):
            plan(offline=True)


class TestTransactions:
    @pytest.mark.parametrize("signature", ["def {name}(op):", "async def {name}(op):"])
    def test_a_script_may_do_without(self, project, plan, signature) -> None:
        project.revision(
            "a1",
            header="transactional = False",
            signature=signature,
            upgrade='op.execute("SELECT 1")',
        )
        assert shape(plan()) == [("a1", [("autocommit", ["SELECT 1"])])]

    def test_a_block_of_it(self, project, plan) -> None:
        project.revision(
            "a1",
            upgrade="""
                op.execute("SELECT 1")
                with op.autocommit():
                    op.execute("SELECT 2")
                op.execute("COMMIT")
                op.execute("SELECT 3")
            """,
        )
        assert [kind for kind, _ in shape(plan())[0][1]] == [
            "transaction",
            "autocommit",
            "transaction",
        ]

    def test_a_rollback_is_refused(self, project, plan) -> None:
        project.revision("a1", upgrade='op.execute("ROLLBACK")')
        with pytest.raises(ScriptError, match="may not roll back the runner's transaction"):
            plan()

    def test_in_one_transaction_each_label_is_committed_at_once(self, project, plan) -> None:
        project.revision("a1", upgrade="""op.execute("ALTER TYPE mood ADD VALUE 'ok'")""")
        assert shape(plan())[0][1][0][0] == "transaction"
        assert shape(plan(one_transaction=True))[0][1][0][0] == "autocommit"


class TestSqlScripts:
    def test_sections_become_phases(self, project, plan) -> None:
        project.write(
            "a1.sql",
            "-- one\n-- revision: a1\n\n-- upgrade\nSELECT 1;\n-- phase: autocommit\nVACUUM;\n"
            "-- phase: transaction\nSELECT 2;\n",
        )
        assert [kind for kind, _ in shape(plan())[0][1]] == [
            "transaction",
            "autocommit",
            "transaction",
        ]

    def test_what_cannot_be_split_names_its_line(self, project, plan) -> None:
        project.sql_revision("a1", upgrade="SELECT 1;\nSELECT 'open")
        with pytest.raises(ScriptError, match=r"cannot be read at .*a1\.sql:7: unterminated"):
            plan()


class TestErrors:
    def test_a_script_that_raises_is_named_with_its_line(self, project, plan) -> None:
        project.revision("a1", upgrade="x = 1\nraise LookupError('gone')")
        with pytest.raises(
            ScriptError, match=r"failed at .*a1\.py:12: LookupError: gone"
        ) as caught:
            plan()
        assert caught.value.fields()["line"] == 12

    def test_one_that_exits_too(self, project, plan) -> None:
        project.revision("a1", upgrade="import sys\nsys.exit(3)")
        with pytest.raises(ScriptError, match="SystemExit: 3"):
            plan()

    def test_a_character_that_no_server_takes(self, project, plan) -> None:
        project.revision("a1", upgrade=r'op.execute("SELECT 1,\n\0")')
        with pytest.raises(ScriptError, match="a NUL character in line 2"):
            plan()

    def test_discard_all_frees_the_lock(self, project, plan) -> None:
        project.revision("a1", upgrade='op.execute("DISCARD ALL")')
        with pytest.raises(ScriptError, match="DISCARD ALL frees the lock"):
            plan()

    @pytest.mark.parametrize(("direction", "kind"), [(UP, ScriptError), (DOWN, IrreversibleError)])
    def test_a_function_that_is_missing(self, project, plan, direction, kind) -> None:
        project.write("a1.py", "revision = 'a1'\ndown_revision = None\n")
        current = [] if direction is UP else ["a1"]
        with pytest.raises(kind, match=f"revision a1 has no {direction}"):
            plan("head" if direction is UP else "base", current, direction)

    def test_a_function_that_only_raises(self, project, plan) -> None:
        project.revision("a1", downgrade='raise NotImplementedError("data is lost")')
        with pytest.raises(IrreversibleError, match=r"no downgrade: data is lost \(.*a1\.py:15\)"):
            plan("base", ["a1"], DOWN)
        project.revision("a1", upgrade="raise NotImplementedError")
        with pytest.raises(ScriptError, match=r"no upgrade \(.*a1\.py:11\)"):
            plan()


class TestLimits:
    def test_a_python_script_sets_its_own(self, project, plan) -> None:
        header = 'lock_timeout = "200ms"\nlock_retries = 3\nstatement_timeout = 0'
        project.revision("a1", header=header)
        (step,) = plan()
        assert (step.lock_timeout, step.lock_retries, step.statement_timeout) == (0.2, 3, 0.0)

    def test_a_sql_script_sets_its_own(self, project, plan) -> None:
        project.write(
            "a1.sql",
            "-- one\n-- revision: a1\n-- lock_timeout: 5s\n-- lock_retries: 0\n\n-- upgrade\nSELECT 1;\n",
        )
        (step,) = plan()
        assert (step.lock_timeout, step.lock_retries, step.statement_timeout) == (5.0, 0, None)

    @pytest.mark.parametrize(
        ("header", "hint"),
        [
            ("lock_timeout = 'soon'", "lock_timeout is a time"),
            ("lock_retries = -1", "lock_retries is a whole number"),
            ("lock_retries = True", "lock_retries is a whole number"),
            ("lock_retries = '3'", "lock_retries is a whole number"),
        ],
    )
    def test_other_values_are_refused(self, project, plan, header, hint) -> None:
        project.revision("a1", header=header)
        with pytest.raises(ScriptError, match=r"revision a1 sets lock_") as caught:
            plan()
        assert caught.value.hint.startswith(hint)


class TestHooks:
    def test_their_statements_follow_the_version_in_a_script_for_psql(self, project, plan) -> None:
        project.revision("a1")
        seen = []

        def hook(*, ctx, step, heads, run_args) -> None:
            seen.append((step.up_revision_id, step.is_upgrade, heads, run_args))
            ctx.execute("SELECT 'applied'")

        async def later(*, ctx, step, heads, run_args) -> None:
            ctx.execute("SELECT 'later'")

        made = plan(offline=True, version_hooks=[hook, later], keywords={"tenant": "x"})
        said = [item.sql for item in made.steps[0].epilogue]
        assert said == ["SELECT 'applied'", "SELECT 'later'"]
        assert seen == [("a1", True, {"a1"}, {"tenant": "x"})]

    @pytest.mark.parametrize(
        ("sql", "what"), [("VACUUM", "runs 'VACUUM'"), ("SELECT 1; COMMIT", "commits")]
    )
    def test_they_stay_in_the_transaction(self, project, plan, sql, what) -> None:
        project.revision("a1")

        def hook(*, ctx, step, heads, run_args) -> None:
            for part in sql.split("; "):
                ctx.execute(part)

        with pytest.raises(ScriptError, match=f"on_version_apply .* {what}"):
            plan(offline=True, version_hooks=[hook])

    def test_what_they_raise_names_their_line(self, project, plan) -> None:
        project.revision("a1")

        def hook(**_) -> None:
            raise LookupError("no sink")

        with pytest.raises(
            ScriptError,
            match=r"on_version_apply failed at .*test_planner\.py:\d+ after revision a1",
        ):
            plan(offline=True, version_hooks=[hook])


def test_keyword_arguments_go_where_they_are_taken(project, plan) -> None:
    project.revision(
        "a1", signature="def {name}(op, tenant=None):", upgrade='op.execute(f"SELECT {tenant}")'
    )
    project.revision(
        "b1",
        down="a1",
        signature="def {name}(tenant, **others):",
        header="from asyncmig import op",
        upgrade='op.execute(f"SELECT {tenant}, {sorted(others)}")',
    )
    made = plan(keywords={"tenant": 7, "zone": 1})
    assert [item.sql for step in made for item in step.statements] == [
        "SELECT 7",
        "SELECT 7, ['zone']",
    ]
