"""Event triggers: compared by what is declared, because in the shadow they would fire."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from asyncmig.ddl.directives.triggers import FIRING
from asyncmig.entities.declared import DeclaredEntity
from asyncmig.errors import ConfigError
from asyncmig.sql.lexer import Kind, identifier_value, string_value, tokens
from asyncmig.sql.quoting import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from asyncmig.sql.lexer import Token

__all__ = ["EventTrigger", "EventTriggerDefinition", "parse_event_trigger"]


@dataclass(frozen=True)
class EventTrigger(DeclaredEntity):
    """An event trigger of the database, which a superuser creates.

    Args:
        name: of the trigger.
        event: ``ddl_command_start``, ``ddl_command_end``, ``sql_drop``, ``table_rewrite``, ``login`` ...
        function: without arguments; with its schema if that is not the default one.
        tags: the commands for which it fires; none means all.
        fires: ``origin``, the default; ``disabled``; ``replica`` or ``always``, which depend on
            ``session_replication_role``.
        comment: of the trigger.

    Example::

        EventTrigger("no_drops", "sql_drop", "refuse_drop", tags=["DROP TABLE"])
    """

    kind: ClassVar[str] = "event_trigger"
    name: str
    event: str
    function: str
    _: KW_ONLY
    tags: Sequence[str] = ()
    fires: Literal["origin", "disabled", "replica", "always"] = "origin"
    comment: str | None = None
    schema: ClassVar[None] = None  # type: ignore[misc]  # an event trigger has none

    def _create(self) -> Iterator[str]:
        trigger = f"EVENT TRIGGER {identifier(self.name)}"
        tags = ", ".join(map(literal, self.tags))
        when = f" WHEN TAG IN ({tags})" if tags else ""
        function = self.function.removesuffix("()")
        yield f"CREATE {trigger} ON {self.event}{when} EXECUTE FUNCTION {function}()"
        if self.fires != "origin":
            yield f"ALTER {trigger} {FIRING[self.fires]}"

    def _label(self) -> str:
        return identifier(self.name)


class EventTriggerDefinition(NamedTuple):
    """What a CREATE EVENT TRIGGER statement says.

    Attributes:
        event: the event.
        tags: the commands, sorted.
        schema: the schema of the function; None if it is not written.
        function: its name.
    """

    event: str
    tags: tuple[str, ...]
    schema: str | None
    function: str


def parse_event_trigger(sql: str) -> EventTriggerDefinition:
    """Read a CREATE EVENT TRIGGER statement.

    Raises:
        ConfigError: it is none.

    Example:
        >>> parse_event_trigger("CREATE EVENT TRIGGER t ON sql_drop EXECUTE FUNCTION app.f()")
        EventTriggerDefinition(event='sql_drop', tags=(), schema='app', function='f')
    """
    found = [token for token in tokens(sql) if token.text != ";"]
    words = [token.word for token in found]
    problem = ConfigError(
        f"this is no CREATE EVENT TRIGGER statement: {sql.strip().partition(chr(10))[0][:80]!r}",
        hint="CREATE EVENT TRIGGER name ON event [WHEN TAG IN (...)] EXECUTE FUNCTION function()",
    )
    if words[:3] != ["CREATE", "EVENT", "TRIGGER"] or not {"ON", "EXECUTE"} <= set(words):
        raise problem
    on, execute = words.index("ON"), words.index("EXECUTE")
    names = [identifier_value(token.text) for token in found[execute + 2 :] if _is_name(token)]
    if execute < on + 2 or not _CALLED.intersection(words[execute + 1 : execute + 2]) or not names:
        raise problem
    tags = (token for token in found[on + 2 : execute] if token.kind is Kind.STRING)
    return EventTriggerDefinition(
        event=identifier_value(found[on + 1].text),
        tags=tuple(sorted(string_value(token.text).upper() for token in tags)),
        schema=names[0] if len(names) > 1 else None,
        function=names[-1],
    )


_CALLED = frozenset({"FUNCTION", "PROCEDURE"})


def _is_name(token: Token) -> bool:
    return token.kind in {Kind.WORD, Kind.QUOTED}
