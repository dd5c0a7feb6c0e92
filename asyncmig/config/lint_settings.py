"""``LintSettings``: the table ``[tool.asyncmig.lint]`` as one frozen value, and its parser.

The rules are in a layer above, so their names are checked where the linter starts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - the type of a field of a dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from asyncmig.config.files.source import ValueSource

__all__ = ["FAIL_ON", "SEVERITIES", "LintSettings", "parse_lint_settings"]

SEVERITIES = ("error", "warning", "note")
FAIL_ON = (*SEVERITIES, "never")


def _empty() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class LintSettings:
    """How ``asyncmig lint`` works.

    Attributes:
        disable: ids of rules that are not applied.
        enable: ids of opt-in rules that are; ``style`` is all of the style set.
        start_after: a revision; it and its ancestors are not linted.
        small_table_rows: tables with at most this many rows are small: a scan of one takes no time, and
            what is only about the length of a scan becomes a note. Counts where a database is asked.
        fail_on: findings of this severity or above give exit code 3; ``never`` is none.
        severity: a severity by rule id, in place of the rule's own.
        path: the file that has the table, for messages.
    """

    disable: tuple[str, ...] = ()
    enable: tuple[str, ...] = ()
    start_after: str | None = None
    small_table_rows: int = 1000
    fail_on: str = "warning"
    severity: Mapping[str, str] = field(default_factory=_empty)
    path: Path | None = None


def parse_lint_settings(value: object, place: ValueSource) -> LintSettings:
    """The settings of a table.

    Raises:
        ConfigKeyError: it is no table, has a key that is not known, or a value of the wrong type.
    """
    if not isinstance(value, dict):
        title = f"{place.table}.{place.key}".lstrip(".")
        raise place.wrong(f"a table, [{title}]", value)
    found: dict[str, object] = {}
    for key, item in value.items():
        inner = place._replace(table=f"{place.table}.{place.key}".lstrip("."), key=str(key))
        parse = _PARSERS.get(str(key))
        if parse is None:
            from asyncmig.config.files.source import nearest

            near = nearest(str(key), _PARSERS)
            raise inner.fault(
                "is not a key of lint",
                hint=f"did you mean '{near}'?" if near else f"its keys: {', '.join(_PARSERS)}",
                near=near,
            )
        found[str(key)] = parse(item, inner)
    return LintSettings(**found, path=place.path)  # type: ignore[arg-type]  # each parser gives its field


def _names(value: object, place: ValueSource) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
        return tuple(item.strip() for item in value)
    raise place.wrong("a list of rules", value)


def _revision(value: object, place: ValueSource) -> str:
    if isinstance(value, str) and value.strip():
        return value.strip()
    raise place.wrong("a revision", value)


def _rows(value: object, place: ValueSource) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise place.wrong("a whole number, 0 or more", value)
    return value


def _one_of(*words: str) -> Callable[[object, ValueSource], str]:
    def parse(value: object, place: ValueSource) -> str:
        if value not in words:
            raise place.wrong("one of " + ", ".join(f'"{word}"' for word in words), value)
        return str(value)

    return parse


def _severities(value: object, place: ValueSource) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise place.wrong("a table of rules and severities", value)
    parse = _one_of(*SEVERITIES)
    inner = place._replace(table=f"{place.table}.{place.key}".lstrip("."))
    return MappingProxyType(
        {str(key): parse(item, inner._replace(key=str(key))) for key, item in value.items()}
    )


_PARSERS: dict[str, Callable[[object, ValueSource], object]] = {
    "disable": _names,
    "enable": _names,
    "start_after": _revision,
    "small_table_rows": _rows,
    "fail_on": _one_of(*FAIL_ON),
    "severity": _severities,
}
