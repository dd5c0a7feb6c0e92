"""Views, functions, triggers and the like, declared beside the models and compared with them.

Example::

    from asyncmig.entities import Function, Trigger, View, register

    register(
        Base.metadata,
        View("thick_book", "SELECT * FROM book WHERE pages > 500"),
        Function("touch", returns="trigger", body="BEGIN NEW.at := now(); RETURN NEW; END"),
        Trigger("book_touched", "book", "before", "update", "touch()"),
    )
"""

from asyncmig.entities.aggregates import Aggregate
from asyncmig.entities.declared import Entity, SqlText
from asyncmig.entities.event_triggers import EventTrigger
from asyncmig.entities.registry import register, registered
from asyncmig.entities.relations import CompositeType, MaterializedView, Sequence, View, ViewIndex
from asyncmig.entities.rights import Extension, Grant, Policy, Revoke, RowSecurity
from asyncmig.entities.routines import Function, Procedure, Trigger
from asyncmig.entities.rules import Rule
from asyncmig.entities.statistics import Statistics

__all__ = [
    "Aggregate",
    "CompositeType",
    "Entity",
    "EventTrigger",
    "Extension",
    "Function",
    "Grant",
    "MaterializedView",
    "Policy",
    "Procedure",
    "Revoke",
    "RowSecurity",
    "Rule",
    "Sequence",
    "SqlText",
    "Statistics",
    "Trigger",
    "View",
    "ViewIndex",
    "register",
    "registered",
]
