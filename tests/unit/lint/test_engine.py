"""The linter with steps and facts by hand: sizes and indexes of a database, scripts that read, settings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from asyncmig.config.lint_settings import LintSettings
from asyncmig.errors import ConfigError
from asyncmig.lint.engine import Linter
from asyncmig.lint.example import TABLES
from asyncmig.lint.place import Circumstances, Place, Revisions
from asyncmig.lint.rule import Rule, all_rules
from asyncmig.lint.schema.tables import KnownIndex, KnownSchema
from asyncmig.lint.schema.tracking import apply_actions
from asyncmig.lint.selection import Selection
from asyncmig.plan.model import Phase, PhaseKind
from asyncmig.sql.actions.parse import parse_actions
from asyncmig.sql.split import split
from support.plans import statement, step, transaction

CHECK = "ALTER TABLE orders ADD CONSTRAINT c CHECK (code > 0)"


def known(*texts: str, **fields: object) -> KnownSchema:
    schema = KnownSchema(**fields)  # type: ignore[arg-type]  # the caller's fields
    for text in (TABLES, *texts):
        for each in split(text):
            apply_actions(schema, parse_actions(each.text), each.text)
    return schema


def linted(*phases, schema=None, settings=None, **fields):
    """Rule, severity and message of each finding about one step."""
    linter = Linter(
        selection=Selection(LintSettings(**(settings or {}))), schema=schema or known(), **fields
    )
    steps = [step(*phases)]
    return [(item.rule, item.severity, item.message) for item in linter.lint(steps, {"a1"})]


# sizes


@pytest.mark.parametrize(
    ("sizes", "settings", "severity", "size"),
    [
        (None, {}, "error", "size of orders not known"),
        ({}, {}, "error", "size of orders not known"),
        ({"orders": (10, 8192)}, {}, "note", "orders has 10 rows, 8192 bytes: a small table"),
        ({"orders": (5000, 8192)}, {}, "error", "orders has 5000 rows, 8192 bytes"),
        ({"orders": (5000, 8192)}, {"small_table_rows": 9000}, "note", None),
        ({"orders": (10, 8192)}, {"severity": {"add-check": "warning"}}, "warning", None),
    ],
)
def test_a_scan_of_a_small_table_is_a_note(sizes, settings, severity, size):
    """Unless the settings say the severity of the rule."""
    found = [
        item
        for item in linted(transaction(CHECK), sizes=sizes, settings=settings)
        if item[0] == "add-check"
    ]
    ((_, found_severity, message),) = found
    assert found_severity == severity
    assert size is None or message.endswith(f"({size})")


def test_the_size_that_the_schema_has():
    schema = known()
    schema.tables["orders"].rows, schema.tables["orders"].bytes = 3, 100
    found = linted(transaction(CHECK), schema=schema)
    assert [severity for rule, severity, _ in found if rule == "add-check"] == ["note"]


# what a database says


def test_an_invalid_index_is_reported_once():
    schema = known(source="database")
    schema.tables["orders"].indexes["bad"] = KnownIndex(name="bad", valid=False)
    lock = "ALTER TABLE orders ALTER COLUMN note SET DEFAULT 'x'"
    found = linted(transaction(lock, lock), schema=schema)
    assert [item for item in found if item[0] == "invalid-index"] == [
        ("invalid-index", "warning", "orders has the invalid index bad")
    ]
    exists = "CREATE INDEX CONCURRENTLY IF NOT EXISTS bad ON orders (code)"
    phase = Phase(kind=PhaseKind.AUTOCOMMIT, statements=(statement(exists),))
    found = linted(phase, schema=schema)
    assert [item for item in found if item[0] == "invalid-index"] == [
        (
            "invalid-index",
            "error",
            "orders has the invalid index bad, which IF NOT EXISTS accepts as existing",
        )
    ]


def test_a_backfill_that_is_not_done():
    schema = known(source="database", backfills={"orders": ("codes", "notes")})
    found = linted(transaction("ALTER TABLE orders ALTER COLUMN code SET NOT NULL"), schema=schema)
    assert found == [
        (
            "unfinished-backfill",
            "error",
            "orders has a backfill that is not done: codes, notes",
        )
    ]


def test_the_last_index_of_a_foreign_key():
    schema = known(
        "CREATE TABLE lines (order_id bigint REFERENCES orders (id), n int, CHECK (n > 0));"
        " CREATE INDEX of_order ON lines (order_id); CREATE INDEX of_n ON lines (n);"
    )
    drop = Phase(
        kind=PhaseKind.AUTOCOMMIT, statements=(statement("DROP INDEX CONCURRENTLY of_order"),)
    )
    found = [item for item in linted(drop, schema=schema) if item[0] == "replace-index"]
    assert [message.partition(" (")[0] for _, _, message in found] == [
        "drops of_order, the last index of lines for the foreign key lines_order_id_fkey"
    ]


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ("CREATE INDEX CONCURRENTLY ON orders (status, code)", "the new index"),
        ("CREATE INDEX CONCURRENTLY i ON orders (status)", "i"),
        ("CREATE INDEX CONCURRENTLY i ON orders (code)", None),
        ("CREATE INDEX CONCURRENTLY i ON customers (status)", None),
        ("ALTER TABLE orders ADD COLUMN x int", None),
    ],
)
def test_an_index_that_takes_the_place_of_a_dropped_one(later, expected):
    phases = [
        Phase(kind=PhaseKind.AUTOCOMMIT, statements=(statement(text),))
        for text in ("DROP INDEX CONCURRENTLY orders_status", later)
    ]
    found = [message for rule, _, message in linted(*phases) if rule == "replace-index"]
    if expected is None:
        assert found == []
    else:
        assert found[0].startswith(
            f"drops orders_status of orders before {expected} takes its place"
        )


def test_an_index_over_expressions_has_no_successor():
    schema = known("CREATE INDEX lowered ON orders (lower(status))")
    phases = [
        Phase(kind=PhaseKind.AUTOCOMMIT, statements=(statement(text),))
        for text in (
            "DROP INDEX CONCURRENTLY lowered",
            "CREATE INDEX CONCURRENTLY i ON orders (status)",
        )
    ]
    assert [item for item in linted(*phases, schema=schema) if item[0] == "replace-index"] == []


# scripts and statements


def test_a_script_that_reads_may_do_anything_afterwards():
    schema = known()
    live = replace(step(transaction("SELECT 1")), live=True, live_origin="a1.py:7")
    linter = Linter(selection=Selection(LintSettings()), schema=schema)
    found = linter.lint([live], {"a1"})
    assert [(item.rule, item.line) for item in found] == [("not-analysed", 7)]
    assert not schema.complete
    quiet = Linter(selection=Selection(LintSettings(disable=("not-analysed",))), schema=known())
    assert quiet.lint([live], {"a1"}) == []
    followed = known()
    Linter(selection=Selection(LintSettings()), schema=followed).follow([live])
    assert not followed.complete


def test_revisions_that_are_not_linted_are_followed():
    first = step(transaction("CREATE TABLE t (a int)"), revision="a1")
    second = step(transaction("ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0)"), revision="b2")
    linter = Linter(selection=Selection(LintSettings()), schema=known())
    found = linter.lint([first, second], {"b2"})
    assert {item.revision for item in found} == {"b2"}
    assert "add-check" in {item.rule for item in found}
    together = Linter(selection=Selection(LintSettings()), schema=known())
    assert together.lint([first, second], {"a1", "b2"}) == []


def test_of_an_online_change_only_the_column_that_goes_is_reported():
    def online(directive, *texts):
        statements = (
            replace(statement(text, replaces="ALTER TABLE ..."), directive=directive)
            for text in texts
        )
        return Phase(kind=PhaseKind.TRANSACTION, statements=tuple(statements))

    texts = "ALTER TABLE orders DROP COLUMN code", CHECK
    found = linted(online("finish_column_online", *texts))
    assert [rule for rule, *_ in found] == ["drop-column"]
    assert linted(online("alter_column_online", *texts)) == []


def test_a_finding_says_why_there_is_no_safe_rewrite():
    phase = Phase(
        kind=PhaseKind.TRANSACTION,
        statements=(statement(CHECK, not_rewritten="the table is new"),),
    )
    ((_, _, message),) = (item for item in linted(phase) if item[0] == "add-check")
    assert message.endswith("; no safe rewrite: the table is new")


@pytest.mark.parametrize(
    ("origin", "place"),
    [("a.py:12", ("a.py", 12)), ("a.py", ("a.py", None)), (None, ("a1.py", None))],
)
def test_where_a_finding_is(origin, place):
    phase = Phase(
        kind=PhaseKind.TRANSACTION, statements=(replace(statement(CHECK), origin=origin),)
    )
    linter = Linter(selection=Selection(LintSettings()), schema=known())
    found = [item for item in linter.lint([step(phase)], {"a1"}) if item.rule == "add-check"]
    assert [(item.path, item.line) for item in found] == [place]


def test_equal_findings_of_a_loop_are_one():
    found = linted(transaction("TRUNCATE orders", "TRUNCATE orders"))
    assert [rule for rule, *_ in found].count("truncate") == 1


def test_several_revisions_in_one_transaction():
    """What an earlier revision locks is locked until the last one is done."""
    circumstances = Circumstances(one_transaction=True)
    steps = [
        step(
            transaction("ALTER TABLE orders ADD CONSTRAINT c CHECK (code > 0) NOT VALID"),
            revision="a1",
        ),
        step(transaction("ALTER TABLE orders VALIDATE CONSTRAINT c"), revision="b2"),
    ]
    for shared, expected in ((circumstances, True), (Circumstances(), False)):
        linter = Linter(selection=Selection(LintSettings()), schema=known(), circumstances=shared)
        rules = {item.rule for item in linter.lint(steps, {"a1", "b2"})}
        assert ("validate-in-transaction" in rules) is expected


def test_a_directive_in_several_phases_is_no_commit_of_the_script():
    """The planner divides it; a COMMIT in the text of one is reported."""

    def phases(directive):
        statements = (statement("SELECT 1"), statement("SELECT 2"))
        return [
            Phase(kind=PhaseKind.TRANSACTION, statements=(replace(each, directive=directive),))
            for each in statements
        ]

    assert linted(*phases("alter_column")) == []
    assert [rule for rule, *_ in linted(*phases("execute"))] == ["transaction-control"]


def test_a_rule_finds_nothing_by_itself():
    rule, actions = Rule(), parse_actions(CHECK)
    schema, nothing = known(), step()
    place = Place(
        step=nothing,
        phase=nothing.phases[0],
        statement=statement(CHECK),
        actions=actions,
        schema=schema,
        number=0,
        created={},
    )
    revisions = Revisions(
        places=(place,), steps=(nothing,), schema=schema, circumstances=Circumstances()
    )
    assert [*rule.check(actions[0], place), *rule.check_statement(place)] == []
    assert list(rule.check_revisions(revisions)) == []


def test_statements_that_are_not_complete():
    """PostgreSQL refuses them: nothing here fails, and nothing is said about a table without a name."""
    examples = [rule.examples for rule in all_rules().values() if rule.examples]
    words = [text.split(" ") for each in examples for text in (*each.bad, *each.good)]
    cuts = {" ".join(each[:number]) for each in words for number in range(1, len(each))}
    cuts.add("ALTER TABLE orders ADD CONSTRAINT n NOT NULL")
    texts = {f"{cut}{more}" for cut in cuts for more in ("", " (", " 1")}
    for _, _, message in linted(transaction(*sorted(texts))):
        assert "None" not in message


# the selection of rules


def test_rules_that_are_named():
    every = Selection(LintSettings()).ids
    assert "style-char" not in every
    styled = Selection(LintSettings(enable=("style",))).ids
    assert set(styled - every) == {name for name in styled if name.startswith("style-")}
    assert Selection(LintSettings(enable=("style-char",))).ids - every == {"style-char"}
    assert every - Selection(LintSettings(disable=("add-check",))).ids == {"add-check"}


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        (
            {"disable": ("add-chek",)},
            "[lint] disable names the rule 'add-chek', which does not exist",
            "did you mean 'add-check'? docs/lint.md lists all rules",
        ),
        (
            {"severity": {"zzzzzz": "note"}},
            "[lint] severity names the rule 'zzzzzz', which does not exist",
            "docs/lint.md lists all rules",
        ),
    ],
)
def test_a_rule_that_there_is_not(settings, message, hint):
    with pytest.raises(ConfigError) as caught:
        Selection(LintSettings(**settings))
    assert (str(caught.value), caught.value.hint) == (message, hint)
