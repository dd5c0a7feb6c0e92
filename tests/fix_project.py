"""A project on disk, written revision by revision."""

from __future__ import annotations

from textwrap import dedent, indent
from typing import TYPE_CHECKING

import pytest

from asyncmig.config.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

Parents = str | tuple[str, ...] | None


class Project:
    """A folder with a script directory in it.

    Attributes:
        path: the project's root.
        script_location: ``migrations`` below it.
        versions: where ``revision`` and ``sql_revision`` write.
        url: given to ``settings`` when it is not given there.
    """

    def __init__(self, path: Path, *, url: str | None = None) -> None:
        self.path = path
        self.url = url
        self.script_location = path / "migrations"
        self.versions = self.script_location / "versions"
        self.versions.mkdir(parents=True)

    def revision(
        self,
        rev: str,
        *,
        down: Parents = None,
        upgrade: str = "pass",
        downgrade: str | None = "pass",
        message: str | None = None,
        labels: Parents = None,
        depends_on: Parents = None,
        header: str = "",
        signature: str = "def {name}(op) -> None:",
        filename: str | None = None,
    ) -> Path:
        """Write a Python revision.

        Args:
            rev: its id.
            down: its down_revision.
            upgrade: the body of ``upgrade``; dedented, then indented.
            downgrade: the body of ``downgrade``; None leaves the function out.
            message: the docstring; the id where there is none.
            labels: branch_labels.
            depends_on: as in the file.
            header: module code between the metadata and the functions (imports too).
            signature: how both functions begin, for example ``"async def {name}(op):"`` or, with
                ``header="from alembic import op"``, ``"def {name}():"``.
            filename: ``<rev>.py`` where there is none.
        """
        parts = [
            f'"""{message or rev}"""\n',
            f"revision = {rev!r}",
            f"down_revision = {down!r}",
            f"branch_labels = {labels!r}",
            f"depends_on = {depends_on!r}\n",
            dedent(header),
        ]
        for name, body in (("upgrade", upgrade), ("downgrade", downgrade)):
            if body is not None:
                text = indent(dedent(body).strip("\n"), "    ")
                parts.append(f"\n{signature.format(name=name)}\n{text}\n")
        return self.write(filename or f"{rev}.py", "\n".join(parts))

    def sql_revision(
        self,
        rev: str,
        *,
        down: Parents = None,
        upgrade: str = "",
        downgrade: str | None = "",
        message: str | None = None,
        filename: str | None = None,
    ) -> Path:
        """Write a SQL revision; None for ``downgrade`` leaves its section out."""
        parents = (down,) if isinstance(down, str) else down or ()
        text = (
            f"-- {message or rev}\n-- revision: {rev}\n-- down_revision: {', '.join(parents)}\n\n"
        )
        text += f"-- upgrade\n{dedent(upgrade).strip()}\n"
        if downgrade is not None:
            text += f"\n-- downgrade\n{dedent(downgrade).strip()}\n"
        return self.write(filename or f"{rev}.sql", text)

    def write(self, name: str, text: str) -> Path:
        """Write a file below ``versions``, or elsewhere by an absolute path."""
        path = self.versions / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def settings(self, **changes: object) -> Settings:
        """Settings of this project; any field may be given."""
        fields = {"script_location": self.script_location, "url": self.url} | changes
        return Settings(**fields)  # type: ignore[arg-type]  # the caller's fields, checked at run time


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project: ``project.revision("a1", upgrade="op.execute('select 1')")``."""
    return Project(tmp_path / "project")
