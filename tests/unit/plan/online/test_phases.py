"""The statements of online changes, from documents of the catalog."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from asyncmig.errors import DirectiveError
from asyncmig.operations.directives.online import (
    FinishColumnOnlineOp,
    RenameColumnOnlineOp,
)
from asyncmig.plan.online.changes import OnlineChanges
from asyncmig.plan.online.names import trigger_name
from asyncmig.plan.online.requests import ColumnRequest
from asyncmig.plan.online.sql_mark import WrittenType
from asyncmig.plan.online.table_locks import lock_tables
from support.online_documents import (
    CONSTRAINT,
    FOREIGN_KEY,
    INDEX,
    SEQUENCE,
    TRIGGER,
    alter,
    document,
    phases,
)


def test_a_plain_column():
    found = phases(alter(), document({"default": "0", "comment": "in cents"}))

    assert found[0] == [
        "ALTER TABLE public.bill ADD COLUMN total_online BIGINT",
        "ALTER TABLE public.bill ALTER COLUMN total_online SET DEFAULT 0",
        "ALTER TABLE public.bill ALTER COLUMN total_online DROP DEFAULT",
        "COMMENT ON COLUMN public.bill.total_online IS 'in cents'",
        (
            "CREATE FUNCTION public.bill_total_online() RETURNS trigger\n"
            "LANGUAGE plpgsql AS $asyncmig$\n"
            "BEGIN\n"
            "    NEW.total_online := NEW.total;\n"
            "    RETURN NEW;\n"
            "END\n"
            "$asyncmig$"
        ),
        (
            "COMMENT ON FUNCTION public.bill_total_online() IS"
            ' \'{"kind": "alter", "old": "total", "new": "total_online", "revision": "a1",'
            ' "direction": "upgrade"}\''
        ),
        (
            'CREATE TRIGGER "~total_online" BEFORE INSERT OR UPDATE ON public.bill'
            " FOR EACH ROW EXECUTE FUNCTION public.bill_total_online()"
        ),
        'ALTER TABLE public.bill ENABLE ALWAYS TRIGGER "~total_online"',
        "UPDATE public.bill SET total_online = total WHERE false",
        (
            "ALTER TABLE public.bill ADD CONSTRAINT bill_total_online_proof"
            " CHECK (((total) IS NULL) = (total_online IS NULL)) NOT VALID"
        ),
    ]
    assert found[1] == [
        (
            "UPDATE public.bill SET total_online = total\n"
            "WHERE (total_online IS NULL AND total IS NOT NULL)"
        )
    ]
    assert found[2:-1] == [
        [],
        ["ALTER TABLE public.bill VALIDATE CONSTRAINT bill_total_online_proof"],
        ["ANALYZE public.bill"],
    ]
    assert found[-1][0] == lock_tables(["public.bill"], "ACCESS EXCLUSIVE")
    assert found[-1][2:] == [
        'DROP TRIGGER IF EXISTS "~total_online" ON public.bill',
        "DROP FUNCTION IF EXISTS public.bill_total_online()",
        "ALTER TABLE public.bill ALTER COLUMN total_online SET DEFAULT 0",
        "ALTER TABLE public.bill DROP CONSTRAINT bill_total_online_proof",
        "ALTER TABLE public.bill DROP COLUMN total",
        "ALTER TABLE public.bill RENAME COLUMN total_online TO total",
    ]


@pytest.mark.parametrize(
    ("version", "proof"),
    [
        (17, "CHECK (total_online IS NOT NULL) NOT VALID"),
        (18, "NOT NULL total_online NOT VALID"),
    ],
)
def test_the_proof_of_not_null(version, proof):
    name = "bill_total_not_null" if version == 18 else None
    found = phases(alter(), document({"not_null": True, "not_null_name": name}, version=version))
    assert found[0][-1].endswith(f"bill_total_online_proof {proof}")
    set_ = "ALTER TABLE public.bill ALTER COLUMN total_online SET NOT NULL"
    renamed = (
        "ALTER TABLE public.bill RENAME CONSTRAINT bill_total_online_proof TO bill_total_not_null"
    )
    assert (set_ in found[-1], renamed in found[-1]) == (version == 17, version == 18)


def test_the_value_of_using_is_that_of_the_row():
    found = phases(alter(using="bill.total * 100"), document())
    body = next(sql for sql in found[0] if sql.startswith("CREATE FUNCTION"))
    assert "SELECT (bill.total * 100) INTO NEW.total_online FROM (SELECT NEW.*) AS bill;" in body
    assert "SET search_path FROM CURRENT" in body
    assert "SET total_online = (bill.total * 100)" in found[1][0]


def test_the_old_column_is_kept():
    found = phases(alter(drop_old=False), document({"default": "7", "not_null": True}))
    assert "UPDATE public.bill SET total = total_online WHERE false" in found[0]
    assert not any("DROP TRIGGER" in sql or "DROP COLUMN" in sql for sql in found[-1])
    assert "ALTER TABLE public.bill RENAME COLUMN total TO total_old" in found[-1]
    assert any("NEW.total_old := NEW.total;" in sql for sql in found[-1])
    assert found[-1][-1].endswith('"group": [["public", "bill", "total", "total_old"]]}\'')


def test_leftovers_are_dropped_first():
    mark = {"kind": "alter", "old": "total", "new": "total_online"}
    found = phases(alter(), document(mark=mark, names=["id", "total", "total_online"]))
    assert found[0] == [
        'DROP TRIGGER IF EXISTS "~total_online" ON public.bill',
        "DROP FUNCTION IF EXISTS public.bill_total_online()",
        "ALTER TABLE public.bill DROP COLUMN IF EXISTS total_online CASCADE",
    ]


def test_an_old_column_that_was_kept_is_dropped_with_the_leftovers():
    mark = {"kind": "alter", "old": "total", "new": "total_online"}
    found = phases(alter(), document(mark=mark, names=["total", "total_online", "total_old"]))
    assert found[0][2:] == [
        "ALTER TABLE public.bill DROP COLUMN IF EXISTS total_online CASCADE",
        "ALTER TABLE public.bill DROP COLUMN IF EXISTS total_old CASCADE",
    ]


@pytest.mark.parametrize(("can_compare", "cast"), [(True, ""), (False, "::text")])
def test_a_rename_keeps_both_alike(can_compare, cast):
    operation = RenameColumnOnlineOp("bill", "total", "amount")
    found = phases(operation, document({"can_compare": can_compare}))
    body = next(sql for sql in found[0] if sql.startswith("CREATE FUNCTION"))
    assert f"ELSIF NEW.amount{cast} IS DISTINCT FROM OLD.amount{cast} THEN" in body
    assert found[0][0] == "ALTER TABLE public.bill ADD COLUMN amount integer"
    assert not any("WHERE false" in sql for sql in found[0])
    assert found[-1] == [
        "ANALYZE public.bill",
        "ALTER TABLE public.bill DROP CONSTRAINT bill_amount_online_proof",
    ]


def test_a_rename_is_taken_back():
    mark = {"kind": "rename", "old": "total", "new": "amount"}
    operation = RenameColumnOnlineOp("bill", "amount", "total")
    assert phases(operation, document({"name": "amount"}, mark=mark)) == [
        [
            lock_tables(["public.bill"], "ACCESS EXCLUSIVE"),
            'DROP TRIGGER IF EXISTS "~amount_online" ON public.bill',
            "DROP FUNCTION IF EXISTS public.bill_amount_online()",
            "ALTER TABLE public.bill DROP COLUMN amount CASCADE",
        ]
    ]


def test_foreign_keys_keep_their_actions():
    key = FOREIGN_KEY | {
        "match": "f",
        "on_update": "c",
        "on_delete": "n",
        "set_columns": ["bill_total"],
        "deferrable": True,
        "deferred": True,
    }
    found = phases(alter(), document(foreign_keys=[key]))
    assert [
        lock_tables(["public.bill", "public.part"], "SHARE ROW EXCLUSIVE"),
        (
            "ALTER TABLE public.part ADD CONSTRAINT f_online FOREIGN KEY (bill_total)"
            " REFERENCES public.bill (total_online) MATCH FULL ON UPDATE CASCADE"
            " ON DELETE SET NULL (bill_total) DEFERRABLE INITIALLY DEFERRED NOT VALID"
        ),
    ] in found
    assert found[-1][0] == lock_tables(["public.bill", "public.part"], "ACCESS EXCLUSIVE")


def test_constraints_are_copied_and_validated():
    check = CONSTRAINT | {"definition": "CHECK ((total > 0)) NOT VALID"}
    found = phases(alter(), document(constraints=[check], foreign_keys=[FOREIGN_KEY]))
    copy = "ALTER TABLE public.bill ADD CONSTRAINT c_online CHECK ((total_online > 0)) NOT VALID"
    assert copy in found[0]
    assert [sql for phase in found for sql in phase if "VALIDATE" in sql] == [
        "ALTER TABLE public.bill VALIDATE CONSTRAINT bill_total_online_proof",
        "ALTER TABLE public.bill VALIDATE CONSTRAINT c_online",
        "ALTER TABLE public.part VALIDATE CONSTRAINT f_online",
    ]


def test_a_constraint_that_is_not_valid_stays_so():
    not_valid = {"validated": False, "definition": "CHECK ((total > 0)) NOT VALID"}
    found = phases(
        alter(),
        document(
            constraints=[CONSTRAINT | not_valid], foreign_keys=[FOREIGN_KEY | {"validated": False}]
        ),
    )
    validated = [sql for phase in found for sql in phase if "VALIDATE" in sql]
    assert validated == ["ALTER TABLE public.bill VALIDATE CONSTRAINT bill_total_online_proof"]


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        ({"kind": "p"}, "public.bill is partitioned"),
        ({"kind": "v"}, "public.bill is a view"),
        ({"persistence": "t"}, "public.bill is a temporary table"),
        ({"is_partition": True}, "public.bill is a partition"),
        ({"inherits": True}, "public.bill inherits from a table"),
        ({"is_typed": True}, "public.bill is a table of a composite type"),
        ({"forces_row_security": True}, "public.bill forces row level security"),
        ({"publications": ["everything"]}, "publication everything publishes public.bill"),
        ({"rules": ["log"]}, "rule log of public.bill"),
        ({"dependents": ["view sums"]}, "view sums depends on the column"),
        ({"triggers": [TRIGGER]}, "trigger t of public.bill would fire for each row"),
        (
            {"triggers": [TRIGGER | {"name": "~z", "update": False}]},
            "trigger ~z of public.bill fires after",
        ),
        ({"column": {"generated": "s"}}, "public.bill.total is a generated column"),
        ({"column": {"collation": 'pg_catalog."C"'}}, "has the collation"),
        ({"column": {"label": True}}, "has a security label"),
        ({"column": {"sequences": 2}}, "owns several sequences"),
        (
            {"triggers": [TRIGGER | {"name": "~bill_total_online"}]},
            "trigger ~bill_total_online of public.bill would fire for each row",
        ),
        (
            {"column": {"grants": [{"role": "a", "privilege": "SELECT", "by_owner": False}]}},
            "a privilege of a on public.bill.total was not granted by the owner",
        ),
        ({"names": ["total", "total_online"]}, "has a column total_online already"),
        ({"objects": ["bill_total_online_proof"]}, "has a constraint bill_total_online_proof"),
        ({"indexes": [INDEX | {"valid": False}]}, "index i of public.bill is invalid"),
        ({"indexes": [INDEX | {"tablespace": "fast"}]}, "is in the tablespace fast"),
        ({"indexes": [INDEX | {"statistics": True}]}, "has a statistics target"),
        ({"indexes": [INDEX | {"whole_row": True}]}, "index i of public.bill uses the whole row"),
        ({"indexes": [INDEX | {"uses": {"total": 1}}]}, "another word that is the name"),
        ({"indexes": [INDEX], "objects": ["i_online"]}, "has an index or constraint i_online"),
        ({"constraints": [CONSTRAINT | {"kind": "x"}]}, "is an exclusion constraint"),
        ({"constraints": [CONSTRAINT | {"enforced": False}]}, "c of public.bill is NOT ENFORCED"),
        ({"constraints": [CONSTRAINT | {"period": True}]}, "is WITHOUT OVERLAPS"),
        ({"constraints": [CONSTRAINT | {"whole_row": True}]}, "uses the whole row"),
        ({"constraints": [CONSTRAINT | {"uses": {"total": 3}}]}, "another word that is the name"),
        ({"foreign_keys": [FOREIGN_KEY | {"enforced": False}]}, "foreign key f of public.part is"),
        ({"foreign_keys": [FOREIGN_KEY | {"period": True}]}, "has a PERIOD"),
        ({"foreign_keys": [FOREIGN_KEY | {"from_kind": "p"}]}, "has a partitioned table on one"),
        (
            {"constraints": [CONSTRAINT | {"name": "n" * 62}, CONSTRAINT | {"name": "n" * 61}]},
            "are the same when they are cut",
        ),
    ],
)
def test_refused_by_name(facts, problem):
    column = facts.pop("column", None)
    with pytest.raises(DirectiveError) as caught:
        phases(alter(), document(column, **facts))
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("keywords", "column", "facts", "problem"),
    [
        ({"using": "total + 1"}, {}, {"foreign_keys": [FOREIGN_KEY]}, "using= is written for one"),
        ({"type_": sa.Text}, {"identity": "a"}, {}, "TEXT is not an integer type"),
        (
            {"type_": sa.DateTime(timezone=True)},
            {"type": "timestamp without time zone"},
            {},
            "depends on the time zone of each session",
        ),
        (
            {"type_": sa.DateTime(timezone=True), "using": "now()", "drop_old": False},
            {"type": "timestamp without time zone"},
            {},
            "leave out drop_old",
        ),
        ({"drop_old": False}, {}, {"names": ["total", "total_old"]}, "a column total_old already"),
        (
            {},
            {"identity": "d", "sequence": {"has_grants": True, "type": "integer"}},
            {},
            "has privileges of its own",
        ),
    ],
)
def test_refused_with_these_keywords(keywords, column, facts, problem):
    with pytest.raises(DirectiveError) as caught:
        phases(alter(**keywords), document(column, **facts))
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("integer", sa.DateTime(timezone=True)),
        ("timestamp without time zone", sa.DateTime()),
        ("timestamp without time zone", sa.Integer()),
        ("timestamp with time zone", WrittenType("timestamptz")),
        ("timestamp with time zone[]", WrittenType("timestamptz[]")),
    ],
)
def test_a_type_that_does_not_depend_on_the_time_zone(old, new):
    assert phases(alter(type_=new), document({"type": old}))


def test_an_array_depends_on_the_time_zone_as_its_elements_do():
    with pytest.raises(DirectiveError, match="depends on the time zone of each session"):
        phases(
            alter(type_=sa.ARRAY(sa.DateTime(timezone=True))),
            document({"type": "timestamp without time zone[]"}),
        )


def test_using_is_for_one_column_where_a_foreign_key_leads_to_one_of_two():
    first, second = document(foreign_keys=[FOREIGN_KEY]), document(name="part")
    both = first | {"tables": first["tables"] + second["tables"]}
    with pytest.raises(DirectiveError, match="using= is written for one column"):
        phases(alter(using="total + 1"), both)


def test_a_column_may_own_one_sequence():
    assert phases(alter(), document({"sequences": 1}))


def test_all_problems_are_named_at_once():
    with pytest.raises(DirectiveError) as caught:
        phases(alter(), document(rules=["log"], dependents=["view sums", "policy own on bill"]))
    assert str(caught.value).count(";") == 2


def test_a_trigger_that_may_fire_is_no_problem():
    assert phases(alter(fire_triggers=True), document(triggers=[TRIGGER]))


RENAMING = {"kind": "rename", "old": "total", "new": "amount"}


@pytest.mark.parametrize(
    ("operation", "mark", "problem"),
    [
        (alter(), RENAMING, "the rename of total to amount is not finished"),
        (
            RenameColumnOnlineOp("bill", "total", "sum"),
            {"kind": "alter", "old": "total", "new": "total_online"},
            "an earlier online change of the column is not finished",
        ),
        (FinishColumnOnlineOp("bill", "total"), None, "the column is in no online change"),
        (
            FinishColumnOnlineOp("bill", "total"),
            {"kind": "alter", "old": "total", "new": "total_online"},
            "has not come to the swap",
        ),
    ],
)
def test_refused_after_another_change(operation, mark, problem):
    with pytest.raises(DirectiveError) as caught:
        phases(operation, document(mark=mark))
    assert problem in str(caught.value)


def test_a_script_that_is_run_again_gets_the_same_answer():
    request = ColumnRequest("alter", "bill", "total")
    first, second = document(), document(mark=RENAMING)
    changes = OnlineChanges(documents={request.key: first})
    assert changes.document("a1", request) is first
    changes.documents = {request.key: second}
    assert changes.document("a1", request) is first
    assert changes.document("b1", request) is second
    assert OnlineChanges(recorded={"a1": {request.key: first}}).document("a1", request) is first
    assert OnlineChanges().document("a1", request) is None


@pytest.mark.parametrize(
    ("old", "default", "new", "expected"),
    [
        ("text", "'7'::text", sa.Integer, "'7'"),
        ("text", "'7'::text", sa.Text, "'7'"),
        ("integer", "'-1'::integer", sa.BigInteger, "'-1'::integer"),
        ("bigint", "'-1'::integer", sa.Text, "'-1'"),
        ("text", "lower('X'::text)", sa.String(9), "lower('X'::text)"),
    ],
)
def test_a_default_without_the_cast_to_the_old_type(old, default, new, expected):
    found = phases(alter(type_=new), document({"type": old, "default": default}))
    sql = f"ALTER TABLE public.bill ALTER COLUMN total_online SET DEFAULT {expected}"
    assert sql in found[0]
    assert sql in found[-1]


def test_finish_drops_all_old_columns_of_a_change():
    group = [["public", "bill", "id", "id_old"], ["app", "Part", "bill_id", "bill_id_old"]]
    mark = {"kind": "alter", "old": "id_old", "new": "id", "swapped": True, "group": group}
    assert phases(FinishColumnOnlineOp("bill", "id"), document(mark=mark)) == [
        [
            'DROP TRIGGER IF EXISTS "~id_online" ON public.bill',
            "DROP FUNCTION IF EXISTS public.bill_id_online()",
            "ALTER TABLE public.bill DROP COLUMN id_old",
        ],
        [
            'DROP TRIGGER IF EXISTS "~bill_id_online" ON app."Part"',
            'DROP FUNCTION IF EXISTS app."Part_bill_id_online"()',
            'ALTER TABLE app."Part" DROP COLUMN bill_id_old',
        ],
    ]


def test_finish_needs_the_copies():
    operation = FinishColumnOnlineOp("bill", "amount")
    with pytest.raises(DirectiveError, match=r"index i of public\.bill has no copy"):
        phases(operation, document(mark=RENAMING, indexes=[INDEX]))
    found = phases(operation, document(mark=RENAMING, indexes=[INDEX], objects=["i", "i_online"]))
    assert found[0][-1] == "ALTER INDEX public.i_online RENAME TO i"


@pytest.mark.parametrize(
    ("not_valid", "facts", "problem"),
    [
        ("bill_amount_online_proof", {}, "rows of public.bill may have no value in amount"),
        ("i_online", {"indexes": [INDEX]}, "the copy of index i of public.bill for the new name"),
        ("c_online", {"constraints": [CONSTRAINT]}, "the copy of constraint c for the new name"),
        ("f_online", {"foreign_keys": [FOREIGN_KEY]}, "the copy of constraint f for the new name"),
    ],
)
def test_finish_needs_copies_that_are_valid(not_valid, facts, problem):
    """A revision that was declared applied before its end has none."""
    operation = FinishColumnOnlineOp("bill", "amount")
    facts = facts | {"mark": RENAMING, "objects": ["i_online", "c_online", "f_online"]}
    assert phases(operation, document(**facts))
    with pytest.raises(DirectiveError) as caught:
        phases(operation, document(**facts, not_valid=[not_valid]))
    assert problem in str(caught.value)


def test_a_copy_may_be_as_little_valid_as_what_it_copies():
    operation = FinishColumnOnlineOp("bill", "amount")
    facts = {"mark": RENAMING, "objects": ["c_online"], "not_valid": ["c_online"]}
    assert phases(operation, document(**facts, constraints=[CONSTRAINT | {"validated": False}]))


def identity(kind: str = "a", **sequence: Any) -> list[str]:
    """The statements of the swap that are about the identity."""
    column = {"identity": kind, "not_null": True, "sequence": SEQUENCE | sequence}
    swap = phases(alter(), document(column))[-1]
    return [sql for sql in swap if "IDENTITY" in sql or "SEQUENCE" in sql or "setval" in sql]


def test_an_identity_moves_with_its_position():
    assert identity() == [
        "ALTER SEQUENCE public.bill_total_seq RENAME TO bill_total_seq_online",
        (
            "ALTER TABLE public.bill ALTER COLUMN total_online ADD GENERATED ALWAYS AS IDENTITY"
            " (SEQUENCE NAME public.bill_total_seq START WITH 1 INCREMENT BY 1 CACHE 1)"
        ),
        (
            "SELECT pg_catalog.setval('public.bill_total_seq'::regclass, last_value, is_called)"
            " FROM public.bill_total_seq_online"
        ),
        "ALTER TABLE public.bill ALTER COLUMN total DROP IDENTITY",
    ]


@pytest.mark.parametrize(
    ("kind", "sequence", "text"),
    [
        ("d", {}, "GENERATED BY DEFAULT AS IDENTITY"),
        ("a", {"cycle": True}, "CACHE 1 CYCLE)"),
        ("a", {"max": "99"}, "INCREMENT BY 1 MAXVALUE 99 CACHE"),
        ("a", {"min": "0"}, "INCREMENT BY 1 MINVALUE 0 CACHE"),
        (
            "a",
            {"increment": "-1", "min": str(-(2**31)), "max": "-1"},
            "INCREMENT BY -1 CACHE 1)",
        ),
        ("a", {"comment": "numbers"}, "COMMENT ON SEQUENCE public.bill_total_seq IS 'numbers'"),
    ],
)
def test_an_identity_keeps_its_options(kind, sequence, text):
    assert any(text in sql for sql in identity(kind, **sequence))


@pytest.mark.parametrize(
    ("trigger", "keywords"),
    [
        ({"enabled": False}, {}),
        ({"name": "~total_online"}, {}),
        ({"update": False}, {}),
        ({}, {"fire_triggers": True}),
        ({"name": "~z", "update": False, "before": False}, {}),
        ({"name": "~z", "update": False, "row": False}, {}),
    ],
)
def test_triggers_that_disturb_nothing(trigger, keywords):
    made = alter(**keywords)
    assert phases(made, document(triggers=[TRIGGER | trigger]))


@pytest.mark.parametrize(
    "key",
    [
        {"to_table": "other"},
        {"to_columns": ["id"]},
    ],
)
def test_an_expression_may_be_used_beside_foreign_keys_elsewhere(key):
    assert phases(alter(using="total + 1"), document(foreign_keys=[FOREIGN_KEY | key]))


def test_constraints_and_foreign_keys_get_their_names_back():
    swap = phases(alter(), document(constraints=[CONSTRAINT], foreign_keys=[FOREIGN_KEY]))[-1]
    assert [sql for sql in swap if "RENAME CONSTRAINT" in sql] == [
        "ALTER TABLE public.bill RENAME CONSTRAINT c_online TO c",
        "ALTER TABLE public.part RENAME CONSTRAINT f_online TO f",
    ]
    assert "ALTER TABLE public.part DROP CONSTRAINT f" in swap


def test_an_old_column_that_is_kept_loses_what_hinders_it():
    column = {"not_null": True, "default": "0"}
    key = {"constraint": "u", "unique": True, "name": "u", "uses": {"total": 1}}
    key["definition"] = "CREATE UNIQUE INDEX u ON public.bill USING btree (total)"
    unique = CONSTRAINT | {"name": "u", "kind": "u", "index": "u", "definition": "UNIQUE (total)"}
    found = document(column, version=17, indexes=[INDEX, INDEX | key], constraints=[unique])
    swap = phases(alter(drop_old=False), found)[-1]
    for sql in (
        "ALTER TABLE public.bill DROP CONSTRAINT u",
        "DROP INDEX public.i",
        "ALTER TABLE public.bill ALTER COLUMN total DROP DEFAULT",
        "ALTER TABLE public.bill ALTER COLUMN total DROP NOT NULL",
        "ALTER TABLE public.bill RENAME COLUMN total TO total_old",
        "ALTER TABLE public.bill RENAME COLUMN total_online TO total",
    ):
        assert sql in swap
    assert "DROP INDEX public.u" not in swap
    assert "ALTER TABLE public.bill DROP COLUMN total" not in swap


@pytest.mark.parametrize(
    ("request_", "key", "triggers"),
    [
        (ColumnRequest("alter", "bill", "total"), "online alter bill total", ["~total"]),
        (
            ColumnRequest("rename", "app.bill", "total", "sum"),
            "online rename app.bill total sum",
            ["~sum", "~total"],
        ),
    ],
)
def test_the_question_about_a_column(request_, key, triggers):
    assert request_.key == key
    assert request_.triggers == tuple(map(trigger_name, [name[1:] for name in triggers]))
