"""What shares a transaction: a phase, and with ``transaction = "all"`` the phases of several revisions."""

from asyncmig import Migrator
from asyncmig.lint.example import TABLES
from support.linted import lint_texts, write_texts

ADD = "ALTER TABLE orders ADD CONSTRAINT c CHECK (total >= 0) NOT VALID;"
VALIDATE = "ALTER TABLE orders VALIDATE CONSTRAINT c;"


async def rules(tmp_path, transaction, *texts):
    location = write_texts(tmp_path, TABLES, *texts)
    migrator = Migrator(script_location=location, transaction=transaction)
    result = await migrator.lint(since="r0", offline=True)
    return [(finding.revision, finding.rule) for finding in result.findings]


async def test_two_revisions_are_two_transactions(tmp_path):
    assert await rules(tmp_path, "revision", ADD, VALIDATE) == []


async def test_with_one_transaction_for_all_they_are_one(tmp_path):
    assert await rules(tmp_path, "all", ADD, VALIDATE) == [("r2", "validate-in-transaction")]


async def test_an_autocommit_phase_between_ends_it(tmp_path):
    between = "CREATE INDEX CONCURRENTLY i ON orders (code);"
    assert await rules(tmp_path, "all", ADD, between, VALIDATE) == []


async def test_a_commit_of_the_script_ends_it(tmp_path):
    assert await rules(tmp_path, "revision", f"{ADD} COMMIT; {VALIDATE}") == [
        ("r1", "transaction-control")
    ]


async def test_a_constraint_that_an_earlier_deployment_left(tmp_path):
    column = "ALTER TABLE orders ADD COLUMN x text;"
    result = await lint_texts(tmp_path, TABLES + ADD, column)
    (finding,) = result.findings
    assert finding.rule == "unvalidated-constraint"
    assert finding.message == "c of orders is NOT VALID since an earlier deployment"
    assert (await lint_texts(tmp_path, TABLES + ADD, column + VALIDATE)).reported == ()


async def test_a_long_lock_begins_where_reads_are_blocked(tmp_path):
    """A foreign key that refers to orders blocks writes of it; ADD COLUMN blocks reads, too."""
    text = (
        "CREATE TABLE note (id bigint, order_id bigint REFERENCES orders);\n"
        "ALTER TABLE orders ADD COLUMN n integer;\n"
        "UPDATE orders SET n = 0 WHERE n IS NULL;"
    )
    result = await lint_texts(tmp_path, TABLES, text)
    (found,) = [each for each in result.findings if each.rule == "long-lock"]
    assert found.line is not None
    assert f"reads and writes of orders since line {found.line - 1} " in found.message
