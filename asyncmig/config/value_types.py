"""The types of configuration values, each with its label for the docs and its parser.

TOML files have typed values, ini files only text, and ``${NAME}`` gives text, too: every parser accepts
text.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.config.duration import parse_duration
from asyncmig.config.files.locations import resolve_location
from asyncmig.config.lint_settings import parse_lint_settings
from asyncmig.config.settings import PostWriteHook

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from asyncmig.config.files.source import ValueSource

__all__ = [
    "BOOLEAN",
    "DATABASES",
    "DURATION",
    "FOLDERS",
    "HOOKS",
    "LIMIT",
    "LINT",
    "LOCATION",
    "LOCATIONS",
    "MODULE",
    "NAMES",
    "OBJECTS",
    "PATH",
    "PER_MIGRATION",
    "SCHEMAS",
    "TABLE",
    "TEXT",
    "Kind",
    "choice",
    "integer",
]


class Kind(NamedTuple):
    """A type of value: its label in the docs, and its parser."""

    label: str
    parse: Callable[[object, ValueSource], object]


_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_HOOK_TARGETS = {"console_scripts": "entrypoint", "exec": "executable", "module": "module"}
_HOOK_KEYS = frozenset({"name", "type", "options", "cwd", *_HOOK_TARGETS.values()})


def _text(value: object, place: ValueSource) -> str:
    if not isinstance(value, str):
        raise place.wrong("text", value)
    if not value.strip():
        raise place.fault("is empty", hint="remove the key to use its default")
    return value.strip()


def _boolean(value: object, place: ValueSource) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    raise place.wrong("true or false", value)


def _per_migration(value: object, place: ValueSource) -> str:
    return "revision" if _boolean(value, place) else "all"


def _duration(value: object, place: ValueSource) -> float:
    try:
        return parse_duration(value)
    except ValueError:
        expected = 'a time, in seconds or such as "5s", "200ms" or "1min"'
        raise place.wrong(expected, value) from None


def _limit(value: object, place: ValueSource) -> float | None:
    return None if value == "none" else _duration(value, place)


def _location(value: object, place: ValueSource) -> Path:
    return resolve_location(_text(value, place), place)


def _path(value: object, place: ValueSource) -> Path:
    return place.base / _text(value, place)


def _list_of(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _locations(value: object, place: ValueSource) -> tuple[Path, ...]:
    return tuple(_location(item, place) for item in _list_of(value))


def _folders(value: object, place: ValueSource) -> tuple[Path, ...]:
    return tuple(_path(item, place) for item in _list_of(value))


def _module(value: object, place: ValueSource) -> str:
    text = _text(value, place)
    if not _dotted(text):
        raise place.wrong('"package.module"', value)
    return text


def _object(value: object, place: ValueSource) -> str:
    text = _text(value, place)
    module, _, names = text.partition(":")
    if not (_dotted(module) and _dotted(names)):
        raise place.wrong('"package.module:name"', value)
    return text


def _dotted(text: str) -> bool:
    return all(word.isidentifier() for word in text.split("."))


def _objects(value: object, place: ValueSource) -> str | tuple[str, ...]:
    if isinstance(value, list):
        return tuple(_object(item, place) for item in value)
    return _object(value, place)


def _names(value: object, place: ValueSource) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(filter(None, value.replace(",", " ").split()))
    if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
        return tuple(item.strip() for item in value)
    raise place.wrong("a list of names", value)


def _databases(value: object, place: ValueSource) -> tuple[str, ...]:
    """Names of databases: of tables or, in Alembic's ini, a list as text."""
    if isinstance(value, dict):
        for name, table in value.items():
            if not isinstance(table, dict):
                title = f"{place.table}.databases.{name}".lstrip(".")
                raise place.wrong(f"tables, one a database, such as [{title}]", table)
        return tuple(value)
    if isinstance(value, str):
        return tuple(filter(None, value.replace(",", " ").split()))
    raise place.wrong("tables, one a database", value)


def _table(value: object, place: ValueSource) -> Mapping[str, object]:
    if isinstance(value, str):
        value = _literal(value)
    if not isinstance(value, dict):
        raise place.wrong("a table of names and values", value)
    return MappingProxyType({str(key): item for key, item in value.items()})


def _schemas(value: object, place: ValueSource) -> Mapping[str | None, str]:
    table = _table(value, place)
    found: dict[str | None, str] = {}
    for name, schema in table.items():
        if not isinstance(schema, str) or not schema:
            raise place.wrong("a table of names of schemas", value)
        found[name or None] = schema
    return MappingProxyType(found)


def _literal(text: str) -> object:
    """A JSON or Python literal: ini files have both."""
    from ast import literal_eval
    from json import loads

    for read in (loads, literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError):
            continue
    return text


def _hooks(value: object, place: ValueSource) -> tuple[PostWriteHook, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        title = f"{place.table}.{place.key}".lstrip(".")
        raise place.wrong(f"an array of tables, [[{title}]]", value)
    return tuple(_hook(item, place) for item in value)


def _hook(table: Mapping[str, object], place: ValueSource) -> PostWriteHook:
    for key, value in table.items():
        if not isinstance(value, str):
            raise place.fault(f"has a hook whose {key} is not text")
    written = {key: str(value) for key, value in table.items()}
    name = written.get("name")
    if name is None:
        raise place.fault("has a hook without a name", hint='add name = "..." to its table')
    kind = written.get("type")
    if kind is None:
        raise place.fault(
            f"has the hook '{name}' without a type",
            hint=f"set {name}.type (in TOML: type) to console_scripts, exec or module",
        )
    target = _HOOK_TARGETS.get(kind)
    if target is not None and target not in written:
        raise place.fault(
            f"has the hook '{name}' of type {kind} without {target}",
            hint=f"set {name}.{target} (in TOML: {target})",
        )
    return PostWriteHook(
        name=name,
        type=kind,
        entrypoint=written[target] if target else written.get("entrypoint", ""),
        options=written.get("options", ""),
        cwd=str(place.base / written["cwd"]) if "cwd" in written else None,
        extra=MappingProxyType({k: v for k, v in written.items() if k not in _HOOK_KEYS}),
    )


def integer(minimum: int, maximum: int | None = None) -> Kind:
    """A whole number, ``minimum`` or more, up to ``maximum``."""
    accepted = f"{minimum} or more" if maximum is None else f"{minimum} to {maximum}"

    def parse(value: object, place: ValueSource) -> int:
        number = value
        if isinstance(value, str) and value.strip().isdecimal():
            number = int(value)
        if isinstance(number, bool) or not isinstance(number, int):
            raise place.wrong(f"a whole number, {accepted}", value)
        if number < minimum or (maximum is not None and number > maximum):
            raise place.wrong(f"a whole number, {accepted}", value)
        return number

    return Kind("whole number", parse)


def choice(*words: str) -> Kind:
    """One of several words."""
    label = " or ".join(f'"{word}"' for word in words) if len(words) < 3 else "word"

    def parse(value: object, place: ValueSource) -> str:
        if value not in words:
            raise place.wrong("one of " + ", ".join(f'"{word}"' for word in words), value)
        return str(value)

    return Kind(label, parse)


TEXT = Kind("text", _text)
BOOLEAN = Kind("true or false", _boolean)
PER_MIGRATION = Kind("true or false", _per_migration)
DURATION = Kind("time", _duration)
LIMIT = Kind('time or "none"', _limit)
PATH = Kind("path", _path)
LOCATION = Kind("path or package:folder", _location)
LOCATIONS = Kind("list of paths or package:folder", _locations)
FOLDERS = Kind("list of paths", _folders)
MODULE = Kind("module", _module)
OBJECTS = Kind("module:name, or a list of them", _objects)
NAMES = Kind("list of names", _names)
TABLE = Kind("table", _table)
SCHEMAS = Kind("table of schemas", _schemas)
HOOKS = Kind("array of tables", _hooks)
DATABASES = Kind("tables", _databases)
LINT = Kind("table", parse_lint_settings)
