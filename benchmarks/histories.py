"""``python -m benchmarks.histories NAME ...``: the histories inside published packages, through both tools.

Each package's wheel is fetched with pip, its scripts get a plain ``env.py``, and each tool takes an empty
database from base to head and back to base, by its command: a whole process. ``--api`` calls the functions
of both in a process that has nothing else to do. The two databases are compared by ``pg_dump``, at head and
where the downgrade ends. What the scripts import must be installed: here, or with ``--environments`` in a
virtual environment of each package, in which asyncmig's dependencies are installed. ``--latency`` puts a
proxy before the server that adds it to each round trip.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from statistics import geometric_mean
from typing import TYPE_CHECKING

import psycopg2  # type: ignore[import-untyped]  # it brings no types

from benchmarks.proxy import latency_proxy
from benchmarks.server import find_server, with_driver

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The scripts in a package.

    Attributes:
        inside: their folder in the wheel.
        recursive: they lie in subfolders of ``versions``.
        first: metadata that the project creates before its first revision: ``module:name``.
        convention: the naming convention of the project's models.
        stand_ins: modules that the scripts import and that need too much: path to text.
    """

    inside: str
    recursive: bool = False
    first: str | None = None
    convention: Mapping[str, str] = field(default_factory=dict)
    stand_ins: Mapping[str, str] = field(default_factory=dict)


JSON_FIELD = """
import json
from sqlalchemy import Text, types

class JSONField(types.TypeDecorator):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return json.dumps(value)

    def process_result_value(self, value, dialect):
        return None if value is None else json.loads(value)
"""

HISTORIES = {
    "apache-airflow-core": History(inside="airflow/migrations"),
    "arize-phoenix": History(
        inside="phoenix/db/migrations",
        convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_`%(constraint_name)s`",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        },
    ),
    "argilla-server": History(inside="argilla_server/alembic"),
    "dstack": History(inside="dstack/_internal/server/migrations", recursive=True),
    "mlflow": History(
        inside="mlflow/store/db_migrations",
        first="mlflow.store.tracking.dbmodels.initial_models:Base",
    ),
    "open-webui": History(
        inside="open_webui/migrations", stand_ins={"open_webui/internal/db.py": JSON_FIELD}
    ),
}

ENV = """
import asyncio
from alembic import context
from sqlalchemy import MetaData, create_engine, pool
from sqlalchemy.ext.asyncio import create_async_engine

metadata = MetaData(naming_convention=CONVENTION or None)
url = context.config.get_main_option("sqlalchemy.url")


def run(connection):
    context.configure(
        connection=connection, target_metadata=metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_async():
    async with create_async_engine(url, poolclass=pool.NullPool).connect() as connection:
        await connection.run_sync(run)


if context.is_offline_mode():
    context.configure(url=url, target_metadata=metadata)
    context.run_migrations()
elif "+asyncpg" in (url or ""):
    asyncio.run(run_async())
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        run(connection)
"""


def unpack(package: str, folder: Path) -> Path:
    """Fetch a package's wheel, or take the one that lies in the folder; gives an ``alembic.ini``."""
    if not list(folder.glob("*.whl")):
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
        subprocess.run([*pip, "--dest", str(folder), package], check=True)
    [wheel] = folder.glob("*.whl")
    history = HISTORIES[package]
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(f"{history.inside}/")]
        archive.extractall(folder, names)
    for path, text in history.stand_ins.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    (folder / history.inside / "env.py").write_text(f"CONVENTION = {history.convention!r}\n{ENV}")
    ini = folder / "alembic.ini"
    ini.write_text(
        f"[alembic]\nscript_location = %(here)s/{history.inside}\npath_separator = os\n"
        f"recursive_version_locations = {str(history.recursive).lower()}\n"
    )
    return ini


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a tool did: ``seconds`` that its process took, start and imports included."""

    seconds: float
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How a history is run.

    Attributes:
        repeats: of which the fastest counts.
        latency: what a proxy adds to each round trip, in seconds.
        python: the interpreter of both tools.
        api: functions are called in place of commands.
    """

    repeats: int
    latency: float
    python: str
    api: bool


def run(
    tool: str, ini: Path, url: str, direction: str, target: str, conditions: Conditions
) -> Outcome:
    """Run ``asyncmig``, or Alembic over ``psycopg2`` or ``asyncpg``, in a process of its own."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "ASYNCMIG_URL"}
    }
    repository = Path(__file__).parent.parent
    environment["PYTHONPATH"] = os.pathsep.join(
        map(str, (repository, repository / "cli", ini.parent))
    )
    if conditions.api:
        words = ["benchmarks.workers.history", tool, str(ini), url, direction, target]
    else:
        driver = "asyncpg" if tool == "asyncpg" else "psycopg2"
        command = ini.with_name("command.ini")
        shown = with_driver(url, driver).replace("%", "%%")
        command.write_text(f"{ini.read_text()}sqlalchemy.url = {shown}\n")
        name = "asyncmig" if tool == "asyncmig" else "alembic"
        words = [name, "-c", str(command), direction, target]
    begun = time.perf_counter()
    done = subprocess.run(
        [conditions.python, "-m", *words],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=Path(ini).parent,
    )
    seconds = time.perf_counter() - begun
    if done.returncode:
        return Outcome(seconds=seconds, error=_error(done.stderr))
    error = json.loads(done.stdout.splitlines()[-1])["error"] if conditions.api else None
    return Outcome(seconds=seconds, error=error)


def _error(output: str) -> str:
    """The error that a command has printed, without its lines of progress and its traceback."""
    lines = [line for line in output.strip().splitlines() if line.strip()]
    first = next((i for i, line in enumerate(lines) if _ERROR.match(line)), -1)
    return "\n".join(lines[first:]) if lines else "no output"


_ERROR = re.compile(r"error: |[\w.]+(Error|Exception): ")


def rows(url: str) -> list[str]:
    """The version table; none where the first revision failed."""
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass('alembic_version')")
            if cursor.fetchone() == (None,):
                return []
            cursor.execute("SELECT version_num FROM alembic_version ORDER BY 1")
            return [row[0] for row in cursor.fetchall()]
    finally:
        connection.close()


FIRST = """
import importlib, sys
from sqlalchemy import create_engine

module, name, url = sys.argv[1:]
getattr(importlib.import_module(module), name).metadata.create_all(create_engine(url))
"""


def prepare(history: History, url: str, *, python: str = sys.executable) -> None:
    """What a project does before it migrates."""
    if history.first is not None:
        module, _, name = history.first.partition(":")
        psycopg2_url = url.replace("postgresql:", "postgresql+psycopg2:")
        words = [python, "-c", FIRST, module, name, psycopg2_url]
        subprocess.run(words, check=True, capture_output=True)


def upgrades(
    package: str, ini: Path, server: Server, urls: Mapping[str, str], conditions: Conditions
) -> dict[str, Outcome]:
    """From base to head: once in databases to keep, then in others for the clock, the tools in turn."""
    python, latency = conditions.python, conditions.latency
    history = HISTORIES[package]
    fastest: dict[str, Outcome] = {}
    for again in range(conditions.repeats):
        for tool, url in urls.items():
            if again and fastest[tool].error:
                continue
            with server.database() if again else nullcontext(url) as used:
                prepare(history, used, python=python)
                with latency_proxy(used, round_trip=latency) if latency else nullcontext() as proxy:
                    reached = used if proxy is None else proxy.url
                    outcome = run(tool, ini, reached, "upgrade", "heads", conditions)
            if not again or outcome.seconds < fastest[tool].seconds:
                fastest[tool] = outcome
    return fastest


def compare(
    package: str, server: Server, folder: Path, conditions: Conditions, ratios: list[float]
) -> Iterator[str]:
    """Both ways through the tools; the cells of a row of the table."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
    from fix_database import catalog_dump

    ini = unpack(package, folder)
    with ExitStack() as stack:
        urls = {tool: stack.enter_context(server.database()) for tool in TOOLS}
        up = upgrades(package, ini, server, urls, conditions)
        ratio = up["asyncmig"].seconds / up["psycopg2"].seconds
        ratios.append(ratio)
        dumps = {tool: catalog_dump(url) for tool, url in urls.items()}
        number = len(list((folder / HISTORIES[package].inside).rglob("versions/**/*.py")))
        yield package
        yield str(number)
        for tool in TOOLS:
            yield f"{up[tool].seconds:.2f} s" if up[tool].error is None else "stops"
            if up[tool].error:
                print(f"  {tool}: {up[tool].error[:1500]}", file=sys.stderr)
        yield f"{ratio:.2f}x"
        yield same(dumps["asyncmig"] == dumps["psycopg2"])
        pair = ("psycopg2", "asyncmig")
        down = {tool: run(tool, ini, urls[tool], "downgrade", "base", conditions) for tool in pair}
        left = {tool: rows(urls[tool]) for tool in pair}
        for tool in pair:
            if down[tool].error:
                print(f"  down, {tool}: {(down[tool].error or '')[:600]}", file=sys.stderr)
        ends = "base" if not left["psycopg2"] else f"stops at {', '.join(left['psycopg2'])}"
        equal = left["asyncmig"] == left["psycopg2"] and (
            catalog_dump(urls["asyncmig"]) == catalog_dump(urls["psycopg2"])
        )
        yield f"{ends}: {same(equal)}"
        if not equal:
            print(f"  down, asyncmig: ends at {left['asyncmig']}", file=sys.stderr)


TOOLS = ("psycopg2", "asyncpg", "asyncmig")
HEAD = (
    *("package", "scripts", "Alembic, psycopg2", "Alembic, asyncpg", "asyncmig", "of psycopg2's"),
    *("schema at head", "the way back"),
)


def same(equal: bool) -> str:
    """A word for it."""
    return "the same" if equal else "DIFFERENT"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*", default=sorted(HISTORIES))
    parser.add_argument(
        "--wheels", type=Path, help="a folder with a folder of each package's wheel"
    )
    parser.add_argument("--repeats", type=int, default=3, help="of which the fastest counts")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds for each round trip")
    parser.add_argument(
        "--environments", type=Path, help="a folder with a virtual environment of each package"
    )
    parser.add_argument("--api", action="store_true", help="call functions in place of commands")
    given = parser.parse_args()
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    ratios: list[float] = []
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        scratch.chmod(0o755)  # the server may run as another user
        server = stack.enter_context(find_server(scratch))
        for package in given.packages:
            folder = (given.wheels or scratch) / package
            folder.mkdir(parents=True, exist_ok=True)
            conditions = Conditions(
                repeats=given.repeats,
                latency=given.latency,
                api=given.api,
                python=str(given.environments / package / "bin" / "python")
                if given.environments
                else sys.executable,
            )
            cells = compare(package, server, folder, conditions, ratios)
            print("| " + " | ".join(cells) + " |", flush=True)
    print(f"geometric mean of asyncmig to psycopg2: {geometric_mean(ratios):.2f}x")


if __name__ == "__main__":
    main()
