"""Which rules are applied, and how serious their findings are: what the settings say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asyncmig.config.files.source import nearest
from asyncmig.errors import ConfigError
from asyncmig.lint.rule import all_rules
from asyncmig.results.lint import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from asyncmig.config.lint_settings import LintSettings
    from asyncmig.lint.rule import Rule

__all__ = ["STYLE", "Selection"]

STYLE = "style"
"""The name of all rules of the style set, in ``enable`` and ``disable``."""


class Selection:
    """The rules to apply.

    Args:
        settings: ``[tool.asyncmig.lint]``.

    Raises:
        ConfigError: the settings name a rule that there is not.
    """

    def __init__(self, settings: LintSettings) -> None:
        self.settings = settings
        every = all_rules()
        enabled = self._named(settings.enable, "enable")
        disabled = self._named(settings.disable, "disable")
        self._severities = {
            self._existing(name, "severity"): Severity(severity)
            for name, severity in settings.severity.items()
        }
        chosen = {
            name for name, rule in every.items() if not rule.style or name in enabled
        } - disabled
        self.rules: tuple[Rule, ...] = tuple(
            rule() for name, rule in every.items() if name in chosen
        )
        self.ids = frozenset(chosen)

    def severity(self, rule: type[Rule] | Rule, own: Severity | None = None) -> Severity:
        """That of a finding: the settings' for the rule, else the finding's own, else the rule's."""
        return self._severities.get(rule.id) or own or rule.severity

    def is_set(self, rule: Rule) -> bool:
        """Whether the settings say the severity of a rule; then the size of a table changes nothing."""
        return rule.id in self._severities

    def _named(self, names: Iterable[str], key: str) -> set[str]:
        found: set[str] = set()
        for name in names:
            if name == STYLE:
                found |= {rule.id for rule in all_rules().values() if rule.style}
            else:
                found.add(self._existing(name, key))
        return found

    def _existing(self, name: str, key: str) -> str:
        """The name of a rule, if there is one of that name."""
        known = all_rules()
        if name not in known:
            near = nearest(name, [*known, STYLE])
            where = f"{self.settings.path}: " if self.settings.path else ""
            raise ConfigError(
                f"{where}[lint] {key} names the rule '{name}', which does not exist",
                hint=(f"did you mean '{near}'? " if near else "") + "docs/lint.md lists all rules",
                rule=name,
                nearest=near,
            )
        return name
