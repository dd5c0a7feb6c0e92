"""What a rule sees: a statement at its place in the plan, and what is known before it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING

from asyncmig.lint.schema.tables import KnownSchema, key_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from asyncmig.lint.schema.tables import KnownTable
    from asyncmig.plan.model import Phase, Step
    from asyncmig.sql.actions.action import Action
    from asyncmig.sql.reader import SqlName
    from asyncmig.sql.statement import Statement

__all__ = ["Circumstances", "Place", "Revisions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """How the plan will run, as far as rules need it.

    Attributes:
        lock_timeout: seconds of the settings; 0 means no limit, None keeps the server's.
        one_transaction: the revisions share a transaction, as far as PostgreSQL allows.
        server: the major version, where a database was asked; it may be unknown.
        database: a database was asked for facts.
        children: the children of each revision.
        added: revisions that a comparison with another state of the files calls new; None where there
            was no comparison.
        applied: revisions that the database has; None where none was asked.
    """

    lock_timeout: float | None = 5.0
    one_transaction: bool = False
    server: int | None = None
    database: bool = False
    children: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    added: Collection[str] | None = None
    applied: Collection[str] | None = None


@dataclass(slots=True, kw_only=True)
class Place:
    """A statement, what runs before it, and what is known.

    Attributes:
        step, phase, statement: of the plan.
        actions: what the statement does.
        schema: what is known before it runs.
        number: counts the statements that are linted together.
        created: by key, which statement has created a relation or type; it grows.
        in_transaction: the statements of its transaction, those before it first; it grows.
        in_step: the statements of its step with their actions.
        position: of the statement in ``in_step``.
        circumstances: how the plan will run.
        locks: the existing tables that the statement locks, each with what then waits.
        dropped_indexes: table, name and columns of the known indexes that it drops.
    """

    step: Step
    phase: Phase
    statement: Statement
    actions: tuple[Action, ...]
    schema: KnownSchema
    number: int
    created: Mapping[str, int]
    in_transaction: Sequence[Place] = ()
    in_step: Sequence[tuple[Statement, tuple[Action, ...]]] = ()
    position: int = 0
    circumstances: Circumstances = field(default_factory=Circumstances)
    locks: tuple[tuple[str, str], ...] = ()
    dropped_indexes: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    @property
    def earlier(self) -> Iterator[Place]:
        """The statements before it that share its transaction."""
        return takewhile(lambda place: place.number < self.number, self.in_transaction)

    @property
    def later(self) -> Sequence[tuple[Statement, tuple[Action, ...]]]:
        """The statements after it in its step, with their actions."""
        return self.in_step[self.position + 1 :]

    def is_new(self, name: SqlName | str) -> bool:
        """Whether the same plan creates that relation, so that no running code uses it yet."""
        key = name if isinstance(name, str) else key_of(name)
        return self.created.get(key, self.number) < self.number

    def existing(self, name: SqlName | None) -> str | None:
        """The key of a relation that was there before the plan; None for a new one, and for no name."""
        if name is None or self.is_new(name):
            return None
        return key_of(name)

    def table(self, name: SqlName | str | None) -> KnownTable | None:
        """What is known of a relation."""
        return self.schema.table(name)

    @property
    def facts(self) -> str:
        """Where facts about existing relations come from."""
        return self.schema.source


@dataclass(slots=True, kw_only=True)
class Revisions:
    """All statements that are linted together, for rules that look at more than one.

    Attributes:
        places: in order.
        steps: the steps that are linted.
        schema: what is known after them.
        circumstances: how the plan will run.
    """

    places: tuple[Place, ...]
    steps: tuple[Step, ...]
    schema: KnownSchema
    circumstances: Circumstances
