"""The result of ``adopt``: the configuration, and what is left to decide."""

from collections.abc import Iterator

from asyncmig.results import Adoption
from asyncmig_cli.output.console import Stream
from asyncmig_cli.output.units import count
from asyncmig_cli.rendering.files import near
from asyncmig_cli.rendering.states import status_lines

__all__ = ["adoption_lines"]


def adoption_lines(adoption: Adoption, stream: Stream) -> Iterator[str]:
    """The file, the source of each key, what is left to decide, and the results of the checks."""
    verb = "wrote" if adoption.written else "would write"
    yield f"{stream.style(verb, 'green', 'bold')} {near(adoption.path)}"
    yield ""
    yield from adoption.text.rstrip("\n").split("\n")
    yield ""
    width = max(len(key.name) for key in adoption.keys)
    for key in adoption.keys:
        yield f"{stream.style(f'{key.name:<{width}}', 'bold')}  from {key.source}"
    if adoption.decide:
        yield ""
        yield stream.style("left to decide:", "yellow", "bold")
        for what in adoption.decide:
            yield f"- {what}"
    yield ""
    if adoption.findings:
        for finding in adoption.findings:
            where = near(finding.path) if finding.path else finding.revision
            yield f"{stream.style(finding.rule, 'red')} {f'{where}: ' if where else ''}{finding.message}"
    else:
        revisions = count(adoption.revisions, "revision")
        yield f"{stream.style('valid', 'green', 'bold')}: {revisions}, all scripts can be imported"
    if adoption.database is not None:
        yield from status_lines(adoption.database, stream)
    elif adoption.database_problem is not None:
        yield f"{stream.style('database not compared', 'yellow')}: {adoption.database_problem}"
