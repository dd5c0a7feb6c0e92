"""What the tests of a project are told: the configuration file, rows for revisions, and exceptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from asyncmig.config.files.source import nearest
from asyncmig.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ANY_REVISION", "Rows", "TestConfiguration"]

ANY_REVISION = "every revision"
"""The parameter of tests whose revisions are not known when they are collected."""

Rows = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""One row, or several. ``__tablename__`` names the table, with its schema if needed."""

_FORMER = {"file": "config", "config_file_name": "config"}
_SETTINGS = frozenset({"script_location", "target_metadata"})
_WITHOUT_EFFECT = frozenset({"sqlalchemy.url"})
_NOT_SUPPORTED = {
    "process_revision_directives": "ready tests write no revision",
    "include_schemas": "set include_schemas in the configuration file, or in env.py",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TestConfiguration:
    """The result of the fixture ``asyncmig_config``.

    Attributes:
        config: the configuration file, or several; None searches for it, as the command does.
        name: the name of one of several databases, ``-n``.
        x: ``-x key=value`` arguments.
        settings: fields of ``Settings`` that replace those of the file.
        before_revision_data: rows that are inserted before a revision is applied, by its id.
        at_revision_data: rows that are inserted after a revision was applied, by its id.
        minimum_downgrade_revision: the oldest revision that ready tests revert; older ones have no downgrade.
        skip_revisions: revisions that are stamped and not run.
        data_loss: revisions that may lose rows or values.
    """

    __test__ = False

    config: str | Path | Sequence[str | Path] | None = None
    name: str | None = None
    x: Mapping[str, str] | Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    before_revision_data: Mapping[str, Rows] = field(default_factory=dict)
    at_revision_data: Mapping[str, Rows] = field(default_factory=dict)
    minimum_downgrade_revision: str | None = None
    skip_revisions: Sequence[str] = ()
    data_loss: Sequence[str] = ()

    @classmethod
    def of(cls, given: TestConfiguration | Mapping[str, Any] | None) -> TestConfiguration:
        """A configuration from what a fixture returned: one, a dictionary, a ``Config`` of Alembic, or None.

        A dictionary may also have the keys of pytest-alembic: ``file``, ``script_location`` and
        ``target_metadata``. ``sqlalchemy.url`` has no effect, because the tests have a database of their own.

        Raises:
            ConfigError: a key is unknown.
        """
        if isinstance(given, TestConfiguration):
            return given
        if hasattr(given, "get_main_option"):
            return cls._of_alembic(given)
        known = {one.name for one in fields(cls)}
        chosen: dict[str, Any] = {}
        settings: dict[str, Any] = {}
        for key, value in dict(given or {}).items():
            name = _FORMER.get(key, key)
            if name in _SETTINGS:
                settings[name] = value
            elif name in known:
                chosen[name] = value if value is not None else _default(cls, name)
            elif name in _NOT_SUPPORTED:
                raise ConfigError(
                    f"asyncmig_config does not take {key!r} of pytest-alembic",
                    hint=_NOT_SUPPORTED[name],
                    name=key,
                )
            elif name not in _WITHOUT_EFFECT:
                near = nearest(key, known | _SETTINGS)
                raise ConfigError(
                    f"asyncmig_config has the unknown key {key!r}",
                    hint=f"did you mean {near!r}?"
                    if near
                    else f"the keys are {', '.join(sorted(known))}",
                    name=key,
                )
        if settings:
            chosen["settings"] = {**settings, **chosen.get("settings", {})}
        return cls(**chosen)

    @classmethod
    def _of_alembic(cls, given: Any) -> TestConfiguration:
        """The file of a ``Config`` of Alembic, and the folder that it was given instead of the file's."""
        location = given.get_main_option("script_location")
        settings = {} if location is None else {"script_location": location}
        return cls(config=given.config_file_name, settings=settings)


def _default(cls: type[TestConfiguration], name: str) -> Any:
    return getattr(cls(), name)
