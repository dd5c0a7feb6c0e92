"""Rows for tables: plausible values by type, and what a revision loses of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from asyncmig.sql.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

__all__ = ["Rows", "Tables", "read_rows", "read_tables", "seed_tables"]

_EACH = 2
_MOST_ROWS = 1000
_TABLES_AT_ONCE = 50
_BOOKKEEPING = "('alembic_version', 'asyncmig_journal', 'asyncmig_backfill')"

_TABLES = f"""\
SELECT c.oid, n.nspname || '.' || c.relname AS name, n.nspname AS schema, c.relname AS table,
    ARRAY(SELECT DISTINCT confrelid FROM pg_catalog.pg_constraint k
          WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.confrelid <> c.oid) AS parents
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT IN {_BOOKKEEPING}
  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend x
                  WHERE x.classid = 'pg_catalog.pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')
ORDER BY name"""

_COLUMNS = """\
SELECT a.attrelid, a.attnum, a.attname AS name, a.attnotnull AS required,
    a.atthasdef OR a.attidentity <> '' AS has_default, a.attgenerated <> '' AS generated,
    pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
    CASE WHEN b.typtype = 'd' THEN b.typbasetype::regtype::text ELSE b.oid::regtype::text END AS base,
    b.typcategory::text AS category,
    CASE WHEN a.atttypmod > 4 AND b.typname IN ('varchar', 'bpchar') THEN a.atttypmod - 4 END AS length,
    (SELECT e.enumlabel FROM pg_catalog.pg_enum e WHERE e.enumtypid = b.oid
     ORDER BY e.enumsortorder LIMIT 1) AS label,
    k.confrelid AS parent, k.target
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type b ON b.oid = a.atttypid
LEFT JOIN LATERAL (
    SELECT confrelid, (SELECT t.attname FROM pg_catalog.pg_attribute t
        WHERE t.attrelid = confrelid AND t.attnum = confkey[array_position(conkey, a.attnum)]) AS target
    FROM pg_catalog.pg_constraint
    WHERE conrelid = a.attrelid AND contype = 'f' AND a.attnum = ANY (conkey) LIMIT 1) k ON true
WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum"""


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a database with their columns, from the catalogs."""

    tables: tuple[asyncpg.Record, ...]
    columns: Mapping[int, Sequence[asyncpg.Record]]

    def columns_of(self, table: asyncpg.Record) -> Sequence[asyncpg.Record]:
        """The columns of a table; a table may have none."""
        return self.columns.get(table["oid"], ())


@dataclass(frozen=True, slots=True)
class Column:
    """A column and the texts of its values, None for NULL."""

    name: str
    type: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of a table, by column number; numbers survive the renaming of columns."""

    name: str
    count: int
    columns: Mapping[int, Column]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of all tables by the table's OID, which survives renaming."""

    tables: Mapping[int, TableRows]

    def replaced_by(self, newer: Rows) -> Rows:
        """The same with the tables of ``newer`` as they are there."""
        return Rows({**self.tables, **newer.tables})

    def lost_in(self, after: Rows) -> Iterator[str]:
        """What ``after`` no longer has: tables with rows, rows, columns with values, values."""
        for oid, old in self.tables.items():
            new = after.tables.get(oid)
            if new is None:
                if old.count:
                    yield f"table {old.name}: dropped with its {old.count} rows"
                continue
            if new.count < old.count:
                yield f"table {new.name}: {old.count - new.count} of {old.count} rows"
                continue
            for number, column in old.columns.items():
                yield from _lost_values(new, number, column)


def _lost_values(table: TableRows, number: int, old: Column) -> Iterator[str]:
    count = sum(value is not None for value in old.values)
    new = table.columns.get(number)
    if new is None:
        if count:
            yield f"column {table.name}.{old.name}: dropped with {count} values"
        return
    remaining = sum(value is not None for value in new.values)
    if remaining < count:
        yield f"column {table.name}.{new.name}: {count - remaining} of {count} values became NULL"
    elif new.type != old.type:
        kept = Counter(new.values)
        gone = [value for value in old.values if value is not None and not kept[value]]
        short = [
            value
            for value in gone
            if any(one and len(one) < len(value) and value.startswith(one) for one in new.values)
        ]
        if short:
            yield (
                f"column {table.name}.{new.name}: {len(short)} values were cut when {old.type} became"
                f" {new.type}, for example {short[0]!r}"
            )


async def read_tables(connection: asyncpg.Connection) -> Tables:
    """Read which tables there are."""
    tables = tuple(await connection.fetch(_TABLES))
    columns: dict[int, list[asyncpg.Record]] = {}
    for row in await connection.fetch(_COLUMNS, [table["oid"] for table in tables]):
        columns.setdefault(row["attrelid"], []).append(row)
    return Tables(tables, columns)


async def read_rows(
    connection: asyncpg.Connection, tables: Tables, only: Collection[int] | None = None
) -> Rows:
    """Read the rows of tables, at most 1,000 of each.

    Args:
        connection: any to the database.
        tables: what ``read_tables`` has found.
        only: the OIDs of the tables to read; None reads all.
    """
    chosen = [table for table in tables.tables if only is None or table["oid"] in only]
    texts: dict[int, list[list[str | None]]] = {table["oid"]: [] for table in chosen}
    for first in range(0, len(chosen), _TABLES_AT_ONCE):
        parts = [
            f"(SELECT {table['oid']}::oid, ARRAY[{_texts(tables.columns_of(table))}]::text[]"
            f" FROM {_name(table)} LIMIT {_MOST_ROWS})"
            for table in chosen[first : first + _TABLES_AT_ONCE]
        ]
        for oid, values in await connection.fetch(" UNION ALL ".join(parts)):
            texts[oid].append(values)
    return Rows({table["oid"]: _table_rows(tables, table, texts[table["oid"]]) for table in chosen})


def _texts(columns: Sequence[asyncpg.Record]) -> str:
    return ", ".join(f"{identifier(column['name'])}::text" for column in columns)


def _table_rows(
    tables: Tables, table: asyncpg.Record, rows: Sequence[Sequence[str | None]]
) -> TableRows:
    return TableRows(
        table["name"],
        len(rows),
        {
            column["attnum"]: Column(
                column["name"], column["type"], tuple(row[number] for row in rows)
            )
            for number, column in enumerate(tables.columns_of(table))
        },
    )


async def seed_tables(
    connection: asyncpg.Connection, tables: Tables, rows: Rows
) -> tuple[frozenset[int], tuple[str, ...]]:
    """Insert rows into empty tables, parents first.

    Args:
        connection: any to the database.
        tables: what ``read_tables`` has found.
        rows: their rows; tables that have some are left alone.

    Returns:
        the OIDs of the tables that were filled, and the names of those that could not be filled with the
        server's reason.
    """
    seeded: list[int] = []
    unseeded: list[str] = []
    for table in _parents_first(tables.tables):
        if rows.tables[table["oid"]].count:
            continue
        for number in range(1, _EACH + 1):
            try:
                async with connection.transaction():
                    values = await _values(connection, tables, table, number)
                    names = ", ".join(map(identifier, values))
                    await connection.execute(
                        f"INSERT INTO {_name(table)} ({names}) VALUES ({', '.join(values.values())})"
                        if values
                        else f"INSERT INTO {_name(table)} DEFAULT VALUES"
                    )
                    seeded.append(table["oid"])
            except asyncpg.PostgresError as error:
                unseeded.append(f"{table['name']}: {error}")
                break
    return frozenset(seeded), tuple(unseeded)


def _name(table: asyncpg.Record) -> str:
    return f"{identifier(table['schema'])}.{identifier(table['table'])}"


def _parents_first(tables: Sequence[asyncpg.Record]) -> Iterator[asyncpg.Record]:
    left = {table["oid"]: table for table in tables}
    while left:
        ready = [
            table for table in left.values() if not any(one in left for one in table["parents"])
        ] or [next(iter(left.values()))]
        for table in ready:
            yield left.pop(table["oid"])


async def _values(
    connection: asyncpg.Connection, tables: Tables, table: asyncpg.Record, number: int
) -> dict[str, str]:
    """The literal of each column that needs a value."""
    names = {one["oid"]: _name(one) for one in tables.tables}
    found: dict[str, str] = {}
    for column in tables.columns_of(table):
        if column["generated"] or (column["has_default"] and column["parent"] is None):
            continue
        value: str | None
        if column["parent"] in names and column["parent"] != column["attrelid"]:
            target = identifier(column["target"])
            value = await connection.fetchval(
                f"SELECT {target}::text FROM {names[column['parent']]} ORDER BY 1 OFFSET {number - 1} LIMIT 1"
            )
        elif column["parent"] is not None and not column["required"]:
            continue
        else:
            value = _plausible(column, number)
        if value is not None:
            found[column["name"]] = f"{literal(value)}::{column['type']}"
    return found


def _plausible(column: asyncpg.Record, number: int) -> str | None:
    """A value in PostgreSQL's notation for the type; None where there is none that always fits."""
    if column["label"] is not None:
        return str(column["label"])
    base = str(column["base"])
    match base:
        case "boolean":
            return "true"
        case "smallint" | "integer" | "bigint" | "real" | "double precision" | "numeric" | "money":
            return str(number)
        case "uuid":
            return f"00000000-0000-4000-8000-{number:012d}"
        case "json" | "jsonb":
            return "{}"
        case "bytea":
            return f"\\x{number:02x}"
        case "date":
            return f"2024-01-{number:02d}"
        case "timestamp without time zone" | "timestamp with time zone":
            return f"2024-01-{number:02d} 10:30:15.5+00"
        case "time without time zone" | "time with time zone":
            return f"10:{number:02d}:00+00"
        case "interval":
            return f"{number} hours"
        case "inet" | "cidr":
            return f"192.0.2.{number}"
        case "macaddr":
            return f"02:00:00:00:00:{number:02x}"
        case "xml":
            return "<a/>"
    if column["category"] == "A":
        return "{}"
    if column["category"] == "R":
        return "empty"
    if column["category"] == "S":
        text = f"{column['name']} {number}"
        length = column["length"]
        return text if length is None or len(text) <= length else str(number)[:length]
    return None
