"""The effect of a change of type: rewriting, loss of values, failure."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects.postgresql import ARRAY, ENUM

from asyncmig.render.warnings.type_changes import lost_labels, type_change
from asyncmig.types import ServerType


@pytest.mark.parametrize(
    ("before", "after", "rewrites", "loss", "fails"),
    [
        ("INTEGER", "BIGINT", True, "", False),
        ("BIGINT", "INTEGER", True, "", True),
        ("NUMERIC(6, 2)", "NUMERIC(8, 2)", False, "", False),
        ("NUMERIC(6, 2)", "NUMERIC(6, 1)", True, "are rounded to 1 decimal", False),
        ("NUMERIC(6, 2)", "NUMERIC(5, 0)", True, "are rounded to whole numbers", False),
        ("NUMERIC(6, 2)", "NUMERIC(6)", True, "are rounded to whole numbers", False),
        ("NUMERIC(6, 2)", "NUMERIC", False, "", False),
        ("NUMERIC", "NUMERIC(6, 2)", True, "are rounded to 2 decimals", True),
        ("NUMERIC(6, 2)", "INTEGER", True, "are rounded to whole numbers", False),
        ("NUMERIC(12)", "INTEGER", True, "", True),
        ("INTEGER", "NUMERIC(5)", True, "", True),
        ("INTEGER", "NUMERIC(10)", True, "", False),
        ("INTEGER", "REAL", True, "are rounded to 6 digits", False),
        ("SMALLINT", "REAL", True, "", False),
        ("REAL", "DOUBLE PRECISION", True, "", False),
        ("DOUBLE PRECISION", "REAL", True, "are rounded to 6 digits", True),
        ("DOUBLE PRECISION", "NUMERIC", True, "are rounded to 15 digits", False),
        ("REAL", "INTEGER", True, "are rounded to whole numbers", True),
        ("NUMERIC(6, -2)", "NUMERIC(6, -3)", True, "are rounded", False),
        ("VARCHAR(10)", "VARCHAR(20)", False, "", False),
        ("VARCHAR(20)", "VARCHAR(10)", True, "", True),
        ("VARCHAR(10)", "TEXT", False, "", False),
        ("TEXT", "VARCHAR", False, "", False),
        ("TEXT", "VARCHAR(10)", True, "", True),
        ("CHAR(3)", "VARCHAR(3)", True, "", False),
        ("INTEGER", "VARCHAR(11)", True, "", False),
        ("INTEGER", "VARCHAR(10)", True, "", True),
        ("INTEGER", "TEXT", True, "", False),
        ("UUID", "TEXT", True, "", False),
        ("JSON", "VARCHAR(5)", True, "", True),
        ("CHAR(3)", "CHAR(5)", True, "", False),
        ("CHAR(5)", "CHAR(3)", True, "", True),
        ("BIT VARYING(3)", "BIT VARYING(5)", False, "", False),
        ("BIT VARYING(5)", "BIT VARYING(3)", True, "", True),
        ("BIT VARYING", "BIT VARYING(3)", True, "", True),
        ("CIDR", "INET", False, "", False),
        ("INET", "CIDR", True, "are cut to their network", False),
        ("JSON", "JSONB", True, "", False),
        ("JSONB", "JSON", True, "", True),
        ("INTEGER", "BOOLEAN", True, "other than 0 become true", False),
        ("BOOLEAN", "INTEGER", True, "", True),
        ("DATE", "TIMESTAMP WITHOUT TIME ZONE", True, "", False),
        ("TIMESTAMP WITHOUT TIME ZONE", "DATE", True, "are cut to their date", False),
        (
            "TIMESTAMP WITH TIME ZONE",
            "TIME WITHOUT TIME ZONE",
            True,
            "are cut to their time of day",
            False,
        ),
        ("DATE", "TIME WITHOUT TIME ZONE", True, "", True),
        (
            "TIMESTAMP(6) WITHOUT TIME ZONE",
            "TIMESTAMP(3) WITHOUT TIME ZONE",
            True,
            "are rounded to 3 digits of a second",
            False,
        ),
        (
            "TIMESTAMP(3) WITHOUT TIME ZONE",
            "TIMESTAMP(0) WITHOUT TIME ZONE",
            True,
            "are rounded to seconds",
            False,
        ),
        ("TIMESTAMP(3) WITHOUT TIME ZONE", "TIMESTAMP WITHOUT TIME ZONE", False, "", False),
        ("TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP WITH TIME ZONE", True, "", False),
        ("TIME WITH TIME ZONE", "TIME WITHOUT TIME ZONE", True, "lose their time zone", False),
        ("TIME WITHOUT TIME ZONE", "TIME WITH TIME ZONE", True, "", False),
        ("INTERVAL", "INTERVAL YEAR TO MONTH", True, "are cut to year to month", False),
        ("INTERVAL", "INTERVAL(2)", True, "are rounded to 2 digits of a second", False),
        ("INTERVAL(2)", "INTERVAL", False, "", False),
        ("INTERVAL", "TIME WITHOUT TIME ZONE", True, "are cut to their time of day", False),
        ("INTEGER", "UUID", True, "", True),
        ("mood", "TEXT", True, "", False),
        ("mood", "VARCHAR(9)", True, "", True),
        ("INTEGER", "mood2", True, "", True),
        ("INTEGER[]", "BIGINT[]", True, "", False),
        ("INTEGER[]", "INTEGER", True, "", True),
        ("VARCHAR(9)[]", "VARCHAR(3)[]", True, "", True),
        ("INTEGER[]", "INTEGER[]", False, "", False),
        ("INTEGER[]", "TEXT", True, "", False),
        ("a.b", "INTEGER", True, "", True),
        ("INTEGER", "a.b", True, "", True),
        ("CHAR(3)", "CHAR", True, "", True),
        ("CHAR", "CHAR(1)", False, "", False),
    ],
)
def test_change(before, after, rewrites, loss, fails):
    found = type_change(ServerType(before), ServerType(after))
    assert (found.rewrites, found.loss, found.fails) == (rewrites, loss, fails)
    assert found.keeps_values == (not loss and not fails)


@pytest.mark.parametrize(
    ("before", "after", "loss"),
    [
        ("VARCHAR(9)[]", "VARCHAR(3)[]", "are cut to 3 characters"),
        ("CHAR(9)[]", "CHAR[]", "are cut to 1 characters"),
    ],
)
def test_an_explicit_cast_of_an_array_truncates(before, after, loss):
    found = type_change(ServerType(before), ServerType(after), using=True)
    assert (found.loss, found.fails) == (loss, False)


def enum(*labels: str) -> ENUM:
    return ENUM(*labels, name="mood")


def test_labels_that_are_lost():
    assert lost_labels(enum("a", "b"), enum("b")) == ("a",)
    assert lost_labels(ARRAY(enum("a")), ARRAY(enum("a", "b"))) == ()
    assert lost_labels(enum("a"), ServerType("TEXT")) is None
    assert lost_labels(ARRAY(enum("a")), enum("a")) is None


def test_an_enum_as_text():
    assert not type_change(enum("a", "longest"), ServerType("VARCHAR(7)")).fails
    assert type_change(enum("a", "longest"), ServerType("VARCHAR(6)")).fails
    assert type_change(enum("a"), enum("b")).keeps_values
