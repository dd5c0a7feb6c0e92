"""The page of the documentation that says what is found of each change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import alembic

from model_changes.proving import FOUND, MISSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model_changes.building import Change
    from model_changes.proving import Proof

Proved = "tuple[str, list[tuple[Change, Proof]]]"


def line(change: Change, proof: Proof) -> str:
    """A row; without its last cell when Alembic was not asked."""
    cells = [f"| {change.name}", proof.ours]
    return " | ".join(cells if proof.alembic is None else [*cells, f"{_cell(proof.alembic)} |"])


def _cell(verdict: str) -> str:
    return verdict.replace("|", "\\|")


def page_of(groups: Sequence[Proved]) -> str:
    """The whole page."""
    proofs = [proof for _, rows in groups for _, proof in rows]
    found = sum(proof.alembic == FOUND for proof in proofs)
    missed = sum(proof.alembic == MISSED for proof in proofs)
    others = len(proofs) - found - missed
    lines = [
        "<!-- Written by scripts/autogenerate_changes.py: change tests/model_changes. -->",
        "",
        "# What autogenerate finds",
        "",
        f"{len(proofs)} changes of models, one at a time, on PostgreSQL 18. Each was made a revision",
        "by asyncmig, which was applied: nothing was left to detect. Its downgrade restored the catalog,",
        "and what `pg_dump` shows, exactly. The same change was then given to Alembic",
        f"{alembic.__version__} with `compare_type`, `compare_server_default` and its plugin for CHECKs",
        "turned on, and its upgrade was applied.",
        "",
        f"asyncmig finds all {len(proofs)}. Alembic finds {found}, misses {missed}, and of the other",
        f"{others} it finds a part, drops what is renamed, or writes a script that does not run.",
    ]
    for group, rows in groups:
        lines += ["", f"## {group}", "", "| Change | asyncmig | Alembic |", "|---|---|---|"]
        lines += [line(change, proof) for change, proof in rows]
    return "\n".join(lines) + "\n"
