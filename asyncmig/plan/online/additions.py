"""What is added beside the old column: the column, its indexes and its constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.plan.online.expressions import index_body, plain_default, rename_columns
from asyncmig.plan.online.names import copy_name, proof_name
from asyncmig.plan.online.sync import create_sync, drop_sync
from asyncmig.plan.online.table_locks import lock_tables
from asyncmig.sql.quoting import comment_on, identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from asyncmig.plan.online.catalog import ForeignKeyFacts, TableFacts
    from asyncmig.plan.online.change import Change, Move

__all__ = [
    "add_columns",
    "add_foreign_key",
    "create_indexes",
    "default_of",
    "drop_leftovers",
    "foreign_key_definition",
    "validations",
]

_ACTIONS = {"r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


def drop_leftovers(change: Change) -> Iterator[str]:
    """Without what an earlier change of the same columns has left."""
    for move in reversed(change.moves):
        yield from drop_sync(move)
        names = [move.new, *([move.kept] if move.kept in move.table.facts["names"] else [])]
        for name in names:
            yield f"ALTER TABLE {move.table.sql} DROP COLUMN IF EXISTS {identifier(name)} CASCADE"


def add_columns(change: Change, table: TableFacts) -> Iterator[str]:
    """The new columns of a table with what the old ones have, and the trigger."""
    for move in change.moves_of(table):
        yield from _add_column(move)
        yield from create_sync(change, move)
        if change.kind == "alter":
            old, new = identifier(move.column.name), identifier(move.new)
            # the server checks the casts, and changes no row
            yield f"UPDATE {table.sql} SET {new} = {move.value} WHERE false"
            if change.kept:
                yield f"UPDATE {table.sql} SET {old} = {new} WHERE false"
        yield _proof(change, move)
    names = change.names_of(table.sql)
    for check in table.checks:
        definition = rename_columns(_without_not_valid(check.facts["definition"]), names)
        yield _add_constraint(table, copy_name(check.name), f"{definition} NOT VALID")
    if change.kind == "alter" and table.indexes:
        yield from _try_indexes(change, table)


def _add_column(move: Move) -> Iterator[str]:
    facts, new = move.column.facts, identifier(move.new)
    alter = f"ALTER TABLE {move.table.sql}"
    column = f"{alter} ALTER COLUMN {new}"
    yield f"{alter} ADD COLUMN {new} {move.type}"
    default = default_of(move)
    if default is not None and move.column.sequence is None and move.new != move.final:
        # the server checks it; until the swap the value comes from the old column
        yield f"{column} SET DEFAULT {default}"
        yield f"{column} DROP DEFAULT"
    if facts.get("statistics") is not None:
        yield f"{column} SET STATISTICS {facts['statistics']}"
    if facts.get("options"):
        yield f"{column} SET ({', '.join(facts['options'])})"
    if facts.get("storage"):
        storage = {"p": "PLAIN", "e": "EXTERNAL", "x": "EXTENDED", "m": "MAIN"}[facts["storage"]]
        yield f"{column} SET STORAGE {storage}"
    if facts.get("compression"):
        yield f"{column} SET COMPRESSION {'lz4' if facts['compression'] == 'l' else 'pglz'}"
    if facts.get("comment") is not None:
        yield comment_on("COLUMN", move.table.column_sql(move.new), facts["comment"])
    for grant in facts.get("grants", ()):
        role = "PUBLIC" if grant["role"] is None else identifier(grant["role"])
        option = " WITH GRANT OPTION" if grant["grantable"] else ""
        yield f"GRANT {grant['privilege']} ({new}) ON {move.table.sql} TO {role}{option}"


def default_of(move: Move) -> str | None:
    """The default of the new column as SQL; None where the old one has none."""
    default = move.column.default
    if default is None or (move.sequence_type is not None and move.is_from_integer):
        return (
            default  # the cast of a negative number is as in a table that is made with the new type
        )
    return plain_default(default)


def _proof(change: Change, move: Move) -> str:
    """A constraint that holds once all rows are done."""
    name, new = proof_name(move.table.name, move.final), identifier(move.new)
    if not move.column.facts.get("not_null"):
        condition = f"CHECK ((({move.value}) IS NULL) = ({new} IS NULL))"
    elif change.catalog.has_not_null_constraints:
        condition = f"NOT NULL {new}"
    else:
        condition = f"CHECK ({new} IS NOT NULL)"
    return _add_constraint(move.table, name, f"{condition} NOT VALID")


def _try_indexes(change: Change, table: TableFacts) -> Iterator[str]:
    """The indexes on an empty copy of the table: the server checks their definitions."""
    probe = "pg_temp.asyncmig_probe"
    yield f"CREATE TEMPORARY TABLE asyncmig_probe (LIKE {table.sql})"
    for index in table.indexes:
        unique = "UNIQUE " if index.facts["unique"] else ""
        body = rename_columns(index_body(index.facts["definition"]), change.names_of(table.sql))
        yield f"CREATE {unique}INDEX ON {probe} {body}"
    yield f"DROP TABLE {probe}"


def create_indexes(change: Change, table: TableFacts) -> Iterator[str]:
    """Each index of an old column on the new one, concurrently."""
    names = change.names_of(table.sql)
    for index in table.indexes:
        unique = "UNIQUE " if index.facts["unique"] else ""
        body = rename_columns(index_body(index.facts["definition"]), names)
        yield (
            f"CREATE {unique}INDEX CONCURRENTLY {identifier(copy_name(index.name))}"
            f" ON {table.sql} {body}"
        )


def validations(change: Change, table: TableFacts) -> Iterator[str]:
    """VALIDATE of each constraint of the table; a foreign key follows its own creation."""
    alter = f"ALTER TABLE {table.sql} VALIDATE CONSTRAINT"
    for move in change.moves_of(table):
        yield f"{alter} {identifier(proof_name(table.name, move.final))}"
    for check in table.checks:
        if check.facts["validated"]:
            yield f"{alter} {identifier(copy_name(check.name))}"


def add_foreign_key(change: Change, key: ForeignKeyFacts) -> Iterator[tuple[str, ...]]:
    """The phases of a foreign key between the new columns; without VALIDATE where the old one has none."""
    name = identifier(copy_name(key.name))
    definition = foreign_key_definition(change, key)
    yield (
        lock_tables((key.target, key.table), "SHARE ROW EXCLUSIVE"),
        f"ALTER TABLE {key.table} ADD CONSTRAINT {name} {definition} NOT VALID",
    )
    if key.facts["validated"]:
        yield (f"ALTER TABLE {key.table} VALIDATE CONSTRAINT {name}",)


def foreign_key_definition(change: Change, key: ForeignKeyFacts) -> str:
    """A foreign key with the new columns in place of the old ones."""
    facts, own = key.facts, change.names_of(key.table)
    its = change.names_of(key.target)

    def columns(names: Sequence[str], new: Mapping[str, str]) -> str:
        return ", ".join(identifier(new.get(name, name)) for name in names)

    parts = [
        f"FOREIGN KEY ({columns(facts['columns'], own)})",
        f"REFERENCES {key.target} ({columns(facts['to_columns'], its)})",
    ]
    if facts["match"] == "f":
        parts.append("MATCH FULL")
    if facts["on_update"] in _ACTIONS:
        parts.append(f"ON UPDATE {_ACTIONS[facts['on_update']]}")
    if facts["on_delete"] in _ACTIONS:
        parts.append(f"ON DELETE {_ACTIONS[facts['on_delete']]}")
        if facts["set_columns"]:
            parts[-1] += f" ({columns(facts['set_columns'], own)})"
    if facts["deferrable"]:
        parts.append("DEFERRABLE INITIALLY DEFERRED" if facts["deferred"] else "DEFERRABLE")
    return " ".join(parts)


def _add_constraint(table: TableFacts, name: str, definition: str) -> str:
    return f"ALTER TABLE {table.sql} ADD CONSTRAINT {identifier(name)} {definition}"


def _without_not_valid(definition: str) -> str:
    return definition.removesuffix(" NOT VALID")
