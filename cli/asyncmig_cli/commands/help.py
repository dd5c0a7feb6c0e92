"""``asyncmig help``."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from asyncmig_cli.errors import UsageError
from asyncmig_cli.options.shared_options import SHARED
from asyncmig_cli.runtime.invocation import Invocation

if TYPE_CHECKING:
    from asyncmig_cli.output.console import Stream

EXAMPLES = {
    "asyncmig help options": "the options that every command accepts",
    "asyncmig help targets": "how revisions are named",
    "asyncmig help exit-codes": "the exit codes",
}
DOCUMENT = '{"topic": string, "text": string}'

TARGETS = """\
head              the newest revision; an error where there are several heads
heads             all heads
base              before the first revision
current           the current revisions of the database
ae1027a6acf       a revision by its id
ae1               a revision by the start of its id
billing           a revision by its branch label
billing@head      the head of a branch; also billing@base, billing@+1
+2, -1            two revisions up, one down, from the current revision
ae10+2, head-1    two revisions above ae10, one below the head
ae10:27c6         a range, for `history -r` and `--sql`"""

EXIT_CODES = """\
0         done
1         error
2         wrong usage
3         pending or different: `check`, `current --check-heads`, `status --check`
4         another runner held the lock for too long
5         a revision is partially applied
130, 143  interrupted by SIGINT, by SIGTERM"""


def help(  # noqa: A001  # the name of the command
    invocation: Invocation,
    topic: Annotated[
        str, typer.Argument(metavar="TOPIC", help="options, targets, exit-codes, or a command.")
    ] = "options",
) -> None:
    """Explain a topic or a command."""
    texts: dict[str, Callable[[], str]] = {
        "options": _options,
        "targets": lambda: TARGETS,
        "exit-codes": lambda: EXIT_CODES,
    }
    text = texts.get(topic.replace("_", "-"))
    if text is None:
        message = f"there is no help about {topic!r}"
        raise UsageError(message, f"the topics are {', '.join(texts)}, and the names of commands")
    lines = text()

    def show(stream: "Stream") -> Iterator[str]:
        yield stream.fit(lines)

    invocation.show({"topic": topic, "text": lines}, show)


def _options() -> str:
    """The shared options, one to a line."""
    rows = []
    for annotation, _ in SHARED.values():
        option: Any = get_args(annotation)[1]
        # in Annotated, typer finds the first name where the default of an option is otherwise
        names = ", ".join((option.default, *option.param_decls))
        rows.append((f"{names} {option.metavar or ''}".rstrip(), option.help))
    rows.append(("--version", "Show the versions of asyncmig and Python."))
    width = max(len(names) for names, _ in rows)
    intro = "Options of every command, accepted before and after its name:"
    return "\n".join([intro, *(f"  {names:<{width}}  {text}" for names, text in rows)])
