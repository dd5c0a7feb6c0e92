"""Loads ``Settings`` from files, environment variables and arguments."""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from asyncmig.config.files.layers import AlembicTable, IniFile, Layer, NativeTable, read_toml
from asyncmig.config.files.locations import working_directory
from asyncmig.config.files.search import Files, find_files
from asyncmig.config.files.source import ValueSource, nearest
from asyncmig.config.keys.table import BY_NAME, KEYS
from asyncmig.config.settings import InvalidUrl, Settings
from asyncmig.config.x_arguments import read_x
from asyncmig.errors import ConfigError, ConfigKeyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from configparser import ConfigParser

    from asyncmig.config.keys.key import Key

__all__ = ["load", "load_parsed"]

_BY_ALEMBIC_NAME = {key.alembic: key for key in KEYS if key.alembic}
_ALEMBIC_SECTION = "alembic"
_OUR_SECTION = "asyncmig"


def load(
    path: str | Path | Sequence[str | Path] | None = None,
    *,
    name: str | None = None,
    x: Mapping[str, object] | Sequence[str] = (),
    url: str | None = None,
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Settings:
    """Read the configuration.

    Nothing is imported, no URL is parsed and no connection is made. An error in the URL alone (for
    example a variable that is not set) is kept in ``Settings.url`` as an ``InvalidUrl``.

    Args:
        path: the file, or one TOML file and one ini file. None searches: ``ASYNCMIG_CONFIG``,
            ``ALEMBIC_CONFIG``, then in ``cwd`` ``asyncmig.toml``, ``pyproject.toml`` and
            ``alembic.ini``.
        name: a database of ``[tool.asyncmig.databases]``, or a section of an ini file.
        x: ``-x`` arguments, as a mapping or as ``key=value`` texts.
        url: the database, before everything else that names one.
        environ: environment variables; None is the process's.
        cwd: the working directory; None is the process's.

    Raises:
        ConfigNotFoundError: there is no file.
        FileError: the working directory was deleted.
        ConfigKeyError: an unknown key, a wrong value, a missing interpolation.
        ConfigError: a file that cannot be read, or no database of that name.

    Example:
        >>> settings = load("asyncmig.toml", name="billing")  # doctest: +SKIP
        >>> settings.version_paths  # doctest: +SKIP
        (PosixPath('/app/migrations/billing/versions'),)
    """
    environ = os.environ if environ is None else environ
    cwd = working_directory() if cwd is None else cwd.absolute()
    named = [path] if isinstance(path, str | Path) else list(path or ())
    return _settings(find_files(named, environ, cwd), name, x, url, environ)


def load_parsed(
    parser: ConfigParser,
    path: Path,
    *,
    toml: Path | None = None,
    name: str | None = None,
    x: Sequence[str] = (),
) -> Settings:
    """Read an ini file that is parsed already, and may have been changed since.

    Args:
        parser: of the file.
        path: the file; it need not exist.
        toml: a ``pyproject.toml`` with a table ``[tool.alembic]``, which the ini file goes before.
        name: the section.
        x: ``-x`` arguments.

    Raises:
        ConfigKeyError: as ``load``.
        ConfigError: likewise.
    """
    cwd = working_directory()
    table = None
    if toml is not None and toml.is_file():
        tool: Any = read_toml(toml).get("tool", {})
        table = AlembicTable(toml, tool.get("alembic", {}), cwd, os.environ)
    ini = IniFile.parsed(parser, path, cwd, os.environ)
    return _settings(Files(ini=ini, toml=table), name, x, None, os.environ)


def _settings(
    files: Files,
    name: str | None,
    x: Mapping[str, object] | Sequence[str],
    url: str | None,
    environ: Mapping[str, str],
) -> Settings:
    layers, own = _layers(files, name, environ)
    reading = _Reading(layers)
    fields = reading.fields()
    if files.native is None and "script_location" not in fields:
        raise ConfigKeyError(
            f"{files.path} does not say where the revision scripts are",
            hint="set script_location in its [alembic] section",
            path=files.path,
            key="script_location",
        )
    if files.native is not None:
        fields.setdefault("script_location", files.native.base / "migrations")
        fields.setdefault("prepend_sys_path", (files.native.base,))
    fields |= _url(
        url, environ, reading.url, before_environment=own, is_native=files.native is not None
    )
    if value := environ.get("ASYNCMIG_SHADOW_URL"):
        fields |= {"shadow_url": value}
    fields["config_path"] = files.path
    fields["section"] = name or (None if files.native else _ALEMBIC_SECTION)
    fields["x"] = read_x(x, environ)
    fields["extra"] = MappingProxyType(reading.extra)
    return Settings(**fields)


def _layers(
    files: Files, name: str | None, environ: Mapping[str, str]
) -> tuple[list[Layer], Layer | None]:
    """The tables, the last going first, and the one that is the named database's own."""
    layers: list[Layer] = [layer for layer in (files.toml, files.native) if layer is not None]
    own: Layer | None = None
    databases = {} if files.native is None else _databases(files.native, environ)
    sections = [] if files.ini is None else files.ini.sections()
    if name == _ALEMBIC_SECTION and name not in databases:
        name = None  # Alembic's way to name the default
    if name is not None:
        if name not in databases and name not in sections:
            raise _no_database(files.path, name, [*databases, *sections])
        own = databases.get(name)
        if own is not None:
            layers.append(own)
    if files.ini is not None:
        section = None
        if name in sections and own is None:
            own = section = files.ini.section(str(name))
        # Alembic reads one section only. One without a script_location would fail there; here it
        # is a database of the main section.
        whole = section is not None and "script_location" in section.names()
        if _ALEMBIC_SECTION in sections and not whole:
            layers.append(files.ini.section(_ALEMBIC_SECTION))
        if section is not None:
            layers.append(section)
        if _OUR_SECTION in sections or files.ini.parser.has_section(f"{_OUR_SECTION}.lint"):
            layers.append(files.ini.section(_OUR_SECTION, native=True))
    return layers, own


def _databases(common: NativeTable, environ: Mapping[str, str]) -> dict[str, NativeTable]:
    """The table of each database; the names of their keys are checked, chosen or not."""
    written = common.raw("databases") if "databases" in common.names() else None
    found: dict[str, NativeTable] = {}
    for name, values in (written if isinstance(written, dict) else {}).items():
        if isinstance(values, dict):
            title = f"{common.table}.databases.{name}".lstrip(".")
            found[name] = table = NativeTable(common.path, title, values, environ)
            for key in values:
                _key(table, key, _place(table, key))
    return found


def _no_database(path: Path, name: str, known: Sequence[str]) -> ConfigError:
    near = nearest(name, known)
    listed = ", ".join(known)
    hint = f"it has {listed}" if listed else "it has none: leave -n out"
    return ConfigError(
        f"{path} has no database or section '{name}'",
        hint=f"did you mean '{near}'? {hint}" if near else hint,
        path=path,
        nearest=near,
        argument="name",
    )


def _place(
    layer: Layer, name: str, sys_path: tuple[Path, ...] = (), *, secret: bool = False
) -> ValueSource:
    return ValueSource(
        path=layer.path,
        table=layer.table,
        key=name,
        base=layer.base,
        sys_path=sys_path,
        secret=secret,
    )


def _key(layer: Layer, name: str, place: ValueSource) -> Key | None:
    """What a name means in this layer; None is a user's own option.

    Raises:
        ConfigKeyError: the layer is ours and there is no such key, or it is not for one database.
    """
    if not layer.native:
        return _BY_ALEMBIC_NAME.get(name)
    key = BY_NAME.get(name)
    if key is None:
        near = next((key.name for key in KEYS if name.lower() in key.also), None)
        near = near or nearest(name, BY_NAME)
        hint = f"did you mean '{near}'? " if near else ""
        raise place.fault(
            "is not a key of asyncmig",
            hint=f"{hint}docs/configuration.md lists all of them",
            near=near,
        )
    if not key.per_database and ".databases." in f".{layer.table}":
        raise place.fault("is not a key of one database", hint="write it in the common table")

    return key


class _Reading:
    """Reads layers into fields of ``Settings``."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = layers
        self.url: tuple[Layer, ValueSource] | None = None
        self.extra: dict[str, str] = {}

    def fields(self) -> dict[str, Any]:
        # A kind's parser gives what its field holds; a test holds the table of keys to it.
        found: dict[str, Any] = {}
        # First of all, because package:folder locations are looked for there.
        for layer in self.layers:
            if "prepend_sys_path" in layer.names():
                self.read(layer, "prepend_sys_path", found)
        for layer in self.layers:
            written: dict[str, str] = {}
            for name in layer.names():
                target = self.read(layer, name, found)
                if target is None:
                    continue
                if (other := written.setdefault(target, name)) != name:
                    raise _place(layer, name).fault(
                        f"means the same as {other}", hint="remove one of them"
                    )
        return found

    def read(self, layer: Layer, name: str, found: dict[str, Any]) -> str | None:
        """Read one key; the field it went to, or None."""
        key = _key(layer, name, _place(layer, name))
        if key is None:
            self.extra[name] = _as_text(layer, name)
            return None
        place = _place(layer, name, found.get("prepend_sys_path", ()), secret=key.secret)
        if key.name == "url":
            self.url = (layer, place)
            return key.target
        try:
            found[key.target] = key.kind.parse(layer.get(name, place), place)
        except ConfigKeyError as problem:
            if key.name == "shadow_url":  # it matters to comparing alone
                found["shadow_url"] = InvalidUrl(problem)
                return key.target
            if layer.native or not key.lenient:
                raise
            self.extra[name] = _as_text(layer, name)
            return None
        return key.target


def _as_text(layer: Layer, name: str) -> str:
    try:
        value = layer.get(name, _place(layer, name))
    except ConfigKeyError:
        value = layer.raw(name)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _url(
    given: str | None,
    environ: Mapping[str, str],
    written: tuple[Layer, ValueSource] | None,
    *,
    before_environment: Layer | None,
    is_native: bool,
) -> dict[str, object]:
    """The first of: the argument, ASYNCMIG_URL, DATABASE_URL, the file.

    With ``before_environment``, a database's own table, that table's URL goes before DATABASE_URL,
    which names one database: taking it for each of several would migrate the wrong ones. In a project
    of Alembic's, DATABASE_URL is the project's own business.
    """
    if given:
        return {"url": given, "url_source": "--url"}
    if value := environ.get("ASYNCMIG_URL"):
        return {"url": value, "url_source": "ASYNCMIG_URL"}
    own = written is not None and written[0] is before_environment
    if is_native and not own and (value := environ.get("DATABASE_URL")):
        return {"url": value, "url_source": "DATABASE_URL"}
    if written is None:
        return {}
    layer, place = written
    source = f"{place.path}, {place.key}"
    try:
        text = BY_NAME["url"].kind.parse(layer.get(place.key, place), place)
    except ConfigKeyError as problem:
        told = f"{problem.hint}; or " if problem.hint else ""
        problem.hint = f"{told}set ASYNCMIG_URL"
        return {"url": InvalidUrl(problem), "url_source": source}
    return {"url": text, "url_source": source}
