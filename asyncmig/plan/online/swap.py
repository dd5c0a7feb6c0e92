"""The transaction in which the new columns take the place of the old ones. No row is read in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.plan.online.additions import default_of
from asyncmig.plan.online.names import copy_name, proof_name
from asyncmig.plan.online.sync import drop_sync, keep_old_in_sync
from asyncmig.plan.online.table_locks import lock_tables
from asyncmig.sql.quoting import comment_on, identifier, literal, qualified

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from asyncmig.plan.online.catalog import ForeignKeyFacts, IndexFacts, TableFacts
    from asyncmig.plan.online.change import Change, Move

__all__ = ["swap"]


_GUARD = """\
DO $asyncmig$
DECLARE
    added text;
BEGIN
    SELECT string_agg(name, ', ' ORDER BY name) INTO added FROM (
        SELECT i.relname::text AS name FROM pg_catalog.pg_index AS x
        JOIN pg_catalog.pg_class AS i ON i.oid = x.indexrelid
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = x.indrelid AND a.attname = {column}
        WHERE x.indrelid = {table}::regclass AND EXISTS (
            SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_class'::regclass
              AND d.objid = x.indexrelid AND d.refobjid = x.indrelid AND d.refobjsubid = a.attnum)
        UNION
        SELECT k.conname::text FROM pg_catalog.pg_constraint AS k
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = {table}::regclass AND a.attname = {column}
        WHERE k.contype NOT IN ('n', 't')
          AND (k.conrelid = a.attrelid AND a.attnum = ANY (k.conkey)
               OR k.confrelid = a.attrelid AND a.attnum = ANY (k.confkey))
    ) AS found
    WHERE name <> ALL (ARRAY[{known}]::text[]);
    IF added IS NOT NULL THEN
        RAISE EXCEPTION 'column {plain} of {plain_table} has what its online change does not carry: %', added
            USING HINT = 'drop it, run the same command again, and create it afterwards';
    END IF;
END
$asyncmig$"""


def swap(change: Change) -> Iterator[str]:
    """Lock the tables, remove the old columns, and give the new ones their names."""
    yield lock_tables(_locked(change), "ACCESS EXCLUSIVE")
    for move in change.moves:
        yield _guard(change, move)
    if not change.kept:
        for move in change.moves:
            yield from drop_sync(move)
    for key in change.foreign_keys:
        yield f"ALTER TABLE {key.table} DROP CONSTRAINT {identifier(key.name)}"
    for table in change.catalog.tables:
        yield from _strip_old(change, table)
    for move in change.moves:
        yield from _replace_column(change, move)
    for table in change.catalog.tables:
        for index in table.indexes:
            yield from _take_name(table, index)
        for check in table.checks:
            yield from _rename_constraint(table.sql, check.facts)
    for key in change.foreign_keys:
        yield from _rename_foreign_key(key)


def _locked(change: Change) -> list[str]:
    """The tables that the transaction alters, and those that a foreign key refers to."""
    names = [table.sql for table in change.catalog.tables]
    for key in change.foreign_keys:
        names += [key.target, key.table]
    return names


def _guard(change: Change, move: Move) -> str:
    """An error where the old column has an index or constraint that was created after the plan."""
    table = move.table
    known = [each.name for each in table.copied]
    known += [key.name for key in change.foreign_keys]
    known += [each["name"] for each in table.facts["constraints"]]
    known.append(proof_name(table.name, move.final))
    return _GUARD.format(
        table=literal(table.sql),
        column=literal(move.column.name),
        known=", ".join(map(literal, dict.fromkeys(known))),
        plain=move.column.name.replace("'", "''").replace("%", "%%"),
        plain_table=table.sql.replace("'", "''").replace("%", "%%"),
    )


def _strip_old(change: Change, table: TableFacts) -> Iterator[str]:
    """Without the indexes and constraints of old columns; dropping a column drops them with it."""
    if not change.kept:
        return
    for each in table.facts["constraints"]:
        yield f"ALTER TABLE {table.sql} DROP CONSTRAINT {identifier(each['name'])}"
    for index in table.indexes:
        if index.constraint is None:
            yield f"DROP INDEX {qualified(table.schema, index.name)}"


def _replace_column(change: Change, move: Move) -> Iterator[str]:
    alter = f"ALTER TABLE {move.table.sql}"
    old, new, final = map(identifier, (move.column.name, move.new, move.final))
    sequence = move.column.sequence
    is_identity = bool(move.column.identity)
    if is_identity and sequence is not None:
        yield (
            f"ALTER SEQUENCE {qualified(sequence['schema'], sequence['name'])}"
            f" RENAME TO {identifier(copy_name(sequence['name']))}"
        )
    elif sequence is not None:
        name = qualified(sequence["schema"], sequence["name"])
        if (
            move.sequence_type not in {None, sequence["type"]}
            and sequence["type"] == move.column.type
        ):
            yield f"ALTER SEQUENCE {name} AS {move.sequence_type}"
        yield f"ALTER SEQUENCE {name} OWNED BY {move.table.column_sql(move.new)}"
    default = default_of(move)
    if default is not None:
        yield f"{alter} ALTER COLUMN {new} SET DEFAULT {default}"
    yield from _settle_not_null(change, move)
    if is_identity and sequence is not None:
        yield from _move_identity(move, sequence)
    if change.kept:
        if default is not None:
            yield f"{alter} ALTER COLUMN {old} DROP DEFAULT"
        if move.column.facts.get("not_null"):
            yield f"{alter} ALTER COLUMN {old} DROP NOT NULL"
        yield f"{alter} RENAME COLUMN {old} TO {identifier(move.kept)}"
    else:
        yield f"{alter} DROP COLUMN {old}"
    if move.new != move.final:
        yield f"{alter} RENAME COLUMN {new} TO {final}"
    if change.kept:
        yield from keep_old_in_sync(move, change.moves)
    wanted = move.column.facts.get("not_null_name")
    if wanted is not None:
        proof = proof_name(move.table.name, move.final)
        yield f"{alter} RENAME CONSTRAINT {identifier(proof)} TO {identifier(wanted)}"


def _settle_not_null(change: Change, move: Move) -> Iterator[str]:
    """NOT NULL by its proof, without reading the table; without the proof."""
    alter = f"ALTER TABLE {move.table.sql}"
    is_not_null = move.column.facts.get("not_null")
    if is_not_null and change.catalog.has_not_null_constraints:
        return  # the proof is the constraint
    if is_not_null:
        yield f"{alter} ALTER COLUMN {identifier(move.new)} SET NOT NULL"
    if change.kind == "alter" or is_not_null:
        yield f"{alter} DROP CONSTRAINT {identifier(proof_name(move.table.name, move.final))}"


def _move_identity(move: Move, sequence: Mapping[str, str]) -> Iterator[str]:
    """The identity with a sequence of its own, which continues where the old one is."""
    alter = f"ALTER TABLE {move.table.sql} ALTER COLUMN"
    name = qualified(sequence["schema"], sequence["name"])
    former = qualified(sequence["schema"], copy_name(sequence["name"]))
    when = "ALWAYS" if move.column.identity == "a" else "BY DEFAULT"
    options = [f"SEQUENCE NAME {name}", f"START WITH {sequence['start']}"]
    options.append(f"INCREMENT BY {sequence['increment']}")
    minimum, maximum = _bounds(sequence)
    options += [*minimum, *maximum, f"CACHE {sequence['cache']}"]
    if sequence["cycle"]:
        options.append("CYCLE")
    yield (f"{alter} {identifier(move.new)} ADD GENERATED {when} AS IDENTITY ({' '.join(options)})")
    yield (
        f"SELECT pg_catalog.setval({literal(name)}::regclass, last_value, is_called) FROM {former}"
    )
    if sequence["comment"] is not None:
        yield comment_on("SEQUENCE", name, sequence["comment"])
    yield f"{alter} {identifier(move.column.name)} DROP IDENTITY"


def _bounds(sequence: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """MINVALUE and MAXVALUE, where they are not those of the type."""
    bits = {"smallint": 15, "integer": 31, "bigint": 63}[sequence["type"]]
    ascending = not sequence["increment"].startswith("-")
    least, most = (1, 2**bits - 1) if ascending else (-(2**bits), -1)
    return (
        [] if int(sequence["min"]) == least else [f"MINVALUE {sequence['min']}"],
        [] if int(sequence["max"]) == most else [f"MAXVALUE {sequence['max']}"],
    )


def _take_name(table: TableFacts, index: IndexFacts) -> Iterator[str]:
    """The copy of an index takes its name, and its place in a constraint."""
    copy, name = identifier(copy_name(index.name)), identifier(index.name)
    constraint = index.constraint
    copy_sql, name_sql = (
        qualified(table.schema, copy_name(index.name)),
        qualified(table.schema, index.name),
    )
    if constraint is None:
        yield f"ALTER INDEX {copy_sql} RENAME TO {name}"
    else:
        kind = "PRIMARY KEY" if constraint["kind"] == "p" else "UNIQUE"
        when = " DEFERRABLE" if constraint["deferrable"] else ""
        when += " INITIALLY DEFERRED" if constraint["deferred"] else ""
        owner = identifier(constraint["name"])
        yield f"ALTER TABLE {table.sql} ADD CONSTRAINT {owner} {kind} USING INDEX {copy}{when}"
        if constraint["comment"] is not None:
            yield comment_on("CONSTRAINT", f"{owner} ON {table.sql}", constraint["comment"])
    if index.facts["comment"] is not None:
        yield comment_on("INDEX", name_sql, index.facts["comment"])
    if index.facts["clustered"]:
        yield f"ALTER TABLE {table.sql} CLUSTER ON {name}"
    if index.facts["replica_identity"]:
        yield f"ALTER TABLE {table.sql} REPLICA IDENTITY USING INDEX {name}"


def _rename_constraint(table: str, facts: Mapping[str, str | None]) -> Iterator[str]:
    name = str(facts["name"])
    yield (
        f"ALTER TABLE {table} RENAME CONSTRAINT {identifier(copy_name(name))} TO {identifier(name)}"
    )
    if facts["comment"] is not None:
        yield comment_on("CONSTRAINT", f"{identifier(name)} ON {table}", facts["comment"])


def _rename_foreign_key(key: ForeignKeyFacts) -> Iterator[str]:
    yield from _rename_constraint(key.table, key.facts)
