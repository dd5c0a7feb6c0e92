"""Changes of enums and domains."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from model_changes.building import (
    Change,
    both,
    check,
    col,
    computed,
    domain,
    enum,
    n,
    nothing,
    table,
    text,
)


def mood(*labels, **keywords):
    return table(col("mood", enum(*labels), **keywords))


positive = domain(check="VALUE > 0", constraint_name="positive")
wide = domain(sa.BigInteger, check="VALUE > 0", constraint_name="positive")
priced = n(domain())

CHANGES = [
    Change("enum", nothing, mood("sad", "ok")),
    Change("enum removed with its column", mood("sad", "ok"), nothing),
    Change("enum: a label at the end", mood("sad", "ok"), mood("sad", "ok", "happy")),
    Change("enum: a label at the start", mood("sad", "ok"), mood("awful", "sad", "ok")),
    Change("enum: labels within", mood("a", "e"), mood("0", "a", "b", "c", "e", "f")),
    Change("enum: a label that needs quotes", mood("a"), mood("a", "it's: 100%")),
    Change("enum: a label removed", mood("sad", "ok", "happy"), mood("sad", "happy")),
    Change("enum: a label for another", mood("sad", "ok"), mood("sad", "fine")),
    Change(
        "enum: another order",
        mood("sad", "ok", server_default="ok", index=True),
        mood("ok", "sad", server_default="ok", index=True),
    ),
    Change(
        "enum: a new label is the default",
        mood("a", "b", server_default="a"),
        mood("a", "b", "c", server_default="c"),
    ),
    Change(
        "enum: a label removed, in a CHECK",
        table(col("mood", enum("a", "b", "c")), check("mood <> 'a'", name="ck")),
        table(col("mood", enum("a", "b")), check("mood <> 'a'", name="ck")),
    ),
    Change(
        "enum: a label removed, in an index",
        table(
            col("mood", enum("a", "b", "c")),
            lambda: sa.Index("ix", "id", postgresql_where=text("mood = 'a'")),
        ),
        table(
            col("mood", enum("a", "b")),
            lambda: sa.Index("ix", "id", postgresql_where=text("mood = 'a'")),
        ),
    ),
    Change(
        "enum: another order, in an array",
        n(pgs.ARRAY(enum("a", "b")), server_default=text("'{a}'")),
        n(pgs.ARRAY(enum("b", "a")), server_default=text("'{a}'")),
    ),
    Change(
        "enum: a label removed, in two tables",
        both(mood("a", "b", "c"), table(col("m", enum("a", "b", "c")), name="film")),
        both(mood("a", "b"), table(col("m", enum("a", "b")), name="film")),
    ),
    Change("enum: name", mood("a", "b"), table(col("mood", enum("a", "b", name="Mood of it")))),
    Change("enum in an array", nothing, n(pgs.ARRAY(enum("a", "b")))),
    Change("enum to array", n(enum("a", "b")), n(pgs.ARRAY(enum("a", "b")))),
    Change("enum for a CHECK", n(enum("a", "b", native_enum=False)), n(enum("a", "b"))),
    Change("domain", nothing, priced),
    Change("domain removed", priced, nothing),
    Change(
        "domain with everything",
        nothing,
        n(
            domain(
                sa.Numeric(8, 2),
                check="VALUE >= 0",
                not_null=True,
                default=text("0"),
                constraint_name="positive",
            )
        ),
    ),
    Change("domain: CHECK", priced, n(positive)),
    Change("domain: CHECK removed", n(positive), priced),
    Change(
        "domain: CHECK changed",
        n(positive),
        n(domain(check="VALUE > 1", constraint_name="positive")),
    ),
    Change("domain: CHECK without a name", priced, n(domain(check="VALUE > 0"))),
    Change("domain: NOT NULL", priced, n(domain(not_null=True))),
    Change("domain: default", priced, n(domain(default=text("7")))),
    Change("domain: default removed", n(domain(default=text("7"))), priced),
    Change("domain: base type", priced, n(domain(sa.Numeric(8, 2)))),
    Change("domain: length of its base type", n(domain(sa.String(9))), n(domain(sa.String(20)))),
    Change("domain: base type without a cast", priced, n(domain(sa.Date))),
    Change(
        "domain: base type, with default, CHECK and index",
        table(
            col("n", positive, server_default=text("5"), index=True),
            check("n > 3", name="ck"),
            col("twice", sa.Integer, computed("n * 2")),
        ),
        table(
            col("n", wide, server_default=text("5"), index=True),
            check("n > 3", name="ck"),
            col("twice", sa.Integer, computed("n * 2")),
        ),
    ),
    Change(
        "domain: base type, in an array",
        n(pgs.ARRAY(domain()), server_default=text("'{}'")),
        n(pgs.ARRAY(domain(sa.BigInteger)), server_default=text("'{}'")),
    ),
    Change(
        "domain: base type, in two tables",
        both(priced, table(col("m", domain(), nullable=False), name="film")),
        both(
            n(domain(sa.BigInteger)),
            table(col("m", domain(sa.BigInteger), nullable=False), name="film"),
        ),
    ),
    Change("domain: collation", n(domain(sa.Text)), n(domain(sa.Text, collation="C"))),
    Change("domain: collation removed", n(domain(sa.Text, collation="C")), n(domain(sa.Text))),
    Change(
        "domain: name of its NOT NULL",
        n(domain(not_null=True)),
        n(domain(not_null=True, constraint_name="there")),
        since=17,
    ),
    Change("domain in an array", nothing, n(pgs.ARRAY(domain()))),
    Change("domain to its base type", priced, n(sa.Integer)),
    Change("type to domain", n(sa.Integer), n(positive)),
    Change(
        "domain over an enum",
        nothing,
        n(domain(enum("a", "b"))),
    ),
    Change(
        "domain over an enum that loses a label",
        table(col("mood", enum("a", "b")), col("m", domain(enum("a", "b")))),
        table(col("mood", enum("b")), col("m", domain(enum("b")))),
    ),
]
