"""What generated scripts say of a change of type, beside what PostgreSQL does."""

from __future__ import annotations

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.render.warnings.type_changes import TypeChange, type_change

STAYS, FITS, FAILS = TypeChange(rewrites=False), TypeChange(), TypeChange(fails=True)


def loses(how, *, fails=False):
    return TypeChange(loss=how, fails=fails)


CENTS = loses("are rounded to 2 decimals", fails=True)
TENTHS = loses("are rounded to 1 decimal")
WHOLE = loses("are rounded to whole numbers", fails=True)
THREE = loses("are rounded to 3 digits of a second")
NUMERIC, DOUBLE, REAL = sa.Numeric, pgs.DOUBLE_PRECISION, sa.REAL
TIMESTAMP, TIME, INTERVAL, BIT = pgs.TIMESTAMP, pgs.TIME, pgs.INTERVAL, pgs.BIT
DAY = "2026-03-04 05:06:07.891234"
CASES = [
    # before, after, what is said, a value that it is true of
    (NUMERIC(14, 4), NUMERIC(12, 2), CENTS, "10.1234", "9999999999.9999"),
    (NUMERIC(14, 4), NUMERIC(13, 2), loses("are rounded to 2 decimals"), "10.1234"),
    (NUMERIC(8, 2), NUMERIC(10, 2), STAYS, "123456.78"),
    (NUMERIC(8), NUMERIC(10, 0), STAYS, "12345678"),
    (NUMERIC(8, 2), NUMERIC(), STAYS, "123456.78"),
    (NUMERIC(8, 2), NUMERIC(10, 4), FITS, "123456.78"),
    (NUMERIC(8, 2), NUMERIC(8, 4), FAILS, "123456.78"),
    (NUMERIC(8, 2), NUMERIC(7, 1), loses("are rounded to 1 decimal", fails=True), "1.25"),
    (NUMERIC(), NUMERIC(12, 2), CENTS, "1.234", "1e20"),
    (NUMERIC(), sa.Integer(), WHOLE, "1.5", "1e20"),
    (NUMERIC(8, 2), sa.Integer(), loses("are rounded to whole numbers"), "1.5"),
    (NUMERIC(9, 0), sa.Integer(), FITS, "999999999"),
    (NUMERIC(10, 0), sa.Integer(), FAILS, "9999999999"),
    (NUMERIC(8, 2), DOUBLE(), FITS, "123456.78"),
    (NUMERIC(), DOUBLE(), loses("are rounded to 15 digits", fails=True), "1.23456789012345678901"),
    (NUMERIC(12, 4), REAL(), loses("are rounded to 6 digits"), "12345678.1234"),
    (sa.SmallInteger(), sa.Integer(), FITS, "32767"),
    (sa.BigInteger(), sa.Integer(), FAILS, "2147483648"),
    (sa.Integer(), NUMERIC(10, 2), FAILS, "2147483647"),
    (sa.Integer(), NUMERIC(12, 2), FITS, "2147483647"),
    (sa.Integer(), DOUBLE(), FITS, "2147483647"),
    (sa.Integer(), REAL(), loses("are rounded to 6 digits"), "16777217"),
    (sa.BigInteger(), DOUBLE(), loses("are rounded to 15 digits"), "9007199254740993"),
    (DOUBLE(), REAL(), loses("are rounded to 6 digits", fails=True), "0.123456789012", "1e300"),
    (REAL(), DOUBLE(), FITS, "0.5"),
    (DOUBLE(), sa.BigInteger(), WHOLE, "1.5", "1e300"),
    (DOUBLE(), NUMERIC(), loses("are rounded to 15 digits"), "0.12345678901234567"),
    (DOUBLE(), NUMERIC(12, 2), CENTS, "1.234", "1e300"),
    (TIMESTAMP(), sa.Date(), loses("are cut to their date"), DAY),
    (TIMESTAMP(timezone=True), sa.Date(), loses("are cut to their date"), DAY),
    (TIMESTAMP(), TIME(), loses("are cut to their time of day"), DAY),
    (TIMESTAMP(timezone=True), TIME(), loses("are cut to their time of day"), DAY),
    (sa.Date(), TIMESTAMP(timezone=True), FITS, "2026-03-04"),
    (TIMESTAMP(precision=3), TIMESTAMP(), STAYS, DAY),
    (TIMESTAMP(), TIMESTAMP(precision=6), STAYS, DAY),
    (TIMESTAMP(), TIMESTAMP(precision=3), THREE, DAY),
    (TIMESTAMP(), TIMESTAMP(precision=3, timezone=True), THREE, DAY),
    (TIME(), TIME(precision=0), loses("are rounded to seconds"), "05:06:07.8"),
    (TIME(timezone=True), TIME(), loses("lose their time zone"), "05:06:07+02"),
    (INTERVAL(), INTERVAL(precision=3), THREE, "1 day 00:00:00.123456"),
    (INTERVAL(precision=3), INTERVAL(), STAYS, "1 day"),
    (INTERVAL(fields="DAY"), INTERVAL(), STAYS, "1 day"),
    (INTERVAL(), INTERVAL(fields="DAY"), loses("are cut to day"), "1 day 02:00"),
    (INTERVAL(), TIME(), loses("are cut to their time of day"), "1 day 02:00"),
    (pgs.INET(), pgs.CIDR(), loses("are cut to their network"), "10.1.2.3/8"),
    (pgs.CIDR(), pgs.INET(), STAYS, "10.0.0.0/8"),
    (sa.Integer(), sa.Boolean(), loses("other than 0 become true"), "7"),
    (sa.String(3), sa.String(5), STAYS, "abc"),
    (sa.String(5), sa.String(3), FAILS, "abcd"),
    (sa.String(5), sa.Text(), STAYS, "abc"),
    (sa.Text(), sa.String(5), FAILS, "abcdef"),
    (sa.CHAR(3), sa.CHAR(5), FITS, "abc"),
    (sa.CHAR(3), sa.String(3), FITS, "abc"),
    (sa.Integer(), sa.String(2), FAILS, "100"),
    (sa.Integer(), sa.String(11), FITS, "-2147483648"),
    (sa.Uuid(), sa.Text(), FITS, "00000000-0000-0000-0000-000000000001"),
    (sa.Text(), sa.Integer(), FAILS, "x"),
    (BIT(3), BIT(5), FAILS, "101"),
    (BIT(3, varying=True), BIT(5, varying=True), STAYS, "101"),
    (sa.JSON(), pgs.JSONB(), FITS, "[1, 2]"),
    (pgs.ARRAY(sa.String(3)), pgs.ARRAY(sa.String(5)), FITS, "{abc}"),
    (pgs.ARRAY(sa.String(5)), pgs.ARRAY(sa.String(3)), FAILS, "{abcd}"),
    (pgs.ARRAY(NUMERIC(8, 2)), pgs.ARRAY(NUMERIC(9, 1)), TENTHS, "{1.25}"),
    (pgs.ARRAY(sa.Integer), sa.Text(), FITS, "{1,2}"),
]


def spelled(type_):
    return str(type_.compile(dialect=MigrationDialect()))


def named(case):
    return f"{spelled(case[0])} to {spelled(case[1])}"


@pytest.mark.cells(16)
@pytest.mark.parametrize("case", CASES, ids=named)
async def test_a_change_of_type_does_what_the_comment_says(pg: asyncpg.Connection, case):
    before, after, said, *values = case
    assert type_change(before, after) == said
    outcomes = {await outcome(pg, before, after, value, rewrites=said.rewrites) for value in values}
    told = {"loses" if said.loss else "", "fails" if said.fails else ""} - {""}
    assert outcomes <= (told or {"fits"})


async def outcome(pg: asyncpg.Connection, before, after, value, *, rewrites):
    """What becomes of a value, as it is seen when its column gets the first type again."""
    old, new = spelled(before), spelled(after)
    await pg.execute(f"DROP TABLE IF EXISTS t; CREATE TABLE t (c {old})")
    await pg.execute(f"INSERT INTO t VALUES ('{value}')")
    text = await pg.fetchval("SELECT c::text FROM t")
    file = await pg.fetchval("SELECT pg_relation_filenode('t')")
    using = f"USING c::{new}" if new in {"BOOLEAN", "INTEGER"} else ""
    try:
        await pg.execute(f"ALTER TABLE t ALTER c TYPE {new} {using}")
    except asyncpg.DataError:
        return "fails"
    assert (await pg.fetchval("SELECT pg_relation_filenode('t')") != file) == rewrites
    try:
        restored = await pg.fetchval(f"SELECT c::{old}::text FROM t")
    except asyncpg.CannotCoerceError:
        return "loses"
    return "fits" if restored == text else "loses"


async def test_explicit_casts_cut_what_assignment_refuses(pg: asyncpg.Connection):
    short = pgs.ARRAY(sa.String(3))
    assert type_change(pgs.ARRAY(sa.Text()), short) == FAILS
    found = type_change(pgs.ARRAY(sa.Text()), short, using=True)
    assert found == TypeChange(loss="are cut to 3 characters")
    assert await pg.fetchval("SELECT ('{abcd}'::text[]::varchar(3)[])[1]") == "abc"


def test_labels_are_as_long_as_they_are():
    mood = pgs.ENUM("sad", "happy", name="mood")
    assert type_change(mood, sa.String(5)) == FITS
    assert type_change(mood, sa.String(4)) == FAILS
    assert type_change(mood, sa.Text()) == FITS
