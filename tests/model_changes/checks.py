"""Changes of CHECK and exclusion constraints."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from model_changes.building import Change, check, col, enum, nothing, table

GIST = "CREATE EXTENSION btree_gist"
unbooked = table(col("room", sa.Integer), col("at", pgs.TSRANGE))


def ck(sql, **keywords):
    return table(check(sql, **{"name": "ck", **keywords}))


def booked(*elements, **keywords):
    return table(
        col("room", sa.Integer),
        col("at", pgs.TSRANGE),
        lambda: pgs.ExcludeConstraint(*elements, **{"name": "ex", "using": "gist", **keywords}),
    )


overlap = booked(("at", "&&"))

CHANGES = [
    Change("CHECK", nothing, ck("length(title) > 3 AND title <> 'a:b'")),
    Change("CHECK removed", ck("length(title) > 3"), nothing),
    Change("CHECK without a name", nothing, table(check("length(title) > 3"))),
    Change("CHECK of two columns", nothing, ck("id > 3 OR title IN ('a', 'b')")),
    Change("CHECK with a pattern", nothing, ck("title ~ '^[a-z]{1,3}:%$' AND title LIKE 'a%'")),
    Change("CHECK: expression", ck("length(title) > 3"), ck("length(title) > 4")),
    Change("CHECK: one more label", ck("title IN ('a', 'b')"), ck("title IN ('a', 'b', 'c')")),
    Change(
        "CHECK without a name: expression",
        table(check("length(title) > 3")),
        table(check("length(title) > 4")),
    ),
    Change("CHECK: name", ck("id > 3", name="one"), ck("id > 3", name="two")),
    Change("CHECK: name that needs quotes", ck("id > 3"), ck("id > 3", name='Check "it"')),
    Change("CHECK: comment", ck("id > 3"), ck("id > 3", comment="it's: 100%")),
    Change("CHECK: comment removed", ck("id > 3", comment="it's"), ck("id > 3")),
    Change(
        "CHECK: one of two",
        table(check("id > 3", name="a"), check("id < 9", name="b")),
        table(check("id > 3", name="a")),
    ),
    Change(
        "CHECK of a boolean type",
        nothing,
        table(col("n", sa.Boolean(create_constraint=True, name="bool"))),
    ),
    Change(
        "CHECK of an enum that is no type",
        table(col("n", enum("a", "b", native_enum=False, create_constraint=True))),
        table(col("n", enum("a", "b", "c", native_enum=False, create_constraint=True))),
    ),
    Change("CHECK added NOT VALID", nothing, ck("id > 3", postgresql_not_valid=True)),
    Change(
        "CHECK that is validated",
        ck("id > 3"),
        ck("id > 3"),
        raw="ALTER TABLE book DROP CONSTRAINT ck, ADD CONSTRAINT ck CHECK (id > 3) NOT VALID",
    ),
    Change(
        "CHECK that was NO INHERIT",
        ck("id > 3"),
        ck("id > 3"),
        raw="ALTER TABLE book DROP CONSTRAINT ck, ADD CONSTRAINT ck CHECK (id > 3) NO INHERIT",
    ),
    Change(
        "CHECK that was NOT ENFORCED",
        ck("id > 3"),
        ck("id > 3"),
        raw="ALTER TABLE book DROP CONSTRAINT ck, ADD CONSTRAINT ck CHECK (id > 3) NOT ENFORCED",
        since=18,
    ),
    Change("exclusion", unbooked, overlap),
    Change("exclusion removed", overlap, unbooked),
    Change(
        "exclusion with a new table",
        nothing,
        table(
            col("at", pgs.TSRANGE),
            lambda: pgs.ExcludeConstraint(("at", "&&"), name="ex", using="gist"),
            name="booking",
        ),
    ),
    Change("exclusion: name", overlap, booked(("at", "&&"), name="ey")),
    Change("exclusion: WHERE", overlap, booked(("at", "&&"), where=sa.text("id > 3"))),
    Change("exclusion: operator", overlap, booked(("at", "-|-"))),
    Change("exclusion: one more column", overlap, booked(("at", "&&"), ("room", "=")), setup=GIST),
    Change(
        "exclusion: method", booked(("room", "=")), booked(("room", "="), using="btree"), setup=GIST
    ),
    Change(
        "exclusion: expression", overlap, booked((sa.text("tsrange(lower(at), upper(at))"), "&&"))
    ),
    Change(
        "exclusion: operator class",
        overlap,
        booked(("at", "&&"), ops={"at": "range_ops"}, where=sa.text("id > 1")),
    ),
    Change("exclusion: DEFERRABLE", overlap, booked(("at", "&&"), deferrable=True)),
    Change(
        "exclusion: INITIALLY DEFERRED",
        overlap,
        booked(("at", "&&"), deferrable=True, initially="DEFERRED"),
    ),
]
