"""``adopt``: writes a native configuration for an Alembic project.

``alembic.ini``, ``env.py`` and the version table stay unchanged: both tools continue to work.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

from asyncmig.adopt.native_config import NativeConfiguration
from asyncmig.alembic_compat.detection import find_env_file
from asyncmig.errors import AsyncmigError, ConfigError, FileError
from asyncmig.migrator import Migrator
from asyncmig.project.validate import validate_project
from asyncmig.results import Adoption

if TYPE_CHECKING:
    from asyncmig.config.settings import Settings
    from asyncmig.results import Status

__all__ = ["adopt"]

_NATIVE = "asyncmig.toml"
_PYPROJECT = "pyproject.toml"
_TABLE = "tool.asyncmig"
_COUNT = """\
import importlib, sys
sys.path[:0] = sys.argv[2:]
module, _, names = sys.argv[1].partition(":")
value = importlib.import_module(module)
for name in names.split("."):
    value = getattr(value, name)
print("\\n".join(sorted(value.tables)))
"""


async def adopt(
    settings: Settings,
    *,
    path: str | Path | None = None,
    dry_run: bool = False,
    database: bool = True,
) -> Adoption:
    """Write a native configuration for an Alembic project.

    Args:
        settings: those of the project's ``alembic.ini`` or ``[tool.alembic]``.
        path: the file to write; a ``pyproject.toml`` gets a table. None is ``pyproject.toml`` if the
            project has one, else ``asyncmig.toml``.
        dry_run: write nothing.
        database: compare the database with the history.

    Raises:
        ConfigError: the project is native already, migrates several databases, or its ``env.py``
            cannot be read.
        FileError: the file exists already, or cannot be written.
    """
    if settings.config_path is None:
        raise ConfigError(
            "there is no configuration file to adopt", hint="run it in the folder of alembic.ini"
        )
    target, configuration = await anyio.to_thread.run_sync(_gather, settings, path)
    is_table = target.name == _PYPROJECT
    text = configuration.text(_TABLE if is_table else "")
    await anyio.to_thread.run_sync(_refuse_what_is_there, target)
    content = await anyio.to_thread.run_sync(_content, target, text)
    report = await anyio.to_thread.run_sync(validate_project, settings)
    status, problem = await _state(settings) if database else (None, None)
    if not dry_run:
        await anyio.to_thread.run_sync(_write, target, content)
    return Adoption(
        path=str(target),
        written=not dry_run,
        text=text,
        keys=tuple(configuration.keys),
        decide=tuple(configuration.decide),
        revisions=report.revisions,
        findings=report.findings,
        database=status,
        database_problem=problem,
    )


def _gather(settings: Settings, path: str | Path | None) -> tuple[Path, NativeConfiguration]:
    config = settings.config_path
    assert config is not None  # noqa: S101 - adopt has checked it
    base = config.absolute().parent
    if config.name == _NATIVE or (config.name == _PYPROJECT and _has_table(config)):
        raise ConfigError(
            f"{config} configures asyncmig already",
            hint="there is nothing to adopt; to use Alembic's file give -c alembic.ini",
            path=config,
        )
    found = base / _PYPROJECT if (base / _PYPROJECT).is_file() else base / _NATIVE
    target = found if path is None else base / path
    env = find_env_file(settings)
    if env is None:
        configuration = NativeConfiguration(settings, target.parent)
        configuration.decide.append(
            f"there is no env.py in {settings.script_location}: set target_metadata for autogenerate"
        )
        return target, configuration
    from asyncmig.alembic_compat.env_reading.env_file import read_env_file
    from asyncmig.alembic_compat.env_reading.project_runs import project_runs

    file = read_env_file(settings, env)
    first, *others = project_runs(settings, file)
    if others:
        raise ConfigError(
            f"{env} migrates {1 + len(others)} databases or schemas in one run, and no key can express that",
            hint="keep it: asyncmig executes env.py and migrates each of them",
            path=env,
        )
    configuration = NativeConfiguration(settings, target.parent, file, first)
    _check_models(configuration, settings, first.target_metadata)
    return target, configuration


def _check_models(configuration: NativeConfiguration, settings: Settings, metadata: object) -> None:
    """Check that the module has all tables if only it is imported."""
    tables = getattr(metadata, "tables", None)
    if tables is None or len(configuration.names) != 1:
        return
    name = configuration.names[0]
    module = name.partition(":")[0]
    config = settings.config_path
    folders = [str(path) for path in settings.prepend_sys_path] or [str(config and config.parent)]
    try:
        done = subprocess.run(  # noqa: S603 - Python itself, on a name that was looked up before
            [sys.executable, "-c", _COUNT, name, *folders],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it ends"])[-1]
        configuration.decide.append(
            f"{module} cannot be imported without env.py ({last}): name another module"
            " in target_metadata"
        )
        return
    missing = sorted(set(tables) - set(done.stdout.split("\n")))
    if missing:
        some = ", ".join(missing[:3]) + (" ..." if len(missing) > 3 else "")
        configuration.decide.append(
            f"env.py imports the models of {len(missing)} of {len(tables)} tables ({some}) beside"
            f" {module}: name a module in target_metadata that imports all of them"
        )


async def _state(settings: Settings) -> tuple[Status | None, str | None]:
    try:
        return await Migrator(settings=settings).status(), None
    except AsyncmigError as error:
        return None, error.message


def _has_table(path: Path) -> bool:
    try:
        return "asyncmig" in tomllib.loads(path.read_text("utf-8")).get("tool", {})
    except (OSError, ValueError, AttributeError):
        return False


def _refuse_what_is_there(target: Path) -> None:
    if target.name == _PYPROJECT:
        if _has_table(target):
            raise FileError(
                f"{target} has a [{_TABLE}] already, which is not overwritten",
                hint="remove the table, or see what would be written with --dry-run --to FILE",
                path=str(target),
            )
    elif target.exists():
        raise FileError(
            f"{target} exists already, and is not overwritten",
            hint="move it, or give another file: --to FILE",
            path=str(target),
        )


def _content(target: Path, text: str) -> bytes:
    """The new content of the file: its present content, byte for byte, and the text after it."""
    if target.name != _PYPROJECT or not target.exists():
        return text.encode()
    before = target.read_bytes()
    end = "\r\n" if b"\r\n" in before else "\n"
    gap = end if not before or before.endswith(b"\n") else end * 2
    content = before + (gap if before else "").encode() + text.replace("\n", end).encode()
    try:
        old, new = (tomllib.loads(each.decode("utf-8-sig")) for each in (before, content))
        new["tool"].pop("asyncmig")
        is_kept = new == old or {**old, "tool": {}} == new
    except (ValueError, KeyError) as error:
        raise _unappendable(target, str(error)) from error
    if not is_kept:
        raise _unappendable(target, "its own tables would change")
    return content


def _unappendable(target: Path, why: str) -> FileError:
    return FileError(
        f"no table can be added to {target}: {why}",
        hint=f"write a separate file: --to {_NATIVE}",
        path=str(target),
    )


def _write(target: Path, content: bytes) -> None:
    """Write the file atomically."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
            Path(name).chmod(mode)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise FileError(
            f"{target} cannot be written: {FileError.reason(error)}",
            hint="nothing was changed; check the folder's permissions",
            path=str(target),
        ) from error


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
