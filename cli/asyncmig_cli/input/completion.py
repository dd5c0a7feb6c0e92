"""Shell completion of revisions."""

import typer

__all__ = ["complete_revision"]

SYMBOLS = {"head": "the newest revision", "heads": "all heads", "base": "nothing applied"}


def complete_revision(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Symbols, branch labels and ids that begin with ``incomplete``, newest first.

    A project that cannot be read has no completions: a shell has no place for an error message.
    """
    from asyncmig import config
    from asyncmig.errors import AsyncmigError
    from asyncmig.revisions.script_directory import ScriptDirectory

    given = [context.params for context in (ctx.parent, ctx) if context is not None]
    files = [file for values in given for file in values.get("shared_config") or ()]
    names = [values.get("shared_name") for values in given if values.get("shared_name")]
    try:
        settings = config.load(files or None, name=names[-1] if names else None)
        graph = ScriptDirectory.load(
            settings.version_paths,
            recursive=settings.recursive_version_locations,
            sourceless=settings.sourceless,
            named_by=settings.config_path,
        ).graph
    except AsyncmigError:
        return []
    offered = SYMBOLS | {f"{label}@head": "" for one in graph for label in graph.labels(one.id)}
    offered |= {one.id: one.message for one in graph}
    return [(name, text) for name, text in offered.items() if name.startswith(incomplete)]
