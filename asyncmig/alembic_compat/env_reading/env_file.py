"""Reading an ``env.py``: it is executed to hear what it configures, and nothing it says is run.

Once with ``is_offline_mode()`` true, which needs no engine, and once with it false, where most projects
say more: the options of their online branch count, those of the offline one where it is silent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from asyncmig.alembic_compat.env_reading.capturing_environment import (
    CapturedRun,
    CapturingEnvironment,
)
from asyncmig.alembic_compat.env_reading.recording_engines import recording
from asyncmig.alembic_compat.facade.config import config_of
from asyncmig.alembic_compat.imports import alembic_imports
from asyncmig.errors import AsyncmigError, ConfigError
from asyncmig.revisions.files.failing_line import failing_line

if TYPE_CHECKING:
    from pathlib import Path

    from asyncmig.alembic_compat.facade.config import Config
    from asyncmig.config.settings import Settings

__all__ = ["EnvironmentFile", "read_env_file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentFile:
    """What an ``env.py`` says.

    Attributes:
        path: the file.
        runs: the databases, or schemas, that it migrates, in order; at least one.
        config: the configuration object, as the file left it.
        notes: what could not be understood, each with what to do about it.
    """

    path: Path
    runs: tuple[CapturedRun, ...]
    notes: tuple[str, ...] = ()
    config: Config


def read_env_file(settings: Settings, path: Path) -> EnvironmentFile:
    """Execute an ``env.py`` and keep what it configures. Call it in a thread of its own.

    Args:
        settings: from the project's ``alembic.ini`` or ``pyproject.toml``.
        path: the file.

    Raises:
        ConfigError: it raises, or starts no run, in both of its branches.
    """
    from asyncmig.config import extend_sys_path

    extend_sys_path(settings.prepend_sys_path)
    config = config_of(settings)
    offline, offline_problem = _execute(settings, config_of(settings), path, offline=True)
    online, problem = _execute(settings, config, path, offline=False)
    notes = []
    if online:
        runs = _merged(online, offline)
    elif offline:
        runs = offline
        why = "starts no run" if problem is None else _explained(problem, path)
        notes.append(f"the online branch of {path} {why}; its offline branch was read instead")
    else:
        failure = problem or offline_problem
        why = "starts no run" if failure is None else _explained(failure, path)
        raise ConfigError(
            f"{path} {why}",
            hint="configure asyncmig itself: [tool.asyncmig] in pyproject.toml with script_location, url "
            "and target_metadata goes before env.py",
            path=path,
        ) from failure
    return EnvironmentFile(path=path, runs=tuple(runs), notes=tuple(notes), config=config)


def _execute(
    settings: Settings, config: Config, path: Path, *, offline: bool
) -> tuple[list[CapturedRun], BaseException | None]:
    environment = CapturingEnvironment(settings, config, offline=offline)
    module = ModuleType("env_py")  # the name that Alembic gives it
    module.__file__ = str(path)
    problem: BaseException | None = None
    with alembic_imports(environment), recording():
        try:
            exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102 - the purpose
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a user's file may raise anything
            problem = error
        finally:
            environment.close()
    return environment.runs, problem


def _merged(online: list[CapturedRun], offline: list[CapturedRun]) -> list[CapturedRun]:
    if len(online) != len(offline):
        return online
    return [
        CapturedRun(
            options={**other.options, **run.options},
            keywords={**other.keywords, **run.keywords},
            preparation=run.preparation or other.preparation,
            url=run.url or other.url,
            schema_translate_map=run.schema_translate_map,
        )
        for run, other in zip(online, offline, strict=True)
    ]


def _explained(error: BaseException, path: Path) -> str:
    line = failing_line(str(path), error)
    text = error.message if isinstance(error, AsyncmigError) else str(error)
    told = f"raises {type(error).__name__}" + (f" in line {line}" if line else "")
    return re.sub(r"\s+", " ", f"{told}: {text}").strip(": ")
