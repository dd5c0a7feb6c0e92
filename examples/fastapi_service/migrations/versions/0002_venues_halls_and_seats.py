"""venues, halls and seats"""

import sqlalchemy as sa

from asyncmig import Operations

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    op.create_table(
        "venue",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("city", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_venue"),
        sa.UniqueConstraint("name", name="uq_venue_name"),
        schema="boxoffice",
    )
    op.create_table(
        "hall",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("venue_id", sa.BigInteger, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hall"),
        sa.ForeignKeyConstraint(
            ["venue_id"], ["boxoffice.venue.id"], name="fk_hall_venue_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("venue_id", "name", name="uq_hall_venue_id_name"),
        schema="boxoffice",
    )
    op.create_table(
        "seat",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("hall_id", sa.BigInteger, nullable=False),
        sa.Column("row_label", sa.Text, nullable=False),
        sa.Column("number", sa.SmallInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_seat"),
        sa.ForeignKeyConstraint(
            ["hall_id"], ["boxoffice.hall.id"], name="fk_seat_hall_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("hall_id", "row_label", "number", name="uq_seat_hall_id_row_label_number"),
        sa.CheckConstraint("number > 0", name=op.f("ck_seat_number_positive")),
        schema="boxoffice",
        comment="One physical chair. Rows count from the stage.",
    )
    op.create_check_constraint(
        op.f("ck_hall_name_length"), "hall", "length(name) BETWEEN 1 AND 80", schema="boxoffice"
    )


def downgrade(op: Operations) -> None:
    op.drop_constraint(op.f("ck_hall_name_length"), "hall", type_="check", schema="boxoffice")
    op.drop_table("seat", schema="boxoffice")
    op.drop_table("hall", schema="boxoffice")
    op.drop_table("venue", schema="boxoffice")
