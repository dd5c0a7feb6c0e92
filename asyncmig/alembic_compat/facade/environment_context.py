"""What ``from alembic import context`` speaks to."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Any

from asyncmig.errors import ScriptError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

    from asyncmig.alembic_compat.facade.config import Config
    from asyncmig.alembic_compat.facade.script import ScriptDirectory
    from asyncmig.config.settings import Settings
    from asyncmig.operations.context import MigrationContext

__all__ = ["Environment"]


class Environment:
    """Alembic's environment context, as scripts see it while asyncmig runs them.

    Args:
        settings: of the run.
        config: the configuration object; None makes one of the settings.
    """

    def __init__(self, settings: Settings, config: Config | None = None) -> None:
        self._settings = settings
        self._config = config

    def stand_in(
        self, name: str, importer: Mapping[str, object] | None, fromlist: Sequence[str]
    ) -> Any:
        """Another module for an import; None where it is as written."""
        if name.partition(".")[0] in {"psycopg", "psycopg2"}:
            from asyncmig.alembic_compat.psycopg2_compat.sql_module import sql_stand_in

            return sql_stand_in(name, importer, fromlist)
        return None

    # what is configured

    @property
    def config(self) -> Config:
        """The configuration file and what was set beside it."""
        if self._config is None:
            from asyncmig.alembic_compat.facade.config import config_of

            self._config = config_of(self._settings)
        return self._config

    @cached_property
    def script(self) -> ScriptDirectory:
        """The script directory."""
        from asyncmig.alembic_compat.facade.script import ScriptDirectory

        return ScriptDirectory.of_settings(self._settings)

    def get_x_argument(self, as_dictionary: bool = False) -> list[str] | dict[str, str]:
        """The ``-x`` arguments: as written, or as a dictionary."""
        pairs = [
            (name, value)
            for name, several in self._settings.x.items()
            for value in ((several,) if isinstance(several, str) else several)
        ]
        if as_dictionary:
            return dict(pairs)
        return [f"{name}={value}" if value else name for name, value in pairs]

    def get_tag_argument(self) -> str | None:
        """The tag of this run."""
        return self._settings.tag

    def get_head_revision(self) -> str | None:
        """The head of the script directory."""
        return self.script.get_current_head()

    def get_head_revisions(self) -> tuple[str, ...]:
        """The heads of the script directory."""
        return tuple(self.script.get_heads())

    def get_revision_argument(self) -> Any:
        """The target; asyncmig decides on it, not a script."""
        return self.get_head_revisions()

    def get_starting_revision_argument(self) -> str | None:
        """Where an offline script starts; not known to a script."""
        return None

    # what runs

    def is_offline_mode(self) -> bool:
        """True when a script for psql is written."""
        from asyncmig.operations.op_proxy import current

        try:
            return current().get_context().as_sql
        except ScriptError:  # a script is being loaded
            return False

    def is_transactional_ddl(self) -> bool:
        """True: PostgreSQL rolls DDL back."""
        return True

    def requires_connection(self) -> bool:
        """False only where a script for psql is written."""
        return not self.is_offline_mode()

    def get_context(self) -> MigrationContext:
        """The context of the running script."""
        from asyncmig.operations.op_proxy import current

        return current().get_context()

    def get_bind(self) -> Connection:
        """The connection of the running script."""
        return self.get_context().bind

    def get_impl(self) -> Any:
        """What performs operations in the running script."""
        return self.get_context().impl

    def execute(self, sql: Any, execution_options: dict[str, Any] | None = None) -> None:
        """``op.execute`` of the running script."""
        self.get_context().execute(sql, execution_options=execution_options)

    def static_output(self, text: str) -> None:
        """A line of an offline script, which is a comment here: it says nothing to the server."""

    def begin_transaction(self) -> AbstractContextManager[Any]:
        """The revision's own transaction is open already."""
        return nullcontext()

    def configure(self, *_: Any, **__: Any) -> None:
        """Refuse: a script does not configure the run it is part of."""
        raise ScriptError(
            "context.configure() was called by a revision script",
            hint="env.py configures a run, before its first revision",
        )

    def run_migrations(self, **_: Any) -> None:
        """Refuse: a script does not start a run."""
        raise ScriptError(
            "context.run_migrations() was called by a revision script",
            hint="env.py starts a run; a revision is part of one",
        )
