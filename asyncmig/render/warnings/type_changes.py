"""The effect of a change of type on the values of a column."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Any

from sqlalchemy.dialects.postgresql import ARRAY, ENUM

from asyncmig.ddl.dialect import MigrationDialect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.types import TypeEngine

__all__ = ["TypeChange", "lost_labels", "type_change"]

_DIALECT = MigrationDialect()
_FORM = re.compile(r"(?P<name>[A-Z ]+?) ?(?:\((?P<sizes>[\d, -]+)\))?(?P<rest> [A-Z ]+)?")
_TEXTS = frozenset({"VARCHAR", "TEXT"})
_WHOLE = {"SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}
"""Integer types, with the digits of their greatest value."""
_FLOATS = {"REAL": (6, 38), "DOUBLE PRECISION": (15, 308)}
"""Float types, with the digits that are kept, and the digits before the point of their greatest value."""
_NUMBERS = frozenset({*_WHOLE, *_FLOATS, "NUMERIC"})
_LONGEST = {"SMALLINT": 6, "INTEGER": 11, "BIGINT": 20, "BOOLEAN": 5, "UUID": 36}
"""Types, with the length of their longest value as text."""
_MOMENTS = frozenset({"DATE", "TIME", "TIMESTAMP"})
_TIME_OF_DAY = "are cut to their time of day"
_LOSSES: Mapping[tuple[str, str], str] = {
    ("INET", "CIDR"): "are cut to their network",
    ("INTEGER", "BOOLEAN"): "other than 0 become true",
    ("INTERVAL", "TIME WITHOUT TIME ZONE"): _TIME_OF_DAY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeChange:
    """The effect of a change of type.

    Attributes:
        rewrites: the table is rewritten, and locked meanwhile.
        loss: the change of values that raises no error, as a text after "values of x"; else empty.
        fails: some values do not fit into the new type.
    """

    rewrites: bool = True
    loss: str = ""
    fails: bool = False

    @property
    def keeps_values(self) -> bool:
        """True if all values stay the same and fit."""
        return not self.loss and not self.fails


@dataclass(frozen=True, slots=True)
class _Form:
    name: str
    sizes: tuple[int, ...] = ()
    array: bool = False


_STAYS = TypeChange(rewrites=False)
_FITS = TypeChange()
_MAY_FAIL = TypeChange(fails=True)


def type_change(
    before: TypeEngine[Any], after: TypeEngine[Any], *, using: bool = False
) -> TypeChange:
    """The effect of a change of type; of enums, without ``lost_labels``.

    Args:
        before: the old type.
        after: the new type.
        using: there is a USING with an explicit cast.
    """
    if lost_labels(before, after) is not None:
        return _FITS
    old, new = _form(before), _form(after)
    if new is None:
        return _MAY_FAIL
    if new.name in _TEXTS and not new.array:
        return _to_text(old, new)
    if old is None or old.array != new.array:
        return _MAY_FAIL
    if old == new:
        return _STAYS
    if not old.array:
        return _of_values(old, new)
    found = _of_values(replace(old, array=False), replace(new, array=False))
    found = replace(found, rewrites=True)
    if using and found.fails and new.name in {"VARCHAR", "CHAR"}:
        # an explicit cast truncates, where an assignment fails
        return TypeChange(loss=f"are cut to {new.sizes[0] if new.sizes else 1} characters")
    return found


def lost_labels(before: TypeEngine[Any], after: TypeEngine[Any]) -> tuple[str, ...] | None:
    """The labels that only the first of two enums has; None if they are not both enums or arrays of them."""
    if isinstance(before, ARRAY) and isinstance(after, ARRAY):
        before, after = before.item_type, after.item_type
    if not (isinstance(before, ENUM) and isinstance(after, ENUM)):
        return None
    return tuple(label for label in before.enums if label not in after.enums)


def _form(type_: TypeEngine[Any]) -> _Form | None:
    """Name and sizes of a known type; the name includes WITH TIME ZONE."""
    if isinstance(type_, ENUM):
        return _Form("ENUM", (max(map(len, type_.enums), default=0),))
    sql = str(type_.compile(dialect=_DIALECT)).partition(" COLLATE ")[0]
    element = sql.rstrip("[]")
    found = _FORM.fullmatch(element)
    if found is None:
        return None
    sizes = tuple(int(size) for size in found["sizes"].split(",")) if found["sizes"] else ()
    if found["name"] == "CHAR":
        sizes = sizes or (1,)
    return _Form(found["name"] + (found["rest"] or ""), sizes, array=element != sql)


def _to_text(old: _Form | None, new: _Form) -> TypeChange:
    """A change to a text type; whether values are short enough is known for some types."""
    same_storage = old is not None and old.name in _TEXTS and not old.array
    if not new.sizes:
        return TypeChange(rewrites=not same_storage)
    longest: float = inf
    if old is not None and not old.array:
        sized = old.name in {"VARCHAR", "CHAR", "ENUM"} and old.sizes
        longest = old.sizes[0] if sized else _LONGEST.get(old.name, inf)
    fits = longest <= new.sizes[0]
    return TypeChange(rewrites=not (fits and same_storage), fails=not fits)


def _of_values(old: _Form, new: _Form) -> TypeChange:
    if old.name in _NUMBERS and new.name in _NUMBERS:
        return _numbers(old, new)
    if {old.name.split()[0], new.name.split()[0]} <= _MOMENTS:
        return _moments(old, new)
    if old.name.startswith("INTERVAL") and new.name.startswith("INTERVAL"):
        return _intervals(old, new)
    if new.name in _TEXTS:
        return _to_text(old, new)
    if old.name == new.name == "BIT VARYING":
        return _STAYS if _wider(old, new) else _MAY_FAIL
    if old.name == new.name == "CHAR":
        return _FITS if _wider(old, new) else _MAY_FAIL
    match (old.name, new.name):
        case ("CIDR", "INET"):
            return _STAYS
        case ("JSON", "JSONB"):
            return _FITS
        case names:
            loss = _LOSSES.get(names)
            return _MAY_FAIL if loss is None else TypeChange(loss=loss)


def _wider(old: _Form, new: _Form) -> bool:
    return not new.sizes or bool(old.sizes and old.sizes[0] <= new.sizes[0])


def _numbers(old: _Form, new: _Form) -> TypeChange:
    if old.name in _WHOLE and new.name in _WHOLE:
        return TypeChange(fails=_WHOLE[old.name] > _WHOLE[new.name])
    front, back = _digits(old)
    if new.name in _FLOATS:
        kept, greatest = _FLOATS[new.name]
        exact = front + back <= kept or (old.name in _FLOATS and front <= greatest)
        loss = "" if exact else f"are rounded to {kept} digits"
        return TypeChange(loss=loss, fails=front > greatest)
    room, places = _digits(new)
    if old.name == new.name and (not new.sizes or (places == back and room >= front)):
        return _STAYS
    if new.name in _WHOLE:
        room -= 1  # not all numbers with as many digits fit
    loss = _rounded(places) if back > places else ""
    if old.name in _FLOATS and not new.sizes and new.name == "NUMERIC":
        loss = f"are rounded to {_FLOATS[old.name][0]} digits"
    # rounding up may add a digit
    return TypeChange(loss=loss, fails=front + bool(loss) > room)


def _digits(form: _Form) -> tuple[float, float]:
    """The greatest number of digits before and after the point."""
    match form.name, form.sizes:
        case "NUMERIC", (precision, *scale):
            behind = scale[0] if scale else 0
            return precision - behind, behind
        case name, _ if name in _WHOLE:
            return _WHOLE[name], 0
        case name, _ if name in _FLOATS:
            return _FLOATS[name][1], inf
        case _:
            return inf, inf


def _rounded(places: float) -> str:
    if places > 0:
        return f"are rounded to {places} decimal" + "s" * (places > 1)
    return "are rounded to whole numbers" if places == 0 else "are rounded"


def _moments(old: _Form, new: _Form) -> TypeChange:
    match old.name.split()[0], new.name.split()[0]:
        case "TIMESTAMP", "DATE":
            return TypeChange(loss="are cut to their date")
        case "TIMESTAMP", "TIME":
            return TypeChange(loss=_TIME_OF_DAY)
        case "DATE", "TIMESTAMP":
            return _FITS
        case kind, same if kind == same:
            if loss := _fraction(old, new):
                return TypeChange(loss=loss)
            if old.name == new.name:
                return _STAYS
            zone_goes = old.name == "TIME WITH TIME ZONE"
            return TypeChange(loss="lose their time zone" if zone_goes else "")
        case _:
            return _MAY_FAIL


def _intervals(old: _Form, new: _Form) -> TypeChange:
    if new.name != "INTERVAL" and old.name != new.name:
        return TypeChange(loss=f"are cut to {new.name.removeprefix('INTERVAL ').lower()}")
    loss = _fraction(old, new)
    return TypeChange(loss=loss) if loss else _STAYS


def _fraction(old: _Form, new: _Form) -> str:
    """The loss of digits of a second; the default is 6 digits."""
    before, after = (form.sizes[0] if form.sizes else 6 for form in (old, new))
    if after >= before:
        return ""
    return f"are rounded to {after} digits of a second" if after else "are rounded to seconds"
