"""A backup with pg_dump, of the very database that is about to be migrated.

pg_dump gets the address, the user and the database of the connection that asyncmig has made, in an
environment without any other ``PG*`` variable, so that both cannot lead to different databases.
"""

from __future__ import annotations

import math
import os
import shlex
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from asyncmig.alembic_compat.env_script.request import EnvRequest
from asyncmig.config.connection.connect_arguments import resolved_url
from asyncmig.config.connection.libpq import PARAMETERS
from asyncmig.database.session_settings import open_session
from asyncmig.deploy.client_programs import (
    find_client_program,
    last_line,
    run_client_program,
)
from asyncmig.errors import ConfigError, FileError
from asyncmig.migrator import project_of
from asyncmig.project.fan_out import call_one
from asyncmig.results.base import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.config.connection.url import DatabaseUrl
    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session
    from asyncmig.migrator import Migrator
    from asyncmig.project.project import Project

__all__ = ["Backup", "back_up"]

_VARIABLES = {row.name: row.variable for row in PARAMETERS if row.variable}
_COMPLETE = b"-- PostgreSQL database dump complete"
_NOT_MIGRATED = "nothing was migrated; correct the cause, or deploy without --backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup(Result):
    """A complete file of pg_dump.

    Attributes:
        path: of the file.
        size: in bytes.
        elapsed: seconds that writing and checking it took.
        restore: the command that restores it into an empty database of the name ``NEW_DATABASE``.
    """

    path: str
    size: int
    elapsed: float
    restore: str


async def back_up(migrator: Migrator, path: Path) -> Backup:
    """Write the whole database to a file with pg_dump: plain SQL for ``.sql``, else its custom format.

    The file is written under a name of its own, which only its owner may read, and gets its final name
    when pg_dump has succeeded and the file has been checked: ``pg_restore --list`` reads the table of
    contents of the custom format, and plain SQL ends with pg_dump's closing line. The password is in
    the environment of pg_dump, never in its arguments. pg_dump ends with this process.

    Raises:
        FileError: the file exists already, or cannot be written, or pg_dump failed.
        ConfigError: there is no pg_dump that is new enough, or no URL to give it.

    Example::

        backup = await back_up(migrator, Path("before.dump"))
    """
    began = time.monotonic()
    target = anyio.Path(path)
    if await anyio.to_thread.run_sync(os.path.lexists, path):
        raise FileError(
            f"{path} exists already",
            hint="a backup overwrites no file: name another one",
            path=path,
        )
    request = EnvRequest(command="status", reading=True)
    source = await call_one(project_of(migrator), _source_of, request, "a backup")
    settings, major, environment = source
    pg_dump = await anyio.to_thread.run_sync(find_client_program, "pg_dump", major)
    part: anyio.Path | None = None
    try:
        part = anyio.Path(await anyio.to_thread.run_sync(_create_part, path))
        plain = path.suffix == ".sql"
        command = [pg_dump, "--no-password", f"--file={part}"]
        command.append("--format=plain" if plain else "--format=custom")
        if settings.role:
            command.append(f"--role={settings.role}")
        done = await run_client_program(command, environment)
        if done.returncode != 0:
            raise FileError(
                f"pg_dump failed: {last_line(done.stderr)}", hint=_NOT_MIGRATED, path=path
            )
        await _check(part, path, pg_dump, environment, plain=plain)
        await anyio.to_thread.run_sync(_publish, str(part), path)
    except OSError as error:
        raise FileError(
            f"cannot write {path}: {FileError.reason(error)}",
            hint="nothing was migrated; name a file in a folder that exists and is writable",
            path=path,
        ) from error
    finally:
        if part is not None:
            with anyio.CancelScope(shield=True):
                await part.unlink(missing_ok=True)
    size = (await target.stat()).st_size
    return Backup(
        path=str(path),
        size=size,
        elapsed=time.monotonic() - began,
        restore=_restore_command(path, plain=plain),
    )


async def _source_of(project: Project) -> tuple[Settings, int, dict[str, str]]:
    """The settings, the server's version and the environment for pg_dump of one database."""
    settings = project.settings
    if settings.url is None:
        raise ConfigError(
            "a backup needs the database's url, and this migrator was given an engine",
            hint="give the migrator a URL, or run pg_dump before the deployment",
        )
    url = await anyio.to_thread.run_sync(resolved_url, settings)
    async with open_session(project.database(), settings) as session:
        environment = client_environment(url, session, settings, os.environ)
        return settings, session.server_version, environment


def client_environment(
    url: DatabaseUrl, session: Session, settings: Settings, environ: Mapping[str, str]
) -> dict[str, str]:
    """The environment in which a program of libpq connects where the session is connected.

    Args:
        url: with its service and the environment resolved.
        session: gives the address that was chosen among several hosts, or by default.
        settings: for the connect timeout.
        environ: of this process; its ``PG*`` variables are not passed on.
    """
    environment = {name: value for name, value in environ.items() if not name.startswith("PG")}
    address = getattr(session.driver, "_addr", None)
    if isinstance(address, str):  # a socket: folder/.s.PGSQL.5432
        folder, _, port = address.rpartition("/.s.PGSQL.")
        address = (folder, port)
    if address is not None:
        environment["PGHOST"], environment["PGPORT"] = str(address[0]), str(address[1])
    elif url.hosts:
        environment["PGHOST"] = ",".join(host.name for host in url.hosts)
        environment["PGPORT"] = ",".join(str(host.port or 5432) for host in url.hosts)
    given = {"PGUSER": url.user, "PGPASSWORD": url.password, "PGDATABASE": url.database}
    parameters: object = getattr(session.driver, "_params", None)
    for variable, attribute in (("PGUSER", "user"), ("PGDATABASE", "database")):
        given[variable] = getattr(parameters, attribute, None) or given[variable]
    environment |= {name: value for name, value in given.items() if value is not None}
    environment |= {
        _VARIABLES[name]: value
        for name, value in url.arguments.items()
        if name in _VARIABLES and name not in {"connect_timeout", "application_name"}
    }
    if settings.connect_timeout:
        environment["PGCONNECT_TIMEOUT"] = str(max(2, math.ceil(settings.connect_timeout)))
    environment["PGAPPNAME"] = f"{settings.application_name} backup"
    return environment


async def _check(
    part: anyio.Path, path: Path, pg_dump: str, environment: Mapping[str, str], *, plain: bool
) -> None:
    """Check that a dump is complete.

    Raises:
        FileError: it is not.
    """
    if plain:
        complete = await anyio.to_thread.run_sync(_ends_complete, str(part))
        problem = "the file ends before pg_dump's closing line"
    else:
        pg_restore = str(Path(pg_dump).with_name("pg_restore"))
        listed = await run_client_program([pg_restore, "--list", str(part)], environment)
        complete = listed.returncode == 0 and bool(listed.stdout)
        problem = last_line(listed.stderr)
    if not complete:
        raise FileError(f"the backup is not complete: {problem}", hint=_NOT_MIGRATED, path=path)


def _ends_complete(part: str) -> bool:
    with Path(part).open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 4096))
        return _COMPLETE in file.read()


def _create_part(path: Path) -> str:
    """A new file beside ``path`` that only its owner may read, and that no other run writes to."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".part")
    os.close(handle)
    return name


def _publish(part: str, path: Path) -> None:
    """Give a complete file its final name, if no other file has got it meanwhile."""
    with Path(part).open("rb") as file:
        os.fsync(file.fileno())
    try:
        os.link(part, path, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        Path(part).replace(path)


def _restore_command(path: Path, *, plain: bool) -> str:
    file = shlex.quote(str(path))
    if plain:
        return f"psql --set ON_ERROR_STOP=1 --dbname NEW_DATABASE --file {file}"
    return f"pg_restore --exit-on-error --dbname NEW_DATABASE {file}"
