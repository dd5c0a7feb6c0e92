"""Which files differ from a commit, as git knows it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from asyncmig.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ChangedFiles", "changed_files"]


class ChangedFiles(NamedTuple):
    """Files by what happened to them; those that were deleted are left out."""

    every: frozenset[Path]
    added: frozenset[Path]


def changed_files(ref: str, folders: Iterable[Path]) -> ChangedFiles:
    """The files below some folders that the working tree has otherwise than a commit, or new.

    The commit is the one where the current branch has left ``ref``. It runs git: call it in a thread.

    Raises:
        FileError: git is missing, there is no repository, or no such commit.
    """
    every: set[Path] = set()
    added: set[Path] = set()
    for folder in folders:
        if not folder.is_dir():
            continue
        root = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
        base = _base(folder, ref)
        lines = _git(folder, "diff", "--name-status", "--no-renames", "-z", base, "--", ".")
        words = lines.split("\0")
        for status, name in zip(words[::2], words[1::2], strict=False):
            path = (root / name).resolve()
            if status != "D":
                every.add(path)
            if status == "A":
                added.add(path)
        new = _git(
            folder, "ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", "."
        )
        for name in filter(None, new.split("\0")):
            every.add((root / name).resolve())
            added.add((root / name).resolve())
    return ChangedFiles(frozenset(every), frozenset(added))


def _base(folder: Path, ref: str) -> str:
    commit = _git(folder, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", what=ref).strip()
    return _run(folder, "merge-base", commit, "HEAD").stdout.strip() or commit


def _program() -> str:
    program = shutil.which("git")
    if program is None:
        raise FileError(
            "git is not installed, and --git-diff needs it", hint="use --since REVISION"
        )
    return program


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [_program(), "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - no shell


def _git(folder: Path, *arguments: str, what: str | None = None) -> str:
    done = _run(folder, *arguments)
    if done.returncode:
        if what is not None:
            raise FileError(
                f"git knows no commit or branch {what!r}",
                hint="in CI, fetch it first: a shallow clone has one commit only",
                path=str(folder),
            )
        reason = done.stderr.strip().splitlines()
        told = reason[-1].removeprefix("fatal: ") if reason else f"exit code {done.returncode}"
        raise FileError(f"git cannot read {folder}: {told}", path=str(folder))
    return done.stdout
