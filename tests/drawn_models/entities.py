"""What is declared beside tables: drawn as plain data, and made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asyncmig.entities import (
    CompositeType,
    Extension,
    Function,
    Grant,
    MaterializedView,
    Policy,
    Procedure,
    Revoke,
    RowSecurity,
    SqlText,
    Trigger,
    View,
    ViewIndex,
)
from drawn_models.values import COLUMNS, COMMENTS, ROLES, SCHEMAS, place, quoted
from model_changes.building import LONG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from drawn_models.drawing import Draw

VIEWS = ("v one", "two", "v" + LONG[1:])
MATERIALIZED = "Kept"
CALC = '"My Shop".calc'
TOUCH = "touch"
BODIES = ("n + 1", "n * 2", "- n")


def declared(draw: Draw, tables: Mapping[str, Any]) -> dict[str, Any]:
    """Entities by name, over tables by their names; in one model of three there are none."""
    if draw.yes(0.33):
        return {}
    found: dict[str, Any] = {}

    def maybe(name: str, about: Callable[[], dict[str, Any]]) -> None:
        if draw.yes():
            found[name] = {**about(), "comment": draw.one(COMMENTS), "body": draw.number(3)}

    maybe("calc", lambda: {"language": draw.one(["sql", "plpgsql"])})
    maybe("touch", lambda: {"definer": draw.yes()})
    maybe("tidy", lambda: {"schema": draw.one(SCHEMAS)})
    if not tables:
        return found
    every = sorted(tables)
    columns = ["id", *COLUMNS]

    def condition() -> tuple[str, int]:
        return draw.one(columns), draw.number(3)

    def view(*under: str) -> dict[str, Any]:
        return {
            "of": draw.one([*under, *every]),
            "join": draw.one(every) if not under and draw.yes() else None,
            "columns": draw.some(COLUMNS, 0, 5),
            "where": condition() if draw.yes() else None,
            "calls": draw.yes(),
            "schema": draw.one(SCHEMAS),
            "barrier": draw.yes(0.3),
            "indexed": draw.one([None, "plain", "unique", "expression"]),
            "data": draw.yes(),
        }

    def trigger() -> dict[str, Any]:
        return {
            "table": draw.one(every),
            "moment": draw.one(["before", "after", "constraint"]),
            "column": draw.one([None, *columns]),
            "when": condition() if draw.yes() else None,
            "fires": draw.one(["origin", "origin", "always", "disabled"]),
        }

    for number, name in enumerate((*VIEWS, MATERIALIZED)):
        maybe(name, lambda number=number: view(*VIEWS[:number]))  # type: ignore[misc]  # bound early
    maybe("atomic", lambda: {"of": draw.one(every), "column": draw.one(columns)})
    maybe("rowed", lambda: {"of": draw.one(every)})
    maybe("listed", lambda: {"of": draw.one(every)})
    maybe("t one", trigger)
    maybe("Two", trigger)
    maybe("own", lambda: {"table": draw.one(every), "using": condition(), "role": draw.number(3)})
    maybe("secured", lambda: {"table": draw.one(every), "force": draw.yes()})
    found["rights"] = [
        {
            "on": draw.one([*VIEWS, MATERIALIZED, "calc", "sequence", *every]),
            "column": draw.one([None, *columns]),
            "role": draw.number(3),
            "option": draw.yes(),
        }
        for _ in range(draw.number(3))
    ]
    return found


class Entities:
    """What is declared, of a model whose tables are made.

    Args:
        model: as drawn; entities over tables or columns that it has not are left out, or do without.
        conditions: gives for a table, a column and a number a condition.
    """

    def __init__(self, model: dict[str, Any], conditions: Any) -> None:
        self.model = model
        self.drawn: dict[str, Any] = model["entities"]
        self.conditions = conditions
        self.seen: dict[str, tuple[str | None, list[str]]] = {}
        """Schema and columns of each view that is there."""

    def made(self) -> Iterator[Any]:
        """All of them."""
        for name in self.model["extensions"]:
            yield Extension(name)
        if self._has_address():
            yield CompositeType("ad dress", self.model["address"])
        yield from self._routines()
        for name in (*VIEWS, MATERIALIZED):
            yield from self._view(name)
        for name, about in self.drawn.items():
            table = about["table"] if isinstance(about, dict) and "table" in about else None
            if table is None or table not in self.model["tables"]:
                continue
            match name:
                case "own":
                    yield self._policy(name, about)
                case "secured":
                    schema = self.model["tables"][table]["schema"]
                    yield RowSecurity(table, schema=schema, force=about["force"])
                case _ if "touch" in self.drawn:
                    yield self._trigger(name, about)
        yield from self._rights()

    def _has_address(self) -> bool:
        return any(
            column["type"] in {"address", "addresses"}
            for table in self.model["tables"].values()
            for column in table["columns"].values()
        )

    def _routines(self) -> Iterator[Any]:
        drawn = self.drawn
        if about := drawn.get("calc"):
            body = BODIES[about["body"] % len(BODIES)]
            yield Function(
                "calc",
                "n integer",
                returns="integer",
                schema="My Shop",
                language=about["language"],
                volatility="immutable",
                body=f"SELECT {body}"
                if about["language"] == "sql"
                else f"BEGIN RETURN {body}; END",
                comment=about["comment"],
            )
        if about := drawn.get("touch"):
            yield Function(
                TOUCH,
                returns="trigger",
                body=f"BEGIN\n    -- it's: {about['body']}\n    RETURN NEW;\nEND",
                security_definer=about["definer"],
                comment=about["comment"],
            )
        if about := drawn.get("tidy"):
            yield Procedure(
                "tidy",
                "days integer" + (" DEFAULT 3" if about["body"] % 2 else ""),
                body=f"BEGIN PERFORM {about['body']}; END",
                schema=about["schema"],
                comment=about["comment"],
            )
        tables = self.model["tables"]
        if (about := drawn.get("atomic")) and about["of"] in tables:
            _, condition = self.conditions(about["of"], about["column"], 0)
            relation = place(tables[about["of"]]["schema"], about["of"])
            yield SqlText(
                "CREATE FUNCTION atomic() RETURNS bigint LANGUAGE sql STABLE "
                f"BEGIN ATOMIC SELECT count(*) FROM {relation} WHERE {condition}; END"
            )
        if (about := drawn.get("rowed")) and about["of"] in tables:
            relation = place(tables[about["of"]]["schema"], about["of"])
            yield Function(
                "rowed",
                f"one {relation}",
                returns="integer",
                language="plpgsql",
                body=f"BEGIN RETURN {about['body']}; END",
            )
        if (about := drawn.get("listed")) and about["of"] in tables:
            relation = place(tables[about["of"]]["schema"], about["of"])
            yield Function(
                "listed",
                returns=f"SETOF {relation}",
                language="plpgsql",
                body=f"BEGIN RETURN QUERY SELECT * FROM {relation}; END",
            )

    def _view(self, name: str) -> Iterator[Any]:
        about = self.drawn.get(name)
        if about is None:
            return
        tables = self.model["tables"]
        if about["of"] in tables:
            table = tables[about["of"]]
            schema, key = table["schema"], table["key"]
            known = [key, *table["columns"]]
        elif about["of"] in self.seen:
            schema, known = self.seen[about["of"]]
            key = known[0]
        else:
            return
        columns = [key, *(column for column in about["columns"] if column in known)]
        chosen = [f"l.{quoted(column)}" for column in columns]
        source = f"{place(schema, about['of'])} AS l"
        if about["join"] in tables:
            other = tables[about["join"]]
            source += f" JOIN {place(other['schema'], about['join'])} AS r"
            source += f" ON r.{quoted(other['key'])} = l.{quoted(key)}"
            chosen.append(f'r.{quoted(other["key"])} AS "other key"')
            columns.append("other key")
        if about["calls"] and "calc" in self.drawn:
            chosen.append(f"{CALC}(l.{quoted(key)}::integer) AS counted")
            columns.append("counted")
        query = f"SELECT {', '.join(chosen)} FROM {source}"
        if about["where"] and about["of"] in tables:
            _, condition = self.conditions(about["of"], *about["where"], "l.")
            query += f" WHERE {condition}"
        self.seen[name] = (about["schema"], columns)
        if name != MATERIALIZED:
            yield View(
                name,
                query,
                schema=about["schema"],
                options={"security_barrier": True} if about["barrier"] else {},
                comment=about["comment"],
            )
            return
        indexes = []
        if about["indexed"]:
            last = quoted(columns[-1])
            item = last if about["indexed"] != "expression" else f"({quoted(columns[0])} + 1)"
            keys = [columns[-1]] if item == last else [item]
            if columns[-1] == key or about["indexed"] == "expression":
                indexes.append(ViewIndex("ix Kept", keys, unique=about["indexed"] == "unique"))
        yield MaterializedView(
            name,
            query,
            schema=about["schema"],
            with_data=about["data"],
            indexes=indexes,
            comment=about["comment"],
        )

    def _trigger(self, name: str, about: dict[str, Any]) -> Trigger:
        table = self.model["tables"][about["table"]]
        constraint = about["moment"] == "constraint"
        event = "update"
        if about["column"] in table["columns"] or about["column"] == table["key"]:
            event = f"update of {quoted(about['column'])}"
        when = None
        if about["when"] is not None:
            column, when = self.conditions(about["table"], *about["when"], "NEW.")
            generated = table["columns"].get(column, {}).get("generated")
            if generated and about["moment"] == "before":
                when = None
        return Trigger(
            name,
            about["table"],
            "after" if constraint else about["moment"],
            ["insert", event],
            "touch()",
            schema=table["schema"],
            when=when,
            constraint=constraint,
            deferrable=True if constraint else None,
            fires=about["fires"],
            comment=about["comment"],
        )

    def _policy(self, name: str, about: dict[str, Any]) -> Policy:
        _, condition = self.conditions(about["table"], *about["using"])
        return Policy(
            name,
            about["table"],
            schema=self.model["tables"][about["table"]]["schema"],
            using=condition,
            command="select" if about["role"] > 1 else "all",
            roles=ROLES[about["role"] % 2],
            comment=about["comment"],
        )

    def _rights(self) -> Iterator[Any]:
        tables = self.model["tables"]
        for about in self.drawn.get("rights", ()):
            name, role = about["on"], ROLES[about["role"] % 2]
            option = about["option"] and role != "public"
            if name == "calc":
                if "calc" in self.drawn:
                    yield Revoke(
                        "execute",
                        "calc(integer)",
                        "public",
                        object_kind="function",
                        schema="My Shop",
                    )
            elif name == "sequence":
                if self.model["sequence"] is not None:
                    yield Grant(
                        "usage",
                        self.model["names"]["sequence"],
                        role,
                        object_kind="sequence",
                        with_grant_option=option,
                    )
            elif name in tables:
                known = [tables[name]["key"], *tables[name]["columns"]]
                schema = tables[name]["schema"]
                privileges = ["select"]
                if about["column"] in known:
                    privileges.append(f"update ({quoted(about['column'])})")
                yield Grant(privileges, name, role, schema=schema, with_grant_option=option)
            elif name in self.seen:
                yield Grant("select", name, role, schema=self.seen[name][0])
