"""Finds the configuration files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from asyncmig.config.files.layers import AlembicTable, IniFile, NativeTable, read_toml
from asyncmig.errors import ConfigError, ConfigNotFoundError, FileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Files", "find_files", "refuse_second"]

NATIVE = "asyncmig.toml"
PYPROJECT = "pyproject.toml"
INI = "alembic.ini"
_TOOL = {"asyncmig": "tool.asyncmig", "alembic": "tool.alembic"}


class Files(NamedTuple):
    """The files found: a native one, or Alembic's pair of pyproject.toml and ini."""

    native: NativeTable | None = None
    toml: AlembicTable | None = None
    ini: IniFile | None = None

    @property
    def path(self) -> Path:
        """The main file."""
        found = self.native or self.ini or self.toml
        assert found is not None  # noqa: S101  # find_files raises rather than find nothing
        return found.path


_GIVEN = "given with -c"


def find_files(named: Sequence[str | Path], environ: Mapping[str, str], cwd: Path) -> Files:
    """The configuration files, read.

    Args:
        named: what ``-c`` gave, at most one TOML file and one ini file.
        environ: for ``ASYNCMIG_CONFIG`` and ``ALEMBIC_CONFIG``.
        cwd: the only folder that is searched. Parent folders are not, because a migration with the wrong
            configuration is worse than an error; Alembic does not search them either.

    Raises:
        ConfigNotFoundError: nothing was found, or a named file is not there.
        ConfigError: two files of one kind, or a file that cannot be read.
    """
    search = _Search(environ, cwd)
    if named:
        return search.named([cwd / path for path in named], _GIVEN)
    for variable in ("ASYNCMIG_CONFIG", "ALEMBIC_CONFIG"):
        if written := environ.get(variable):
            return search.named([cwd / written], f"named by {variable}")
    return search.folder()


def refuse_second(config: Path) -> None:
    """Check that a new file and an existing configuration of its folder do not hide each other.

    A file of another name is read only with ``-c``. The caller checks the contents of the file itself.

    Args:
        config: the new file, absolute.

    Raises:
        ConfigError: there is one, or a file that cannot be read may be one.
    """
    if config.name not in {NATIVE, PYPROJECT}:
        return
    try:
        found = _Search({}, config.parent).folder()
    except ConfigNotFoundError:
        return
    native = found.native
    if native is not None and native.path == config:
        return
    hidden = native is not None and native.path.name == NATIVE
    hint = "asyncmig reads it unchanged, and `asyncmig adopt` writes a native one"
    if native is not None:
        hint = "create the folder that its script_location names, and write revisions there"
    raise ConfigError(
        f"there is a configuration already, {found.path}, and "
        + (
            f"it takes precedence over {config.name}"
            if hidden
            else f"{config.name} would take precedence"
        ),
        hint=f"{hint}; for one more project in this folder name another file, as -c other.toml",
        path=found.path,
    )


class _Search:
    def __init__(self, environ: Mapping[str, str], cwd: Path) -> None:
        self.environ = environ
        self.cwd = cwd

    def named(self, paths: Sequence[Path], how: str) -> Files:
        tomls = [path for path in paths if path.suffix == ".toml"]
        inis = [path for path in paths if path.suffix != ".toml"]
        for several in (tomls, inis):
            if len(several) > 1:
                raise ConfigError(
                    f"{several[0]} and {several[1]} are two configuration files of one kind",
                    hint="-c may be given twice for one TOML file and one ini file",
                )
        for path in paths:
            if not path.is_file():
                raise ConfigNotFoundError(
                    f"there is no configuration file {path} ({how})",
                    hint="check the path; a relative one starts from the working directory",
                    path=path,
                    argument="config" if how == _GIVEN else None,
                )
        native, toml = self.toml(tomls[0], strict=True) if tomls else (None, None)
        ini = self.ini(inis[0]) if inis else None
        if native is None:
            return self.alembic(toml, ini)
        return Files(native=native, ini=ini)

    def folder(self) -> Files:
        if (path := self.cwd / NATIVE).is_file():
            return Files(native=self.toml(path, strict=True)[0])
        native, toml = self.toml(self.cwd / PYPROJECT)
        if native is not None:
            return Files(native=native)
        files = self.alembic(toml, None)
        if files.toml is None and files.ini is None:
            raise self.nothing()
        return files

    def alembic(self, toml: AlembicTable | None, ini: IniFile | None) -> Files:
        """Alembic's two files; both are read, whichever is named."""
        if toml is None:
            toml = self.toml(self.cwd / PYPROJECT)[1]
        if ini is None and (path := self.cwd / INI).is_file():
            ini = self.ini(path)
        return Files(toml=toml, ini=ini)

    def ini(self, path: Path) -> IniFile:
        try:
            return IniFile(path, self.cwd, self.environ)
        except OSError as error:
            raise _unreadable(path, error) from error

    def toml(
        self, path: Path, *, strict: bool = False
    ) -> tuple[NativeTable | None, AlembicTable | None]:
        """The native table or Alembic's; with ``strict`` one of them is required."""
        try:
            if not strict and not (path.is_file() and _mentions_us(path)):
                return None, None
            document = read_toml(path)
        except OSError as error:
            raise _unreadable(path, error) from error
        tool = document.get("tool")
        tables = tool if isinstance(tool, dict) else {}
        for name, table in _TOOL.items():
            if not isinstance(tables.get(name, {}), dict):
                raise ConfigError(f"{path}: [{table}] is not a table", path=path)
        if "asyncmig" in tables:
            return NativeTable(path, _TOOL["asyncmig"], tables["asyncmig"], self.environ), None
        if "alembic" in tables:
            return None, AlembicTable(path, tables["alembic"], self.cwd, self.environ)
        if path.name != PYPROJECT:
            return NativeTable(path, "", document, self.environ), None
        if strict:
            raise ConfigNotFoundError(
                f"{path} has neither a [tool.asyncmig] nor a [tool.alembic] table",
                hint="add [tool.asyncmig] with script_location and url,"
                " or run 'asyncmig init --template pyproject migrations'",
                path=path,
            )
        return None, None

    def nothing(self) -> ConfigNotFoundError:
        hint = "run 'asyncmig init migrations' to create a project, or name the file with -c"
        for folder in self.cwd.parents:
            for name in (NATIVE, INI):
                if (path := folder / name).is_file():
                    hint = f"parent folders are not searched: go to {folder}, or give -c {path}"
                    return self.not_found(hint)
        return self.not_found(hint)

    def not_found(self, hint: str) -> ConfigNotFoundError:
        return ConfigNotFoundError(
            f"no configuration in {self.cwd}: neither {NATIVE}, nor [tool.asyncmig] or"
            f" [tool.alembic] in {PYPROJECT}, nor {INI}",
            hint=hint,
            path=self.cwd,
        )


def _mentions_us(path: Path) -> bool:
    """Whether a pyproject.toml must be parsed: most are long, and have no table for asyncmig."""
    content = path.read_bytes()
    return b"asyncmig" in content or b"alembic" in content


def _unreadable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"{path} cannot be read: {FileError.reason(error)}",
        hint="check that it is a file, and that you may read it",
        path=path,
    )
