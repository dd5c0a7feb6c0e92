"""The trigger that keeps two columns alike while both exist.

It fires in every ``session_replication_role`` (ENABLE ALWAYS), so that what a subscription applies is carried
too. It has no list of columns: a trigger that fires before it may assign the column without naming it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from asyncmig.sql.quoting import comment_on, identifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asyncmig.plan.online.change import Change, Move

__all__ = ["create_sync", "drop_sync", "keep_old_in_sync"]

_FUNCTION = """\
CREATE{replace} FUNCTION {function}() RETURNS trigger
LANGUAGE plpgsql{settings} AS $asyncmig$
BEGIN
    {assignment}
    RETURN NEW;
END
$asyncmig$"""

_BOTH_WAYS = """\
IF TG_OP = 'INSERT' THEN
        IF NEW.{new} IS NOT NULL THEN
            NEW.{old} := NEW.{new};
        ELSE
            NEW.{new} := NEW.{old};
        END IF;
    ELSIF NEW.{new}{text} IS DISTINCT FROM OLD.{new}{text} THEN
        NEW.{old} := NEW.{new};
    ELSE
        NEW.{new} := NEW.{old};
    END IF;"""


def create_sync(change: Change, move: Move) -> Iterator[str]:
    """The function and the trigger.

    Args:
        change: of a type: the old column is written, and the new one follows; a rename: either is written.
        move: the two columns.
    """
    old, new = identifier(move.column.name), identifier(move.new)
    settings = ""
    if change.kind == "rename":
        text = "" if move.column.facts.get("can_compare") else "::text"
        assignment = _BOTH_WAYS.format(old=old, new=new, text=text)
    elif move.using is None:
        assignment = f"NEW.{new} := NEW.{old};"
    else:
        row = f"(SELECT NEW.*) AS {identifier(move.table.name)}"
        assignment = f"SELECT {move.value} INTO NEW.{new} FROM {row};"
        settings = "\nSET search_path FROM CURRENT"
    yield _FUNCTION.format(
        replace="", function=move.function, settings=settings, assignment=assignment
    )
    yield _mark(
        move,
        kind=change.kind,
        old=move.column.name,
        new=move.new,
        revision=change.revision,
        direction=str(change.direction),
    )
    yield (
        f"CREATE TRIGGER {move.trigger} BEFORE INSERT OR UPDATE ON {move.table.sql}"
        f" FOR EACH ROW EXECUTE FUNCTION {move.function}()"
    )
    yield f"ALTER TABLE {move.table.sql} ENABLE ALWAYS TRIGGER {move.trigger}"


def keep_old_in_sync(move: Move, together: Sequence[Move]) -> Iterator[str]:
    """After the swap: the new column is written, and the old one follows.

    Args:
        move: the two columns.
        together: all columns of the change; ``finish_column_online`` drops their old ones with it.
    """
    assignment = f"NEW.{identifier(move.kept)} := NEW.{identifier(move.final)};"
    yield _FUNCTION.format(
        replace=" OR REPLACE", function=move.function, settings="", assignment=assignment
    )
    group = [[each.table.schema, each.table.name, each.final, each.kept] for each in together]
    yield _mark(move, kind="alter", old=move.kept, new=move.final, swapped=True, group=group)


def drop_sync(move: Move) -> Iterator[str]:
    """Without the trigger and its function."""
    yield f"DROP TRIGGER IF EXISTS {move.trigger} ON {move.table.sql}"
    yield f"DROP FUNCTION IF EXISTS {move.function}()"


def _mark(move: Move, **facts: object) -> str:
    return comment_on("FUNCTION", f"{move.function}()", json.dumps(facts))
