"""Online changes without a server: the document of a table, and the statements of the phases."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from asyncmig.ddl.compilation import Compilation
from asyncmig.ddl.compiler import compile_operation
from asyncmig.ddl.dialect import MigrationDialect
from asyncmig.operations.directives.online import AlterColumnOnlineOp
from asyncmig.plan.online.catalog import Catalog
from asyncmig.plan.online.phases import online_form

DIALECT = MigrationDialect()

COLUMN = {"name": "total", "type": "integer", "can_compare": True}
INDEX = {
    "name": "i",
    "definition": "CREATE INDEX i ON public.bill USING btree (total) WHERE (total > 0)",
    "uses": {"total": 2},
    "unique": False,
    "valid": True,
    "whole_row": False,
    "tablespace": None,
    "clustered": False,
    "replica_identity": False,
    "statistics": False,
    "comment": None,
}
CONSTRAINT = {
    "name": "c",
    "kind": "c",
    "definition": "CHECK ((total > 0))",
    "uses": {"total": 1},
    "whole_row": False,
    "index": None,
    "deferrable": False,
    "deferred": False,
    "validated": True,
    "enforced": True,
    "period": False,
    "comment": None,
}
FOREIGN_KEY = {
    "name": "f",
    "schema": "public",
    "table": "part",
    "columns": ["bill_total"],
    "to_schema": "public",
    "to_table": "bill",
    "to_columns": ["total"],
    "match": "s",
    "on_update": "a",
    "on_delete": "a",
    "set_columns": None,
    "deferrable": False,
    "deferred": False,
    "validated": True,
    "enforced": True,
    "period": False,
    "from_kind": "r",
    "to_kind": "r",
    "from_partition": False,
    "comment": None,
}
TRIGGER = {
    "name": "t",
    "before": True,
    "row": True,
    "insert": True,
    "update": True,
    "enabled": True,
}
SEQUENCE = {
    "schema": "public",
    "name": "bill_total_seq",
    "type": "integer",
    "start": "1",
    "increment": "1",
    "min": "1",
    "max": str(2**31 - 1),
    "cache": "1",
    "cycle": False,
    "has_grants": False,
    "comment": None,
}


def document(column: dict[str, Any] | None = None, **facts: Any) -> dict[str, Any]:
    """A table with one column of an online change."""
    mark, version = facts.pop("mark", None), facts.pop("version", 17)
    table = {
        "schema": "public",
        "name": "bill",
        "kind": "r",
        "persistence": "p",
        "replica_identity": "d",
        "has_key": True,
        "columns": [COLUMN | (column or {})],
        "names": ["id", "total"],
        **{
            name: []
            for name in (
                "objects",
                "indexes",
                "constraints",
                "foreign_keys",
                "triggers",
                "publications",
                "rules",
                "dependents",
            )
        },
    }
    name = table["columns"][0]["name"]
    return {"version": version, "column": name, "mark": mark, "tables": [table | facts]}


def phases(operation: Any, found: dict[str, Any]) -> list[list[str]]:
    """The statements of each phase."""
    form = online_form(operation, Catalog.of(found), Compilation(DIALECT), "a1")
    return [
        [compiled.sql for inner in phase for compiled in compile_operation(inner, DIALECT)]
        for phase in form.phases
    ]


def alter(**keywords: Any) -> AlterColumnOnlineOp:
    return AlterColumnOnlineOp("bill", "total", **({"type_": sa.BigInteger} | keywords))
