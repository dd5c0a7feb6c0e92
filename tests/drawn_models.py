"""Models drawn at random: plain data first, so that a failing example can be read, then MetaData."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql as pgs

from model_changes.building import LONG, text

CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
TABLES = ("x", "y", "Big Order", 'q"uote', "select", LONG)
SCHEMAS = (None, None, None, "other", "My Shop")
COLUMNS = ("a", "b", "C c", 'd"q', "user", "p%c", "größe", LONG)
LABELS = ("a", "b", "c d", "d:e", "it's", "Ü")
COMMENTS = (None, None, None, "it's", 'b:c "quoted"', "100% ü\\\nnext line")
WORDS = ("{c} IN ('a', 'b:c')", "length({c}) > 3", "{c} LIKE 'a%'", "{c} ~ '^[a-z]+:\\d$'")
NUMBERS = ("{c} BETWEEN 1 AND 5", "{c} NOT IN (1, 2)", "{c} > 0 OR {c} IS NULL", "-{c} < 1.5")
TIMES = ("{c} > '2020-01-01'",)
TYPES: dict[str, tuple[Any, tuple[str | None, ...], tuple[str, ...]]] = {
    "smallint": (sa.SmallInteger, (None, "-1"), NUMBERS),
    "integer": (sa.Integer, (None, "0", "1 + 1"), NUMBERS),
    "bigint": (sa.BigInteger, (None, "7"), NUMBERS),
    "text": (sa.Text, (None, "'a:b'", "upper('x')", "'it''s'"), WORDS),
    "text C": (sa.Text(collation="C"), (None, "'a'"), WORDS),
    "varchar": (sa.String(20), (None, "'a'", "'a' || 'b'"), WORDS),
    "varchar wide": (sa.String(40), (None,), WORDS),
    "char": (sa.CHAR(3), (None, "'abc'"), WORDS[:1]),
    "numeric": (sa.Numeric(8, 2), (None, "1.5"), NUMBERS),
    "numeric wide": (sa.Numeric(10, 2), (None, "0"), NUMBERS),
    "double": (sa.Double, (None, "0.1", "random()"), NUMBERS),
    "date": (sa.Date, (None, "CURRENT_DATE", "'2026-01-01'"), TIMES),
    "timestamp": (sa.DateTime, (None, "now()"), TIMES),
    "timestamptz": (sa.DateTime(timezone=True), (None, "now()"), TIMES),
    "interval": (sa.Interval, (None, "'1 day 02:00'"), ()),
    "boolean": (sa.Boolean, (None, "true"), ("{c} IS NOT TRUE", "NOT {c}")),
    "uuid": (sa.Uuid, (None, "gen_random_uuid()"), ()),
    "jsonb": (pgs.JSONB, (None, "'{\"a\": 1}'"), ("jsonb_typeof({c}) = 'object'", "{c} ? 'a'")),
    "array": (pgs.ARRAY(sa.Text), (None, "'{}'", "ARRAY['a', 'b:c']"), ("cardinality({c}) < 9",)),
    "array of varchar": (pgs.ARRAY(sa.String(9)), (None, "'{}'"), ("'a' = ANY ({c})",)),
    "range": (pgs.TSRANGE, (None,), ("NOT isempty({c})",)),
    "mood": ("mood", (None, "'{label}'"), ("{c} <> '{label}'", "{c} IN ('{label}', '{label}')")),
    "moods": ("moods", (None, "'{{}}'"), ("cardinality({c}) < 9",)),
    "feeling": ("feeling", (None, "'{label}'"), ()),
    "price": ("price", (None, "'5'"), ()),
}
KEYABLE = frozenset(TYPES) - {"jsonb", "price"}
WORDY = frozenset({"text", "text C", "varchar", "varchar wide"})


@st.composite
def columns(draw: st.DrawFn) -> dict[str, Any]:
    """A column."""
    kind = draw(st.sampled_from(sorted(TYPES)))
    generated = draw(st.sampled_from([None] * 6 + ["id * 2", "id + 1"]))
    return {
        "type": "integer" if generated else kind,
        "default": None if generated else draw(st.sampled_from(TYPES[kind][1])),
        "generated": generated,
        "nullable": draw(st.booleans()),
        "comment": draw(st.sampled_from(COMMENTS)),
    }


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """A table; what names columns names those that it has."""
    mine = draw(st.dictionaries(st.sampled_from(COLUMNS), columns(), max_size=5))
    keyable = [name for name, about in mine.items() if about["type"] in KEYABLE]
    some = (
        st.lists(st.sampled_from(keyable), unique=True, min_size=1, max_size=2)
        if keyable
        else st.just([])
    )
    every = ["id", *mine]
    condition = st.tuples(st.sampled_from(every), st.integers(0, 3))
    index = st.fixed_dictionaries(
        {
            "columns": some,
            "unique": st.booleans(),
            "where": st.none() | condition,
            "order": st.sampled_from(["", "", " DESC", " NULLS FIRST"]),
            "include": st.booleans(),
            "lower": st.booleans(),
            "fillfactor": st.sampled_from([None, None, 70]),
        }
    )
    return {
        "schema": draw(st.sampled_from(SCHEMAS)),
        "columns": mine,
        "id": draw(st.sampled_from(["serial", "identity", "always", "plain", "counting"])),
        "wide id": draw(st.booleans()),
        "comment": draw(st.sampled_from(COMMENTS)),
        "unlogged": draw(st.sampled_from([False, False, False, True])),
        "unique": draw(st.none() | some),
        "unique named": draw(st.booleans()),
        "deferrable": draw(st.booleans()),
        "indexes": draw(st.lists(index, max_size=2)),
        "checks": draw(st.lists(condition, max_size=2)),
        "exclude": draw(st.booleans()),
        "refers": draw(st.none() | st.sampled_from(TABLES)),
        "ondelete": draw(st.sampled_from([None, "CASCADE", "SET NULL"])),
        "deferred": draw(st.booleans()),
    }


labels = st.lists(st.sampled_from(LABELS), unique=True, min_size=1)
models = st.fixed_dictionaries(
    {
        "tables": st.dictionaries(st.sampled_from(TABLES), tables(), max_size=4),
        "mood": labels,
        "feeling": labels,
        "price": st.sampled_from([("", False), ("VALUE > 0", False), ("VALUE <> 1", True)]),
        "price type": st.sampled_from(["integer", "integer", "integer", "bigint", "numeric"]),
        "sequence": st.sampled_from([None, {}, {"start": 10}, {"increment": -1, "cache": 5}]),
        "convention": st.booleans(),
        "two": st.booleans(),
    }
)


def metadatas_of(model: dict[str, Any]) -> list[sa.MetaData]:
    """The models: one MetaData, or two between which no foreign key leads."""
    naming = CONVENTION if model["convention"] else None
    made = [sa.MetaData(naming_convention=naming) for _ in range(1 + model["two"])]
    home = {name: made[number % len(made)] for number, name in enumerate(sorted(model["tables"]))}
    if model["sequence"] is not None:
        sa.Sequence("Num bers", metadata=made[0], **model["sequence"])
    for name, about in model["tables"].items():
        _Table(model, name, about, home).build()
    return made


class _Table:
    def __init__(
        self, model: dict[str, Any], name: str, about: dict[str, Any], home: dict[str, sa.MetaData]
    ) -> None:
        self.model, self.name, self.about, self.home = model, name, about, home
        self.number = TABLES.index(name)
        self.made: Any = None

    def build(self) -> None:
        about = self.about
        prefixes = ["UNLOGGED"] if about["unlogged"] else []
        self.made = sa.Table(
            self.name,
            self.home[self.name],
            self._id(),
            schema=about["schema"],
            comment=about["comment"],
            prefixes=prefixes,
        )
        for name, column in about["columns"].items():
            self.made.append_column(self._column(name, column))
        self._refer()
        for number, condition in enumerate(about["checks"]):
            sql = self._condition(*condition)
            self.made.append_constraint(sa.CheckConstraint(text(sql), name=f"ck {number}"))
        if about["unique"]:
            name = f"uq {self.number}" if about["unique named"] else None
            timing = {"deferrable": True, "initially": "DEFERRED"} if about["deferrable"] else {}
            self.made.append_constraint(sa.UniqueConstraint(*about["unique"], name=name, **timing))
        ranges = [name for name, item in about["columns"].items() if item["type"] == "range"]
        if about["exclude"] and ranges:
            item = pgs.ExcludeConstraint((self.made.c[ranges[0]], "&&"), name=f"ex {self.number}")
            self.made.append_constraint(item)
        for number, index in enumerate(about["indexes"]):
            if index["columns"]:
                self._index(f"ix {self.number} {number}", index)

    def _id(self) -> sa.Column[Any]:
        kind = self.about["id"]
        items: list[Any] = []
        if kind in {"identity", "always"}:
            items.append(sa.Identity(always=kind == "always"))
        if kind == "counting":
            items.append(sa.Identity(start=100, increment=5, maxvalue=30000, cycle=True))
        return sa.Column(
            "id",
            sa.BigInteger if self.about["wide id"] else sa.Integer,
            *items,
            primary_key=True,
            autoincrement=kind == "serial" or ("auto" if items else False),
        )

    def _column(self, name: str, about: dict[str, Any]) -> sa.Column[Any]:
        items: list[Any] = []
        if about["generated"]:
            items.append(sa.Computed(about["generated"], persisted=True))
        default = about["default"]
        return sa.Column(
            name,
            self._type(about["type"]),
            *items,
            server_default=None if default is None else text(self._filled(default, about["type"])),
            nullable=about["nullable"],
            comment=about["comment"],
        )

    def _type(self, kind: str) -> Any:
        found = TYPES[kind][0]
        mood = sa.Enum(*self.model["mood"], name="mood")
        check, strict = self.model["price"]
        match found:
            case "mood":
                return mood
            case "moods":
                return pgs.ARRAY(mood)
            case "feeling":
                return sa.Enum(*self.model["feeling"], name="Fee ling", schema="My Shop")
            case "price":
                return pgs.DOMAIN(
                    "price",
                    TYPES[self.model["price type"]][0],
                    check=check or None,
                    constraint_name="fair" if check else None,
                    not_null=strict,
                )
            case _:
                return found

    def _filled(self, sql: str, kind: str, column: str = "") -> str:
        label = self.model["feeling" if kind == "feeling" else "mood"][0].replace("'", "''")
        if "{label}" in sql or "{{" in sql or "{c}" in sql:
            return sql.format(label=label, c=column)
        return sql

    def _quoted(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def _condition(self, name: str, number: int) -> str:
        kind = "integer" if name == "id" else self.about["columns"][name]["type"]
        found = TYPES[kind][2]
        if not found:
            return f"{self._quoted(name)} IS NOT NULL"
        return self._filled(found[number % len(found)], kind, self._quoted(name))

    def _refer(self) -> None:
        target = self.about["refers"]
        if target not in self.model["tables"] or self.home[target] is not self.home[self.name]:
            return
        other = self.model["tables"][target]
        if other["unlogged"] and not self.about["unlogged"]:
            return
        self.made.append_column(
            sa.Column("to_id", sa.BigInteger if other["wide id"] else sa.Integer)
        )
        schema = other["schema"]
        timing = {"deferrable": True, "initially": "DEFERRED"} if self.about["deferred"] else {}
        self.made.append_constraint(
            sa.ForeignKeyConstraint(
                ["to_id"],
                [f"{schema}.{target}.id" if schema else f"{target}.id"],
                ondelete=self.about["ondelete"],
                **timing,
            )
        )

    def _index(self, name: str, about: dict[str, Any]) -> None:
        keys: list[Any] = []
        for column in about["columns"]:
            kind = self.about["columns"][column]["type"]
            if about["lower"] and kind in WORDY:
                keys.append(text(f"lower({self._quoted(column)}){about['order']}"))
            elif about["order"]:
                keys.append(text(self._quoted(column) + about["order"]))
            else:
                keys.append(self.made.c[column])
        keywords: dict[str, Any] = {}
        if about["where"]:
            keywords["postgresql_where"] = text(self._condition(*about["where"]))
        if about["include"]:
            keywords["postgresql_include"] = ["id"]
        if about["fillfactor"]:
            keywords["postgresql_with"] = {"fillfactor": about["fillfactor"]}
        index = sa.Index(name, *keys, unique=about["unique"], **keywords)
        if index not in self.made.indexes:
            index._set_parent(self.made)
