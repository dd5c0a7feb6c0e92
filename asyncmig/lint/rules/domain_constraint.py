"""ALTER DOMAIN that checks tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.lint.example import Claim, Examples
from asyncmig.lint.rule import Problem, Rule
from asyncmig.lint.schema.tables import key_of
from asyncmig.lint.suggest import lines, relation_sql
from asyncmig.results.lint import Severity
from asyncmig.sql.actions.kinds import ActionKind
from asyncmig.sql.quoting import identifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asyncmig.lint.place import Place
    from asyncmig.sql.actions.action import Action

__all__ = ["DomainConstraint"]


class DomainConstraint(Rule):
    """Reports a constraint of a domain for which all tables that use it are read."""

    title = "ALTER DOMAIN ... ADD CHECK or SET NOT NULL"
    hazards = ("25",)
    severity = Severity.ERROR
    why = (
        "Every table with a column of the domain is read from beginning to end, each under SHARE, which"
        " blocks writes, and all of these locks are held together. Add the CHECK as NOT VALID, and"
        " validate it in a later transaction. SET NOT NULL of a domain has no such form: use a CHECK"
        " (VALUE IS NOT NULL)."
    )
    kinds = frozenset({ActionKind.ADD_DOMAIN_CONSTRAINT, ActionKind.SET_DOMAIN_NOT_NULL})
    examples = Examples(
        setup="CREATE DOMAIN amount AS integer; CREATE TABLE sales (id bigint, value amount);",
        rows="INSERT INTO sales SELECT n, n FROM generate_series(1, 2000) AS n;",
        bad=("ALTER DOMAIN amount ADD CONSTRAINT amount_positive CHECK (VALUE > 0)",),
        good=("ALTER DOMAIN amount ADD CONSTRAINT amount_positive CHECK (VALUE > 0) NOT VALID",),
        claim=Claim(locks={"sales": "ShareLock"}, scans=("sales",)),
    )

    def check(self, action: Action, place: Place) -> Iterator[Problem]:
        """See ``why``."""
        constraint = action.new_constraint
        if action.object is None or (constraint is not None and constraint.not_valid):
            return
        users = place.schema.users_of(key_of(action.object))
        existing = [name for name in users if not place.is_new(name)]
        if not existing and (users or place.schema.complete):
            return
        domain = relation_sql(action.object)
        condition = constraint.expression if constraint else "VALUE IS NOT NULL"
        name = identifier(
            constraint.name if constraint and constraint.name else f"{action.object.name}_check"
        )
        where = " and ".join(existing) if existing else f"every table that uses {action.object}"
        yield Problem(
            message=f"blocks writes to {where} while it checks every row",
            table=existing[0] if existing else None,
            suggestion=lines(
                f"ALTER DOMAIN {domain} ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID",
                f"-- in a later revision: ALTER DOMAIN {domain} VALIDATE CONSTRAINT {name}",
            ),
            facts=place.facts if existing else "sql",
        )
