"""What the new column, its indexes and its constraints have of the old ones."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from asyncmig.ddl.compilation import Compilation
from asyncmig.errors import DirectiveError, ScriptError
from asyncmig.operations.directives.backfills import BackfillOp
from asyncmig.operations.directives.online import FinishColumnOnlineOp, RenameColumnOnlineOp
from asyncmig.plan.online.catalog import Catalog
from asyncmig.plan.online.phases import column_request, online_form
from asyncmig.plan.online.sql_mark import marked_operation
from asyncmig.plan.online.table_locks import lock_tables
from support.online_documents import (
    COLUMN,
    CONSTRAINT,
    DIALECT,
    FOREIGN_KEY,
    INDEX,
    SEQUENCE,
    TRIGGER,
    alter,
    document,
    phases,
)

TABLE = "ALTER TABLE public.bill"
NEW = f"{TABLE} ALTER COLUMN total_online"
RENAME = RenameColumnOnlineOp("bill", "total", "amount")
RENAMING = {"kind": "rename", "old": "total", "new": "amount"}
GRANT = {"role": "r", "privilege": "SELECT", "grantable": False, "by_owner": True}


@pytest.mark.parametrize(
    ("facts", "statement"),
    [
        ({"statistics": 500}, f"{NEW} SET STATISTICS 500"),
        ({"statistics": 0}, f"{NEW} SET STATISTICS 0"),
        (
            {"options": ["n_distinct=5", "n_distinct_inherited=6"]},
            f"{NEW} SET (n_distinct=5, n_distinct_inherited=6)",
        ),
        ({"storage": "p"}, f"{NEW} SET STORAGE PLAIN"),
        ({"storage": "e"}, f"{NEW} SET STORAGE EXTERNAL"),
        ({"storage": "x"}, f"{NEW} SET STORAGE EXTENDED"),
        ({"storage": "m"}, f"{NEW} SET STORAGE MAIN"),
        ({"compression": "l"}, f"{NEW} SET COMPRESSION lz4"),
        ({"compression": "p"}, f"{NEW} SET COMPRESSION pglz"),
        ({"comment": ""}, "COMMENT ON COLUMN public.bill.total_online IS ''"),
        ({"grants": [GRANT]}, "GRANT SELECT (total_online) ON public.bill TO r"),
        (
            {"grants": [GRANT | {"role": None, "grantable": True}]},
            "GRANT SELECT (total_online) ON public.bill TO PUBLIC WITH GRANT OPTION",
        ),
    ],
)
def test_a_property_of_the_column(facts: dict[str, Any], statement: str) -> None:
    plain, found = phases(alter(), document())[0], phases(alter(), document(facts))[0]
    assert [sql for sql in found if sql not in plain] == [statement]


@pytest.mark.parametrize(
    ("version", "column", "statement"),
    [
        (17, {"not_null": True}, "CHECK (total_online IS NOT NULL)"),
        (18, {"not_null": True}, "NOT NULL total_online"),
        (19, {"not_null": True}, "NOT NULL total_online"),
        (None, {"not_null": True}, "CHECK (total_online IS NOT NULL)"),
        (18, {}, "CHECK (((total) IS NULL) = (total_online IS NULL))"),
    ],
)
def test_the_proof(version: int | None, column: dict[str, Any], statement: str) -> None:
    found = phases(alter(), document(column, version=version))
    proof = f"{TABLE} ADD CONSTRAINT bill_total_online_proof {statement} NOT VALID"
    assert found[0][-1] == proof
    settled = [sql for sql in found[-1] if "SET NOT NULL" in sql or "proof" in sql.splitlines()[-1]]
    drop = f"{TABLE} DROP CONSTRAINT bill_total_online_proof"
    if statement.startswith("NOT NULL"):
        assert settled == []
    else:
        set_not_null = [f"{NEW} SET NOT NULL"] if column else []
        assert settled == [*set_not_null, drop]


def test_not_null_gets_the_name_of_its_constraint() -> None:
    swap = phases(alter(), document({"not_null": True, "not_null_name": "nn"}, version=18))[-1]
    assert swap[-1] == f"{TABLE} RENAME CONSTRAINT bill_total_online_proof TO nn"


def test_an_index_is_tried_created_and_renamed() -> None:
    other = {"name": "u", "unique": True, "uses": {"total": 1}}
    other["definition"] = "CREATE UNIQUE INDEX u ON public.bill USING btree (id, total)"
    found = phases(alter(), document(indexes=[INDEX, INDEX | other]))
    body = "USING btree (total_online) WHERE (total_online > 0)"
    assert found[0][-4:] == [
        "CREATE TEMPORARY TABLE asyncmig_probe (LIKE public.bill)",
        f"CREATE INDEX ON pg_temp.asyncmig_probe {body}",
        "CREATE UNIQUE INDEX ON pg_temp.asyncmig_probe USING btree (id, total_online)",
        "DROP TABLE pg_temp.asyncmig_probe",
    ]
    assert found[2] == [
        f"CREATE INDEX CONCURRENTLY i_online ON public.bill {body}",
        "CREATE UNIQUE INDEX CONCURRENTLY u_online ON public.bill USING btree (id, total_online)",
    ]
    assert found[-1][-2:] == [
        "ALTER INDEX public.i_online RENAME TO i",
        "ALTER INDEX public.u_online RENAME TO u",
    ]


@pytest.mark.parametrize(
    ("index", "constraint", "statements"),
    [
        ({}, None, ["ALTER INDEX public.i_online RENAME TO i"]),
        (
            {"comment": "it's", "clustered": True, "replica_identity": True},
            None,
            [
                "ALTER INDEX public.i_online RENAME TO i",
                "COMMENT ON INDEX public.i IS 'it''s'",
                f"{TABLE} CLUSTER ON i",
                f"{TABLE} REPLICA IDENTITY USING INDEX i",
            ],
        ),
        ({}, {"kind": "p"}, [f"{TABLE} ADD CONSTRAINT k PRIMARY KEY USING INDEX i_online"]),
        (
            {},
            {"kind": "u", "deferrable": True, "comment": "c"},
            [
                f"{TABLE} ADD CONSTRAINT k UNIQUE USING INDEX i_online DEFERRABLE",
                "COMMENT ON CONSTRAINT k ON public.bill IS 'c'",
            ],
        ),
        (
            {},
            {"kind": "u", "deferrable": True, "deferred": True},
            [f"{TABLE} ADD CONSTRAINT k UNIQUE USING INDEX i_online DEFERRABLE INITIALLY DEFERRED"],
        ),
    ],
)
def test_an_index_takes_the_place_of_the_old_one(
    index: dict[str, Any], constraint: dict[str, Any] | None, statements: list[str]
) -> None:
    owner = [] if constraint is None else [CONSTRAINT | {"name": "k", "index": "i"} | constraint]
    swap = phases(alter(), document(indexes=[INDEX | index], constraints=owner))[-1]
    assert swap[-len(statements) :] == statements
    assert swap[-len(statements) - 1].startswith(f"{TABLE} RENAME COLUMN")


@pytest.mark.parametrize(
    ("sequence", "type_", "statements"),
    [
        ({}, sa.BigInteger, ["ALTER SEQUENCE public.bill_total_seq AS bigint"]),
        ({}, sa.Numeric, []),
        ({}, sa.Integer, []),
        ({"type": "bigint"}, sa.SmallInteger, []),
    ],
)
def test_the_sequence_of_serial_follows_the_column(
    sequence: dict[str, Any], type_: Any, statements: list[str]
) -> None:
    column = {"sequence": SEQUENCE | sequence, "default": "nextval('bill_total_seq'::regclass)"}
    found = phases(alter(type_=type_), document(column))
    assert [sql for sql in found[-1] if "SEQUENCE" in sql] == [
        *statements,
        "ALTER SEQUENCE public.bill_total_seq OWNED BY public.bill.total_online",
    ]
    assert f"{NEW} SET DEFAULT nextval('bill_total_seq'::regclass)" in found[-1]
    assert not any("DEFAULT" in sql for sql in found[0])


@pytest.mark.parametrize(
    ("sequence", "options"),
    [
        ({}, ""),
        ({"min": "5", "max": "9"}, " MINVALUE 5 MAXVALUE 9"),
        ({"type": "smallint", "max": str(2**15 - 1)}, ""),
        ({"increment": "-1", "min": str(-(2**31)), "max": "-1"}, ""),
        ({"type": "bigint", "max": str(2**63 - 1)}, ""),
        ({"increment": "-1", "min": "-9", "max": "-1"}, " MINVALUE -9"),
    ],
)
def test_the_bounds_of_an_identity(sequence: dict[str, Any], options: str) -> None:
    column = {"identity": "d", "sequence": SEQUENCE | sequence}
    swap = phases(alter(), document(column))[-1]
    step = sequence.get("increment", "1")
    assert (
        f"{NEW} ADD GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME public.bill_total_seq"
        f" START WITH 1 INCREMENT BY {step}{options} CACHE 1)"
    ) in swap


def test_a_column_that_is_renamed_keeps_the_type_of_its_sequence() -> None:
    column = {"sequence": SEQUENCE | {"type": "bigint"}, "default": "nextval('s'::regclass)"}
    mark = RENAMING | {"revision": "a1", "direction": "upgrade"}
    objects = ["bill_amount_online_proof"]
    found = document(column, mark=mark, objects=objects, names=["id", "total", "amount"])
    (swap,) = phases(FinishColumnOnlineOp("bill", "total"), found)
    assert not any(" AS bigint" in sql for sql in swap)
    assert "ALTER SEQUENCE public.bill_total_seq OWNED BY public.bill.amount" in swap
    assert f"{TABLE} ALTER COLUMN amount SET DEFAULT nextval('s'::regclass)" in swap


def test_the_default_loses_the_cast_to_the_old_type() -> None:
    column = {"type": "text", "default": "'open'::text"}
    found = phases(alter(type_=sa.String(5)), document(column))
    assert f"{NEW} SET DEFAULT 'open'" in found[0]
    assert f"{NEW} SET DEFAULT 'open'" in found[-1]


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ({"on_delete": "c"}, " ON DELETE CASCADE"),
        ({"on_delete": "r"}, " ON DELETE RESTRICT"),
        ({"on_delete": "d"}, " ON DELETE SET DEFAULT"),
        ({"on_update": "n"}, " ON UPDATE SET NULL"),
        ({"deferrable": True}, " DEFERRABLE"),
        ({}, ""),
    ],
)
def test_the_definition_of_a_foreign_key(action: dict[str, Any], text: str) -> None:
    found = phases(alter(), document(foreign_keys=[FOREIGN_KEY | action]))
    added = [phase[1] for phase in found if len(phase) > 1 and "FOREIGN KEY" in phase[1]]
    assert added == [
        (
            "ALTER TABLE public.part ADD CONSTRAINT f_online FOREIGN KEY (bill_total)"
            f" REFERENCES public.bill (total_online){text} NOT VALID"
        )
    ]


def test_each_table_has_its_own_columns() -> None:
    check = CONSTRAINT | {"definition": "CHECK ((total > bill_total))"}
    first = document(constraints=[check])
    second = document({"name": "bill_total"}, name="part", names=["bill_total"])
    both = first | {"tables": first["tables"] + second["tables"]}
    found = phases(alter(), both)
    copy = f"{TABLE} ADD CONSTRAINT c_online CHECK ((total_online > bill_total)) NOT VALID"
    assert copy in found[0]
    added = [sql for phase in found for sql in phase if "ADD COLUMN" in sql]
    assert added == [
        f"{TABLE} ADD COLUMN total_online BIGINT",
        "ALTER TABLE public.part ADD COLUMN bill_total_online BIGINT",
    ]
    assert found[-1][0] == lock_tables(["public.bill", "public.part"], "ACCESS EXCLUSIVE")


@pytest.mark.parametrize(("has_key", "by"), [(True, "key"), (False, "ctid")])
def test_the_batches_follow_the_key_where_there_is_one(has_key: bool, by: str) -> None:
    form = online_form(alter(), Catalog.of(document(has_key=has_key)), Compilation(DIALECT), "a1")
    assert [each.by for phase in form.phases for each in phase if isinstance(each, BackfillOp)] == [
        by
    ]


def test_what_a_plan_without_a_database_assumes_of_the_beginning() -> None:
    catalog = Catalog.assumed("bill", "public", "total")
    form = online_form(alter(), catalog, Compilation(DIALECT), "a1")
    assert [each.by for phase in form.phases for each in phase if isinstance(each, BackfillOp)] == [
        "key"
    ]
    rename = online_form(RENAME, catalog, Compilation(DIALECT), "a1")
    sync = next(each for each in rename.phases[0] if "IS DISTINCT FROM" in str(each.sqltext))
    assert "::text" not in str(sync.sqltext)


def test_what_a_plan_without_a_database_assumes_of_the_end() -> None:
    catalog = Catalog.assumed("bill", "public", "total")
    form = online_form(FinishColumnOnlineOp("bill", "total"), catalog, Compilation(DIALECT), "a1")
    assert len(form.phases) == 1


def test_the_guard_knows_what_the_change_carries() -> None:
    unique = CONSTRAINT | {"name": "u", "kind": "u", "index": "u"}
    index = INDEX | {"name": "u"}
    found = document(
        indexes=[INDEX, index], constraints=[CONSTRAINT, unique], foreign_keys=[FOREIGN_KEY]
    )
    guard = phases(alter(), found)[-1][1]
    assert "ARRAY['i', 'u', 'c', 'f', 'bill_total_online_proof']::text[]" in guard


class TestRename:
    def test_a_nullable_column_needs_its_proof_only_once(self) -> None:
        drop = f"{TABLE} DROP CONSTRAINT bill_amount_online_proof"
        assert phases(RENAME, document())[-1] == ["ANALYZE public.bill", drop]
        assert phases(RENAME, document({"not_null": True}))[-1] == ["ANALYZE public.bill"]

    def test_it_is_taken_back_with_the_tables_of_foreign_keys_locked(self) -> None:
        back = RenameColumnOnlineOp("bill", "amount", "total")
        column = {"name": "amount"}
        mark = {"kind": "rename", "old": "total", "new": "amount"}
        found = document(column, mark=mark, foreign_keys=[FOREIGN_KEY])
        ((first, *_),) = phases(back, found)
        assert first == lock_tables(["public.bill", "public.part"], "ACCESS EXCLUSIVE")

    def test_the_question_has_both_names(self) -> None:
        request = column_request(RENAME, Compilation(DIALECT))
        assert request.key == "online rename bill total amount"
        finish = column_request(FinishColumnOnlineOp("bill", "total"), Compilation(DIALECT))
        assert finish.key == "online finish bill total"

    def test_an_alteration_is_not_finished_before_its_swap(self) -> None:
        mark = {"kind": "alter", "old": "total", "new": "total_online"}
        with pytest.raises(DirectiveError, match="its online change has not come to the swap"):
            phases(FinishColumnOnlineOp("bill", "total"), document(mark=mark))

    def test_a_proof_that_is_not_valid_is_named(self) -> None:
        proof = "bill_amount_online_proof"
        found = document(mark=RENAMING, objects=[proof], not_valid=[proof])
        with pytest.raises(
            DirectiveError, match=r"rows of public\.bill may have no value in amount"
        ):
            phases(FinishColumnOnlineOp("bill", "total"), found)


@pytest.mark.parametrize(
    ("trigger", "is_refused"),
    [
        ({"name": "~total_online"}, False),
        ({"name": "~total_onlinf"}, True),
        ({"name": "a"}, False),
        ({"name": "~z", "before": False}, False),
        ({"name": "~z", "row": False}, False),
        ({"name": "~z", "enabled": False}, False),
        ({"name": "~tota"}, False),
    ],
)
def test_a_trigger_that_fires_later_is_refused(trigger: dict[str, Any], is_refused: bool) -> None:
    found = document(triggers=[TRIGGER | {"update": False} | trigger])
    if is_refused:
        with pytest.raises(DirectiveError, match="fires after the trigger of the change"):
            phases(alter(), found)
    else:
        assert phases(alter(), found)


def test_a_trigger_between_those_of_two_columns_fires_after_the_first() -> None:
    found = document(triggers=[TRIGGER | {"name": "~tp", "update": False}])
    found["tables"][0]["columns"] = [COLUMN, COLUMN | {"name": "z"}]
    with pytest.raises(DirectiveError, match=r"trigger ~tp of public\.bill fires after"):
        phases(alter(), found)


def test_a_trigger_between_both_names_fires_after_that_of_the_new_one() -> None:
    found = document(triggers=[TRIGGER | {"name": "~b", "update": False}])
    with pytest.raises(DirectiveError, match=r"trigger ~b of public\.bill fires after"):
        phases(RENAME, found)


def test_the_columns_of_another_table_are_not_taken() -> None:
    first, second = document(), document(name="part", names=["total"])
    assert phases(alter(), first | {"tables": first["tables"] + second["tables"]})
    twice = document(names=["total"]) | {}
    twice["tables"][0]["columns"] = [COLUMN, COLUMN]
    with pytest.raises(DirectiveError, match=r"two columns of public\.bill are the same"):
        phases(alter(), twice)


@pytest.mark.parametrize("sql", ["ALTER TABLE t RENAME a TO", "ALTER TABLE t RENAME a"])
def test_a_rename_without_a_new_name(sql: str) -> None:
    with pytest.raises(ScriptError, match="not followed by one change of a column"):
        marked_operation("", sql)


def test_an_old_column_that_is_kept_has_nothing_to_lose() -> None:
    swap = phases(alter(drop_old=False), document())[-1]
    assert f"{TABLE} RENAME COLUMN total TO total_old" in swap
    assert not any("DROP DEFAULT" in sql or "DROP NOT NULL" in sql for sql in swap)


def test_the_swap_of_a_plain_column_with_an_index_and_a_check() -> None:
    found = document(indexes=[INDEX], constraints=[CONSTRAINT])
    assert phases(alter(), found)[-1][2:] == [
        'DROP TRIGGER IF EXISTS "~total_online" ON public.bill',
        "DROP FUNCTION IF EXISTS public.bill_total_online()",
        f"{TABLE} DROP CONSTRAINT bill_total_online_proof",
        f"{TABLE} DROP COLUMN total",
        f"{TABLE} RENAME COLUMN total_online TO total",
        "ALTER INDEX public.i_online RENAME TO i",
        f"{TABLE} RENAME CONSTRAINT c_online TO c",
    ]


def test_the_swap_of_a_rename() -> None:
    found = document(mark=RENAMING, names=["id", "total", "amount"], triggers=[TRIGGER])
    (swap,) = phases(FinishColumnOnlineOp("bill", "total"), found)
    assert swap[2:] == [
        'DROP TRIGGER IF EXISTS "~amount_online" ON public.bill',
        "DROP FUNCTION IF EXISTS public.bill_amount_online()",
        f"{TABLE} DROP COLUMN total",
    ]


def test_the_mark_of_a_column_that_is_kept_says_that_it_was_swapped() -> None:
    swap = phases(alter(drop_old=False), document())[-1]
    assert swap[-1] == (
        'COMMENT ON FUNCTION public.bill_total_online() IS \'{"kind": "alter", "old": "total_old",'
        ' "new": "total", "swapped": true, "group": [["public", "bill", "total", "total_old"]]}\''
    )


def test_a_check_keeps_its_comment() -> None:
    found = document(constraints=[CONSTRAINT | {"comment": "it's"}])
    assert phases(alter(), found)[-1][-2:] == [
        f"{TABLE} RENAME CONSTRAINT c_online TO c",
        "COMMENT ON CONSTRAINT c ON public.bill IS 'it''s'",
    ]


def test_a_default_is_tried_where_no_sequence_gives_it() -> None:
    tried = f"{NEW} SET DEFAULT 0"
    assert tried in phases(alter(), document({"default": "0"}))[0]
    assert not any("DEFAULT" in sql for sql in phases(alter(), document())[0])
    # the new name of a rename has the default until the swap
    assert not any("DEFAULT" in sql for sql in phases(RENAME, document({"default": "0"}))[0])


def test_foreign_keys_of_two_tables_may_have_one_name() -> None:
    other = FOREIGN_KEY | {"table": "piece"}
    found = phases(alter(), document(foreign_keys=[FOREIGN_KEY, other, other]))
    added = [phase[1].split()[2] for phase in found if len(phase) == 2 and "ADD CON" in phase[1]]
    assert added == ["public.part", "public.piece"]


def test_a_constraint_without_an_index_owns_none() -> None:
    swap = phases(alter(), document(indexes=[INDEX], constraints=[CONSTRAINT]))[-1]
    assert "ALTER INDEX public.i_online RENAME TO i" in swap


def test_a_rename_that_was_interrupted_begins_again() -> None:
    names = ["id", "total", "amount"]
    found = phases(RENAME, document(mark=RENAMING, names=names))
    assert "DROP COLUMN IF EXISTS amount CASCADE" in "\n".join(found[0])
    altering = {"kind": "alter", "old": "total", "new": "amount"}
    with pytest.raises(DirectiveError, match="an earlier online change of the column"):
        phases(RENAME, document(mark=altering, names=names))


def test_a_rename_is_checked_at_its_beginning_and_at_its_end() -> None:
    with pytest.raises(DirectiveError, match="is partitioned"):
        phases(RENAME, document(kind="p"))
    with pytest.raises(DirectiveError, match="is partitioned"):
        phases(FinishColumnOnlineOp("bill", "total"), document(kind="p", mark=RENAMING))


@pytest.mark.parametrize("name", ["~amount_online", "~total_online"])
def test_the_trigger_of_either_name_is_its_own(name: str) -> None:
    assert phases(RENAME, document(triggers=[TRIGGER | {"name": name}]))


def test_the_copy_of_a_foreign_key_may_not_exist() -> None:
    key = FOREIGN_KEY | {"table": "bill", "columns": ["total"], "to_table": "other"}
    with pytest.raises(DirectiveError, match="has an index or constraint f_online already"):
        phases(alter(), document(foreign_keys=[key], objects=["f_online"]))
