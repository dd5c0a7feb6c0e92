"""``asyncmig init`` in the folder of a project of Alembic's, and commands that lack a URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.command import plain

if TYPE_CHECKING:
    from pathlib import Path

    from fix_project import Project
    from support.command import Command

ENV = """
from alembic import context
from sqlalchemy import create_engine

with create_engine(context.config.get_main_option("sqlalchemy.url")).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
INI = "[alembic]\nscript_location = migrations\nsqlalchemy.url = postgresql://u@127.0.0.1:1/shop\n"


@pytest.fixture
def alembic(project: Project, command: Command) -> Path:
    """The folder of an Alembic project; the command starts there."""
    (project.path / "asyncmig.toml").unlink(missing_ok=True)
    (project.path / "alembic.ini").write_text(INI)
    (project.script_location / "env.py").write_text(ENV)
    project.revision("aaaa")
    assert command.cwd == project.path
    return project.path


def test_without_a_terminal_the_refusal_names_adopt(command: Command, alembic: Path) -> None:
    refused = command("init", "db", code=1)
    assert "there is a configuration already" in refused.err
    assert "`asyncmig adopt` writes a native one" in refused.err
    assert not (alembic / "db").exists()
    assert command("init", "db", "-c", "other.toml", code=0).err == ""


@pytest.mark.cells(1)
@pytest.mark.parametrize("answer", ["\n", "y\n"])
def test_a_person_adopts_it(command: Command, alembic: Path, answer: str) -> None:
    shown = plain(command.terminal("init", "db", typed=answer).out)
    assert "write its settings for asyncmig (asyncmig adopt)? [Y/n]" in shown
    assert not (alembic / "db").exists()
    assert 'script_location = "migrations"' in (alembic / "asyncmig.toml").read_text()


def test_a_person_does_not_adopt_it(command: Command, alembic: Path) -> None:
    shown = command.terminal("init", "db", typed="n\n")
    assert "there is a configuration already" in shown.out
    assert sorted(one.name for one in alembic.iterdir()) == ["alembic.ini", "migrations"]


def test_a_table_for_alembic_is_found_and_another_configuration_is_not_asked_about(
    command: Command, alembic: Path
) -> None:
    (alembic / "alembic.ini").rename(alembic / "kept.txt")
    (alembic / "pyproject.toml").write_text('[tool.alembic]\nscript_location = "migrations"\n')
    shown = plain(command.terminal("init", "db", typed="n\n").out)
    assert "pyproject.toml configures an Alembic project" in shown
    assert "[Y/n]" not in command.terminal("init", "db", "-c", "other.toml").out


def test_a_missing_url_names_the_private_server(command: Command, project: Project) -> None:
    (project.path / "asyncmig.toml").write_text('script_location = "migrations"\n')
    refused = command("upgrade", code=1)
    assert refused.err.startswith("error: no database url in ")
    assert (
        "hint: set ASYNCMIG_URL or DATABASE_URL, or write url in the configuration; the command also takes "
        "--url, and --embedded for a private server\n"
    ) in refused.err
