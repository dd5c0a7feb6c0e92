"""The environment of an ``env.py`` that is only read: it keeps what the file configures."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from asyncmig.alembic_compat.env_reading import recording_engines
from asyncmig.alembic_compat.env_reading.recording_engines import Notes
from asyncmig.alembic_compat.facade.environment_context import Environment
from asyncmig.alembic_compat.stand_ins import StandIns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection

    from asyncmig.alembic_compat.facade.config import Config
    from asyncmig.config.settings import Settings

__all__ = ["CapturedRun", "CapturingEnvironment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedRun:
    """One call of ``run_migrations``.

    Attributes:
        options: what ``configure`` was given, later calls on top of earlier ones.
        keywords: what ``run_migrations`` was given, for ``upgrade`` and ``downgrade``.
        preparation: what was executed before it, reading left out.
        url: the database, as the connection or ``configure`` named it; it may hold a password.
        schema_translate_map: that of its connection.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    keywords: Mapping[str, Any] = field(default_factory=dict)
    preparation: tuple[str, ...] = ()
    url: str | None = field(default=None, repr=False)
    schema_translate_map: Mapping[str | None, str | None] = field(default_factory=dict)


class CapturingEnvironment(Environment):
    """Runs nothing.

    Attributes:
        runs: what was captured.
        notes: what was executed since the last run.
    """

    def __init__(self, settings: Settings, config: Config, *, offline: bool) -> None:
        super().__init__(settings, config)
        self.runs: list[CapturedRun] = []
        self.notes = Notes()
        self._offline = offline
        self._options: dict[str, Any] = {}
        self._connection: Connection | None = None
        self._url: str | None = None
        self._home = settings.script_location.resolve()

    # what env.py calls

    def is_offline_mode(self) -> bool:
        """The branch that is taken."""
        return self._offline

    def configure(self, connection: Any = None, url: Any = None, **options: Any) -> None:
        """Keep what is configured."""
        if connection is not None:
            self._connection = getattr(connection, "sync_connection", None) or connection
            url = url or self._connection_url()
        if url is not None:
            self._url = url if isinstance(url, str) else url.render_as_string(hide_password=False)
        self._options.update(options)

    def run_migrations(self, **keywords: Any) -> None:
        """Keep that a run is asked for."""
        told = {} if self._connection is None else self._connection.get_execution_options()
        self.runs.append(
            CapturedRun(
                options=dict(self._options),
                keywords=keywords,
                preparation=tuple(self.notes.take()),
                url=self._url,
                schema_translate_map=dict(told.get("schema_translate_map") or {}),
            )
        )

    def begin_transaction(self) -> AbstractContextManager[Any]:
        """Nothing is begun."""
        return nullcontext()

    def execute(self, sql: Any, execution_options: Any = None) -> None:
        """Keep it: it is to run before the migrations."""
        del execution_options
        self.get_bind().exec_driver_sql(sql) if isinstance(sql, str) else self.get_bind().execute(
            sql
        )

    def get_bind(self) -> Connection:
        """A connection that takes notes."""
        if self._connection is None:
            self._connection = recording_engines.create_engine(self._url).connect()
        return self._connection

    def get_context(self) -> Any:
        """What ``env.py`` may ask of a context before anything runs."""
        return _Context(self)

    def get_impl(self) -> Any:
        """Whatever is called on it has no effect."""
        return _Quiet()

    def get_revision_argument(self) -> Any:
        """The heads: ``env.py`` is read once, whatever is run later."""
        return "heads"

    def options(self) -> dict[str, Any]:
        """What was configured so far."""
        return self._options

    def close(self) -> None:
        """Give back what was opened."""
        self.notes.close()

    def _connection_url(self) -> str | None:
        engine = getattr(self._connection, "engine", None)
        if engine is None or engine.url == recording_engines.create_engine().url:
            return None
        text: str = engine.url.render_as_string(hide_password=False)
        return text

    # what env.py imports

    def stand_in(
        self, name: str, importer: Mapping[str, object] | None, fromlist: Sequence[str]
    ) -> Any:
        """Engines that take notes, and logging that stays as it is, for the files of the project."""
        return _STAND_INS.of_import(name, importer, fromlist, self._home)


class _Context:
    """A migration context for a file that is read."""

    as_sql = False
    version_table = "alembic_version"

    def __init__(self, environment: CapturingEnvironment) -> None:
        self._environment = environment
        self.opts = environment.options()

    @property
    def connection(self) -> Connection:
        return self._environment.get_bind()

    bind = connection

    @property
    def dialect(self) -> Any:
        return self._environment.get_bind().dialect

    @property
    def impl(self) -> Any:
        return _Quiet()

    @property
    def config(self) -> Any:
        return self._environment.config

    def get_current_revision(self) -> None:
        return None

    def get_current_heads(self) -> tuple[str, ...]:
        return ()

    def begin_transaction(self, *_: Any, **__: Any) -> AbstractContextManager[Any]:
        return nullcontext()

    def autocommit_block(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def execute(self, sql: Any, **_: Any) -> None:
        self._environment.execute(sql)

    def run_migrations(self, **keywords: Any) -> None:
        self._environment.run_migrations(**keywords)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Quiet()


class _Quiet:
    """Takes any call."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> _Quiet:
        return self


def _recording(_module: str, name: str) -> Any:
    return getattr(recording_engines, name)


_STAND_INS = StandIns(_recording)
