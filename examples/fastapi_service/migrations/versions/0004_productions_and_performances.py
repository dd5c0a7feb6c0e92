"""productions and performances"""

import sqlalchemy as sa
from asyncmig import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "production",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column(
            "details", postgresql.JSONB, server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_production"),
        schema="boxoffice",
    )
    op.create_index(
        "ix_production_details",
        "production",
        ["details"],
        schema="boxoffice",
        postgresql_using="gin",
    )
    op.create_index(
        "ix_production_title_trigrams",
        "production",
        ["title"],
        schema="boxoffice",
        postgresql_using="gin",
        postgresql_ops={"title": "gin_trgm_ops"},
    )
    op.create_table(
        "programme_item",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("production_id", sa.BigInteger, nullable=False),
        sa.Column("position", sa.SmallInteger, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_programme_item"),
        sa.ForeignKeyConstraint(
            ["production_id"],
            ["boxoffice.production.id"],
            name="fk_programme_item_production_id",
            ondelete="CASCADE",
        ),
        # Two items change places in one transaction: unique once it commits is enough.
        sa.UniqueConstraint(
            "production_id",
            "position",
            name="uq_programme_item_production_id_position",
            deferrable=True,
            initially="DEFERRED",
        ),
        schema="boxoffice",
    )
    op.create_table(
        "performance",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("production_id", sa.BigInteger, nullable=False),
        sa.Column("hall_id", sa.BigInteger, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("base_price", sa.Numeric(8, 2), nullable=False),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_performance"),
        sa.ForeignKeyConstraint(
            ["production_id"], ["boxoffice.production.id"], name="fk_performance_production_id"
        ),
        sa.ForeignKeyConstraint(["hall_id"], ["boxoffice.hall.id"], name="fk_performance_hall_id"),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_performance_ends_after_start")),
        schema="boxoffice",
    )
    op.create_index(
        "ix_performance_starts_at", "performance", ["starts_at"], schema="boxoffice"
    )
    op.create_exclude_constraint(
        "ex_performance_one_at_a_time",
        "performance",
        (sa.column("hall_id"), "="),
        (sa.literal_column("tstzrange(starts_at, ends_at)"), "&&"),
        using="gist",
        schema="boxoffice",
    )


def downgrade():
    op.drop_table("performance", schema="boxoffice")
    op.drop_table("programme_item", schema="boxoffice")
    op.drop_table("production", schema="boxoffice")
