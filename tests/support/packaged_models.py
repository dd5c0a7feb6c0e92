"""Published packages with models and migrations of their own, each in an environment of its own.

The environments lie in ``.matrix/packages`` and are made once, by pip. A project folder for asyncmig is
written around the package's scripts; whatever needs the package runs there as a process: our own command.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import venv
from dataclasses import dataclass, field
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from asyncmig.results import Difference
from support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

ENVIRONMENTS = ROOT / ".matrix" / "packages"
OURS = (
    "greenlet",
    "asyncpg>=0.30",
    "anyio>=4.6",
    "typer>=0.15",
    "rich>=13",
    "psycopg2-binary",
    "alembic",
)
"""What asyncmig and the scripts need beside the package, whatever that says of it."""


@dataclass(frozen=True, kw_only=True)
class Packaged:
    """A package whose models and migrations are compared.

    Attributes:
        version: the one that the figures in docs/autogenerate.md are of.
        scripts: the folder with its ``versions``, below site-packages.
        models: Python that leaves ``metadatas``, a list, behind.
        requirements: for pip, beside the package itself.
        bare: install the package without what it asks for, because that is gigabytes; modules that its
            models import and that are missing are stood in for.
        recursive: its scripts lie in subfolders.
        first: metadata that it creates before it migrates: ``module:name``.
        settings: environment variables.
    """

    name: str
    version: str
    scripts: str
    models: str
    requirements: tuple[str, ...] = ()
    bare: bool = False
    recursive: bool = False
    first: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


MLFLOW = """
from mlflow.store.db.base_sql_model import Base
from mlflow.store.model_registry.dbmodels import models as registry_models
from mlflow.store.tracking.dbmodels import models as tracking_models
metadatas = [Base.metadata]
"""
CORRECTIONS = """
tables = Base.metadata.tables
for table in (tables["trace_tags"], tables["trace_request_metadata"]):
    [empty] = [index for index in table.indexes if not index.expressions]
    table.indexes.remove(empty)
[column] = tables["input_tags"].columns["input_uuid"].foreign_keys
tables["input_tags"].constraints.remove(column.constraint)
"""
"""What PostgreSQL refuses: indexes without columns, and a foreign key to a column that is not unique."""
PACKAGES = [
    Packaged(
        name="argilla-server",
        version="2.8.0",
        scripts="argilla_server/alembic",
        models="""
        from argilla_server.models.base import DatabaseModel
        import argilla_server.models.database
        metadatas = [DatabaseModel.metadata]
        """,
        settings={"ARGILLA_DATABASE_URL": "postgresql+asyncpg://localhost/argilla"},
    ),
    Packaged(
        name="open-webui",
        version="0.12.4",
        scripts="open_webui/migrations",
        models="""
        import pkgutil
        import open_webui.models
        from open_webui.internal.db import Base
        for module in pkgutil.iter_modules(open_webui.models.__path__):
            importlib.import_module(f"open_webui.models.{module.name}")
        metadatas = [Base.metadata]
        """,
        requirements=("SQLAlchemy~=2.0.0", "pydantic", "aiosqlite"),
        bare=True,
        settings={
            "VECTOR_DB": "none",
            "FROM_INIT_PY": "true",
            "DATA_DIR": "data",
            "STATIC_DIR": "static",
            "ENABLE_DB_MIGRATIONS": "false",
            "WEBUI_SECRET_KEY": "x",
        },
    ),
    Packaged(
        name="mlflow",
        version="2.3.2",
        scripts="mlflow/store/db_migrations",
        models=MLFLOW,
        requirements=("mlflow-skinny==2.3.2", "SQLAlchemy<3", "setuptools==70.0.0"),
        first="mlflow.store.tracking.dbmodels.initial_models:Base",
    ),
    Packaged(
        name="mlflow",
        version="3.17.2",
        scripts="mlflow/store/db_migrations",
        models=MLFLOW + CORRECTIONS,
        requirements=("mlflow-skinny==3.17.2",),
        first="mlflow.store.tracking.dbmodels.initial_models:Base",
    ),
    Packaged(
        name="dstack",
        version="0.22.5",
        scripts="dstack/_internal/server/migrations",
        models="""
        from dstack._internal.server.models import BaseModel
        metadatas = [BaseModel.metadata]
        """,
        requirements=("dstack[server]==0.22.5",),
        recursive=True,
    ),
]

STAND_INS = """
import importlib
import importlib.machinery
import sys
from unittest.mock import MagicMock


class StandIn:
    '''Finds what nobody else finds: modules of other projects, whose names are all that counts here.'''

    def find_spec(self, name, path, target=None):
        top = name.partition(".")[0]
        if top == OWN or top in sys.stdlib_module_names or top in {"_typeshed", "sqlalchemy"}:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = MagicMock(name=spec.name)
        module.__path__, module.__spec__, module.__name__ = [], spec, spec.name
        return module

    def exec_module(self, module):
        pass


sys.meta_path.append(StandIn())
"""
ENV = """
from alembic import context
from package_models import metadatas

context.configure(target_metadata=metadatas, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
"""
CREATE_ALL = """
import importlib, sys
import sqlalchemy as sa
source, url = sys.argv[1:]
module, _, name = source.partition(":")
found = getattr(importlib.import_module(module), name)
engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg2:"))
for metadata in found if isinstance(found, list) else [found.metadata]:
    metadata.create_all(engine)
    print(len(metadata.tables))
"""


def environment(package: Packaged) -> Path:
    """The package's Python, installed where it is not yet."""
    home = ENVIRONMENTS / f"{package.name}-{package.version}"
    python = home / "bin" / "python"
    done = home / ".installed"
    if not done.exists():
        venv.create(home, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        alone = ["--no-deps"] if package.bare else []
        subprocess.run([*pip, *alone, f"{package.name}=={package.version}"], check=True)
        subprocess.run([*pip, *package.requirements, *OURS], check=True)
        done.touch()
    return python


class PackagedService:
    """A package's models and scripts as a project of asyncmig's.

    Args:
        package: the one.
        folder: where to write the project.
    """

    def __init__(self, package: Packaged, folder: Path) -> None:
        self.package = package
        self.folder = folder
        self.python = environment(package)
        [site] = self.python.parent.parent.glob("lib/python*/site-packages")
        self.scripts = folder / "migrations"
        shutil.copytree(
            site / package.scripts, self.scripts, ignore=shutil.ignore_patterns("__pycache__")
        )
        own = package.scripts.partition("/")[0]
        stand_ins = f"OWN = {own!r}\n{STAND_INS}" if package.bare else "import importlib\n"
        (folder / "package_models.py").write_text(stand_ins + dedent(package.models))
        (self.scripts / "env.py").write_text(ENV)
        recursive = str(package.recursive).lower()
        lines = [
            "[alembic]",
            "script_location = %(here)s/migrations",
            "prepend_sys_path = %(here)s",
        ]
        lines += ["path_separator = os", f"recursive_version_locations = {recursive}"]
        (folder / "alembic.ini").write_text("\n".join(lines) + "\n")

    def run(self, *words: str) -> str:
        """Run the package's Python in the project's folder; gives what it printed."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "ASYNCMIG_URL", "PYTHONPATH"}
        }
        ours = os.pathsep.join(map(str, (self.folder, ROOT, ROOT / "cli")))
        done = subprocess.run(
            [str(self.python), "-W", "ignore", *words],
            cwd=self.folder,
            env={
                **inherited,
                **self.package.settings,
                "HOME": str(self.folder),
                "PYTHONPATH": ours,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in {0, 3}:  # 3: check found something
            raise PackageError(
                f"{' '.join(words[-4:])}\n{done.stderr[-3000:]}{done.stdout[-3000:]}"
            )
        return done.stdout

    async def command(self, url: str, *words: str) -> Any:
        """One of asyncmig's commands; gives its document."""
        output = await anyio.to_thread.run_sync(
            self.run, "-m", "asyncmig_cli", "-c", "alembic.ini", "--url", url, "--json", *words
        )
        return json.loads(output[output.index("{") :])

    async def create_all(self, url: str, source: str = "package_models:metadatas") -> int:
        """Make what models say in a database; gives the number of tables."""
        output = await anyio.to_thread.run_sync(self.run, "-c", CREATE_ALL, source, url)
        return sum(map(int, output.split()))

    async def migrate(self, url: str) -> None:
        """Its own migrations, from nothing to their heads."""
        if self.package.first is not None:
            await self.create_all(url, self.package.first)
        await self.command(url, "upgrade", "heads")

    async def check(self, url: str) -> Sequence[Difference]:
        document = await self.command(url, "check")
        names = ("change", "object", "before", "after")
        return [
            Difference(sql=tuple(found["sql"]), **{name: found[name] for name in names})
            for found in document["differences"]
        ]

    async def revise(self, url: str) -> None:
        words = ("revision", "--autogenerate", "-m", "what differs", "--rev-id", "what_differs")
        await self.command(url, *words)
        await self.command(url, "upgrade", "heads")

    async def undo(self, url: str) -> None:
        await self.command(url, "downgrade", "-1")
        [written] = self.scripts.rglob("*what_differs*.py")
        written.unlink()


class PackageError(AssertionError):
    """A process of a package's failed; holds the end of what it said."""
