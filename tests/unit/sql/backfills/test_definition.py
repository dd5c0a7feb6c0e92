"""The definition of a backfill: its statement, its fingerprint, and its form as data."""

from __future__ import annotations

import json
from dataclasses import replace

from asyncmig.sql.backfills.definition import Backfill

UPDATE = Backfill(
    name="x",
    table="orders",
    assignments="city = c.city",
    source="c",
    join="c.id = a",
    where="a > 1",
)


def test_the_statement():
    assert UPDATE.statement() == (
        "UPDATE orders SET city = c.city\nFROM c\nWHERE (c.id = a) AND (a > 1)"
    )
    assert UPDATE.statement("id > 5", "true") == (
        "UPDATE orders SET city = c.city\nFROM c\nWHERE (id > 5) AND (c.id = a) AND (a > 1)"
        "\nRETURNING true"
    )
    assert UPDATE.remaining == "SELECT orders.* FROM orders, c WHERE (c.id = a) AND (a > 1)"


def test_the_rows_that_are_left():
    everything = Backfill(name="x", schema="app", table="t", assignments="a = 1")
    assert everything.remaining == "SELECT t.* FROM app.t"
    assert replace(everything, where="a > 1").remaining == "SELECT t.* FROM app.t WHERE (a > 1)"


def test_two_releases_agree_on_a_fingerprint():
    assert UPDATE.fingerprint == "8239a7c92e6c0ecf125f07fcde103182"


def test_tuning_is_not_part_of_the_fingerprint():
    tuned = replace(UPDATE, deferred=True, on_error="record", batch_size=5)
    assert tuned.fingerprint == UPDATE.fingerprint
    assert replace(UPDATE, where="a > 2").fingerprint != UPDATE.fingerprint
    assert replace(UPDATE, name="y").fingerprint != UPDATE.fingerprint


def test_it_survives_as_data():
    definition = replace(UPDATE, key=("a", "b"), batch_size=5)
    assert definition.to_dict()["key"] == ["a", "b"]
    data = json.loads(json.dumps(definition.to_dict()))
    assert data["key"] == ["a", "b"]
    assert "deferred" not in data
    assert Backfill.from_dict(data) == definition


def test_the_query_of_a_function_has_further_columns():
    found = Backfill(name="x", kind="function", table="t", columns=("a",))
    assert found.statement(returning="t.id, 1") == "SELECT t.a, t.id, 1 FROM t"
    assert found.statement() == "SELECT t.a FROM t"


def test_a_gate_changes_nothing():
    gate = Backfill(name="it's", kind="gate")
    assert gate.statement() == "SELECT 'the backfill it''s is required'"
    assert not gate.is_verifiable


def test_what_can_be_verified():
    assert UPDATE.is_verifiable
    assert not replace(UPDATE, where=None).is_verifiable
    assert not replace(UPDATE, kind="insert", into="t (a)").is_verifiable
