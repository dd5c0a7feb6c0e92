"""MetaData, and what is declared beside it, of models that were drawn."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pgs

from asyncmig.entities import register
from drawn_models.entities import CALC, Entities
from drawn_models.values import (
    CONVENTION,
    EXTENDED,
    KEYABLE,
    TYPES,
    WORDY,
    place,
    quoted,
)
from model_changes.building import text

CODES = {"text": sa.Text, "varchar": sa.String(30)}
COUNTING: dict[str, dict[str, Any]] = {
    "counting": {"start": 100, "increment": 5, "maxvalue": 30000, "cycle": True},
    "down": {"always": True, "increment": -1, "minvalue": -500, "start": -2, "cache": 7},
    "always": {"always": True},
    "identity": {},
}


def metadatas_of(model: dict[str, Any], major: int) -> list[sa.MetaData]:
    """The models: one MetaData, or two between which no foreign key leads.

    Args:
        model: as drawn.
        major: the server's version: what it has not is left out.
    """
    naming = CONVENTION if model["convention"] else None
    made = [sa.MetaData(naming_convention=naming) for _ in range(1 + model["two"])]
    numbers = {name: table["number"] for name, table in model["tables"].items()}
    home = {name: made[number % len(made)] for name, number in numbers.items()}
    if model["sequence"] is not None:
        sa.Sequence(model["names"]["sequence"], metadata=made[0], **model["sequence"])
    tables = {
        name: _Table(model, name, about, home, major) for name, about in model["tables"].items()
    }
    for table in tables.values():
        table.build()

    def condition(table: str, column: str, number: int, prefix: str = "") -> tuple[str, str]:
        return tables[table].condition(column, number, prefix)

    register(made[0], *Entities(model, condition).made())
    return made


class _Table:
    def __init__(
        self,
        model: dict[str, Any],
        name: str,
        about: dict[str, Any],
        home: dict[str, sa.MetaData],
        major: int,
    ) -> None:
        self.model, self.name, self.about, self.home = model, name, about, home
        self.major = major
        self.number = about["number"]
        self.columns: dict[str, dict[str, Any]] = about["columns"]
        self.key = about["key"]
        self.made: Any = None

    def build(self) -> None:
        about = self.about
        keywords: dict[str, Any] = {"postgresql_with": about["options"]} if about["options"] else {}
        if about["partitioned"]:
            keywords["postgresql_partition_by"] = f"HASH ({quoted(self.key)})"
        self.made = sa.Table(
            self.name,
            self.home[self.name],
            self._id(),
            schema=about["schema"],
            comment=about["comment"],
            prefixes=["UNLOGGED"] if about["unlogged"] else [],
            **keywords,
        )
        for name, column in self.columns.items():
            self.made.append_column(self._column(name, column))
        self._primary_key()
        self._shout()
        self._code()
        self._refer()
        for number, condition in enumerate(about["checks"]):
            _, sql = self.condition(*condition)
            self.made.append_constraint(sa.CheckConstraint(text(sql), name=f"ck {number}"))
        self._unique()
        self._exclude()
        for number, index in enumerate(about["indexes"]):
            self._index(f"ix {self.number} {number}", index)

    def condition(self, name: str, number: int, prefix: str = "") -> tuple[str, str]:
        """A column, the key where it is not there, and a condition over it."""
        if name not in self.columns:
            name = self.key
        kind = "integer" if name == self.key else self._kind(self.columns[name]["type"])
        found = TYPES[kind][2]
        column = prefix + quoted(name)
        if number == 4 and kind == "integer" and self._calls():
            wide = name == self.key and self.about["wide id"]
            return name, f"{CALC}({column}{'::integer' if wide else ''}) > 0"
        if not found:
            return name, f"{column} IS NOT NULL"
        return name, self._filled(found[number % len(found)], kind, column)

    def _calls(self) -> bool:
        return "calc" in self.model["entities"]

    def _kind(self, kind: str) -> str:
        """What is left of a kind of column without its extension."""
        extension = EXTENDED.get(kind)
        return "text" if extension and extension not in self.model["extensions"] else kind

    def _primary_key(self) -> None:
        included = self.about["key includes"]
        if included in self.columns and not self._is_virtual(included):
            key = sa.PrimaryKeyConstraint(self.key, postgresql_include=[included])
            self.made.append_constraint(key)

    def _id(self) -> sa.Column[Any]:
        kind = self.about["id"]
        if self.about["partitioned"] and self.major < 17:
            kind = "plain"  # an identity there came with 17
        items = [sa.Identity(**COUNTING[kind])] if kind in COUNTING else []
        return sa.Column(
            self.key,
            sa.BigInteger if self.about["wide id"] else sa.Integer,
            *items,
            primary_key=True,
            autoincrement=kind == "serial" or ("auto" if items else False),
        )

    def _is_virtual(self, name: str) -> bool:
        about = self.columns[name]
        return (
            bool(about["generated"]) and self._computed(about) is not None and self._virtual(about)
        )

    def _virtual(self, about: dict[str, Any]) -> bool:
        # one that calls a function has to be stored
        return about["virtual"] and self.major >= 18 and "calc" not in about["generated"]

    def _computed(self, about: dict[str, Any]) -> sa.Computed | None:
        sql = about["generated"]
        if not sql or ("{calc}" in sql and (not self._calls() or self.about["wide id"])):
            return None
        if self.about["partitioned"] and self._virtual(about) != about["virtual"]:
            return None
        filled = sql.format(key=quoted(self.key), calc=CALC)
        return sa.Computed(filled, persisted=not self._virtual(about))

    def _column(self, name: str, about: dict[str, Any]) -> sa.Column[Any]:
        computed = self._computed(about)
        default = None if about["generated"] else about["default"]
        kind = self._kind(about["type"])
        if default is not None and "{calc}" in default and not self._calls():
            default = None
        return sa.Column(
            name,
            self._type(kind),
            *([] if computed is None else [computed]),
            server_default=None if default is None else text(self._filled(default, kind)),
            nullable=about["nullable"],
            comment=about["comment"],
        )

    def _type(self, kind: str) -> Any:
        found = TYPES[kind][0]
        names = self.model["names"]
        mood = sa.Enum(*self.model["mood"], name=names["mood"])
        check, strict = self.model["price"]
        match found:
            case "mood":
                return mood
            case "moods":
                return pgs.ARRAY(mood)
            case "feeling":
                return sa.Enum(*self.model["feeling"], name=names["feeling"], schema="My Shop")
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
        return sql.format(label=label, c=column, calc=CALC)

    def _shout(self) -> None:
        """A generated column over another one."""
        base = self.about["shout"]
        if base in self.columns and self._kind(self.columns[base]["type"]) in WORDY:
            virtual = self.major >= 18 and self.number % 2 == 0
            item = sa.Computed(f"upper({quoted(base)})", persisted=not virtual)
            self.made.append_column(sa.Column("shout", sa.Text, item))

    def _code(self) -> None:
        if self.about["code"] and not self.about["partitioned"]:
            self.made.append_column(
                sa.Column("code", CODES[self.about["code"]], nullable=False, unique=True)
            )

    def _refer(self) -> None:
        target = self.about["refers"]
        if target not in self.model["tables"] or self.home[target] is not self.home[self.name]:
            return
        other = self.model["tables"][target]
        if other["unlogged"] and not self.about["unlogged"]:
            return
        by_code = self.about["refers to code"] and other["code"] and not other["partitioned"]
        type_ = sa.BigInteger if other["wide id"] else sa.Integer
        self.made.append_column(sa.Column("to_id", CODES[other["code"]] if by_code else type_))
        schema = f"{other['schema']}." if other["schema"] else ""
        timing = {"deferrable": True, "initially": "DEFERRED"} if self.about["deferred"] else {}
        self.made.append_constraint(
            sa.ForeignKeyConstraint(
                ["to_id"],
                [f"{schema}{target}.{'code' if by_code else other['key']}"],
                ondelete=self._on_delete(),
                onupdate=self.about["onupdate"],
                match="FULL" if self.about["ondelete"] == "RESTRICT" else None,
                **timing,
            )
        )

    def _on_delete(self) -> str | None:
        action: str | None = self.about["ondelete"]
        # the columns came with 15
        return action.partition(" (")[0] if action and self.major < 15 else action

    def _keys(self, names: list[str]) -> list[str]:
        """Those of the columns that can be part of a key; a partitioned table's needs the partition's."""
        found = [
            name
            for name in names
            if name in self.columns
            and self._kind(self.columns[name]["type"]) in KEYABLE
            and not self._is_virtual(name)
        ]
        return [*found, self.key] if found and self.about["partitioned"] else found

    def _unique(self) -> None:
        about = self.about
        keys = self._keys(about["unique"] or [])
        if not keys:
            return
        keywords: dict[str, Any] = {}
        if about["deferrable"]:
            keywords |= {"deferrable": True, "initially": "DEFERRED"}
        if about["unique with"] == "include" and self.key not in keys:
            keywords["postgresql_include"] = [self.key]
        elif about["unique with"] == "nulls not distinct" and self.major >= 15:
            keywords["postgresql_nulls_not_distinct"] = True
        name = f"uq {self.number}" if about["unique named"] else None
        self.made.append_constraint(sa.UniqueConstraint(*keys, name=name, **keywords))

    def _exclude(self) -> None:
        how = self.about["exclude"]
        ranges = [name for name, item in self.columns.items() if item["type"] == "range"]
        if how is None or not ranges or self.about["partitioned"]:
            return
        items = [(self.made.c[ranges[0]], "&&")]
        keywords: dict[str, Any] = {}
        if how == "and id" and "btree_gist" in self.model["extensions"]:
            items.append((self.made.c[self.key], "="))
        if how == "where":
            keywords["where"] = text(self.condition("id", 0)[1])
        if how == "deferred":
            keywords |= {"deferrable": True, "initially": "DEFERRED"}
        name = f"ex {self.number}"
        self.made.append_constraint(pgs.ExcludeConstraint(*items, name=name, **keywords))

    def _index(self, name: str, about: dict[str, Any]) -> None:
        columns = [column for column in self._keys(about["columns"]) if column != self.key]
        if not columns:
            return
        kinds = [self._kind(self.columns[column]["type"]) for column in columns]
        keywords: dict[str, Any] = {}
        if about["where"]:
            column, condition = self.condition(*about["where"])
            if column == self.key or not self._is_virtual(column):
                keywords["postgresql_where"] = text(condition)
        method = about["method"]
        simple: dict[str, set[str]] = {"gin": {"array", "tsvector", "hstore"}, "trigrams": {"text"}}
        if method == "hash" and kinds[0] == "tsvector":
            method = "btree"
        if method == "hash" or kinds[0] in simple.get(method, ()):
            if method == "trigrams":
                if "pg_trgm" not in self.model["extensions"]:
                    return
                keywords["postgresql_ops"] = {columns[0]: "gin_trgm_ops"}
            keywords["postgresql_using"] = "hash" if method == "hash" else "gin"
            self._append(sa.Index(name, self.made.c[columns[0]], **keywords))
            return
        keys: list[Any] = []
        for column, kind in zip(columns, kinds, strict=True):
            if about["expression"] == "lower" and kind in WORDY and not self.about["partitioned"]:
                keys.append(text(f"lower({quoted(column)}){about['order']}"))
            elif about["expression"] == "calc" and kind == "integer" and self._calls():
                keys.append(text(f"{CALC}({quoted(column)}){about['order']}"))
            elif about["order"]:
                keys.append(text(quoted(column) + about["order"]))
            else:
                keys.append(self.made.c[column])
        unique = about["unique"]
        if unique and self.about["partitioned"]:
            keys.append(self.made.c[self.key])
        if about["include"]:
            keywords["postgresql_include"] = [self.key]
        if about["fillfactor"]:
            keywords["postgresql_with"] = {"fillfactor": about["fillfactor"]}
        if about["nulls_not_distinct"] and unique and self.major >= 15:
            keywords["postgresql_nulls_not_distinct"] = True
        self._append(sa.Index(name, *keys, unique=unique, **keywords))

    def _append(self, index: sa.Index) -> None:
        if index not in self.made.indexes:
            index._set_parent(self.made)


def unsaid(model: dict[str, Any], major: int) -> list[str]:
    """Statements for what models have no words for, on what was made of this one."""
    found: list[str] = []
    for name, about in model["tables"].items():
        alter = f"ALTER TABLE {place(about['schema'], name)}"
        key = quoted(about["key"])
        ranges = [quoted(c) for c, item in about["columns"].items() if item["type"] == "range"]
        long = [quoted(c) for c, item in about["columns"].items() if item["type"] == "text"]
        for number in about["unsaid"]:
            check = f'{alter} ADD CONSTRAINT "unsaid {number}" CHECK ({key} > {number})'
            match number:
                case 0 if not about["partitioned"]:
                    found.append(f"{check} NO INHERIT")
                case 1 if major >= 18:
                    found.append(f"{check} NOT ENFORCED")
                case 2:
                    found.append(f"{check} NOT VALID")
                case 3 | 4 if long:
                    found.append(f"{alter} ALTER {long[0]} SET STORAGE EXTERNAL")
                case 5 if long:
                    found.append(f"{alter} ALTER {long[-1]} SET COMPRESSION pglz")
                case 6 | 7 | 8 if (
                    major >= 18
                    and ranges
                    and "btree_gist" in model["extensions"]
                    and not about["partitioned"]
                ):
                    over = f"({key}, {ranges[0]} WITHOUT OVERLAPS)"
                    found.append(f'{alter} ADD CONSTRAINT "apart" UNIQUE {over}')
                    period = f"({key}, PERIOD {ranges[0]})"
                    to = f"REFERENCES {place(about['schema'], name)} {period}"
                    found.append(f'{alter} ADD CONSTRAINT "within" FOREIGN KEY {period} {to}')
                case 9 if model["sequence"] is not None and about["schema"] is None:
                    sequence = quoted(model["names"]["sequence"])
                    found.append(f"ALTER SEQUENCE {sequence} OWNED BY {quoted(name)}.{key}")
                case _:
                    pass
    return list(dict.fromkeys(found))
