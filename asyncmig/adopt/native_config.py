"""The native configuration of a project, from its ``alembic.ini`` and ``env.py``."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.env_reading.object_names import (
    is_of_file,
    module_of_function,
    name_of_metadata,
)
from asyncmig.config.settings import Settings
from asyncmig.results.adoption import AdoptedKey

if TYPE_CHECKING:
    from asyncmig.alembic_compat.env_reading.env_file import EnvironmentFile
    from asyncmig.alembic_compat.env_reading.project_runs import ProjectRun

__all__ = ["NativeConfiguration"]

_COPIED = (
    *("recursive_version_locations", "sourceless"),
    *("version_table", "version_table_schema", "version_table_pk"),
    *("transaction", "transactional_ddl", "lock_timeout", "statement_timeout"),
    *("include_schemas", "compare_type", "compare_server_default"),
    *("file_template", "timezone", "truncate_slug_length", "output_encoding"),
    "revision_environment",
)
"""Keys whose value is that of the field."""
_HOOKS = (
    *("include_name", "include_object", "process_revision_directives"),
    *("render_item", "compare_type", "compare_server_default", "on_version_apply"),
)
_KNOWN_OPTIONS = frozenset(
    {
        *_HOOKS,
        *("target_metadata", "version_table", "version_table_schema", "version_table_pk"),
        *("transaction_per_migration", "transactional_ddl", "include_schemas", "literal_binds"),
        *("dialect_opts", "dialect_name", "render_as_batch", "as_sql", "tag", "template_args"),
        *("output_buffer", "starting_rev", "user_module_prefix", "sqlalchemy_module_prefix"),
        *("alembic_module_prefix", "upgrade_token", "downgrade_token", "config", "script"),
    }
)
_SET = re.compile(
    r"""\s*SET\s+(?:SESSION\s+)?(search_path|role)\s*(?:=|\bTO\b|\s)\s*(?P<value>.+?)\s*;?\s*""",
    re.IGNORECASE | re.DOTALL,
)
_PLACEHOLDER = re.compile(r"driver://")


class NativeConfiguration:
    """Collects the keys, and what is left to decide.

    Args:
        settings: from Alembic's files, before ``env.py``.
        base: the folder of the file to write.
        env: the ``env.py``; None if there is none.
        run: what it configures.
    """

    def __init__(
        self,
        settings: Settings,
        base: Path,
        env: EnvironmentFile | None = None,
        run: ProjectRun | None = None,
    ) -> None:
        self.keys: list[AdoptedKey] = []
        self.decide: list[str] = list(env.notes if env is not None else ())
        self.names: list[str] = []
        self._before = settings
        self._settings = settings if run is None else run.settings
        self._base = base
        self._env = env
        self._run = run
        self._file = settings.config_path.name if settings.config_path else "alembic.ini"
        self._places()
        self._url()
        self._values()
        if run is not None and env is not None:
            self._metadata(run.target_metadata)
            self._hooks(run)
            self._session(run)
            self._options(run)
        self._files_own()

    def text(self, table: str) -> str:
        """The configuration as TOML, for a table of that name or for a separate file."""
        lines = [f"[{table}]"] if table else []
        simple = (key for key in self.keys if key.name != "post_write_hooks")
        lines += [f"{key.name} = {key.value}" for key in simple]
        for hook in self._settings.post_write_hooks:
            lines += ["", f"[[{table + '.' if table else ''}post_write_hooks]]"]
            target = {"exec": "executable", "module": "module"}.get(hook.type, "entrypoint")
            said = {"name": hook.name, "type": hook.type, target: hook.entrypoint}
            said |= {"options": hook.options} if hook.options else {}
            said |= {"cwd": hook.cwd} if hook.cwd else {}
            lines += [
                f"{name} = {_toml(value)}" for name, value in (said | dict(hook.extra)).items()
            ]
        return "\n".join(lines) + "\n"

    # parts

    def _take(self, name: str, value: object, source: str) -> None:
        self.keys.append(AdoptedKey(name=name, value=_toml(value), source=source))

    def _relative(self, path: Path) -> str:
        return Path(os.path.relpath(path, self._base)).as_posix()

    def _places(self) -> None:
        settings = self._settings
        self._take("script_location", self._relative(settings.script_location), self._file)
        if settings.version_locations:
            folders = [self._relative(path) for path in settings.version_locations]
            self._take("version_locations", folders, self._file)
        paths = [self._relative(path) for path in settings.prepend_sys_path] or ["."]
        if paths != ["."]:
            self._take("prepend_sys_path", paths, self._file)

    def _url(self) -> None:
        url = self._settings.valid_url
        source = self._settings.url_source or ""
        if (
            source in {"--url", "--embedded", "ASYNCMIG_URL", "DATABASE_URL"}
            and self._run is not None
        ):
            return  # it is given from outside, now and later
        written = self._before.valid_url
        if url is not None and written is not None and _same_url(written, url):
            source = self._before.url_source or ""  # env.py takes it from the file
        if url is None or _PLACEHOLDER.match(url):
            self._decide_url("no file has the database URL")
            return
        place = "env.py" if source == "env.py" else self._file
        for name, value in sorted(os.environ.items()):
            if value and _same_url(value, url):
                if name not in {"DATABASE_URL", "ASYNCMIG_URL"}:
                    self._take("url", f"${{{name}}}", f"{place}: the variable has its value")
                return
        if _has_password(url):
            self._decide_url(f"the URL in {place} has a password, which is not copied")
        elif source == "env.py":
            self._decide_url("env.py computes the URL")
        else:
            self._take("url", url.replace("${", "$${"), place)

    def _decide_url(self, why: str) -> None:
        self.decide.append(
            f'{why}: set DATABASE_URL where asyncmig runs, or url = "${{NAME}}" for another variable'
        )

    def _values(self) -> None:
        default = Settings()
        for name in _COPIED:
            value = getattr(self._settings, name)
            if value != getattr(default, name):
                is_files = value == getattr(self._before, name)
                source = self._file if is_files else "env.py"
                self._take(name, "none" if value is None else value, source)
        if self._settings.post_write_hooks:
            names = ", ".join(hook.name for hook in self._settings.post_write_hooks)
            self._take("post_write_hooks", names, self._file)
        self._take("psycopg2_compat", True, "the scripts: written for psycopg2")

    def _metadata(self, metadata: Any) -> None:
        assert self._env is not None  # noqa: S101 - asked only with an env.py
        if metadata is None or metadata == []:
            return
        several = list(metadata) if isinstance(metadata, list | tuple) else [metadata]
        names = [name_of_metadata(each, self._env.path) for each in several]
        if None in names:
            self.decide.append(
                f"target_metadata of {self._env.path.name} cannot be imported by a name: set"
                ' target_metadata = "module:name" to a module that imports all models'
            )
            return
        self.names = [name for name in names if name is not None]
        value: object = self.names[0] if len(self.names) == 1 else self.names
        self._take("target_metadata", value, "env.py")

    def _hooks(self, run: ProjectRun) -> None:
        assert self._env is not None  # noqa: S101 - asked only with an env.py
        homes: dict[str, str] = {}
        own: list[str] = []
        for name in _HOOKS:
            hook = run.options.get(name)
            if not callable(hook):
                if hook and name == "on_version_apply":
                    own.append(name)
                continue
            home = None if is_of_file(hook, self._env.path) else module_of_function(hook, name)
            if home is None:
                own.append(name)
            else:
                homes[name] = home
        if len(set(homes.values())) == 1 and not own:
            self._take("hooks", next(iter(homes.values())), "env.py")
        elif homes or own:
            listed = ", ".join([*homes, *own])
            self.decide.append(
                f"{listed}: put {'them' if len(homes) + len(own) > 1 else 'it'} into one module of"
                " your application, under these names, let env.py import them from there, and set"
                ' hooks = "that.module"'
            )

    def _session(self, run: ProjectRun) -> None:
        if run.schema_translate_map:
            self.decide.append(
                "env.py sets schema_translate_map on its connection, which directives follow: without"
                " env.py they use search_path, or the schema that they name"
            )
        for statement in run.session:
            found = _SET.fullmatch(statement)
            if found is None:
                self.decide.append(
                    f"env.py executes {_short(statement)!r} on each connection: use ALTER ROLE"
                    " ... SET, or connect_args = {server_settings = {...}}"
                )
            else:
                value = found["value"]
                if found[1].lower() == "role":
                    value = value.strip("'\"")
                self._take(found[1].lower(), value, "env.py")
        for statement in run.setup:
            self.decide.append(
                f"env.py executes {_short(statement)!r} before it migrates: make it the first revision, or"
                " run it where the database is created"
            )

    def _options(self, run: ProjectRun) -> None:
        for name in run.options:
            if name not in _KNOWN_OPTIONS:
                self.decide.append(
                    f"context.configure({name}=...) of env.py may be read by scripts as"
                    f" op.get_context().opts[{name!r}]: without env.py it is missing"
                )
        if run.keywords:
            self.decide.append(
                f"env.py gives run_migrations({', '.join(run.keywords)}), arguments of upgrade() and"
                " downgrade(): without env.py they are missing"
            )

    def _files_own(self) -> None:
        extra = ", ".join(self._settings.extra)
        if extra:
            self.decide.append(
                f"asyncmig does not know these keys of {self._file}: {extra}. Scripts that read them by"
                " context.config do not find them"
            )


def _toml(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    if isinstance(value, int | float):
        return str(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _same_url(one: str, other: str) -> bool:
    return one.partition("://")[2] == other.partition("://")[2] != ""


def _has_password(url: str) -> bool:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return True  # a URL that cannot be parsed is not copied
    return bool(parsed.password) or "password" in parsed.query


def _short(statement: str) -> str:
    text = " ".join(statement.split())
    return text if len(text) < 80 else f"{text[:77]}..."
