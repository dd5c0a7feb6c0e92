"""asyncmig.execution.offline_script: a plan as a script for psql."""

from __future__ import annotations

import pytest

from asyncmig.execution.offline_script import offline_script, write_transaction
from asyncmig.plan.model import Direction, Phase, PhaseKind, Plan
from support.plans import BOOKS, WITHOUT_JOURNAL, autocommit, statement, step, transaction

FIRST = step(transaction("SELECT 1"), message="the first")
SECOND = step(
    transaction("SELECT 2"), autocommit("VACUUM t"), revision="b1", down_revisions=("a1",)
)


def plan(*steps) -> Plan:
    return Plan(direction=Direction.UPGRADE, target="heads", current=(), heads=("a1",), steps=steps)


def lines(*steps, books=WITHOUT_JOURNAL, create_tables=False, **options) -> list[str]:
    """The lines of a script that are not empty, without the check of the rows."""
    text = offline_script(plan(*steps), books, create_tables=create_tables, **options)
    body = text.partition("DO $$")[0] + text.partition("END\n$$;")[2]
    return [line for line in body.splitlines() if line]


def test_each_step_is_announced_and_committed():
    assert lines(FIRST, SECOND) == [
        "-- run with: psql --set ON_ERROR_STOP=1 --file THIS_FILE",
        "BEGIN;",
        "COMMIT;",
        "BEGIN;",
        "-- Running upgrade  -> a1, the first",
        "SELECT 1;",
        "INSERT INTO alembic_version (version_num) VALUES ('a1');",
        "COMMIT;",
        "BEGIN;",
        "-- Running upgrade a1 -> b1",
        "SELECT 2;",
        "COMMIT;",
        "VACUUM t;",
        "BEGIN;",
        "INSERT INTO alembic_version (version_num) VALUES ('b1');",
        "COMMIT;",
    ]


def test_one_transaction_ends_where_postgresql_demands_it():
    found = lines(FIRST, SECOND, step(transaction("SELECT 3"), revision="c1"), one_transaction=True)
    assert [line for line in found if line in {"BEGIN;", "COMMIT;", "VACUUM t;"}] == [
        "BEGIN;",
        "COMMIT;",
        "VACUUM t;",
        "BEGIN;",
        "COMMIT;",
    ]
    assert found[-1] == "COMMIT;"


def test_a_plan_without_steps_is_committed():
    assert lines(one_transaction=True)[1:] == ["BEGIN;", "COMMIT;"]


def test_a_step_of_standalone_statements_is_announced_once():
    found = lines(step(autocommit("VACUUM t", "VACUUM u")))
    assert sum(line.startswith("-- Running") for line in found) == 1
    assert found.index("-- Running upgrade  -> a1") < found.index("VACUUM t;")
    assert found.count("BEGIN;") == found.count("COMMIT;") == 2


def test_a_downgrade_points_back():
    down = step(transaction("SELECT 1"), direction=Direction.DOWNGRADE, down_revisions=("z1", "y1"))
    assert "-- Running downgrade a1 -> z1, y1" in lines(down)


def test_the_tables_are_created_on_demand():
    found = lines(FIRST, books=BOOKS, create_tables=True)
    assert "CREATE TABLE IF NOT EXISTS alembic_version (" in found
    assert "CREATE TABLE IF NOT EXISTS asyncmig_journal (" in found
    assert not any("alembic_version (" in line for line in lines(FIRST)[:3])


def test_a_line_comment_does_not_swallow_the_semicolon():
    sql = write_transaction(["SELECT 1 -- one", "SELECT 2 -- two\n+ 1"])
    assert sql == "BEGIN;\n\nSELECT 1 -- one\n;\n\nSELECT 2 -- two\n+ 1;\n\nCOMMIT;\n"


def test_rows_of_copy_follow_at_once():
    copy = statement("COPY t FROM STDIN", copy_data="1\n\n")
    phase = Phase(kind=PhaseKind.TRANSACTION, statements=(copy,))
    found = offline_script(plan(step(phase)), WITHOUT_JOURNAL, create_tables=False)
    assert "COPY t FROM STDIN;\n1\n\n\\.\n" in found


def test_what_psql_must_know_to_read_it():
    assert write_transaction(["SELECT 'ä'"]).startswith("SET client_encoding = 'UTF8';\n\nBEGIN;")
    assert write_transaction([r"SELECT '\'"]).startswith(
        "SET standard_conforming_strings = on;\n\nBEGIN;"
    )


def test_a_script_with_a_password_says_so():
    secret = "ALTER ROLE app PASSWORD 'hidden'"
    assert any(
        "passwords or keys in plain text" in line for line in lines(step(transaction(secret)))
    )
    assert not any("plain text" in line for line in lines(FIRST))


CREATED = "CREATE TABLE IF NOT EXISTS asyncmig_journal ("
COMMENT = "-- the journal of asyncmig: what has run (--no-journal leaves it out)"


def order(*steps, **options) -> list[str]:
    """What is done, without the rows and columns of the journal."""
    found = lines(*steps, books=BOOKS, **options)
    return [
        line.partition(" (run,")[0]
        for line in found[1:]
        if line.startswith(("BEGIN", "COMMIT", "SELECT", "SET", "VACUUM", "INSERT", CREATED))
    ]


def test_the_journal_is_created_behind_the_statements_of_the_first_phase():
    assert order(FIRST, SECOND)[:7] == [
        "BEGIN;",
        "COMMIT;",
        "BEGIN;",
        "SELECT 1;",
        CREATED,
        "INSERT INTO asyncmig_journal",
        "INSERT INTO alembic_version (version_num) VALUES ('a1');",
    ]
    found = lines(FIRST, SECOND, books=BOOKS)
    assert found.count(COMMENT) == found.count(CREATED) == 1


def test_the_journal_is_created_before_a_statement_outside_a_transaction():
    assert order(step(autocommit("VACUUM t")))[2:7] == [
        "BEGIN;",
        CREATED,
        "INSERT INTO asyncmig_journal",
        "COMMIT;",
        "VACUUM t;",
    ]


def test_the_journal_comes_first_where_the_script_changes_settings():
    for sql in ("SET LOCAL ROLE owner", "SELECT set_config('search_path', 'app', true)"):
        found = order(step(transaction("SELECT 1", sql)))
        assert found.index(CREATED) < found.index("COMMIT;") < found.index(f"{sql};")


def test_transactions_are_set_apart_by_empty_lines():
    text = offline_script(plan(FIRST), WITHOUT_JOURNAL, create_tables=False)
    assert "\nCOMMIT;\n\nBEGIN;\n\n-- Running upgrade  -> a1, the first\n" in text
    assert text.endswith("\n\nCOMMIT;\n\n")


def test_a_script_as_a_whole() -> None:
    rewritten = statement("SELECT 1", replaces="SELECT 0", not_rewritten="it is short")
    alone = statement("VACUUM t", not_rewritten="nothing is safer")
    text = offline_script(
        plan(
            step(
                Phase(kind=PhaseKind.TRANSACTION, statements=(rewritten,)),
                Phase(kind=PhaseKind.AUTOCOMMIT, statements=(alone,)),
            )
        ),
        WITHOUT_JOURNAL,
        create_tables=False,
    )
    required = WITHOUT_JOURNAL.version.require([])
    assert text.split("\n\n") == [
        "-- run with: psql --set ON_ERROR_STOP=1 --file THIS_FILE",
        "BEGIN;",
        f"{required};",
        "COMMIT;",
        "BEGIN;",
        "-- Running upgrade  -> a1",
        "-- safe form of: SELECT 0\n-- no safe form: it is short\nSELECT 1;",
        "COMMIT;",
        "-- no safe form: nothing is safer\nVACUUM t;",
        "BEGIN;",
        "INSERT INTO alembic_version (version_num) VALUES ('a1');",
        "COMMIT;",
        "",
    ]


@pytest.mark.parametrize(
    ("steps", "around"),
    [
        ([FIRST], []),  # the transaction that was opened before remains open
        ([step(autocommit("VACUUM t"))], ["COMMIT;", "BEGIN;"]),
        ([], []),
    ],
)
def test_a_part_of_a_transaction_ends_inside_of_one(steps, around) -> None:
    found = lines(*steps, inside=True)
    assert [line for line in found if line in {"BEGIN;", "COMMIT;"}] == around


def test_one_transaction_as_a_whole() -> None:
    text = offline_script(
        plan(FIRST, step(transaction("SELECT 2"), autocommit("VACUUM t"), revision="b1")),
        WITHOUT_JOURNAL,
        create_tables=False,
        one_transaction=True,
    )
    assert text.split("\n\n")[3:] == [
        "-- Running upgrade  -> a1, the first",
        "SELECT 1;",
        "INSERT INTO alembic_version (version_num) VALUES ('a1');",
        "-- Running upgrade  -> b1",
        "SELECT 2;",
        "COMMIT;",
        "VACUUM t;",
        "BEGIN;",
        "INSERT INTO alembic_version (version_num) VALUES ('b1');",
        "COMMIT;",
        "",
    ]
