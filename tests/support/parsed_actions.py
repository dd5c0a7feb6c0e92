"""Actions of statements, as tests compare them: the kind, and what differs from the defaults."""

from __future__ import annotations

from asyncmig.sql.actions.action import Action
from asyncmig.sql.actions.parse import parse_actions
from asyncmig.sql.reader import SqlName

_DEFAULTS = {name: field.default for name, field in Action.__dataclass_fields__.items()}
_NOT_COMPARED = {"kind", "start", "end"}


def facts(action: Action) -> dict[str, object]:
    """What differs from the defaults, names as text."""
    found: dict[str, object] = {}
    for name, default in _DEFAULTS.items():
        value = getattr(action, name)
        if name in _NOT_COMPARED or value == default:
            continue
        found[name] = str(value) if isinstance(value, SqlName) else value
        if name == "references":
            found[name] = [str(each) for each in action.references]
    return found


def one(sql: str) -> Action:
    """The only action of a statement."""
    (action,) = parse_actions(sql)
    return action
