"""Limits that a script sets itself: ``lock_timeout``, ``lock_retries``, ``statement_timeout``.

A Python script has them as module variables, a SQL script in its header.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.config.duration import parse_duration
from asyncmig.errors import ScriptError
from asyncmig.revisions.files.script import SqlScript

if TYPE_CHECKING:
    from asyncmig.plan.run_script import AnyScript

__all__ = ["own_count", "own_limit"]


def own_limit(script: AnyScript, name: str) -> float | None:
    """A time in seconds; None where the script does not set it.

    Raises:
        ScriptError: it is not a duration.
    """
    value = _variable(script, name)
    if value is None:
        return None
    try:
        return parse_duration(value)
    except ValueError:
        wanted = 'a time, in seconds or such as "5s" or "200ms"; 0 means no limit'
        raise _unusable(script, name, value, wanted) from None


def own_count(script: AnyScript, name: str) -> int | None:
    """A whole number; None where the script does not set it.

    Raises:
        ScriptError: it is not a whole number, or below zero.
    """
    value = _variable(script, name)
    if isinstance(script, SqlScript) and isinstance(value, str) and value.isdecimal():
        return int(value)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _unusable(script, name, value, "a whole number; 0 is a single try")
    return value


def _variable(script: AnyScript, name: str) -> object:
    if isinstance(script, SqlScript):
        return script.limits.get(name)
    return getattr(getattr(script, "module", None), name, None)


def _unusable(script: AnyScript, name: str, value: object, wanted: str) -> ScriptError:
    return ScriptError(
        f"revision {script.revision.id} sets {name} to {value!r} ({script.revision.path})",
        hint=f"{name} is {wanted}",
        revision=script.revision.id,
        path=script.revision.path,
    )
