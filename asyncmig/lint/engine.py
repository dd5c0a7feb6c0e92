"""Applies the rules to the steps of a plan, in order, and keeps what is known of the tables up to date."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from asyncmig.lint.lock_levels import strong_locks
from asyncmig.lint.place import Circumstances, Place, Revisions
from asyncmig.lint.rules import not_analysed
from asyncmig.lint.schema.tables import KnownSchema
from asyncmig.lint.schema.tracking import apply_actions, created_objects
from asyncmig.lint.sizes import size_text
from asyncmig.plan.model import PhaseKind
from asyncmig.results.lint import LintFinding, Severity
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.actions.parse import parse_actions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from asyncmig.lint.rule import Problem, Rule
    from asyncmig.lint.selection import Selection
    from asyncmig.plan.model import Step

__all__ = ["Linter"]

_DROPS_INDEX = frozenset({ActionKind.DROP_INDEX, ActionKind.DROP_INDEX_CONCURRENTLY})
_LINE = re.compile(r":(\d+)$")


@dataclass(slots=True, kw_only=True)
class Linter:
    """Lints steps that follow each other.

    Attributes:
        selection: the rules.
        schema: what is known before the first step; it is changed.
        circumstances: how the plan will run.
        sizes: rows and bytes of relations by key, where a database was asked; they go before those of
            the schema, which may be of the past.
        statements: how many statements were looked at.
        open_transaction: the statements of the transaction that the next revision shares.
    """

    selection: Selection
    schema: KnownSchema = field(default_factory=KnownSchema)
    circumstances: Circumstances = field(default_factory=Circumstances)
    sizes: Mapping[str, tuple[int, int]] | None = None
    statements: int = 0
    open_transaction: list[Place] = field(default_factory=list)

    def follow(self, steps: Iterable[Step]) -> None:
        """Take steps as done, without findings."""
        for step in steps:
            for statement in step.statements:
                apply_actions(self.schema, parse_actions(statement.sql), statement.sql)
            if step.live:
                self.schema.complete = False

    def lint(self, steps: Sequence[Step], linted: Collection[str]) -> list[LintFinding]:
        """The findings about steps that are deployed together.

        Args:
            steps: in order; a relation that one of those linted creates is new for all after it.
            linted: the revisions to report about; the others are followed.
        """
        findings: list[LintFinding] = []
        self.open_transaction = []
        created: dict[str, int] = {}
        places: list[Place] = []
        for step in steps:
            if step.revision not in linted:
                self.follow([step])
                continue
            for place in self._places(step, created):
                if place.statement.is_of_online_change:
                    findings += self._of_online_change(place)
                    continue
                places.append(place)
                findings += self._of_statement(place)
            if step.live:
                self.schema.complete = False
                findings += self._found(not_analysed.NotAnalysed(), not_analysed.live(step), None)
        chosen = tuple(step for step in steps if step.revision in linted)
        revisions = Revisions(
            places=tuple(places),
            steps=chosen,
            schema=self.schema,
            circumstances=self.circumstances,
        )
        for rule in self.selection.rules:
            findings += self._found(rule, rule.check_revisions(revisions), None)
        return _in_order(findings, chosen)

    def _places(self, step: Step, created: dict[str, int]) -> Iterator[Place]:
        """Each statement of a step; what is known changes while the caller iterates."""
        # a backfill changes rows in batches, each with its own transaction
        read = [
            (statement, () if statement.backfill is not None else parse_actions(statement.sql))
            for statement in step.statements
        ]
        position = 0
        for number, phase in enumerate(step.phases):
            shared = number == 0 and self.circumstances.one_transaction
            if not shared or phase.kind is not PhaseKind.TRANSACTION:
                self.open_transaction = []
            in_transaction = self.open_transaction
            for statement in phase.statements:
                _, actions = read[position]
                place = Place(
                    step=step,
                    phase=phase,
                    statement=statement,
                    actions=actions,
                    schema=self.schema,
                    number=self.statements,
                    created=created,
                    in_transaction=in_transaction,
                    in_step=read,
                    position=position,
                    circumstances=self.circumstances,
                )
                place.locks = tuple(strong_locks(place))
                place.dropped_indexes = tuple(_dropped_indexes(place))
                yield place
                apply_actions(self.schema, actions, statement.sql)
                for name in list(created_objects(actions, created)):
                    created.setdefault(name, place.number)
                if phase.kind is PhaseKind.TRANSACTION:
                    in_transaction.append(place)
                position += 1
                self.statements += 1

    def _of_statement(self, place: Place) -> Iterator[LintFinding]:
        for rule in self.selection.rules:
            for action in place.actions:
                if action.kind in rule.kinds:
                    yield from self._found(rule, rule.check(action, place), place)
            yield from self._found(rule, rule.check_statement(place), place)

    def _of_online_change(self, place: Place) -> Iterator[LintFinding]:
        """The old name that goes: all else is the form that rules would suggest."""
        if place.statement.directive != "finish_column_online":
            return
        for rule in self.selection.rules:
            for action in place.actions:
                if action.kind in rule.kinds and action.kind is ActionKind.DROP_COLUMN:
                    yield from self._found(rule, rule.check(action, place), place)

    def _found(
        self, rule: Rule, problems: Iterable[Problem], place: Place | None
    ) -> Iterator[LintFinding]:
        if rule.id not in self.selection.ids:
            return
        for problem in problems:
            yield self._finding(rule, problem, place)

    def _finding(self, rule: Rule, problem: Problem, place: Place | None) -> LintFinding:
        rows, size = self._size(problem.table)
        severity = self.selection.severity(rule, problem.severity)
        message = problem.message
        small = self.selection.settings.small_table_rows
        if rule.by_size and problem.table is not None:
            if rows is not None and rows <= small and not self.selection.is_set(rule):
                severity = Severity.NOTE
            message += f" ({size_text(problem.table, rows, size, small)})"
        if place is not None and place.statement.not_rewritten is not None:
            message += f"; no safe rewrite: {place.statement.not_rewritten}"
        origin = problem.origin or (place.statement.origin if place else None)
        path, line = _split(origin)
        revision = problem.revision or (place.step.revision if place else None)
        return LintFinding(
            rule=rule.id,
            severity=str(severity),
            revision=revision,
            path=path or (place.step.path if place else None),
            line=line,
            sql=place.statement.shown if place else None,
            message=message,
            suggestion=problem.suggestion,
            table=problem.table,
            rows=rows,
            bytes=size,
            facts="database" if rows is not None else problem.facts,
        )

    def _size(self, table: str | None) -> tuple[int | None, int | None]:
        if table is None:
            return None, None
        if self.sizes is not None:
            return self.sizes.get(table, (None, None))
        known = self.schema.table(table)
        return (None, None) if known is None else (known.rows, known.bytes)


def _dropped_indexes(place: Place) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for action in place.actions:
        if action.kind in _DROPS_INDEX and action.index is not None:
            table = place.schema.table_of_index(action.index)
            index = table.indexes.get(action.index.name) if table else None
            if table is not None and index is not None:
                yield table.name, index.name, index.columns


def _split(origin: str | None) -> tuple[str | None, int | None]:
    if origin is None:
        return None, None
    if match := _LINE.search(origin):
        return origin[: match.start()], int(match[1])
    return origin, None


def _in_order(findings: list[LintFinding], steps: Sequence[Step]) -> list[LintFinding]:
    """By revision, then by line; equal findings once (a loop in a script repeats them)."""
    order = {step.revision: number for number, step in enumerate(steps)}
    unique = list(dict.fromkeys(findings))
    return sorted(unique, key=lambda found: (order.get(found.revision or "", -1), found.line or 0))
