"""Lints the revisions of one database: plans them, asks for facts, and applies the rules."""

from __future__ import annotations

import copy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread

from asyncmig.errors import ConnectionFailedError, UrlError
from asyncmig.lint.allowed import ScriptSilences, apply_silences
from asyncmig.lint.engine import Linter
from asyncmig.lint.place import Circumstances
from asyncmig.lint.schema.tables import KnownSchema
from asyncmig.lint.selection import Selection
from asyncmig.lint.silences import read_silences
from asyncmig.plan.model import Direction
from asyncmig.project.lint.history import history_steps
from asyncmig.project.lint.scope import ChosenRevisions, choose_revisions
from asyncmig.project.plans import make_plan
from asyncmig.results.lint import LintResult
from asyncmig.revisions.graph.names import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from asyncmig.plan.model import Step
    from asyncmig.project.lint.scope import LintScope
    from asyncmig.project.project import Project
    from asyncmig.results import Status
    from asyncmig.results.lint import LintFinding
    from asyncmig.revisions.graph.graph import RevisionGraph

__all__ = ["lint_offline", "lint_online"]


async def lint_offline(
    project: Project, scope: LintScope, *, notes: Sequence[str] = ()
) -> LintResult:
    """Lint without a database: what is known of tables comes from the earlier revisions."""
    selection = await anyio.to_thread.run_sync(Selection, project.settings.lint)
    graph = await project.graph()
    chosen = await _choose(project, graph, scope)
    run = _Run(project, selection, graph, scope)
    return await run.lint_history(await history_steps(project, chosen), chosen, None, notes)


async def lint_online(project: Project, scope: LintScope) -> LintResult:
    """Lint with the facts of a database: sizes, and for pending revisions all that its catalog says.

    Raises:
        ConnectionFailedError: there is no connection; the hint names the scopes that need none.
    """
    from asyncmig.bookkeeping.queries import read_status
    from asyncmig.database.session_settings import open_session
    from asyncmig.project.lint.facts import read_facts

    selection = await anyio.to_thread.run_sync(Selection, project.settings.lint)
    graph = await project.graph()
    chosen = None if scope.pending else await _choose(project, graph, scope)
    run = _Run(project, selection, graph, scope)
    settings = project.settings
    try:
        async with open_session(project.database(), settings) as session:
            status, _ = await read_status(session, settings, graph)
        if chosen is None:
            rows = [head for head in status.current if head in graph]
            plan = await make_plan(project, scope.target, rows, Direction.UPGRADE, connect=True)
            steps: Sequence[Step] = plan.steps
            linted: Iterable[Step] = steps
        else:
            steps = await history_steps(project, chosen)
            linted = [step for step in steps if step.revision in chosen.ids]
        statements = [one for step in linted for one in step.statements]
        async with open_session(project.database(), settings) as session:
            facts = await read_facts(session, statements, _backfills(project))
            run.server = session.server_version
    except (ConnectionFailedError, UrlError) as error:
        if scope.pending:
            told = f"{error.hint}; or, " if error.hint else ""
            error.hint = f"{told}without a database: asyncmig lint --offline, and which revisions"
        raise
    run.applied = frozenset(graph.ancestors(head for head in status.current if head in graph))
    if chosen is None:
        return await run.lint_pending(steps, facts, status)
    behind = _behind(graph, chosen, run.applied)
    return await run.lint_history(steps, chosen, facts, behind)


async def _choose(project: Project, graph: RevisionGraph, scope: LintScope) -> ChosenRevisions:
    chosen = await anyio.to_thread.run_sync(choose_revisions, graph, project.settings, scope)
    start = project.settings.lint.start_after
    if start is not None:
        done = graph.ancestors(revision.id for revision in graph.resolve(start))
        chosen = replace(chosen, ids=chosen.ids - done)
    return chosen


def _backfills(project: Project) -> str:
    from asyncmig.sql.quoting import qualified

    return qualified(project.settings.version_table_schema, "asyncmig_backfill")


def _behind(
    graph: RevisionGraph, chosen: ChosenRevisions, applied: frozenset[str]
) -> tuple[str, ...]:
    """What to say where the database lacks revisions that the linted ones follow."""
    before = graph.ancestors(chosen.ids) - chosen.ids - applied
    if not before:
        return ()
    names = listed(sorted(before), empty="")
    note = f"the database is behind: {names}, which the linted revisions follow, are not applied"
    return (f"{note}; sizes are those of before",)


class _Run:
    """One linting of one database."""

    def __init__(
        self, project: Project, selection: Selection, graph: RevisionGraph, scope: LintScope
    ) -> None:
        self.project = project
        self.selection = selection
        self.graph = graph
        self.scope = scope
        self.server: int | None = None
        self.applied: frozenset[str] | None = None

    async def lint_pending(
        self, steps: Sequence[Step], facts: KnownSchema, status: Status
    ) -> LintResult:
        """The pending revisions, deployed together on a database whose catalog is known."""
        ids = frozenset(step.revision for step in steps)
        start = self.selection.settings.start_after
        if start is not None:
            ids -= self.graph.ancestors(revision.id for revision in self.graph.resolve(start))
        before = copy.deepcopy(facts)
        linter = self._linter(facts, database=True, added=None)
        findings = await anyio.to_thread.run_sync(linter.lint, steps, ids)

        def alone(revision: str) -> list[LintFinding]:
            fresh = self._linter(copy.deepcopy(before), database=True, added=None)
            return fresh.lint(steps, {revision})

        notes = [
            f"{step.revision} is partially applied: its committed statements are linted as well"
            for step in status.partial
        ]
        if status.state in ("ahead", "diverged"):
            notes.append(
                f"the database is {status.state}: it has {listed(status.unknown, empty='')}"
            )
        return await self._result(steps, ids, findings, linter, "pending revisions", notes, alone)

    async def lint_history(
        self,
        steps: Sequence[Step],
        chosen: ChosenRevisions,
        facts: KnownSchema | None,
        notes: Sequence[str],
    ) -> LintResult:
        """Chosen revisions of the whole history, which says what was there before them."""
        sizes = None
        if facts is not None:
            sizes = {
                key: (table.rows, table.bytes or 0)
                for key, table in facts.tables.items()
                if table.rows is not None
            }

        def new_linter() -> Linter:
            made = self._linter(KnownSchema(), database=facts is not None, added=chosen.added)
            made.sizes = sizes
            made.schema.backfills = {} if facts is None else facts.backfills
            return made

        def alone(revision: str) -> list[LintFinding]:
            return new_linter().lint(steps, {revision})

        linter = new_linter()

        def lint() -> list[LintFinding]:
            if chosen.together:
                return linter.lint(steps, chosen.ids)
            return [found for step in steps for found in linter.lint([step], chosen.ids)]

        findings = await anyio.to_thread.run_sync(lint)
        return await self._result(
            steps,
            chosen.ids,
            findings,
            linter,
            chosen.scope,
            notes,
            alone if chosen.together else None,
        )

    def _linter(
        self, schema: KnownSchema, *, database: bool, added: frozenset[str] | None
    ) -> Linter:
        return Linter(
            selection=self.selection,
            schema=schema,
            circumstances=Circumstances(
                lock_timeout=self.project.settings.lock_timeout,
                one_transaction=self.project.settings.transaction == "all",
                server=self.server,
                database=database,
                children={revision.id: self.graph.children(revision.id) for revision in self.graph},
                added=added,
                applied=self.applied,
            ),
        )

    async def _result(
        self,
        steps: Sequence[Step],
        ids: frozenset[str],
        findings: list[LintFinding],
        linter: Linter,
        scope: str,
        notes: Sequence[str],
        alone: Callable[[str], list[LintFinding]] | None,
    ) -> LintResult:
        linted = [step for step in steps if step.revision in ids]
        scripts = await anyio.to_thread.run_sync(_read_scripts, linted)
        database = linter.circumstances.database
        once = None if alone is None or len(ids) < 2 else cache(alone)

        def apply() -> list[LintFinding]:
            return apply_silences(findings, scripts, self.selection, database=database, alone=once)

        every = await anyio.to_thread.run_sync(apply)
        order = {step.revision: number for number, step in enumerate(linted)}
        every.sort(key=lambda found: (order.get(found.revision or "", -1), found.line or 0))
        return LintResult(
            findings=tuple(every),
            scope=scope,
            revisions=tuple(step.revision for step in linted),
            statements=linter.statements,
            database=database,
            fail_on=self.selection.settings.fail_on,
            notes=tuple(notes),
        )


def _read_scripts(steps: Iterable[Step]) -> list[ScriptSilences]:
    found = []
    for step in steps:
        if step.path is None:
            continue
        path = Path(step.path)
        sql = path.suffix == ".sql"
        text = path.read_text("utf-8", errors="replace") if path.suffix in (".py", ".sql") else ""
        found.append(
            ScriptSilences(
                revision=step.revision, path=step.path, silences=read_silences(text, sql=sql)
            )
        )
    return found
