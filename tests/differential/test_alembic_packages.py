"""The histories inside published packages, through Alembic with psycopg2 and through asyncmig.

Opt-in: ``ASYNCMIG_TEST_PACKAGES=1`` downloads their wheels with pip (about 150 MB); each history runs with a
plain ``env.py``. Scripts that import their own package need it, and what it imports, in this environment:
``ASYNCMIG_TEST_PACKAGES=argilla-server`` names those to run.
"""

import os
import subprocess
import sys
import zipfile

import anyio.to_thread
import pytest
from alembic import command
from alembic.config import Config

from asyncmig import Migrator
from asyncmig.config import load
from fix_database import catalog_dump

HISTORIES = {
    "argilla-server": ("argilla_server/alembic", False),
    "open-webui": ("open_webui/migrations", False),
    "dstack": ("dstack/_internal/server/migrations", True),
}
"""Where each package keeps its scripts, and whether in subfolders."""

ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url)
    context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
"""


def chosen():
    """The packages that are asked for; none unless somebody does."""
    asked = os.environ.get("ASYNCMIG_TEST_PACKAGES", "")
    return list(HISTORIES) if asked == "1" else [name for name in asked.split(",") if name]


def unpack(package, folder):
    """Download a package's wheel and unpack its scripts."""
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--quiet",
        "--dest",
        str(folder),
        package,
    ]
    subprocess.run(pip, check=True)
    [wheel] = folder.glob("*.whl")
    inside, recursive = HISTORIES[package]
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(
            folder, [name for name in archive.namelist() if name.startswith(f"{inside}/")]
        )
    (folder / inside / "env.py").write_text(ENV)
    ini = folder / "alembic.ini"
    ini.write_text(
        f"[alembic]\nscript_location = %(here)s/{inside}\npath_separator = os\n"
        f"recursive_version_locations = {str(recursive).lower()}\n"
    )
    return ini


@pytest.fixture
def no_url(monkeypatch):
    for name in ("DATABASE_URL", "ASYNCMIG_URL"):
        monkeypatch.delenv(name, raising=False)


async def same_database(package, folder, make_database):
    ini = await anyio.to_thread.run_sync(unpack, package, folder)
    ours, theirs = make_database(), make_database()
    config = Config(str(ini))
    config.set_main_option("sqlalchemy.url", theirs.replace("postgresql:", "postgresql+psycopg2:"))
    await anyio.to_thread.run_sync(command.upgrade, config, "head")
    await Migrator(settings=load(ini, url=ours)).upgrade("head")
    assert catalog_dump(ours) == catalog_dump(theirs)


if chosen():

    @pytest.mark.timeout(600)
    @pytest.mark.parametrize("package", chosen())
    async def test_a_package_s_history(package, tmp_path, make_database, no_url):
        await same_database(package, tmp_path, make_database)
