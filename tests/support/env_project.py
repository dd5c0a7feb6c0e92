"""A project of Alembic's around one ``env.py`` of ``tests/differential/env_files``, for either tool.

The first lines of such a file say what it needs, as comments ``# key: value``:

* ``driver``: the one that the URL of the ini file names; psycopg2 where none is given;
* ``ini``: a line for the ini file's main section, or ``[name] key = value`` for another; repeatable;
* ``arguments``: of the command, ``-x tenant=a``;
* ``setup``: SQL that is executed before, in the first database; repeatable;
* ``history``: ``concurrently`` adds a revision with an index that is built outside a transaction;
* ``exit``: the exit code of both tools; ``failure`` is any but 0;
* ``downgrade``: ``no`` where there is nothing to downgrade afterwards;
* ``offline``: ``no`` where ``--sql`` makes no sense for it;
* ``config``: ``pyproject`` for a project of ``[tool.alembic]``;
* ``stdin``: what is typed.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fix_database import NOISE, postgres_program
from support.forked_tools import run_tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.forked_tools import Finished

__all__ = ["ENV_FILES", "EnvFile", "EnvProject", "dump_everything"]

ENV_FILES = Path(__file__).parents[1] / "differential" / "env_files"
APPLICATION = {
    "__init__.py": "",
    "settings.py": """
        import os

        class Settings:
            url = os.environ["DB_URL"]
            host = os.environ["DB_HOST"]
            port = int(os.environ["DB_PORT"])
            user = os.environ["DB_USER"]
            password = os.environ["DB_PASSWORD"]
            name = os.environ["DB_NAME"]

        settings = Settings()
    """,
    "models.py": """
        import sqlalchemy as sa
        from sqlalchemy.orm import DeclarativeBase

        class Base(DeclarativeBase):
            pass

        class Book(Base):
            __tablename__ = "book"
            id = sa.Column(sa.Integer, primary_key=True)
            title = sa.Column(sa.String(80), nullable=False)
    """,
    "db.py": """
        from sqlalchemy import create_engine, event
        from sqlalchemy.pool import NullPool
        from .settings import settings

        engine = create_engine(
            settings.url,
            poolclass=NullPool,
            connect_args={"application_name": "the_app"},
        )

        @event.listens_for(engine, "connect")
        def set_search_path(connection, record):
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = '30s'")
            connection.commit()
    """,
    "async_db.py": """
        from sqlalchemy.ext.asyncio import create_async_engine
        from .settings import settings

        engine = create_async_engine(settings.url.replace("psycopg2", "asyncpg"))
    """,
}
REVISIONS = {
    "a1": """
        op.create_table(
            "book",
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("title", sa.String(80), nullable=False),
            sa.Column("mood", sa.Enum("sad", "happy", name="mood"), server_default="sad"),
        )
        op.create_index("ix_book_title", "book", ["title"])
    """,
    "a2": """
        op.bulk_insert(
            sa.table("book", sa.column("id", sa.Integer), sa.column("title", sa.String)),
            [{"id": 1, "title": "One"}, {"id": 2, "title": "Two"}],
        )
        op.add_column("book", sa.Column("made_by", sa.Text, server_default=sa.text("CURRENT_USER")))
    """,
    "a3": """
        op.execute("UPDATE book SET mood = 'happy' WHERE id = 2")
        op.create_table("setting", sa.Column("name", sa.Text), sa.Column("value", sa.Text))
        op.execute(
            "INSERT INTO setting SELECT name, pg_catalog.current_setting(name) FROM (VALUES"
            " ('search_path'), ('statement_timeout'), ('TimeZone'), ('transaction_isolation')) AS a (name)"
        )
    """,
    "a4": """
        with op.get_context().autocommit_block():
            op.create_index("ix_book_mood", "book", ["mood"], postgresql_concurrently=True)
    """,
}
DOWNGRADES = {
    "a1": 'op.drop_table("book")\nop.execute("DROP TYPE mood")',
    "a2": 'op.drop_column("book", "made_by")\nop.execute("DELETE FROM book")',
    "a3": 'op.drop_table("setting")',
    "a4": 'op.drop_index("ix_book_mood", "book")',
}


@dataclass(kw_only=True)
class EnvFile:
    """One file and what it says it needs."""

    path: Path
    driver: str = "psycopg2"
    ini: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    setup: list[str] = field(default_factory=list)
    history: str = ""
    exit: str = "0"
    offline: bool = True
    downgrade: bool = True
    stdin: str = ""
    config: str = "ini"

    @classmethod
    def read(cls, path: Path) -> EnvFile:
        found = cls(path=path)
        for line in path.read_text().splitlines():
            if not line.startswith("# ") or ": " not in line:
                break
            key, _, value = line.removeprefix("# ").partition(": ")
            match key:
                case "ini" | "setup":
                    getattr(found, key).append(value)
                case "arguments":
                    found.arguments = value.split()
                case "offline" | "downgrade":
                    setattr(found, key, value != "no")
                case "driver" | "history" | "exit" | "stdin" | "config":
                    setattr(found, key, value.replace("\\n", "\n"))
                case _:
                    raise ValueError(f"{path.name} says {key!r}, which no test knows")
        return found


class EnvProject:
    """One project on disk, and the databases of one tool.

    Args:
        folder: where to write it.
        file: the ``env.py``.
        urls: of two databases.
        role: a name for the role that the file may create.
    """

    def __init__(self, folder: Path, file: EnvFile, urls: Sequence[str], role: str) -> None:
        self.folder = folder
        self.file = file
        self.urls = urls
        self.role = role
        parts = urlsplit(urls[0])
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PG")},
            "DB_URL": urls[0].replace("postgresql:", "postgresql+psycopg2:"),
            "DB_URL2": urls[1].replace("postgresql:", "postgresql+psycopg2:"),
            "DB_HOST": parts.hostname or "",
            "DB_PORT": str(parts.port or 5432),
            "DB_USER": parts.username or "",
            "DB_PASSWORD": parts.password or "",
            "DB_NAME": parts.path.strip("/"),
            "DB_ROLE": role,
            "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        for name in ("DATABASE_URL", "ASYNCMIG_URL", "ASYNCMIG_CONFIG", "ALEMBIC_CONFIG"):
            self.environment.pop(name, None)
        self._write()

    def _write(self) -> None:
        versions = self.folder / "migrations" / "versions"
        versions.mkdir(parents=True)
        (self.folder / "migrations" / "env.py").write_text(self.file.path.read_text())
        (self.folder / "migrations" / "script.py.mako").write_text(MAKO)
        (self.folder / "app").mkdir()
        for name, text in APPLICATION.items():
            (self.folder / "app" / name).write_text(dedent(text))
        sections: dict[str, list[str]] = {"alembic": []}
        for line in self.file.ini:
            section, text = "alembic", line
            if line.startswith("["):
                section, _, text = line[1:].partition("] ")
            sections.setdefault(section, []).append(text)
        main = [
            "script_location = %(here)s/migrations",
            "prepend_sys_path = .",
            "path_separator = os",
            f"sqlalchemy.url = {self._url(0)}",
        ]
        if self.file.config == "pyproject":
            table = '[tool.alembic]\nscript_location = "%(here)s/migrations"\nprepend_sys_path = ["."]\n'
            (self.folder / "pyproject.toml").write_text(table)
            main = main[3:]
        if any(line.startswith("sqlalchemy.url =") for line in sections["alembic"]):
            main = main[:-1]
        sections["alembic"] = main + sections["alembic"]
        text = "".join(
            f"[{name}]\n" + "".join(f"{line}\n" for line in lines)
            for name, lines in sections.items()
        )
        text = text.replace("@URL@", self._url(0)).replace("@URL2@", self._url(1))
        (self.folder / "alembic.ini").write_text(text)
        revisions = [name for name in REVISIONS if name != "a4" or self.file.history]
        for name, down in zip(revisions, [None, *revisions], strict=False):
            body = dedent(REVISIONS[name]).strip().replace("\n", "\n    ")
            back = DOWNGRADES[name].replace("\n", "\n    ")
            (versions / f"{name}.py").write_text(
                f'"""{name}"""\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
                f"revision = {name!r}\ndown_revision = {down!r}\n\n\n"
                f"def upgrade(**given):\n    {body}\n\n\ndef downgrade(**given):\n    {back}\n"
            )

    def _url(self, number: int) -> str:
        return (
            self.urls[number]
            .replace("postgresql:", f"postgresql+{self.file.driver}:")
            .replace("%", "%%")
        )

    def alembic(self, *arguments: str) -> Finished:
        return self._run("alembic", arguments)

    def asyncmig(self, *arguments: str) -> Finished:
        return self._run("asyncmig", arguments)

    def _run(self, tool: str, arguments: Sequence[str]) -> Finished:
        return run_tool(
            tool,
            [*self.file.arguments, *arguments],
            cwd=self.folder,
            environ=self.environment,
            stdin=self.file.stdin,
        )

    def psql(self, script: str, number: int = 0) -> None:
        command = [str(postgres_program("psql")), "--quiet", "--set=ON_ERROR_STOP=1"]
        command += [f"--dbname={self.urls[number]}", "--no-psqlrc"]
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stderr}\n{script}"

    def dumps(self) -> list[str]:
        return [dump_everything(url, self.role) for url in self.urls]


MAKO = '''\
"""${message}"""
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade(**given):
    ${upgrades if upgrades else "pass"}


def downgrade(**given):
    ${downgrades if downgrades else "pass"}
'''


def dump_everything(url: str, role: str) -> str:
    """Schema, rows, owners and privileges, and whether the role is there, as comparable text."""
    command = [str(postgres_program("pg_dump")), f"--dbname={url}"]
    command += ["--exclude-table=*.asyncmig_journal*"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if not NOISE.match(line)]
    return "\n".join(lines).replace(role, "the_role")
