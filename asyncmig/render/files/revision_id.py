"""Revision ids and branch labels: making and checking them."""

from __future__ import annotations

from asyncmig.errors import ScriptError
from asyncmig.revisions.graph.history import ILLEGAL_CHARACTERS

__all__ = ["check_branch_label", "check_revision_id", "new_revision_id"]

_RESERVED = frozenset({"head", "heads", "base", "current"})


def new_revision_id() -> str:
    """A new id: twelve random hexadecimal digits."""
    import secrets

    return secrets.token_hex(6)


def check_revision_id(revision: str) -> None:
    """Check that an id can be used in targets and file names.

    Letters, digits, dots and underscores are allowed. ``@ : + -`` are refused as in Alembic: they
    are the operators of target expressions.

    Raises:
        ScriptError: it has other characters, or is a word such as ``head``. Facts: ``revision``.

    Example:
        >>> check_revision_id("2026_11_21_add_users")
    """
    wrong = sorted({c for c in revision if not (c.isalnum() or c in "._")})
    if wrong:
        listed = ", ".join(
            "a space" if c == " " else f"'{c}'" if c.isprintable() else repr(c) for c in wrong
        )
        what = f"contains {listed}"
        if not ILLEGAL_CHARACTERS.isdisjoint(wrong):
            what += ", which target expressions use"
    elif revision.lower() in _RESERVED:
        what = "is a word of target expressions"
    elif not revision.strip("."):
        what = "is empty"
    else:
        return
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in revision)
    raise ScriptError(
        f"the revision id '{shown}' {what}",
        hint="use letters, digits and underscores; without --rev-id an id is generated",
        revision=revision,
        argument="rev_id",
    )


def check_branch_label(label: str) -> None:
    """Check that a branch label can be used in targets.

    Raises:
        ScriptError: it is empty, a word such as ``head``, or has ``@ : + ,``, quotes or spaces in
            it. Facts: ``label``.
    """
    if label.lower() in _RESERVED or not label or set(label) & set("@:+,\"'\\ \t\n"):
        raise ScriptError(
            f"the branch label '{label}' cannot be used in target expressions",
            hint="use letters, digits, dots, underscores and hyphens, such as 'billing'",
            label=label,
            argument="branch_label",
        )
