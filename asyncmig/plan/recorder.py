"""Recording the statements of a script: the one implementation of the directives' ``Sink``.

The same recorder serves a preview, ``--sql`` and a real run. What differs is the *live access* it
was given: none when a plan is made (the first read stops the recording and marks the step live), a
refusal when a script for psql is written, and the engine's connection in a run.
"""

from __future__ import annotations

from collections.abc import Sized
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import with_schema_map
from asyncmig.errors import NeedsDatabaseError, ScriptError
from asyncmig.operations.base.origin import calling_line
from asyncmig.operations.directives.online import is_online
from asyncmig.plan.error_handlers import is_handled_by_caller
from asyncmig.plan.phases import CommitHere
from asyncmig.plan.recorded_statements import RecordedStatements
from asyncmig.sql.slices import LARGE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from sqlalchemy.engine import Connection, Dialect
    from sqlalchemy.schema import MetaData

    from asyncmig.ddl.compiled import CompiledSql
    from asyncmig.operations.base.created_types import ScriptTypes
    from asyncmig.operations.base.operation import MigrateOperation
    from asyncmig.operations.directives.online import OnlineOp
    from asyncmig.plan.online.changes import ScriptChanges
    from asyncmig.plan.rewrites.rewriting import ScriptRewrites
    from asyncmig.plan.rewrites.safe_form import NotRewritten, SafeForm
    from asyncmig.revisions.graph.revision import Revision
    from asyncmig.sql.statement import Statement

__all__ = ["LiveAccess", "Recorder", "StopRecordingError"]

_MANY = 200
"""Rows of a ``bulk_insert`` above which a thread compiles them."""


class LiveAccess(Protocol):
    """What gives a running script its connection; implemented by the engine."""

    def bind(self, recorder: Recorder) -> Connection:
        """The SQLAlchemy connection; pending statements are sent before it executes anything."""
        ...

    async def driver(self, recorder: Recorder) -> Any:
        """The asyncpg connection; pending statements are sent before it executes anything."""
        ...

    async def fetch(self, recorder: Recorder, query: str, args: tuple[Any, ...]) -> list[Any]:
        """Send what is pending, then run one query."""
        ...

    def run_async(
        self, recorder: Recorder, function: Callable[..., Awaitable[Any]], args: Any, kwargs: Any
    ) -> Any:
        """Await a function from within a sync script."""
        ...

    def call_in_thread(self, function: Callable[[], None]) -> None:
        """Call a function of asyncmig's that takes long; the event loop runs meanwhile where it can."""
        ...

    def schema_translate_map(self) -> Mapping[str | None, str | None] | None:
        """What scripts have set on their connection; None where none has been set."""
        ...

    def before_handled_directive(self, recorder: Recorder) -> None:
        """Send the directives so far: the script handles errors of the next one, but not of these."""
        ...

    def after_directive(self, recorder: Recorder, *, handled: bool) -> None:
        """A directive was recorded: send it at once, where the script may catch its error.

        Args:
            recorder: of the script.
            handled: the directive was called inside a ``try``.
        """
        ...


class StopRecordingError(BaseException):
    """A script reads from the database while only a plan is made.

    It derives from BaseException so that a script's own ``except Exception`` does not swallow it.
    """


class Recorder(RecordedStatements):
    """Takes the operations of one script, and keeps their statements.

    Args:
        revision: whose script it is.
        dialect: compiles the operations.
        offline: a script for psql is written; reading is refused with an error that names the line.
        live: how to reach the database; None while a plan is made.
        target_metadata: the models, for naming conventions.
        options: everything that was configured.
        created_types: the types that this run has created; None when the script is alone.
        import_context: makes a context manager that is active while the script runs.
        source: the file whose lines are the statements' origins; None is the script.
        rewrites: replaces directives by safe phases; None where ``safe_rewrites`` is off.
        online: makes the phases of column changes online; None where none are foreseen.
    """

    def __init__(
        self,
        revision: Revision,
        *,
        dialect: Dialect,
        offline: bool = False,
        live: LiveAccess | None = None,
        target_metadata: MetaData | tuple[MetaData, ...] | None = None,
        options: Mapping[str, Any] | None = None,
        created_types: ScriptTypes | None = None,
        import_context: Callable[[], AbstractContextManager[object]] = nullcontext,
        source: str | None = None,
        rewrites: ScriptRewrites | None = None,
        online: ScriptChanges | None = None,
    ) -> None:
        super().__init__(revision, offline=offline, source=source)
        self.rewrites = rewrites
        self.online = online
        self.created_types = created_types
        self.import_context = import_context
        self.live_origin: str | None = None
        self.went_live = False
        self.is_of_alembic = False
        self._dialect = dialect
        self._live = live
        self._target_metadata = target_metadata
        self._options: Mapping[str, Any] = options if options is not None else {}

    @property
    def planning(self) -> bool:
        """True while only a plan is made: there is no connection, but there will be one."""
        return self._live is None and not self.offline

    @property
    def dialect(self) -> Dialect:
        """What compiles the operations."""
        schemas = None if self._live is None else self._live.schema_translate_map()
        if schemas is not None:
            self._dialect = with_schema_map(self._dialect, schemas)
        return self._dialect

    @property
    def target_metadata(self) -> MetaData | tuple[MetaData, ...] | None:
        """The models, where the project named them."""
        return self._target_metadata

    @property
    def options(self) -> Mapping[str, Any]:
        """Everything that was configured."""
        return self._options

    @property
    def rewrite_facts(self) -> Mapping[str, Any] | None:
        """What the safe rewrites so far depend on; None where none are made. It grows with the script."""
        if self.online is not None:
            return self.online.answers
        return None if self.rewrites is None else self.rewrites.facts.answers

    def perform(self, operation: MigrateOperation) -> None:
        """Compile an operation and append its statements."""
        line = calling_line(self.source)
        handled = self._is_handled(line)
        if self._live is not None and _is_large(operation):
            self._live.call_in_thread(partial(self._record, operation, line, handled=handled))
        else:
            self._record(operation, line, handled=handled)
        if self.went_live and self._live is not None:
            self._live.after_directive(self, handled=handled)

    def add_online(self, mark: str, sql: str, *, origin: str) -> None:
        """Append the phases of an online change of a SQL revision.

        Args:
            mark: the options of the line above it.
            sql: the statement that makes the change at once.
            origin: where it is.
        """
        from asyncmig.plan.online.sql_mark import marked_operation

        try:
            operation = marked_operation(mark, sql)
        except ScriptError as error:
            raise self.refused(str(error), error.hint, origin, "sql") from None
        self._record(operation, int(origin.rpartition(":")[2]), handled=False)

    def _record(self, operation: MigrateOperation, line: int | None, *, handled: bool) -> None:
        plain = self._compiled(operation, operation.directive, line)
        obstacle = "the script handles its error" if handled else None
        form: SafeForm | NotRewritten | None = None
        if is_online(operation):
            form = self._online_form(operation, line, obstacle)
        elif self.rewrites is not None:
            form = self.rewrites.safe_form(operation, self.dialect, obstacle)
        if form is None:
            self._add_all(plain, operation.directive, line)
        else:
            self._add_form(form, operation, plain, line)

    def _add_form(
        self,
        form: SafeForm | NotRewritten,
        operation: MigrateOperation,
        plain: Sequence[CompiledSql],
        line: int | None,
    ) -> None:
        """Append the phases that replace a directive, or its plain form with the reason."""
        from asyncmig.plan.rewrites.safe_form import NotRewritten

        if isinstance(form, NotRewritten):
            self._add_all(plain, operation.directive, line, not_rewritten=form.reason)
            return
        replaces = ";\n".join(compiled.sql for compiled in plain)
        for number, phase in enumerate(form.phases):
            if number:
                self.divide()
            for inner in phase:
                if operation.script_context is not None:
                    inner.set_context(operation.script_context)
                compiled = self._compiled(inner, operation.directive, line)
                self._add_all(compiled, operation.directive, line, replaces=replaces)
        self.divide()

    def _online_form(
        self, operation: OnlineOp, line: int | None, obstacle: str | None
    ) -> SafeForm | None:
        """The phases of a column change online; None where its plain form is enough."""
        if self.online is None:
            from asyncmig.plan.online.changes import OnlineChanges

            changes = OnlineChanges(documents=None if self._live is None else {})
            self.online = changes.for_script(
                self.revision.id, None if self.rewrites is None else self.rewrites.facts.answers
            )
            for earlier in self.entries:
                if not isinstance(earlier, CommitHere):
                    self.online.note(earlier.sql)
        if self._live is None and not self.online.is_foreseen(operation, self.dialect):
            self._mark_live(self.origin_at(line))
            raise StopRecordingError
        form = self.online.form(operation, self.dialect, obstacle)
        if form is not None and self.offline:
            raise self.refused(
                "its phases depend on the catalog of the database, which a script for psql does not read",
                "run this revision with a database: `asyncmig upgrade`",
                self.origin_at(line),
                operation.directive,
            )
        return form

    def _compiled(
        self, operation: MigrateOperation, directive: str, line: int | None
    ) -> list[CompiledSql]:
        try:
            return compile_operation(operation, self.dialect, of_alembic=self.is_of_alembic)
        except ScriptError as error:
            origin = self.origin_at(line, error.line - 1 if error.line else 0)
            raise self.refused(str(error), error.hint, origin, directive) from None

    def _add_all(
        self,
        statements: Iterable[CompiledSql],
        directive: str,
        line: int | None,
        *,
        replaces: str | None = None,
        not_rewritten: str | None = None,
    ) -> None:
        for compiled in statements:
            self.add(
                compiled.sql,
                origin=self.origin_at(line, compiled.line),
                directive=directive,
                parameters=compiled.parameters,
                autocommit=bool(compiled.autocommit),
                copy_data=compiled.copy_data,
                replaces=replaces,
                not_rewritten=not_rewritten,
                backfill=compiled.backfill,
            )

    def _append(self, statement: Statement) -> None:
        """Append one statement; what later directives become can depend on it."""
        super()._append(statement)
        if self.rewrites is not None:
            self.rewrites.facts.relations.note(statement.sql)
        if self.online is not None:
            self.online.note(statement.sql)

    def _is_handled(self, line: int | None) -> bool:
        """Look whether the script handles errors of a directive; then all before it is sent.

        A plan shows what follows when there is no error, and marks the step as live.
        """
        if self.offline or not is_handled_by_caller():
            return False
        self._mark_live(self.origin_at(line))
        if self._live is not None:
            self._live.before_handled_directive(self)
        return True

    def bind(self) -> Connection:
        """The connection of a sync script, which is live from here on."""
        return self._go_live("get_bind()").bind(self)

    async def driver(self) -> Any:
        """The connection of an async script, which is live from here on."""
        return await self._go_live("connection()").driver(self)

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """Rows of a query; the script is live from here on."""
        return await self._go_live("fetch()").fetch(self, query, args)

    def run_async(self, function: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """Await a function from a sync script, which is live from here on."""
        return self._go_live("run_async()").run_async(self, function, args, kwargs)

    def _go_live(self, what: str) -> LiveAccess:
        origin = self.origin()
        if self.offline:
            raise NeedsDatabaseError(
                f"{self.revision.id}: {what} at {origin} needs a database, and --sql has none",
                hint="guard it with `if not op.get_context().as_sql:`, or run this revision online",
                revision=self.revision.id,
                origin=origin,
            )
        self._mark_live(origin)
        if self._live is None:
            raise StopRecordingError
        return self._live

    def _mark_live(self, origin: str) -> None:
        if not self.went_live:
            self.went_live = True
            self.live_origin = origin


def _is_large(operation: MigrateOperation) -> bool:
    """True where compiling an operation takes longer than an event loop may be held."""
    sql = getattr(operation, "sqltext", "")
    rows = getattr(operation, "rows", ())  # of data; a function's is the estimate of ROWS
    many = isinstance(rows, Sized) and len(rows) > _MANY
    return many or len(sql if isinstance(sql, str) else getattr(sql, "text", "")) > LARGE
