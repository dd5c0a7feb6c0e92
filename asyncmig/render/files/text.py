"""The text of a new revision, from a template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.errors import ScriptError
from asyncmig.render.source.layout import string_literal
from asyncmig.render.templates.mako import MAKO, comma, mako_template, render_mako
from asyncmig.render.templates.template import PYTHON, fill, read_template, token_names
from asyncmig.revisions.files.python_ast import tree_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from asyncmig.config.settings import Settings
    from asyncmig.render.files.new_revision import NewRevision

__all__ = ["check_python", "python_text", "sql_text"]

_SQL = "revision.sql.template"
_SQLALCHEMY = "import sqlalchemy as sa"


def python_text(settings: Settings, new: NewRevision) -> str:
    """A Python revision.

    Raises:
        ScriptError: the template has an error, or no place for the operations. Facts: ``path``, ``line``.
        FileError: the template cannot be read. Facts: ``path``.
    """
    if (template := mako_template(settings)) is not None:
        path = settings.script_location / MAKO
        # code of the template, or another file, may use the name in another way
        _check_upgrades(new, str(path), has_token="upgrades" in template or "<%" in template)
        return render_mako(path, template, _mako_names(settings, new, template))
    origin, template = _template(settings, PYTHON)
    _check_upgrades(new, origin, has_token="upgrades" in token_names(template))
    values = {
        "message": _in_docstring(new.message or "", template),
        "revision": new.rev_id,
        "revision_literal": _literal(new.rev_id),
        "revises": comma(new.down_revisions) or "<base>",
        "down_revision": _literal(_scalar(new.down_revisions)),
        "branch_labels": _literal(tuple(new.branch_labels) or None),
        "depends_on": _literal(_scalar(new.depends_on)),
        "create_date": str(new.created),
        "sqlalchemy": _SQLALCHEMY if _needs_sqlalchemy(new) else "",
        "imports": "\n".join(new.imports),
        "upgrades": new.upgrades or "pass",
        "downgrades": new.downgrades or "pass",
    }
    return fill(template, values, origin=origin)


def sql_text(settings: Settings, new: NewRevision) -> str:
    """A SQL revision.

    Raises:
        ScriptError, FileError: as ``python_text``.
    """
    origin, template = _template(settings, _SQL)
    _check_upgrades(new, origin, has_token="upgrades" in token_names(template))
    named = {
        "revision": new.rev_id,
        "down_revision": comma(new.down_revisions),
        "branch_labels": comma(new.branch_labels),
        "depends_on": comma(new.depends_on),
        "create_date": str(new.created),
    }
    header = [f"-- {name}: {value}" for name, value in named.items() if value]
    # a message of several lines could look like a section
    header.insert(0, f"-- message: {' '.join((new.message or '').split())}")
    values = {"header": "\n".join(header), "upgrades": new.upgrades, "downgrades": new.downgrades}
    return fill(template, values, origin=origin)


def _check_upgrades(new: NewRevision, origin: str, *, has_token: bool) -> None:
    """Refuse a template that would omit operations. Downgrades may be omitted: some projects have none."""
    if new.upgrades and not has_token:
        raise ScriptError(
            f"the template {origin} has no ${{upgrades}} for the operations of the revision",
            hint="add ${upgrades} to the template, in upgrade() or after '-- upgrade'",
            path=origin,
        )


def check_python(path: Path, content: bytes, new: NewRevision) -> None:
    """Check that the template sets everything that the history needs.

    Raises:
        ScriptError: the text is not Python, or does not set what the history needs. Facts:
            ``path``, ``line``.
    """
    import ast

    try:
        tree = tree_of(content)
    except SyntaxError as error:
        raise ScriptError(
            f"the template does not give valid Python for {path.name}: line {error.lineno}: {error.msg}",
            hint="check the template; where output_encoding is not utf-8 it needs a coding comment",
            path=str(path),
            line=error.lineno,
        ) from None
    found = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name)
    }
    needed = ["revision", "down_revision"]
    needed += ["branch_labels"] if new.branch_labels else []
    needed += ["depends_on"] if new.depends_on else []
    if missing := [name for name in needed if name not in found]:
        raise ScriptError(
            f"the template of {path.name} does not set {', '.join(missing)}",
            hint="add to the template: " + ", ".join(f"{name} = ..." for name in missing),
            path=str(path),
        )


def _needs_sqlalchemy(new: NewRevision) -> bool:
    """True for bodies that use ``sa``, and for empty ones, which the user fills in."""
    import ast

    if _SQLALCHEMY in new.imports:
        return False
    if not new.upgrades and not new.downgrades:
        return True
    try:
        names = ast.walk(tree_of("\n".join([*new.imports, new.upgrades, new.downgrades])))
    except SyntaxError:
        return True
    return any(isinstance(node, ast.Name) and node.id == "sa" for node in names)


def _mako_names(settings: Settings, new: NewRevision, template: str) -> dict[str, object]:
    """The names that Alembic gives to ``script.py.mako``."""
    return {
        "config": _MainOptions(settings),
        **new.template_args,
        "message": _in_docstring(new.message or "", template),
        "up_revision": new.rev_id,
        "down_revision": _scalar(new.down_revisions),
        "branch_labels": tuple(new.branch_labels) or None,
        # a list, as in Alembic
        "depends_on": list(new.depends_on) if len(new.depends_on) > 1 else _scalar(new.depends_on),
        "create_date": new.created,
        "comma": comma,
        "imports": "\n".join(new.imports),
        # these templates indent the first line only
        "upgrades": new.upgrades.replace("\n", "\n    "),
        "downgrades": new.downgrades.replace("\n", "\n    "),
    }


def _template(settings: Settings, name: str) -> tuple[str, str]:
    own = settings.script_location / name
    if own.is_file():
        return str(own), read_template(own)
    from importlib.resources import files

    return name, (files("asyncmig.render.templates") / name).read_text("utf-8")


def _scalar(names: Sequence[str]) -> str | tuple[str, ...] | None:
    return tuple(names) if len(names) > 1 else next(iter(names), None)


def _literal(value: str | tuple[str, ...] | None) -> str:
    """A value as Python code."""
    if value is None:
        return "None"
    if isinstance(value, str):
        return string_literal(value)
    inside = ", ".join(map(_literal, value))
    return f"({inside},)" if len(value) == 1 else f"({inside})"


def _in_docstring(message: str, template: str) -> str:
    text = message.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    closes = '${message}"' in template and text.endswith('"')
    return text[:-1] + '\\"' if closes else text


class _MainOptions:
    """The part of Alembic's ``config`` that templates use."""

    def __init__(self, settings: Settings) -> None:
        self._options = {"databases": ", ".join(settings.databases), **settings.extra}

    def get_main_option(self, name: str, default: str | None = None) -> str | None:
        return self._options.get(name, default)
