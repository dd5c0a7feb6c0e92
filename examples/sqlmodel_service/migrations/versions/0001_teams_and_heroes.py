"""teams and heroes

Revision ID: 0001
Revises: <base>
Create Date: 2026-11-30 03:17:17.285495
"""

import sqlalchemy as sa
from asyncmig import Operations

revision: str = "0001"
down_revision: str | tuple[str, ...] | None = None
branch_labels: tuple[str, ...] | None = None
depends_on: str | tuple[str, ...] | None = None


def upgrade(op: Operations) -> None:
    op.create_table(
        "team",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="team_pkey"),
        sa.UniqueConstraint("name", name="team_name_key"),
    )
    op.create_table(
        "hero",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("team_id", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="hero_pkey"),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name="hero_team_id_fkey"),
    )
    op.create_index("ix_hero_name", "hero", ["name"])


def downgrade(op: Operations) -> None:
    # drops table hero with its rows
    op.drop_table("hero")
    # drops table team with its rows
    op.drop_table("team")
