"""refunds

PostgreSQL lets nobody use a new enum value before it is committed; the plan puts that commit in.
"""

import sqlalchemy as sa
from asyncmig import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("ALTER TYPE boxoffice.booking_status ADD VALUE 'refunded'")
    op.add_column(
        "booking", sa.Column("refunded_at", sa.DateTime(timezone=True)), schema="boxoffice"
    )
    # asyncmig: allow add-check there are few bookings before the first season opens
    op.create_check_constraint(
        op.f("ck_booking_refund_is_dated"),
        "booking",
        "(status = 'refunded') = (refunded_at IS NOT NULL)",
        schema="boxoffice",
    )
    # asyncmig: allow create-index-blocking there are few bookings before the first season opens
    op.create_index(
        "ix_booking_refunded_at",
        "booking",
        ["refunded_at"],
        schema="boxoffice",
        postgresql_where=sa.text("status = 'refunded'"),
    )


def downgrade():
    op.drop_index("ix_booking_refunded_at", "booking", schema="boxoffice")
    op.drop_constraint(
        op.f("ck_booking_refund_is_dated"), "booking", type_="check", schema="boxoffice"
    )
    op.execute("UPDATE boxoffice.booking SET status = 'cancelled' WHERE status = 'refunded'")
    op.drop_column("booking", "refunded_at", schema="boxoffice")

    # A value cannot be dropped: the type is made anew, and what compares with it goes for that long.
    op.drop_index("ix_booking_reserved_expires_at", "booking", schema="boxoffice")
    op.drop_constraint(
        op.f("ck_booking_reservation_expires"), "booking", type_="check", schema="boxoffice"
    )
    op.alter_column("booking", "status", server_default=None, schema="boxoffice")
    op.execute("ALTER TYPE boxoffice.booking_status RENAME TO booking_status_with_refunds")
    op.execute("CREATE TYPE boxoffice.booking_status AS ENUM ('reserved', 'paid', 'cancelled')")
    op.execute(
        "ALTER TABLE boxoffice.booking ALTER COLUMN status"
        " TYPE boxoffice.booking_status USING status::text::boxoffice.booking_status"
    )
    op.execute("DROP TYPE boxoffice.booking_status_with_refunds")
    op.alter_column("booking", "status", server_default="reserved", schema="boxoffice")
    op.create_check_constraint(
        op.f("ck_booking_reservation_expires"),
        "booking",
        "status <> 'reserved' OR expires_at IS NOT NULL",
        schema="boxoffice",
    )
    op.create_index(
        "ix_booking_reserved_expires_at",
        "booking",
        ["expires_at"],
        schema="boxoffice",
        postgresql_where=sa.text("status = 'reserved'"),
    )
