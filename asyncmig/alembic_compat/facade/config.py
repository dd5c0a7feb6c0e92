"""``alembic.config``: the configuration file as ``env.py`` and scripts read it."""

from __future__ import annotations

import configparser
import sys
from argparse import Namespace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asyncmig.config.settings import Settings

__all__ = ["Config", "config_of", "settings_of"]

_SECTION = "alembic"


class Config:
    """An ini file, and what was set on top of it.

    Attributes:
        attributes: anything that callers hand to ``env.py``.
        cmd_opts: the arguments of the command line, as far as a script may ask for them.
    """

    def __init__(
        self,
        file_: str | Path | None = None,
        toml_file: str | Path | None = None,
        ini_section: str = _SECTION,
        output_buffer: Any = None,
        stdout: Any = None,
        cmd_opts: Namespace | None = None,
        config_args: Mapping[str, Any] | None = None,
        attributes: dict[str, Any] | None = None,
    ) -> None:
        self.config_file_name = None if file_ is None else str(file_)
        self.toml_file_name = None if toml_file is None else str(toml_file)
        self.config_ini_section = ini_section
        self.output_buffer = output_buffer
        self.stdout = stdout or sys.stdout
        self.cmd_opts = cmd_opts
        self.config_args = dict(config_args or {})
        self.toml_args = {
            "here": Path(toml_file).absolute().parent.as_posix() if toml_file is not None else ""
        }
        self.attributes: dict[str, Any] = dict(attributes or {})

    @cached_property
    def file_config(self) -> configparser.ConfigParser:
        """The file, read."""
        name = self.config_file_name or self.toml_file_name
        here = Path(name).absolute().parent.as_posix() if name else ""
        parser = configparser.ConfigParser({"here": here, **self.config_args})
        if self.config_file_name and Path(self.config_file_name).is_file():
            parser.read(self.config_file_name, encoding="utf-8")
        if not parser.has_section(self.config_ini_section):
            parser.add_section(self.config_ini_section)
        return parser

    @cached_property
    def toml_alembic_config(self) -> Mapping[str, Any]:
        """The table ``[tool.alembic]``."""
        if self.toml_file_name is None or not Path(self.toml_file_name).is_file():
            return {}
        from asyncmig.config.files.layers import read_toml

        tool: Any = read_toml(Path(self.toml_file_name)).get("tool", {})
        table: Mapping[str, Any] = tool.get("alembic", {})
        return table

    def get_main_option(self, name: str, default: str | None = None) -> str | None:
        """A key of the main section."""
        return self.get_section_option(self.config_ini_section, name, default)

    def get_section_option(self, section: str, name: str, default: str | None = None) -> str | None:
        """A key of a section; the default where either is missing."""
        if not self.file_config.has_section(section):
            return default
        return self.file_config.get(section, name, fallback=default)

    def get_alembic_option(self, name: str, default: Any = None) -> Any:
        """A key of the ini file's main section, or of ``[tool.alembic]``."""
        found = self.get_main_option(name)
        return self.toml_alembic_config.get(name, default) if found is None else found

    def get_alembic_boolean_option(self, name: str) -> bool:
        """A switch of either file."""
        from asyncmig.alembic_compat.facade.util import asbool

        return asbool(self.get_alembic_option(name))

    def get_section(self, name: str, default: Any = None) -> Any:
        """A section as a dictionary."""
        if not self.file_config.has_section(name):
            return default
        return dict(self.file_config.items(name))

    def set_main_option(self, name: str, value: str) -> None:
        """Set a key of the main section, for this run."""
        self.set_section_option(self.config_ini_section, name, value)

    def set_section_option(self, section: str, name: str, value: str) -> None:
        """Set a key of a section, for this run; a percent sign is written twice."""
        if not self.file_config.has_section(section):
            self.file_config.add_section(section)
        self.file_config.set(section, name, value)

    def remove_main_option(self, name: str) -> None:
        """Forget a key of the main section, for this run."""
        self.file_config.remove_option(self.config_ini_section, name)

    def get_template_directory(self) -> str:
        """Where templates are."""
        return str(Path(__file__).parents[2] / "scaffold" / "templates")

    def get_version_locations_list(self) -> list[str] | None:
        """The folders of revisions; None where only the one below ``script_location`` counts."""
        if not self.get_alembic_option("version_locations"):
            return None
        return [str(folder) for folder in settings_of(self).version_locations]

    def get_prepend_sys_paths_list(self) -> list[str] | None:
        """The folders for ``sys.path``; None where there are none."""
        if not self.get_alembic_option("prepend_sys_path"):
            return None
        return [str(folder) for folder in settings_of(self).prepend_sys_path]

    def get_hooks_list(self) -> list[dict[str, str]]:
        """The programs that run over new files."""
        return [
            {
                "_hook_name": hook.name,
                "type": hook.type,
                **({"entrypoint": hook.entrypoint} if hook.entrypoint else {}),
                **({"options": hook.options} if hook.options else {}),
                **({"cwd": hook.cwd} if hook.cwd else {}),
                **hook.extra,
            }
            for hook in settings_of(self).post_write_hooks
        ]

    def print_stdout(self, text: str, *arg: Any) -> None:
        """Write a line to the configured output."""
        if not self.messaging_opts["quiet"]:
            self.stdout.write((str(text) % arg if arg else str(text)) + "\n")

    @property
    def messaging_opts(self) -> Mapping[str, Any]:
        """Whether to be quiet."""
        return {"quiet": bool(getattr(self.cmd_opts, "quiet", False))}


def config_of(settings: Settings) -> Config:
    """The configuration object of our settings: the same file, the same section.

    A URL that was given otherwise than by the file stands in its place, so that an ``env.py`` which
    reads the file's takes that one.
    """
    path = settings.config_path
    is_toml = path is not None and path.suffix == ".toml"
    beside = None if path is None else path.with_name("alembic.ini")
    ini = (beside if beside is not None and beside.is_file() else None) if is_toml else path
    config = Config(
        ini,
        toml_file=path if is_toml else None,
        ini_section=settings.section or _SECTION,
        cmd_opts=Namespace(
            config=path,
            name=settings.section or _SECTION,
            x=[
                f"{name}={value}" if value else name
                for name, several in settings.x.items()
                for value in ((several,) if isinstance(several, str) else several)
            ]
            or None,
            tag=settings.tag,
            raiseerr=False,
            sql=False,
            quiet=False,
        ),
    )
    for name in {config.config_ini_section, _SECTION}:
        if name == _SECTION and name not in config.file_config.sections():
            continue
        config.set_section_option(name, "script_location", _escaped(str(settings.script_location)))
        if settings.valid_url is not None and (settings.url_source or "").partition(",")[0] != str(
            path
        ):
            config.set_section_option(name, "sqlalchemy.url", _escaped(settings.valid_url))
    return config


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def settings_of(config: Config) -> Settings:
    """The settings that a configuration object holds: its file, and what was set on top of it.

    Raises:
        CommandError: it does not say where the scripts are.
        ConfigKeyError: a value is unusable.
    """
    from dataclasses import replace

    from asyncmig.alembic_compat.facade.util.exc import CommandError
    from asyncmig.config.loading import load_parsed

    location = config.get_alembic_option("script_location")
    if not location:
        raise CommandError(
            "No 'script_location' key found in configuration",
            hint='config.set_main_option("script_location", "migrations")',
        )
    given = getattr(config.cmd_opts, "x", None)
    toml = config.toml_file_name
    path = Path(config.config_file_name or toml or "alembic.ini").absolute()
    settings = load_parsed(
        config.file_config,
        path,
        toml=None if toml is None else Path(toml).absolute(),
        name=config.config_ini_section,
        x=list(given or ()),
    )
    tag = getattr(config.cmd_opts, "tag", None)
    return replace(settings, tag=tag) if tag else settings
