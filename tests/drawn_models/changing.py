"""Pairs: two models of their own, or one and what became of it, renames among that."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NamedTuple

from hypothesis import strategies as st

from drawn_models.drawing import Draw
from drawn_models.tables import column, model, table
from drawn_models.values import NEW_COLUMNS, NEW_LABELS, NEW_TABLES, TABLES, quoted

NEW_NAMES = {
    "mood": ("temper", "Mood 2"),
    "feeling": ("Fee ls", "felt"),
    "sequence": ("numbers", "Num.bers"),
}

_OTHERWISE = 0.2
_GONE = 0.12
_RENAMED = 0.3


class Pair(NamedTuple):
    """From one model to another.

    Attributes:
        one: what the database is made from.
        two: what it is to become.
        renames: new names by old ones, as ``--rename`` takes them.
        agrees: somebody is asked about other renames, and agrees to each.
        file: ``python`` or ``sql``: it becomes a revision that is written, upgraded and downgraded to.
        concurrently: in a file, indexes are built and dropped while writes go on.
        thoroughly: pg_dump is asked, and the models are built anew after each way.
        strangers: what stands beside the tables is nobody's: it stays, and so does what it stands on.
    """

    one: dict[str, Any]
    two: dict[str, Any]
    renames: dict[str, str]
    agrees: bool = False
    file: str | None = None
    concurrently: bool = False
    thoroughly: bool = False
    strangers: bool = False


def pair(seed: int) -> Pair:
    """The pair that a seed stands for."""
    draw = Draw(seed)
    strangers = draw.yes(0.1)
    how = {
        "agrees": draw.yes(0.25),
        "file": draw.one(["python", "python", "sql"]) if draw.yes(0.15) and not strangers else None,
        "concurrently": draw.yes(0.3),
        "thoroughly": draw.yes(0.05),
        "strangers": strangers,
    }
    one = model(draw)
    if strangers:
        one["entities"] = _of_any_type(one["entities"])
    if draw.yes(0.3):
        other = model(draw)
        return Pair(one, {**other, "entities": {}} if strangers else other, {}, **how)
    two = changed(draw, one)
    told = not how["agrees"] or draw.yes()
    renames = renamed(draw, one, two, keys=told)
    if how["strangers"]:
        two["entities"] = {}
    return Pair(one, two, renames if told else {}, **how)


pairs = st.integers(0, 2**62).map(pair)


def _of_any_type(entities: dict[str, Any]) -> dict[str, Any]:
    """Entities without what says something of columns that goes with their types alone.

    What nobody declares cannot say something else when a type changes.
    """
    without: dict[str, Any] = {"where": None, "when": None, "calls": False}
    return {
        name: {**about, **without} if isinstance(about, dict) else about
        for name, about in entities.items()
        if name not in {"own", "atomic"}
    }


def changed(draw: Draw, one: dict[str, Any]) -> dict[str, Any]:
    """A model of the same things, some of them otherwise, some gone, some new."""
    fresh = model(draw)

    def mixed(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        found = {
            key: new[key] if key in new and draw.yes(_OTHERWISE) else old[key]
            for key in old
            if not draw.yes(_GONE)
        }
        return found | {key: new[key] for key in new if key not in old and draw.yes(_OTHERWISE)}

    two = {key: fresh[key] if draw.yes(_OTHERWISE) else value for key, value in one.items()}
    two["names"] = dict(one["names"])
    two["entities"] = mixed(one["entities"], fresh["entities"])
    two["tables"] = mixed(one["tables"], fresh["tables"])
    for name, found in one["tables"].items():
        if two["tables"].get(name) is found:
            other = table(draw, name)
            again = {key: other[key] if draw.yes(_OTHERWISE) else found[key] for key in found}
            again["columns"] = mixed(found["columns"], other["columns"])
            two["tables"][name] = again
    return deepcopy(two)


def renamed(draw: Draw, one: dict[str, Any], two: dict[str, Any], *, keys: bool) -> dict[str, str]:
    """Rename things that both have, in ``two``, and give the renames.

    Args:
        draw: chance.
        one: the first model.
        two: the second one.
        keys: partition keys too: where nobody tells of it, they cannot change.
    """
    renames: dict[str, str] = {}
    for name in sorted(one["tables"].keys() & two["tables"].keys()):
        old, new = one["tables"][name], two["tables"][name]
        if old["schema"] == new["schema"]:
            renames |= _renamed_table(draw, name, old, two, keys=keys)
    for what, names in NEW_NAMES.items():
        schema = ["My Shop"] if what == "feeling" else []
        old_name = one["names"][what]
        if not (_has(one, what) and _has(two, what)):
            continue
        if what != "sequence" and draw.yes(_RENAMED):
            for label in [label for label in one[what] if label in two[what]][:1]:
                new_label = draw.one(NEW_LABELS)
                two[what] = [new_label if item == label else item for item in two[what]]
                renames[_said(*schema, old_name, label)] = _said(new_label)
        if draw.yes(_RENAMED):
            two["names"][what] = draw.one(names)
            renames[_said(*schema, old_name)] = _said(two["names"][what])
    return renames


def _renamed_table(
    draw: Draw, name: str, old: dict[str, Any], two: dict[str, Any], *, keys: bool
) -> dict[str, str]:
    renames: dict[str, str] = {}
    new = two["tables"][name]
    place = [new["schema"], name] if new["schema"] else [name]
    for old_column in ["id", *new["columns"]]:
        if old_column not in ("id", *old["columns"]) or not draw.yes(_RENAMED):
            continue
        if old_column == "id" and new["partitioned"] and not keys:
            continue
        free = [item for item in NEW_COLUMNS if item not in (new["key"], *new["columns"])]
        if not free:
            break
        found = draw.one(free)
        _rename_column(two, name, old_column, found)
        renames[_said(*place, old_column)] = _said(found)
        if old_column != "id" and draw.yes(_GONE):  # another one takes its name
            new["columns"][old_column] = column(draw)
    if draw.yes(_RENAMED):
        free = [item for item in NEW_TABLES if item not in two["tables"]]
        found = draw.one(free)
        _rename_table(two, name, found)
        renames[_said(*place)] = _said(found)
        if name in TABLES[:2] and draw.yes(_GONE):
            again = table(draw, name)
            two["tables"][name] = {**again, "number": again["number"] + 10}
    return renames


def _has(model: dict[str, Any], what: str) -> bool:
    if what == "sequence":
        return model["sequence"] is not None
    kinds = {"mood", "moods"} if what == "mood" else {"feeling"}
    return any(
        column["type"] in kinds
        for table in model["tables"].values()
        for column in table["columns"].values()
    )


def _said(*parts: str) -> str:
    """A name as ``--rename`` takes it."""
    return ".".join(quoted(part) if "." in part or '"' in part else part for part in parts)


def _rename_column(model: dict[str, Any], table: str, old: str, new: str) -> None:
    about = model["tables"][table]

    def other(name: str) -> str:
        return new if name == old else name

    def all_of(names: list[str]) -> list[str]:
        return [other(name) for name in names]

    def condition(found: tuple[str, int]) -> tuple[str, int]:
        # what a table calls "id" is its key, however it is named
        return found if found[0] == "id" else (other(found[0]), found[1])

    if old == about["key"]:
        about["key"] = new
        return
    about["columns"] = {other(name): column for name, column in about["columns"].items()}
    about["key includes"] = other(about["key includes"])
    about["shout"] = other(about["shout"])
    about["unique"] = about["unique"] and all_of(about["unique"])
    about["checks"] = [condition(found) for found in about["checks"]]
    for index in about["indexes"]:
        index["columns"] = all_of(index["columns"])
        index["where"] = index["where"] and condition(index["where"])
    for entity in _of_tables(model, {table}):
        for key in ("where", "using", "when"):
            if entity.get(key):
                entity[key] = condition(entity[key])
        if "columns" in entity:
            entity["columns"] = all_of(entity["columns"])
        if entity.get("column"):
            entity["column"] = other(entity["column"])


def _of_tables(model: dict[str, Any], names: set[str]) -> list[dict[str, Any]]:
    """What is declared over a table, or over a view of it."""
    found = []
    for name, entity in model["entities"].items():
        if name == "rights":
            found += [right for right in entity if right["on"] in names]
        elif entity.get("of") in names or entity.get("table") in names:
            names.add(name)
            found.append(entity)
    return found


def _rename_table(model: dict[str, Any], old: str, new: str) -> None:
    def other(name: str | None) -> str | None:
        return new if name == old else name

    model["tables"] = {
        str(other(name)): {**table, "refers": other(table["refers"])}
        for name, table in model["tables"].items()
    }
    entities = [item for key, item in model["entities"].items() if key != "rights"]
    for entity in [*entities, *model["entities"].get("rights", ())]:
        for key in ("of", "table", "join", "on"):
            if key in entity:
                entity[key] = other(entity[key])
