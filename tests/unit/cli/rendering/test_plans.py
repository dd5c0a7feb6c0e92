"""A plan on paper."""

import pytest

from asyncmig.plan.model import Direction, Phase, PhaseKind, Plan, Step
from asyncmig.revisions.graph.moves import RowChange
from asyncmig.sql.statement import Statement
from asyncmig_cli.rendering.plans import plan_lines
from support.streams import memory_stream

STEP = Step(
    revision="b2",
    direction=Direction.UPGRADE,
    message="index",
    phases=(
        Phase(
            kind=PhaseKind.TRANSACTION,
            statements=(
                Statement(
                    sql="CREATE TABLE t (\n  id int\n)", origin="b2.py:7", directive="create_table"
                ),
                Statement(sql="SELECT 1;"),
            ),
        ),
        Phase(
            kind=PhaseKind.AUTOCOMMIT,
            statements=(Statement(sql="CREATE INDEX CONCURRENTLY i ON t (id)", origin="b2.py:9"),),
        ),
    ),
    version=RowChange(remove=("a1",), add=("b2",)),
)


def plan(*steps: Step) -> Plan:
    return Plan(
        direction=Direction.UPGRADE, target="heads", current=("a1",), steps=steps, heads=("b2",)
    )


def test_an_empty_plan_says_so() -> None:
    assert list(plan_lines(plan(), memory_stream())) == [
        "nothing to upgrade: the database is at a1"
    ]


def test_steps_phases_statements_and_origins() -> None:
    assert list(plan_lines(plan(STEP), memory_stream())) == [
        "upgrade a1 → b2: 1 step, 2 phases, 3 statements",
        "",
        "1/1 b2 index",
        "  phase 1/2 transaction (one transaction), 2 statements",
        "    -- b2.py:7 create_table",
        "    CREATE TABLE t (",
        "      id int",
        "    );",
        "    SELECT 1;",
        "  phase 2/2 autocommit (each statement commits separately), 1 statement",
        "    -- b2.py:9",
        "    CREATE INDEX CONCURRENTLY i ON t (id);",
        "    version: a1 → b2",
    ]


def test_a_live_step_says_where_it_reads() -> None:
    step = Step(
        revision="c3",
        direction=Direction.DOWNGRADE,
        phases=(Phase(kind=PhaseKind.TRANSACTION),),
        live=True,
        live_origin="c3.py:4",
        version=RowChange(remove=("c3",)),
    )
    lines = list(plan_lines(plan(step), memory_stream()))
    assert (
        "    reads from the database at c3.py:4: later statements are known only when it runs"
        in lines
    )
    assert lines[-1] == "    version: c3 → <none>"


def test_rows_of_a_copy_are_counted_and_not_shown() -> None:
    copy = Statement(sql="COPY t FROM STDIN", copy_data="1\n2\n")
    step = Step(
        revision="c3",
        direction=Direction.UPGRADE,
        phases=(Phase(kind=PhaseKind.TRANSACTION, statements=(copy,)),),
    )
    assert "    -- 2 rows of data" in list(plan_lines(plan(step), memory_stream()))


MARGIN = """CREATE VIEW v AS
SELECT a
         FROM t"""
BODY = """
            BEGIN
              RETURN NEW;

            END
            $$"""


@pytest.mark.parametrize(
    ("sql", "directive", "shown"),
    [
        (
            f"CREATE FUNCTION f() AS $${BODY}",
            "create_function",
            ["CREATE FUNCTION f() AS $$", "BEGIN", "  RETURN NEW;", "", "END", "$$;"],
        ),
        (
            "CREATE VIEW v AS\n              SELECT a",
            "execute",
            ["CREATE VIEW v AS", "  SELECT a;"],
        ),
        (
            "CREATE VIEW v AS\nSELECT a\n          FROM t\n        WHERE b",
            "create_view",
            ["CREATE VIEW v AS", "SELECT a", "  FROM t", "WHERE b;"],
        ),
        ("CREATE TABLE t (\n    id int\n)", None, ["CREATE TABLE t (", "    id int", ");"]),
        ("SELECT a,\n       b", "execute", ["SELECT a,", "       b;"]),
        (MARGIN, "sql", [*MARGIN.splitlines()[:2], f"{MARGIN.splitlines()[2]};"]),
        (
            "SELECT '\nx',\n        'y'\n",
            "execute",
            ["SELECT '", "x',", "'y';"],
        ),
    ],
)
def test_a_statement_of_several_lines_stands_below_its_first(
    sql: str, directive: str | None, shown: list[str]
) -> None:
    statement = Statement(sql=sql, directive=directive)
    phase = Phase(kind=PhaseKind.TRANSACTION, statements=(statement,))
    step = Step(
        revision="c3",
        direction=Direction.UPGRADE,
        phases=(phase,),
        version=RowChange(add=("c3",)),
    )
    lines = list(plan_lines(plan(step), memory_stream()))[4:-1]
    assert lines == [f"    {line}" for line in shown]
