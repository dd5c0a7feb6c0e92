"""The tables of configuration files, with their rules for names, paths and interpolation."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Protocol

from asyncmig.config.files.interpolation import expand_environment
from asyncmig.config.files.source import ValueSource, nearest
from asyncmig.errors import ConfigError, ConfigKeyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from configparser import ConfigParser
    from pathlib import Path

__all__ = ["AlembicTable", "IniFile", "IniSection", "Layer", "NativeTable", "read_toml"]

_SEPARATORS = {"space": " ", "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}
_LISTS = ("version_locations", "prepend_sys_path")
_HOOKS = "post_write_hooks"
_LINT = "lint"
_LINT_LISTS = frozenset({"disable", "enable"})
_INI_FAULTS = {
    "DuplicateOptionError": "a key that is written twice",
    "DuplicateSectionError": "a section that is written twice",
    "MissingSectionHeaderError": "a line before the first [section]",
}


class Layer(Protocol):
    """One table of keys. A later layer overrides an earlier one, key by key."""

    path: Path
    table: str
    native: bool
    """True for a table of asyncmig: unknown names are errors, paths are relative to the file."""
    base: Path

    def names(self) -> Iterable[str]:
        """The keys, as written."""
        ...

    def get(self, name: str, place: ValueSource) -> object:
        """A key's value, interpolated.

        Raises:
            ConfigKeyError: the interpolation refers to an undefined name.
        """
        ...

    def raw(self, name: str) -> object:
        """A key's value as written."""
        ...


class NativeTable:
    """``[tool.asyncmig]``, the whole of ``asyncmig.toml``, or one of their databases."""

    native = True

    def __init__(
        self, path: Path, table: str, values: Mapping[str, object], environ: Mapping[str, str]
    ) -> None:
        self.path = path
        self.table = table
        self.base = path.parent
        self._values = values
        self._environ = environ

    def names(self) -> Iterable[str]:
        """The keys, as written."""
        return self._values

    def get(self, name: str, place: ValueSource) -> object:
        """A key's value, interpolated."""
        if name == "databases":
            # The variables of the other databases need not be set.
            return self._values[name]
        return expand_environment(self._values[name], self._environ, place)

    def raw(self, name: str) -> object:
        """A key's value as written."""
        return self._values[name]


class AlembicTable:
    """``[tool.alembic]``: ``%(here)s`` in every text, paths relative to the working directory."""

    native = False
    table = "tool.alembic"

    def __init__(
        self, path: Path, values: Mapping[str, object], cwd: Path, environ: Mapping[str, str]
    ) -> None:
        self.path = path
        self.base = cwd
        self._values = values
        self._environ = environ
        self._tokens = {"here": path.parent.as_posix()}

    def names(self) -> Iterable[str]:
        """The keys, as written."""
        return self._values

    def get(self, name: str, place: ValueSource) -> object:
        """A key's value, interpolated."""
        value = self._fill(self._values[name], place)
        return expand_environment(value, self._environ, place) if place.secret else value

    def raw(self, name: str) -> object:
        """A key's value as written."""
        return self._values[name]

    def _fill(self, value: object, place: ValueSource) -> object:
        if isinstance(value, list):
            return [self._fill(item, place) for item in value]
        if isinstance(value, dict):
            return {key: self._fill(item, place) for key, item in value.items()}
        if not isinstance(value, str):
            return value
        try:
            return value % self._tokens
        except KeyError as missing:
            raise _no_token(place, str(missing.args[0]), self._tokens) from None
        except (ValueError, TypeError):
            raise place.fault(
                "has a percent sign that does not start a %(name)s",
                hint="write a literal percent sign as %%",
            ) from None


class IniFile:
    """An ini file, as Alembic reads it: ``%(name)s`` from its own section, ``[DEFAULT]`` and here.

    Raises:
        ConfigError: it is not an ini file. Facts: ``path``, ``line``.
    """

    def __init__(self, path: Path, cwd: Path, environ: Mapping[str, str]) -> None:
        import configparser

        self.path = path
        self.cwd = cwd
        self.environ = environ
        self.parser: ConfigParser = configparser.ConfigParser({"here": path.parent.as_posix()})
        try:
            self.parser.read_string(path.read_text("utf-8-sig"), str(path))
        except configparser.Error as error:
            line = getattr(error, "lineno", None) or next(
                (number for number, _ in getattr(error, "errors", ())), None
            )
            # The error's text repeats the line, which may have a password.
            what = _INI_FAULTS.get(type(error).__name__, "a line that is not key = value")
            raise ConfigError(
                f"{path}{f':{line}' if line else ''}: not an ini file: {what}",
                hint="write [section] headers and key = value lines",
                path=path,
                line=line,
            ) from None
        except UnicodeDecodeError:
            raise _not_utf8(path) from None

    @classmethod
    def parsed(
        cls, parser: ConfigParser, path: Path, cwd: Path, environ: Mapping[str, str]
    ) -> IniFile:
        """A file that was read before."""
        file = cls.__new__(cls)
        file.path, file.cwd, file.environ, file.parser = path, cwd, environ, parser
        return file

    def sections(self) -> list[str]:
        """The sections that ``-n`` may name, without those of logging and hooks."""
        other = (
            *("loggers", "handlers", "formatters", "logger_", "handler_", "formatter_", _HOOKS),
            "asyncmig.",
        )
        return [name for name in self.parser.sections() if not name.startswith(other)]

    def section(self, name: str, *, native: bool = False) -> IniSection:
        """One section as a layer."""
        return IniSection(self, name, native=native)


class IniSection:
    """A section of an ini file: Alembic's, or ``[asyncmig]`` with native keys."""

    def __init__(self, file: IniFile, table: str, *, native: bool) -> None:
        self.path = file.path
        self.table = table
        self.native = native
        self.base = file.path.parent if native else file.cwd
        self._file = file
        self._parser = file.parser

    def names(self) -> Iterable[str]:
        """The keys, as written."""
        defaults = self._parser.defaults()
        written = self._parser.options(self.table) if self._parser.has_section(self.table) else ()
        for name in written:
            value = self.raw(name)
            if name == "here" or name.endswith("path_separator"):
                continue
            if self.native and name in defaults and value == defaults[name]:
                # [DEFAULT] has variables, which are not keys of a native section.
                continue
            # In Alembic's template a key without a value means the default.
            if value != "":
                yield name
        if self.native and self._parser.has_section(f"{self.table}.{_LINT}"):
            yield _LINT
        if not self.native and self._parser.has_section(_HOOKS):
            yield _HOOKS

    def get(self, name: str, place: ValueSource) -> object:
        """A key's value, interpolated."""
        if name == _HOOKS:
            return self._hooks(place)
        if name == _LINT and self._parser.has_section(f"{self.table}.{_LINT}"):
            return self._lint(f"{self.table}.{_LINT}")
        value: object = self._interpolated(self.table, name, place)
        if self.native or place.secret:
            value = expand_environment(value, self._file.environ, place)
        if name in _LISTS and isinstance(value, str):
            return self._split(name, value)
        return value

    def raw(self, name: str) -> object:
        """A key's value as written."""
        return self._parser.get(self.table, name, raw=True, fallback="")

    def _interpolated(self, section: str, name: str, place: ValueSource) -> str:
        import configparser

        try:
            return self._parser.get(section, name)
        except configparser.InterpolationMissingOptionError as error:
            known = self._parser.options(section)
            raise _no_token(place, error.reference, known) from None
        except configparser.InterpolationError:
            raise place.fault(
                "has a percent sign that does not start a %(name)s",
                hint="write a literal percent sign as %%; in a URL, %40 is written %%40",
            ) from None

    def _lint(self, section: str) -> dict[str, object]:
        """``[asyncmig.lint]``, with its severities in a section below."""
        table: dict[str, object] = {}
        for name in self._options(section):
            place = ValueSource(path=self.path, table=section, key=name, base=self.base)
            text = self._interpolated(section, name, place)
            if name in _LINT_LISTS:
                table[name] = [item for item in re.split(r"[,\s]+", text) if item]
            else:
                table[name] = int(text) if text.isdecimal() else text
        below = f"{section}.severity"
        if self._parser.has_section(below):
            table["severity"] = {
                name: self._interpolated(
                    below, name, ValueSource(path=self.path, table=below, key=name, base=self.base)
                )
                for name in self._options(below)
            }
        return table

    def _options(self, section: str) -> list[str]:
        """The keys of a section without the variables of ``[DEFAULT]``."""
        defaults = self._parser.defaults()
        return [name for name in self._parser.options(section) if name not in defaults]

    def _split(self, name: str, value: str) -> list[str]:
        keys = ("path_separator", "version_path_separator")[: 1 if name != _LISTS[0] else 2]
        for key in keys:
            if self._parser.has_option(self.table, key):
                place = ValueSource(path=self.path, table=self.table, key=key, base=self.base)
                word = self._interpolated(self.table, key, place)
                separator = _SEPARATORS.get(word)
                if separator is None:
                    raise place.wrong("one of space, newline, os, : and ;", word)
                return [item.strip() for item in value.split(separator) if item.strip()]
        # Without path_separator Alembic splits as its first versions did.
        legacy = r", *| +" if name == _LISTS[0] else r", *| +|:"
        return [item for item in re.split(legacy, value) if item]

    def _hooks(self, place: ValueSource) -> list[dict[str, str]]:
        hooks: list[dict[str, str]] = []
        options = self._parser.options(_HOOKS)

        def read(key: str) -> str:
            written = ValueSource(path=self.path, table=_HOOKS, key=key, base=self.base)
            return self._interpolated(_HOOKS, key, written)

        names = re.split(r", *| +", read("hooks")) if "hooks" in options else []
        for name in filter(None, names):
            prefix = f"{name}."
            # ConfigParser lower-cases what it reads.
            own = [option for option in options if option.startswith(prefix.lower())]
            if not own:
                raise place.fault(
                    f"names the hook '{name}', which has no {name}.type",
                    hint=f"add {name}.type and the rest, or remove '{name}' from hooks",
                )
            hooks.append({"name": name, **{option[len(prefix) :]: read(option) for option in own}})
        return hooks


def read_toml(path: Path) -> dict[str, object]:
    """The content of a TOML file.

    Raises:
        ConfigError: it is not TOML. Facts: ``path``, ``line``.
    """
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = re.search(r"\(at line (\d+), column \d+\)|\(at end of document\)", message)
        line = int(found[1]) if found and found[1] else None
        what = message[: found.start()].strip() if found else message
        raise ConfigError(
            f"{path}{f':{line}' if line else ''}: not TOML: {what[:1].lower()}{what[1:]}",
            hint="write text in double quotes, and a Windows path in single quotes",
            path=path,
            line=line,
        ) from None
    except UnicodeDecodeError:
        raise _not_utf8(path) from None


def _not_utf8(path: Path) -> ConfigError:
    return ConfigError(f"{path}: not encoded as UTF-8", hint="save the file as UTF-8", path=path)


def _no_token(place: ValueSource, token: str, known: Iterable[str]) -> ConfigKeyError:
    near = nearest(token, known)
    return place.fault(
        f"refers to %({token})s, which is not defined",
        hint=f"did you mean %({near})s?" if near else "write a literal percent sign as %%",
        near=near,
    )
