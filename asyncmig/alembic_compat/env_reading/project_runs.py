"""Settings made from what an ``env.py`` configures."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from asyncmig.alembic_compat.env_reading.capturing_environment import CapturedRun
from asyncmig.config.duration import parse_duration
from asyncmig.config.settings import Settings
from asyncmig.sql.classify import classify

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from asyncmig.alembic_compat.env_reading.env_file import EnvironmentFile
    from asyncmig.alembic_compat.env_script.request import EnvMigration

__all__ = ["ProjectRun", "executed_run", "project_runs"]

_LIMIT = re.compile(
    r"\s*SET\s+(?:SESSION\s+|LOCAL\s+)?(lock_timeout|statement_timeout)\s*(?:=|TO)\s*'?([\w. ]+?)'?\s*;?\s*",
    re.IGNORECASE,
)
_EXISTING = re.compile(r"\s*(CREATE\s+(?:SCHEMA|EXTENSION))\s+(?!IF\s)", re.IGNORECASE)
_CONFIGURING = re.compile(r"\bset_config\s*\(", re.IGNORECASE)
_READING = frozenset({"SELECT", "VALUES", "TABLE", "SHOW", "EXPLAIN"})
_NOT_OURS = frozenset({"LOCK", "LOCK TABLE", "CREATE DATABASE", "DROP DATABASE", "PRAGMA", ""})
_UNNAMED = frozenset({"", "upgrades"})
_EXPLICIT = frozenset({"--url", "--embedded", "ASYNCMIG_URL", "DATABASE_URL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRun:
    """One database of a project, ready to run.

    Attributes:
        name: of the database, as far as the file tells it; one that no other has.
        settings: ours, with what ``env.py`` said in them.
        options: for ``op.get_context().opts``.
        keywords: for ``upgrade`` and ``downgrade``.
        target_metadata: the models: one ``MetaData`` or several.
        schema_translate_map: for directives, and for what scripts execute.
        session: statements that set something for the session.
        setup: statements that change the database, before anything runs.
    """

    name: str
    settings: Settings
    options: Mapping[str, Any] = field(default_factory=dict)
    keywords: Mapping[str, Any] = field(default_factory=dict)
    target_metadata: Any = None
    schema_translate_map: Mapping[str | None, str | None] = field(default_factory=dict)
    session: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()


def project_runs(settings: Settings, file: EnvironmentFile) -> tuple[ProjectRun, ...]:
    """The runs of an ``env.py`` on top of the settings of the project's file.

    A URL from the command line or the environment goes before the one that ``env.py`` names, unless it
    migrates several databases.
    """
    several = len({run.url for run in file.runs}) > 1
    # the offline branch of Alembic's own env.py leaves out what the places in the template are called
    tokens = len(file.runs) > 1
    names = _names(file.runs)
    return tuple(
        _run(settings, run, name, several=several, tokens=tokens)
        for name, run in zip(names, file.runs, strict=True)
    )


def executed_run(settings: Settings, migration: EnvMigration) -> tuple[ProjectRun, bool]:
    """One call of ``run_migrations()`` in an ``env.py`` that is executed.

    Returns:
        The run, and whether the file itself gives its database a name.
    """
    options = {name: value for name, value in migration.options.items() if name != "connection"}
    captured = CapturedRun(
        options=options,
        keywords=migration.keywords,
        url=migration.url,
        schema_translate_map=migration.schema_translate_map,
    )
    (name,) = _names([captured])
    token = str(options.get("upgrade_token") or "").removesuffix("_upgrades")
    is_named = bool(migration.keywords.get("engine_name")) or token not in _UNNAMED
    run = _run(settings, captured, name, several=True, tokens=False)
    changes: dict[str, Any] = {"psycopg2_compat": migration.psycopg2_compat}
    if migration.url is None:
        changes |= {"url": settings.url, "url_source": settings.url_source}
    elif migration.url_source is not None:
        changes["url_source"] = migration.url_source
    defaults = Settings()
    for limit, milliseconds in migration.limits.items():
        if getattr(settings, limit) == getattr(defaults, limit):
            changes[limit] = milliseconds / 1000
    return replace(run, settings=replace(run.settings, **changes)), is_named


def _names(runs: Sequence[CapturedRun]) -> list[str]:
    """What each run is called: by the keyword of Alembic's template, its token, schema or database."""
    names: list[str] = []
    for number, run in enumerate(runs, start=1):
        token = str(run.options.get("upgrade_token") or "").removesuffix("_upgrades")
        told = (
            run.keywords.get("engine_name"),
            None if token in _UNNAMED else token,
            run.options.get("version_table_schema"),
            _database_name(run.url),
        )
        name = next((str(one) for one in told if one), str(number))
        names.append(name if name not in names else f"{name}-{number}")
    return names


def _database_name(url: str | None) -> str | None:
    return urlsplit(url).path.strip("/") or None if url else None


def _run(
    settings: Settings, run: CapturedRun, title: str, *, several: bool, tokens: bool
) -> ProjectRun:
    options = dict(run.options)
    if tokens:
        options.setdefault("upgrade_token", f"{title}_upgrades")
        options.setdefault("downgrade_token", f"{title}_downgrades")
    changes: dict[str, Any] = {"psycopg2_compat": True}
    if run.url and (several or _is_free(settings)):
        changes |= {"url": run.url, "url_source": "env.py"}
    for name in ("version_table", "version_table_schema"):
        if options.get(name):
            changes[name] = str(options[name])
    if schemas := run.schema_translate_map:
        named = changes.get("version_table_schema", settings.version_table_schema)
        changes["version_table_schema"] = schemas.get(named, named)
        given = {name: schema for name, schema in schemas.items() if schema is not None}
        changes["schema_translate_map"] = {**given, **settings.schema_translate_map}
    for name in ("version_table_pk", "transactional_ddl", "include_schemas"):
        if isinstance(options.get(name), bool):
            changes[name] = options[name]
    for name in ("compare_type", "compare_server_default"):
        if options.get(name) is not None:
            changes[name] = bool(options[name])
    if "transaction_per_migration" in options:
        changes["transaction"] = "revision" if options["transaction_per_migration"] else "all"
    session, setup, limits = _sorted(run.preparation)
    defaults = Settings()
    for name, limit in limits.items():
        if getattr(settings, name) == getattr(defaults, name):
            changes[name] = limit
    return ProjectRun(
        name=title,
        settings=replace(settings, **changes),
        options=options,
        keywords=run.keywords,
        target_metadata=options.get("target_metadata"),
        schema_translate_map=run.schema_translate_map,
        session=tuple(session),
        setup=tuple(setup),
    )


def _is_free(settings: Settings) -> bool:
    """True if the URL comes from the configuration file, or if there is none."""
    if settings.valid_url is None:
        return True
    return settings.url_source is not None and settings.url_source not in _EXPLICIT


def _sorted(statements: Sequence[str]) -> tuple[list[str], list[str], dict[str, float]]:
    """What sets something, what changes something, and the limits among them in seconds."""
    session: list[str] = []
    setup: list[str] = []
    limits: dict[str, float] = {}
    for statement in statements:
        facts = classify(statement)
        if facts.control is not None or facts.verb in _NOT_OURS:
            continue
        if limit := _LIMIT.fullmatch(statement):
            value = limit[2] if re.search(r"[a-z]", limit[2], re.IGNORECASE) else f"{limit[2]}ms"
            try:
                limits[limit[1].lower()] = parse_duration(value)
            except ValueError:
                session.append(statement)
        elif facts.verb in {"SET", "RESET"}:
            # LOCAL means nothing before a transaction has begun
            session.append(re.sub(r"(?i)^(\s*SET\s+)LOCAL\s+", r"\1", statement))
        elif facts.verb in _READING:
            if _CONFIGURING.search(statement):
                session.append(statement)
        else:
            setup.append(_EXISTING.sub(r"\1 IF NOT EXISTS ", statement))
    return session, setup, limits
