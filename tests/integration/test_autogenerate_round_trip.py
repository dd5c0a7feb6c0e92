"""Models drawn at random: from one to the other and back, nothing is left to do."""

from __future__ import annotations

import os
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql as pgs

from fix_autogenerate import comparing_at

EXAMPLES = int(os.environ.get("ASYNCMIG_AUTOGEN_EXAMPLES", "40"))
"""How many pairs are drawn; ``make test-autogen`` wants thousands."""

TYPES: dict[str, tuple[Any, tuple[str | None, ...]]] = {
    "integer": (sa.Integer, (None, "0", "1 + 1")),
    "bigint": (sa.BigInteger, (None, "7")),
    "text": (sa.Text, (None, "'a:b'", "upper('x')", "'it''s'")),
    "varchar": (sa.String(20), (None, "'a'")),
    "varchar wide": (sa.String(40), (None,)),
    "numeric": (sa.Numeric(8, 2), (None, "1.5")),
    "numeric wide": (sa.Numeric(10, 2), (None, "0")),
    "date": (sa.Date, (None, "CURRENT_DATE")),
    "timestamptz": (sa.DateTime(timezone=True), (None, "now()")),
    "boolean": (sa.Boolean, (None, "true")),
    "uuid": (sa.Uuid, (None, "gen_random_uuid()")),
    "jsonb": (pgs.JSONB, (None, "'{\"a\": 1}'")),
    "array": (pgs.ARRAY(sa.Text), (None, "'{}'")),
}
COMPARABLE = frozenset(TYPES) - {"jsonb"}
LABELS = ("a", "b", "c d", "d:e")


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """A table as plain data, so that a failing example can be read."""
    names = draw(st.lists(st.sampled_from("abcde"), unique=True, max_size=4))
    columns = {}
    for name in names:
        kind = draw(st.sampled_from(sorted(TYPES)))
        columns[name] = {
            "type": kind,
            "default": draw(st.sampled_from(TYPES[kind][1])),
            "nullable": draw(st.booleans()),
            "comment": draw(st.sampled_from([None, None, "it's", "b:c"])),
        }
    comparable = [name for name in names if columns[name]["type"] in COMPARABLE]
    subsets = (
        st.lists(st.sampled_from(comparable), unique=True, min_size=1, max_size=2)
        if comparable
        else st.just([])
    )
    return {
        "columns": columns,
        "id": draw(st.sampled_from(["serial", "identity", "always", "plain"])),
        "mood": draw(st.sampled_from([None, None, "mood"])),
        "comment": draw(st.sampled_from([None, "one", "two"])),
        "unique": draw(st.lists(subsets, max_size=1)),
        "index": draw(st.lists(st.tuples(subsets, st.booleans(), st.booleans()), max_size=2)),
        "check": draw(st.sampled_from([None, "id > 0", "id > 1 AND id <> 5"])),
        "refers": draw(st.sampled_from([None, None, "x", "y", "z"])),
        "ondelete": draw(st.sampled_from([None, "CASCADE"])),
    }


models = st.fixed_dictionaries(
    {
        "tables": st.dictionaries(st.sampled_from("xyz"), tables(), max_size=3),
        "mood": st.lists(st.sampled_from(LABELS), unique=True, min_size=1),
        "sequence": st.sampled_from([None, 1, 10]),
    }
)


def metadata_of(model: dict[str, Any]) -> sa.MetaData:
    metadata = sa.MetaData()
    if model["sequence"]:
        sa.Sequence("numbers", start=model["sequence"], metadata=metadata)
    for name, table in model["tables"].items():
        _table(metadata, name, table, model)
    return metadata


def _table(metadata: sa.MetaData, name: str, table: dict[str, Any], model: dict[str, Any]) -> None:
    items: list[Any] = []
    if table["id"] in {"identity", "always"}:
        items.append(sa.Identity(always=table["id"] == "always"))
    serial = table["id"] == "serial"
    made = sa.Table(
        name,
        metadata,
        sa.Column(
            "id",
            sa.Integer,
            *items,
            primary_key=True,
            autoincrement=serial or ("auto" if items else False),
        ),
        comment=table["comment"],
    )
    for column, about in table["columns"].items():
        default = (
            None if about["default"] is None else sa.text(about["default"].replace(":", "\\:"))
        )
        made.append_column(
            sa.Column(
                column,
                TYPES[about["type"]][0],
                server_default=default,
                nullable=about["nullable"],
                comment=about["comment"],
            )
        )
    if table["mood"]:
        made.append_column(
            sa.Column("mood", sa.Enum(*model["mood"], name="mood"), server_default=model["mood"][0])
        )
    if table["refers"] in model["tables"]:
        made.append_column(sa.Column("to_id", sa.Integer))
        key = sa.ForeignKeyConstraint(
            ["to_id"], [f"{table['refers']}.id"], ondelete=table["ondelete"]
        )
        made.append_constraint(key)
    if table["check"]:
        made.append_constraint(sa.CheckConstraint(table["check"], name=f"ck_{name}"))
    for columns in table["unique"]:
        if columns:
            made.append_constraint(sa.UniqueConstraint(*columns, name=f"uq_{name}"))
    for number, (columns, unique, partial) in enumerate(table["index"]):
        if columns:
            where = sa.text("id > 3") if partial else None
            sa.Index(
                f"ix_{name}_{number}",
                *(made.c[column] for column in columns),
                unique=unique,
                postgresql_where=where,
            )


@pytest.mark.timeout(120 + 2 * EXAMPLES)
@settings(
    max_examples=EXAMPLES,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(one=models, two=models)
async def test_there_and_back(database_url: str, one: dict[str, Any], two: dict[str, Any]) -> None:
    async with comparing_at(database_url) as comparing:
        await comparing.driver.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await comparing.there_and_back(metadata_of(one), metadata_of(two))
