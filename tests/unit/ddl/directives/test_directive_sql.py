"""What directives become: each call of ``op`` with its statements, or the error that names what is wrong."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.errors import DirectiveError
from asyncmig.operations.facade import Operations
from asyncmig.plan.phases import COMMIT_HERE
from asyncmig.plan.recorder import Recorder
from asyncmig.revisions.graph.revision import Revision


class Base(AsyncAttrs, DeclarativeBase):
    """Models of a script."""


class User(Base):
    __tablename__ = "user"
    __table_args__ = {"schema": "app"}  # noqa: RUF012 - SQLAlchemy's own

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None]


OTHER = sa.Table("other", sa.MetaData(), sa.Column("a", sa.Text), sa.Column("b", sa.Text))
ITEM = sa.table("item", sa.column("n"), schema="shop")


def domains(rows):
    return rows


def one_by_one(rows):
    return rows


@pytest.fixture
def run(monkeypatch):
    """A function: the statements of a call, and the last definition of a backfill."""
    monkeypatch.setattr("asyncmig.plan.recorder.is_handled_by_caller", lambda: False)

    def call(directive) -> tuple[list[str], object]:
        recorder = Recorder(Revision(id="a1", path=__file__), dialect=MigrationDialect())
        directive(Operations(recorder))
        entries = [entry for entry in recorder.take() if entry is not COMMIT_HERE]
        return [entry.sql for entry in entries], entries[-1].backfill if entries else None

    return call


CALLS = [
    (
        lambda op: op.add_column(
            "t",
            sa.Column("a", sa.Integer, sa.ForeignKey("u.id", ondelete="CASCADE"), primary_key=True),
            inline_references=True,
            inline_primary_key=True,
        ),
        [
            (
                "ALTER TABLE t ADD COLUMN a INTEGER NOT NULL PRIMARY KEY"
                " REFERENCES u (id) ON DELETE CASCADE"
            )
        ],
    ),
    (
        lambda op: op.add_column(
            "t",
            sa.Column("a", sa.Integer, sa.ForeignKey("u.id"), sa.ForeignKey("v.id")),
            inline_references=True,
        ),
        [
            "ALTER TABLE t ADD COLUMN a INTEGER",
            "ALTER TABLE t ADD FOREIGN KEY(a) REFERENCES u (id)",
            "ALTER TABLE t ADD FOREIGN KEY(a) REFERENCES v (id)",
        ],
    ),
    (
        lambda op: op.add_column(
            "t", sa.Column("a", sa.Integer, sa.CheckConstraint("a > 0"), index=True, comment="c")
        ),
        [
            "ALTER TABLE t ADD COLUMN a INTEGER CHECK (a > 0)",
            "CREATE INDEX ix_t_a ON t (a)",
            "COMMENT ON COLUMN t.a IS 'c'",
        ],
    ),
    (
        lambda op: op.alter_column(
            "t", "a", new_column_name="b", existing_type=sa.Boolean(create_constraint=True, name="c")
        ),
        ["ALTER TABLE t RENAME a TO b"],
    ),
    (
        lambda op: op.alter_column(
            "t", "a", type_=sa.Text, existing_type=sa.Enum("x", native_enum=False, name="c",
                                                           create_constraint=True),
            postgresql_using="a::text",
        ),
        ["ALTER TABLE t DROP CONSTRAINT c", "ALTER TABLE t ALTER COLUMN a TYPE TEXT USING a::text"],
    ),
    (
        lambda op: op.alter_column(
            "t", "a", type_=sa.Enum("x", native_enum=False, name="c", create_constraint=True)
        ),
        [
            "ALTER TABLE t ALTER COLUMN a TYPE VARCHAR(1)",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a IN ('x'))",
        ],
    ),
    (
        lambda op: op.alter_column("t", "a", server_default=None, nullable=True, comment=None),
        [
            "ALTER TABLE t ALTER COLUMN a DROP NOT NULL",
            "ALTER TABLE t ALTER COLUMN a DROP DEFAULT",
            "COMMENT ON COLUMN t.a IS NULL",
        ],
    ),
    (
        lambda op: op.add_column("t", sa.Column("a", sa.Boolean(create_constraint=True, name="c"))),
        ["ALTER TABLE t ADD COLUMN a BOOLEAN"],
    ),
    (
        lambda op: op.add_column("t", User.__table__.c.email),
        ["ALTER TABLE t ADD COLUMN email VARCHAR"],
    ),
    (lambda op: op.drop_column("t", "a", if_exists=True), ["ALTER TABLE t DROP COLUMN IF EXISTS a"]),
    (lambda op: op.rename_table("t", "u", schema="s"), ["ALTER TABLE s.t RENAME TO u"]),
    (lambda op: op.create_table_comment("t", "it's"), ["COMMENT ON TABLE t IS 'it''s'"]),
    (lambda op: op.drop_table_comment("t"), ["COMMENT ON TABLE t IS NULL"]),
    (
        lambda op: op.create_exclude_constraint("c", "t", ("a", "="), using="gist"),
        ["ALTER TABLE t ADD CONSTRAINT c EXCLUDE USING gist (a WITH =)"],
    ),
    (lambda op: op.drop_constraint("c", "t"), ["ALTER TABLE t DROP CONSTRAINT c"]),
    (
        lambda op: op.finish_column_online("t", "a"),
        [
            'DROP TRIGGER IF EXISTS "~a_online" ON t',
            "DROP FUNCTION IF EXISTS t_a_online()",
            "ALTER TABLE t DROP COLUMN a_old",
        ],
    ),
    (
        lambda op: op.create_index(
            "i", "t", [sa.func.lower(sa.Table("t", sa.MetaData(), sa.Column("a")).c.a)]
        ),
        ["CREATE INDEX i ON t (lower(a))"],
    ),
    (
        lambda op: op.create_index("i", "t", [sa.func.coalesce(OTHER.c.a, OTHER.c.a, OTHER.c.b)]),
        ["CREATE INDEX i ON t (coalesce(a, a, b))"],
    ),
    (
        lambda op: op.execute(sa.select(sa.case((sa.column("a") == 1, 2), else_=3))),
        ["SELECT CASE WHEN (a = 1) THEN 2 ELSE 3 END AS anon_1"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("call", "expected"), CALLS)
def test_a_call(run, call, expected) -> None:
    assert run(call)[0] == expected


def test_online_changes_of_a_table_of_the_script_are_plain(run) -> None:
    def call(op) -> None:
        op.create_table("t", sa.Column("a", sa.Integer), schema="s")
        op.alter_column_online("t", "a", type_=sa.Text, using="a::text", schema="s")
        op.rename_column_online("t", "a", "b", schema="s")
        op.finish_column_online("t", "b", schema="s")

    assert run(call)[0][1:] == [
        "ALTER TABLE s.t ALTER COLUMN a TYPE TEXT USING a::text",
        "ALTER TABLE s.t RENAME COLUMN a TO b",
    ]


def test_a_batch(run) -> None:
    def call(op) -> None:
        with op.batch_alter_table("t", schema="s") as batch:
            batch.create_exclude_constraint("c", ("a", "="), using="gist")
            batch.drop_constraint("d", type_="check")
            batch.create_table_comment("it's")
            batch.drop_table_comment(existing_comment="it's")

    assert run(call)[0] == [
        "ALTER TABLE s.t ADD CONSTRAINT c EXCLUDE USING gist (a WITH =)",
        "ALTER TABLE s.t DROP CONSTRAINT d",
        "COMMENT ON TABLE s.t IS 'it''s'",
        "COMMENT ON TABLE s.t IS NULL",
    ]


BACKFILLS = [
    (
        lambda op: op.backfill("t", {"a": "b + 1", "c": None}, where="a \\: 1"),
        "UPDATE t SET a = b + 1, c = NULL\nWHERE (a : 1)",
        "t_a_c",
    ),
    (
        lambda op: op.backfill(ITEM, {ITEM.c.n: ITEM.c.n + 1}, where=ITEM.c.n > 5, key=["id"]),
        "UPDATE shop.item SET n = shop.item.n + 1\nWHERE (shop.item.n > 5)",
        "item_n",
    ),
    (
        lambda op: op.backfill(
            User.__table__, {User.email: sa.func.lower(User.email)}, schema="other"
        ),
        'UPDATE other."user" SET email = lower(app."user".email)',
        "user_email",
    ),
    (
        lambda op: op.backfill("t", {"a": "c.a"}, from_="u AS c", on="c.id = t.id", name="x"),
        "UPDATE t SET a = c.a\nFROM u AS c\nWHERE (c.id = t.id)",
        "x",
    ),
    (
        lambda op: op.backfill("t", {"a": "n"}, from_=ITEM, on=ITEM.c.n == sa.column("id")),
        "UPDATE t SET a = n\nFROM shop.item\nWHERE (shop.item.n = id)",
        "t_a",
    ),
    (
        lambda op: op.backfill("t", {"a": "b", "c": "1"}, into="u"),
        "INSERT INTO u (a, c)\nSELECT b, 1 FROM t\nON CONFLICT DO NOTHING",
        "t_a_c",
    ),
    (
        lambda op: op.backfill("t", delete=True, where="a", by="ctid"),
        "DELETE FROM t\nWHERE (a)",
        "t_delete",
    ),
    (
        lambda op: op.backfill_with(domains, "t", columns=["a", "b"], where="c"),
        "SELECT t.a, t.b FROM t\nWHERE (c)",
        "t_domains",
    ),
    (
        lambda op: op.backfill_with(one_by_one, "t", columns=["a"], name="x", key=["id"]),
        "SELECT t.a FROM t",
        "x",
    ),
    (lambda op: op.require_backfill("x"), "SELECT 'the backfill x is required'", "x"),
]


@pytest.mark.parametrize(("call", "statement", "name"), BACKFILLS)
def test_a_backfill(run, call, statement, name) -> None:
    (found,), definition = run(call)
    assert found == statement
    assert definition.name == name


def test_the_function_of_a_backfill_is_found_again(run) -> None:
    _, definition = run(lambda op: op.backfill_with(domains, "t", columns=["a"], by="key"))
    assert definition.function == f"{__name__}:domains"
    assert (definition.columns, definition.key) == (("a",), ())


REFUSED = [
    (
        lambda op: op.create_table("t", sa.Column("a"), postgresql_ops={}),
        "does not accept postgresql_ops here",
    ),
    (lambda op: op.backfill("t", {"a": "1"}, delete=True), "delete=True takes neither"),
    (lambda op: op.backfill("t", delete=True, into="u"), "delete=True takes neither"),
    (lambda op: op.backfill("t"), "there are no values"),
    (lambda op: op.backfill("t", {"a": "1"}, on="x"), "on= needs from_="),
    (lambda op: op.backfill("t", {"a": "1"}, from_="u"), "from_= needs on="),
    (lambda op: op.backfill("t", {"a": "1"}, on_error="skip"), "on_error='skip' is unknown"),
    (lambda op: op.backfill("t", {"a": "1"}, batch_size=0), "batch_size=0 is not a size"),
    (lambda op: op.backfill("t", {"a": "1"}, key="id"), "key= is a list of columns"),
    (lambda op: op.backfill("t", {"a": "1"}, by="rowid"), "by='rowid' is unknown"),
    (lambda op: op.backfill("t", {"a": "1"}, by="ctid", key=["id"]), "name two orders"),
    (lambda op: op.backfill("t", {"a": "1"}, by="ctid"), 'by="ctid" needs where='),
    (lambda op: op.backfill("t", {"a": 1}), "a backfill takes expressions, not int"),
    (lambda op: op.backfill(ITEM, {}), "backfill of item: there are no values"),
    (lambda op: op.backfill_with(domains, "t", columns="a"), "columns= is a list of columns"),
    (lambda op: op.backfill_with(domains, "t", columns=[]), "columns= is a list of columns"),
    (lambda op: op.backfill_with(lambda rows: rows, "t", columns=["a"]), "has no name by which"),
    (
        lambda op: op.backfill_with(SimpleNamespace(__name__="f"), "t", columns=["a"]),
        "SimpleNamespace has no name by which",
    ),
    (lambda op: op.require_backfill(""), "require_backfill has no name"),
    (
        lambda op: op.alter_column("t", "a", postgresql_using="a::int"),
        "has postgresql_using and no type_",
    ),
    (
        lambda op: op.create_index("i", "t", ["a"], postgresql_nonsense=1),
        "does not accept postgresql_nonsense here",
    ),
]


@pytest.mark.parametrize(("call", "problem"), REFUSED)
def test_what_does_not_fit_together_is_refused(run, call, problem) -> None:
    with pytest.raises(DirectiveError, match=problem) as caught:
        run(call)
    assert caught.value.hint


def test_one_row_is_a_batch(run) -> None:
    _, definition = run(lambda op: op.backfill("t", {"a": "1"}, batch_size=1))
    assert definition.batch_size == 1


def test_a_keyword_of_another_database_has_no_effect(run) -> None:
    with pytest.warns(UserWarning, match="postgresql_other has no effect on PostgreSQL"):
        run(lambda op: op.alter_column("t", "a", nullable=True, postgresql_other=1))
