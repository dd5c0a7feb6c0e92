"""The page of the documentation that says what is found of each change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import alembic

from model_changes.proving import FOUND, MISSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_changes.building import Change
    from model_changes.proving import Proof

BY_CHANCE = "its script fails, or runs, by chance: it drops the tables in any order"
Proved = "tuple[str, list[tuple[Change, Proof]]]"


def line(change: Change, proof: Proof) -> str:
    """A row; without its last cell when Alembic was not asked."""
    cells = [f"| {change.name}", proof.ours]
    verdict = _verdict(change, proof)
    if verdict is not None:
        cells.append(verdict.replace("|", "\\|") + " |")
    return " | ".join(cells)


def _verdict(change: Change, proof: Proof) -> str | None:
    """What came of it with Alembic, if it was asked."""
    return BY_CHANCE if change.by_chance and proof.alembic is not None else proof.alembic


def page_of(groups: Sequence[Proved]) -> str:
    """The whole page."""
    verdicts = [_verdict(change, proof) for _, rows in groups for change, proof in rows]
    found, missed = verdicts.count(FOUND), verdicts.count(MISSED)
    others = len(verdicts) - found - missed
    lines = [
        "<!-- Written by scripts/autogenerate_changes.py: change tests/model_changes. -->",
        "",
        "# What autogenerate finds",
        "",
        f"{len(verdicts)} changes of models, one at a time, on PostgreSQL 18. Each was made a revision",
        "by asyncmig, which was applied: nothing was left to detect. Its downgrade restored the catalog,",
        "and what `pg_dump` shows, exactly. The same change was then given to Alembic",
        f"{alembic.__version__} with `compare_type`, `compare_server_default` and its plugin for CHECKs",
        "turned on, and its upgrade was applied.",
        "",
        f"asyncmig finds all {len(verdicts)}. Alembic finds {found}, misses {missed}, and of the other",
        f"{others} it finds a part, drops what is renamed, or writes a script that does not run.",
    ]
    for group, rows in groups:
        lines += ["", f"## {group}", "", "| Change | asyncmig | Alembic |", "|---|---|---|"]
        lines += [line(change, proof) for change, proof in rows]
    return "\n".join(lines) + "\n"
