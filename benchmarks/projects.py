"""The same history three times: for Alembic with either driver, for asyncmig, and as plain SQL."""

from __future__ import annotations

import hashlib
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.processes import run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

BODY = """
    op.create_table(
        "item_{number:04}",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("price", sa.Numeric(10, 2), nullable=False, server_default="0"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now()),
    )
    op.create_index("ix_item_{number:04}_name", "item_{number:04}", ["name"])


def downgrade({argument}) -> None:
    op.drop_index("ix_item_{number:04}_name")
    op.drop_table("item_{number:04}")
"""
FACTS = '''"""create item {number:04}

Revision ID: {revision}
Revises: {down}
"""
{imports}
revision = {revision!r}
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade({argument}) -> None:'''
ALEMBIC_IMPORTS = "from alembic import op\nimport sqlalchemy as sa\n"
ASYNCMIG_IMPORTS = """from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from asyncmig import Operations
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projects:
    """A history of ``size`` revisions, each making a table and an index on it.

    Attributes:
        ini: Alembic's configuration, by driver.
        native: asyncmig's project folder, ``asyncmig.toml`` in it.
        scripts: asyncmig's script directory.
        sql: what Alembic prints for the whole history offline, without BEGIN and COMMIT.
        head: the last revision.
    """

    size: int
    ini: dict[str, Path]
    native: Path
    scripts: Path
    sql: Path
    head: str

    @property
    def folders(self) -> list[Path]:
        """All projects' folders."""
        return [self.native, *(path.parent for path in self.ini.values())]

    def forget_byte_code(self) -> None:
        """Remove what an earlier run left beside the scripts."""
        for folder in self.folders:
            for cache in list(folder.rglob("__pycache__")):
                shutil.rmtree(cache)


def write_projects(folder: Path, size: int) -> Projects:
    """Write the projects below ``folder``, Alembic's from its own templates."""
    folder.mkdir()
    revisions = [hashlib.sha256(str(number).encode()).hexdigest()[:12] for number in range(size)]
    ini = {}
    for driver, template in (("asyncpg", "async"), ("psycopg2", "generic")):
        project = folder / f"alembic-{driver}"
        project.mkdir()
        alembic = [sys.executable, "-m", "alembic"]
        run([*alembic, "init", "--template", template, "migrations"], folder, cwd=project)
        ini[driver] = project / "alembic.ini"
        _write_revisions(
            project / "migrations" / "versions", revisions, imports=ALEMBIC_IMPORTS, argument=""
        )
    native = folder / "native"
    versions = native / "migrations" / "versions"
    versions.mkdir(parents=True)
    (native / "asyncmig.toml").write_text('script_location = "migrations"\n', encoding="utf-8")
    _write_revisions(versions, revisions, imports=ASYNCMIG_IMPORTS, argument="op: Operations")
    return Projects(
        size=size,
        ini=ini,
        native=native,
        scripts=native / "migrations",
        sql=_write_sql(folder, ini["psycopg2"]),
        head=revisions[-1],
    )


def _write_revisions(
    versions: Path, revisions: Iterable[str], *, imports: str, argument: str
) -> None:
    down = None
    for number, revision in enumerate(revisions):
        text = (FACTS + BODY).format(
            number=number, revision=revision, down=down, imports=imports, argument=argument
        )
        (versions / f"{revision}_create_item_{number:04}.py").write_text(text, encoding="utf-8")
        down = revision


def _write_sql(folder: Path, ini: Path) -> Path:
    """What Alembic itself would run; psql's ``-1`` and the simple query are the transaction."""
    text = ini.read_text(encoding="utf-8")
    ini.write_text(
        text.replace("driver://user:pass@localhost/dbname", "postgresql+psycopg2://"), "utf-8"
    )
    offline = [sys.executable, "-m", "alembic", "-c", str(ini), "upgrade", "head", "--sql"]
    lines = run(offline, folder, cwd=ini.parent).output.splitlines()
    path = folder / "upgrade.sql"
    kept = [line for line in lines if line not in {"BEGIN;", "COMMIT;"}]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    return path
