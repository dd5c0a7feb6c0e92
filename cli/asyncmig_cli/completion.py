"""What the shell offers for a revision."""

import typer

__all__ = ["complete_revision"]

SYMBOLS = {"head": "the newest revision", "heads": "all heads", "base": "nothing applied"}


def complete_revision(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Symbols, branch labels and ids that begin like ``incomplete``, newest first.

    A project that cannot be read offers nothing: a completion has no place for an error.
    """
    from asyncmig import config
    from asyncmig.errors import AsyncmigError
    from asyncmig_cli.graph_queries import GraphQueries

    given = [context.params for context in (ctx.parent, ctx) if context is not None]
    files = [file for values in given for file in values.get("shared_config") or ()]
    names = [values.get("shared_name") for values in given if values.get("shared_name")]
    try:
        settings = config.load(files or None, name=names[-1] if names else None)
        found = GraphQueries(settings).history()
    except AsyncmigError:
        return []
    offered = SYMBOLS | {f"{label}@head": "" for info in found for label in info.branch_labels}
    offered |= {info.revision: info.message for info in found}
    return [(name, text) for name, text in offered.items() if name.startswith(incomplete)]
