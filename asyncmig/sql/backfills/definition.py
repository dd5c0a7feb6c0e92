"""``Backfill``, the definition of a change of many rows that is made in batches.

It is text and plain values: the journal, the job's row and the offline script carry the same definition.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from asyncmig.sql.quoting import identifier, literal, qualified

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CTID_KEY", "FINISH_ROWS", "Backfill", "BackfillKind", "OnError", "RowOrder"]

BackfillKind: TypeAlias = Literal["update", "delete", "insert", "function", "gate"]
OnError: TypeAlias = Literal["stop", "record"]
RowOrder: TypeAlias = Literal["key", "ctid"]

CTID_KEY = ("ctid",)
"""The key of a backfill whose batches follow the blocks of the table."""

FINISH_ROWS = 10_000
"""How many rows a gate finishes itself, where the script does not say."""

_TUNING = frozenset({"deferred", "on_error", "batch_size", "allowance"})
"""The fields that change how a backfill runs, and not what it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """What a backfill does. All SQL is as the script wrote it, with values as literals.

    Attributes:
        name: of the job, unique in a database.
        kind: what happens to the rows of ``table``: ``update`` and ``delete`` change them, ``insert`` reads
            them; ``function`` hands them to a Python function, whose values are written back; ``gate`` does
            nothing and requires that the job of that name is done.
        table: the table whose key divides the work.
        schema: its schema; None is found by the search path.
        assignments: the list behind SET, or the expressions of ``insert``.
        source: further tables, the list behind FROM or USING.
        join: how they join the table.
        where: which rows; None is all of them.
        into: of ``insert``, the target table as SQL, with its column list.
        key: columns to order by, where the script names them; ``("ctid",)`` follows the blocks of the table.
        function: of ``function``, its name in the revision, or ``module:name``.
        columns: of ``function``, those that it gets.
        deferred: ``upgrade`` only records the job.
        on_error: whether a row that the server refuses stops the job, or is recorded and passed over.
        batch_size: of the first batch; None is the setting's.
        allowance: of a gate, how many rows it may process itself.
    """

    name: str
    kind: BackfillKind = "update"
    table: str = ""
    schema: str | None = None
    assignments: str = ""
    source: str | None = None
    join: str | None = None
    where: str | None = None
    into: str | None = None
    key: tuple[str, ...] = ()
    function: str | None = None
    columns: tuple[str, ...] = ()
    deferred: bool = False
    on_error: OnError = "stop"
    batch_size: int | None = None
    allowance: int | None = None

    @property
    def table_name(self) -> str:
        """The table as SQL, with its schema."""
        return qualified(self.schema, self.table)

    def column(self, name: str) -> str:
        """A column of the table as SQL, with the table's name before it."""
        return f"{identifier(self.table)}.{identifier(name)}"

    @property
    def follows_ctid(self) -> bool:
        """True where the batches follow the blocks of the table instead of a key."""
        return self.key == CTID_KEY

    def statement(self, among: str = "", returning: str = "", table: str | None = None) -> str:
        """The statement for a part of the rows; of ``function``, the query that reads them.

        Args:
            among: a condition that selects the part; empty for all rows.
            returning: what RETURNING gives, or further columns of the query; empty for nothing.
            table: a partition of the table, as SQL with the table's name as its alias.
        """
        table = table or self.table_name
        conditions = [f"({text})" for text in (among, self.join or "", self.where or "") if text]
        where = f"\nWHERE {' AND '.join(conditions)}" if conditions else ""
        end = f"\nRETURNING {returning}" if returning else ""
        match self.kind:
            case "update":
                source = f"\nFROM {self.source}" if self.source else ""
                return f"UPDATE {table} SET {self.assignments}{source}{where}{end}"
            case "delete":
                source = f"\nUSING {self.source}" if self.source else ""
                return f"DELETE FROM {table}{source}{where}{end}"
            case "insert":
                source = f", {self.source}" if self.source else ""
                read = f"SELECT {self.assignments} FROM {table}{source}{where}"
                return f"INSERT INTO {self.into}\n{read}\nON CONFLICT DO NOTHING{end}"
            case "function":
                names = [self.column(name) for name in self.columns]
                read = ", ".join([*names, returning] if returning else names)
                return f"SELECT {read} FROM {table}{where}"
            case "gate":  # pragma: no branch - the last kind
                return f"SELECT {literal(f'the backfill {self.name} is required')}"

    @property
    def is_verifiable(self) -> bool:
        """True where the condition shows which rows are left."""
        return self.kind in {"update", "delete", "function"} and self.where is not None

    @property
    def remaining(self) -> str:
        """A query that gives a row for each row that is left."""
        tables = f"{self.table_name}, {self.source}" if self.source else self.table_name
        conditions = [f"({text})" for text in (self.join, self.where) if text]
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"SELECT {identifier(self.table)}.* FROM {tables}{where}"

    @property
    def fingerprint(self) -> str:
        """A digest of what it does: the same work has the same fingerprint."""
        work = {name: value for name, value in asdict(self).items() if name not in _TUNING}
        return hashlib.sha256(json.dumps(work, sort_keys=True).encode()).hexdigest()[:32]

    def to_dict(self) -> dict[str, Any]:
        """The definition as plain data; fields that have their default are left out."""
        defaults = asdict(Backfill(name=""))
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value != defaults[name]
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Backfill:
        """The definition that ``to_dict`` gave; keys of newer versions are an error."""
        lists = {name: tuple(data[name]) for name in ("key", "columns") if name in data}
        return cls(**{**data, **lists})
