"""Markdown of the sections, for the pages and for ``asyncmig explain``."""

from textwrap import dedent, indent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncmig.database.error_hints import ErrorHint
    from asyncmig.lint.rule import Rule
    from asyncmig_cli.explanations.error_cases import Case

__all__ = ["case_section", "hint_text", "rule_text"]

_FILLED = {"name": "NAME", "revision": "REVISION", "using": '"..."'}


def hint_text(row: "ErrorHint") -> str:
    """The hint for a cause, with words in place of names."""
    return row.text.format(**_FILLED) if row.text else "the hint of PostgreSQL"


def case_section(case: "Case") -> str:
    """One example of an error with its solution, below a heading."""
    lines = [f"### {case.title}", "", case.why, ""]
    if case.before:
        lines += ["```sql", *(f"{part.strip()};" for part in case.before.split(";")), "```", ""]
    if case.held:
        lines += ["```sql", f"BEGIN; {case.held};  -- in another session", "```", ""]
    if case.config:
        lines += ["```toml", case.config, "```", ""]
    for revision, body in case.scripts.items():
        if body != "pass":
            lines += ["```python", _script(revision, body), "```", ""]
    lines += ["```console", f"$ asyncmig {case.call}", f"error: {_shown(case.message)}"]
    lines += [f"hint: {_shown(case.hint)}"]
    lines += [f"$ echo $?\n{case.code}"] if case.code != 1 else []
    lines += ["```"]
    if case.cured or case.cure or case.cleaned:
        lines += ["", "What to do:", ""]
    if case.cleaned:
        lines += ["```sql", f"{case.cleaned};", "```"]
    for revision, body in case.cured.items():
        lines += ["```python", _script(revision, body), "```"]
    if case.cure:
        lines += ["```console", f"$ asyncmig {case.cure}", "```"]
    return "\n".join(lines)


def rule_text(name: str, rule: "type[Rule]") -> str:
    """What one rule reports, why, and its examples."""
    facts = [f"Severity: {rule.severity}."]
    if rule.by_size:
        facts.append("A note where the table is small.")
    if rule.style:
        facts.append(f'Opt-in: `enable = ["{name}"]` or `"style"`.')
    if rule.needs_database:
        facts.append("Needs a database.")
    parts = [f"{rule.title[0].upper()}{rule.title[1:]}. {' '.join(facts)}", rule.why]
    if rule.examples is not None:
        if rule.examples.setup:
            parts.append(f"Given:\n\n```sql\n{rule.examples.setup}\n```")
        parts.append(f"Reported:\n\n```sql\n{_sql(rule.examples.bad)}\n```")
        parts.append(f"Not reported by this rule:\n\n```sql\n{_sql(rule.examples.good)}\n```")
    return "\n\n".join(parts)


def _sql(texts: tuple[str, ...]) -> str:
    """Each transaction on lines of its own."""
    return "\n".join(f"{text.rstrip(';')};" for text in texts)


def _shown(pattern: str) -> str:
    return pattern.replace("*", "…")


def _script(revision: str, body: str) -> str:
    return f"# {revision}.py\ndef upgrade(op: Operations) -> None:\n{indent(dedent(body), '    ')}"
