"""Revision files for Alembic: the directives of ``directive_cases`` within the habits of old scripts.

A case becomes one revision. Each of its statements runs in a world of its own, a few tables in a few
schemas that are renamed afterwards, and in a savepoint; the SQLSTATE of one that fails goes into a table. So
one dump shows what all of them made, and what they were refused.
"""

from __future__ import annotations

import ast
import inspect
import textwrap

from support import directive_cases
from support.directive_cases import CASES

HEADER = '''\
import datetime as dt
import decimal
import enum
import uuid
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations as Theirs
from alembic.operations import ops as their_ops
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Session

our_ops = their_ops
STORAGE = {storage}
TWO_ONE = {two_one}
WORLD = """
DROP SCHEMA IF EXISTS public CASCADE;
CREATE SCHEMA public; CREATE SCHEMA s; CREATE SCHEMA "S"; CREATE SCHEMA r; CREATE SCHEMA s2;
CREATE TABLE t (id int, a int, b text, c int, "C" int, "B" int, d date, e text,
    old int, n int NOT NULL DEFAULT 1);
CREATE TABLE s.t (LIKE t INCLUDING ALL); CREATE TABLE "S".t (LIKE t INCLUDING ALL);
CREATE TABLE s."T" (a int);
CREATE TABLE u (id int PRIMARY KEY, b int UNIQUE, a int, c int, d int, UNIQUE (c, d));
CREATE TABLE s.u (LIKE u INCLUDING ALL); CREATE TABLE r.u (LIKE u INCLUDING ALL);
CREATE TABLE s2.u (LIKE u INCLUDING ALL);
CREATE TABLE other (id int PRIMARY KEY); CREATE TABLE o (id int PRIMARY KEY); CREATE TABLE x (a text, b text);
ALTER TABLE s.t ADD CONSTRAINT old CHECK (a > 0); CREATE INDEX ix_old ON s.t (a); CREATE INDEX ix ON t (a);
ALTER TABLE t ADD CONSTRAINT c CHECK (a < 1000); CREATE INDEX "Ix" ON "S".t (a); CREATE INDEX ix_t_a ON t (b);
INSERT INTO t (id, a, b) VALUES (1, 5, 'x');
CREATE TABLE h (a int, b text); INSERT INTO h VALUES (1, 'x')
"""
NO_TABLES = 'DROP TABLE t, s.t, "S".t'
NO_COLUMNS = "ALTER TABLE t DROP a, DROP b, DROP c; ALTER TABLE s.t DROP a, DROP b, DROP c"


{helpers}

@contextmanager
def world(case, number, less):
    bind = op.get_bind()
    bind.execute(sa.text(WORLD + less))
    state = None
    try:
        with bind.begin_nested():
            yield
    except Exception as error:
        state = state_of(error)
    bind.execute(
        sa.text("INSERT INTO kept.outcome VALUES (:c, :n, :s)"), {{"c": case, "n": number, "s": state}}
    )
    for schema in ("public", "s", "S", "r", "s2"):
        bind.execute(sa.text(f'ALTER SCHEMA "{{schema}}" RENAME TO "{{case}} {{number}} {{schema}}"'))
    bind.execute(sa.text("CREATE SCHEMA public"))


def state_of(error):
    while error is not None:
        for holder in (error, getattr(error, "orig", None)):
            for name in ("pgcode", "sqlstate"):
                if getattr(holder, name, None):
                    return getattr(holder, name)
        error = error.__cause__
    return "no SQLSTATE"
'''
BEFORE = {
    "nothing": "",
    "a query": 'op.get_bind().execute(sa.text("SELECT 1")).scalar()',
    "reflection": "sa.inspect(op.get_bind()).get_columns('h')",
    "reflection of a table": "sa.Table('u', sa.MetaData(), autoload_with=op.get_bind())",
    "several statements": """
op.get_bind().execute(sa.text("SELECT 1; INSERT INTO h (a) VALUES (5)"))""",
    "untyped parameters": """
insert = sa.text("INSERT INTO h (a, b) VALUES (:a, :b)")
op.get_bind().execute(insert, {"a": "7", "b": 7})
""",
    "a plain cursor": """
op.get_bind().connection.cursor().execute("INSERT INTO h (a) VALUES (%s)", ("8",))""",
    "the orm": """
session = Session(bind=op.get_bind())
session.execute(sa.text("UPDATE h SET b = 'y'"))
session.commit()
""",
    "types of the dialect": "op.get_bind().dialect.type_descriptor(sa.Text())",
    "DDL as text": """op.execute("ALTER TABLE h ADD COLUMN more int; COMMENT ON TABLE h IS 'x:y'")""",
    "the context": """op.get_context().execute("INSERT INTO h (a) VALUES (9)")""",
    "an update": "op.execute(sa.table('h', sa.column('a')).update().values(a=6))",
    "an open result": "for row in op.get_bind().execute(sa.text('SELECT a FROM h LIMIT 1')):",
}
"""What stands before the directive; where it ends in a colon, the directive stands inside."""

_ONLY_OURS = {("bulk_insert", 3)}
"""psycopg2 has no SQL for an ``inline_literal`` among the values of a row."""
_HELPERS = ("Color", "id_column", "of_many_parts")


def scripts(habit: str, cases: list[str]) -> dict[str, str]:
    """The text of a revision for each case."""
    header = HEADER.format(
        storage=directive_cases.STORAGE,
        two_one=directive_cases.TWO_ONE,
        helpers="\n\n".join(inspect.getsource(getattr(directive_cases, name)) for name in _HELPERS),
    )
    header += f"\nCONVENTION = {directive_cases.CONVENTION!r}\n"
    previous = None
    found = {}
    for number, case in enumerate(cases, 1):
        revision = f"c{number:03}"
        found[case] = (
            f"{header}\nrevision = {revision!r}\ndown_revision = {previous!r}\n\n\n"
            f"def upgrade():\n{textwrap.indent(_body(case, BEFORE[habit].strip()), '    ')}\n"
        )
        previous = revision
    return found


def _body(case: str, before: str) -> str:
    function = ast.parse(textwrap.dedent(inspect.getsource(CASES[case]))).body[0]
    assert isinstance(function, ast.FunctionDef)
    lines = ["pass"]
    for number, statement in enumerate(function.body):
        text = ast.unparse(statement)
        if "op." not in text or isinstance(statement, ast.Assign):
            lines.append(text)
        elif (
            "concurrently" not in text and (case, number) not in _ONLY_OURS
        ):  # PostgreSQL refuses it in Alembic's transaction
            inner = f"{before}\n{textwrap.indent(text, '    ' if before.endswith(':') else '')}"
            lines.append(
                f"with world({case!r}, {number}, {_less(text)}):\n{textwrap.indent(inner.strip(), '    ')}"
            )
    return "\n".join(lines)


def _less(text: str) -> str:
    """What must not be there yet for a statement."""
    if "op.create_table(" in text:
        return "';' + NO_TABLES"
    return "';' + NO_COLUMNS" if "add_column(" in text else "''"
