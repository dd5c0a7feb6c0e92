"""The revision files that the settings name: the directory, its cached heads, and the loaded scripts.

All of it reads files, and scripts may be executed: call it in a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.revisions.cache.heads_cache import known_heads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from asyncmig.config.settings import Settings
    from asyncmig.plan.run_script import AnyScript
    from asyncmig.revisions.graph.revision import Revision
    from asyncmig.revisions.script_directory import ScriptDirectory

__all__ = ["load_scripts", "read_directory", "read_known_heads"]


def read_directory(
    settings: Settings, import_context: Callable[[], AbstractContextManager[None]]
) -> ScriptDirectory:
    """Read the revision files.

    Args:
        settings: of the project.
        import_context: is active while a file is executed, because its metadata cannot be read otherwise.
    """
    from asyncmig.revisions.script_directory import ScriptDirectory

    return ScriptDirectory.load(
        settings.version_paths,
        recursive=settings.recursive_version_locations,
        sourceless=settings.sourceless,
        import_context=import_context,
        named_by=settings.config_path,
    )


def read_known_heads(settings: Settings) -> tuple[str, ...] | None:
    """The cached heads if the folders are unchanged, else None."""
    return known_heads(
        settings.version_paths,
        recursive=settings.recursive_version_locations,
        sourceless=settings.sourceless,
        named_by=settings.config_path,
    )


def load_scripts(
    settings: Settings,
    revisions: Sequence[Revision],
    import_context: Callable[[], AbstractContextManager[None]],
) -> Mapping[str, AnyScript]:
    """Execute or parse the scripts of revisions, by id.

    Args:
        settings: of the project: what is added to ``sys.path``, and the plugins.
        revisions: whose scripts are loaded.
        import_context: is active while a script is executed.
    """
    from asyncmig.revisions.cache.checksums import read_checksums
    from asyncmig.revisions.files.script import load_script

    if settings.prepend_sys_path:
        from asyncmig.config import extend_sys_path

        extend_sys_path(settings.prepend_sys_path)
    if settings.plugins:
        from asyncmig.plugins import load_plugins

        load_plugins(settings)
    scripts = {
        revision.id: load_script(revision, import_context=import_context) for revision in revisions
    }
    read_checksums(scripts.values())
    return scripts
