"""The page of the documentation with the result of each change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import alembic

from model_changes.proving import FOUND, MISSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_changes.building import Change
    from model_changes.proving import Proof

BY_CHANCE = "its script fails or succeeds by chance, because the order of DROP TABLE varies"
Proved = "tuple[str, list[tuple[Change, Proof]]]"


def line(change: Change, proof: Proof) -> str:
    """A row of the page; without its last cell if Alembic was not run."""
    cells = [f"| {change.name}", proof.ours]
    verdict = _verdict(change, proof)
    if verdict is not None:
        cells.append(verdict.replace("|", "\\|") + " |")
    return " | ".join(cells)


def _verdict(change: Change, proof: Proof) -> str | None:
    """The result of Alembic, if it was run."""
    return BY_CHANCE if change.by_chance and proof.alembic is not None else proof.alembic


def page_of(groups: Sequence[Proved]) -> str:
    """Return the page."""
    verdicts = [_verdict(change, proof) for _, rows in groups for change, proof in rows]
    found, missed = verdicts.count(FOUND), verdicts.count(MISSED)
    others = len(verdicts) - found - missed
    lines = [
        "<!-- Written by scripts/autogenerate_changes.py: change tests/model_changes. -->",
        "",
        "# What autogenerate finds",
        "",
        f"{len(verdicts)} single changes of models, tested on PostgreSQL 18. For each change, asyncmig",
        "writes a revision. After its upgrade, asyncmig finds no differences. After its downgrade, the",
        "catalog and the output of `pg_dump` are the same as before. The same change is then given to",
        f"Alembic {alembic.__version__}, with `compare_type`, `compare_server_default` and its plugin",
        "for CHECKs enabled, and its upgrade is run.",
        "",
        f"asyncmig finds all {len(verdicts)} changes. Alembic finds {found} and misses {missed}. For the",
        f"other {others}, it finds a part, drops what was renamed, or writes a script that fails.",
    ]
    for group, rows in groups:
        lines += ["", f"## {group}", "", "| Change | asyncmig | Alembic |", "|---|---|---|"]
        lines += [line(change, proof) for change, proof in rows]
    return "\n".join(lines) + "\n"
