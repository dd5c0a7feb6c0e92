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

from asyncmig.entities.declared import Entity, SqlText
from asyncmig.entities.registry import register, registered
from asyncmig.entities.relations import CompositeType, MaterializedView, Sequence, View, ViewIndex
from asyncmig.entities.rights import Extension, Grant, Policy, Revoke, RowSecurity
from asyncmig.entities.routines import Function, Procedure, Trigger

__all__ = [
    "CompositeType",
    "Entity",
    "Extension",
    "Function",
    "Grant",
    "MaterializedView",
    "Policy",
    "Procedure",
    "Revoke",
    "RowSecurity",
    "Sequence",
    "SqlText",
    "Trigger",
    "View",
    "ViewIndex",
    "register",
    "registered",
]
