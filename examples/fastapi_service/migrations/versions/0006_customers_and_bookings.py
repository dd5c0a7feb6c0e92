"""customers, bookings and tickets"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from asyncmig import Operations

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

booking_status = postgresql.ENUM(
    "reserved", "paid", "cancelled", name="booking_status", schema="boxoffice", create_type=False
)


def upgrade(op: Operations) -> None:
    op.create_table(
        "customer",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("email", postgresql.CITEXT, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customer"),
        sa.UniqueConstraint("email", name="uq_customer_email"),
        schema="boxoffice",
    )

    op.execute("CREATE TYPE boxoffice.booking_status AS ENUM ('reserved', 'paid', 'cancelled')")
    # Customers read this number to us on the phone, so it starts with six digits.
    op.execute("CREATE SEQUENCE boxoffice.booking_number_seq START WITH 100001")
    op.create_table(
        "booking",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column(
            "number",
            sa.BigInteger,
            server_default=sa.text("nextval('boxoffice.booking_number_seq')"),
            nullable=False,
        ),
        sa.Column("customer_id", sa.BigInteger, nullable=False),
        sa.Column("status", booking_status, server_default="reserved", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column(
            "updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name="pk_booking"),
        sa.UniqueConstraint("number", name="uq_booking_number"),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["boxoffice.customer.id"], name="fk_booking_customer_id"
        ),
        sa.CheckConstraint(
            "status <> 'reserved' OR expires_at IS NOT NULL",
            name=op.f("ck_booking_reservation_expires"),
        ),
        schema="boxoffice",
    )
    op.execute("ALTER SEQUENCE boxoffice.booking_number_seq OWNED BY boxoffice.booking.number")
    op.create_index(
        "ix_booking_reserved_expires_at",
        "booking",
        ["expires_at"],
        schema="boxoffice",
        postgresql_where=sa.text("status = 'reserved'"),
    )

    op.create_table(
        "ticket",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("booking_id", sa.BigInteger, nullable=False),
        sa.Column("performance_id", sa.BigInteger, nullable=False),
        sa.Column("seat_id", sa.BigInteger, nullable=False),
        sa.Column("price", sa.Numeric(8, 2), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_ticket"),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["boxoffice.booking.id"], name="fk_ticket_booking_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["performance_id"], ["boxoffice.performance.id"], name="fk_ticket_performance_id"
        ),
        sa.ForeignKeyConstraint(["seat_id"], ["boxoffice.seat.id"], name="fk_ticket_seat_id"),
        schema="boxoffice",
    )
    op.create_index(
        "uq_ticket_seat_sold_once",
        "ticket",
        ["performance_id", "seat_id"],
        unique=True,
        schema="boxoffice",
        postgresql_where=sa.text("released_at IS NULL"),
    )


def downgrade(op: Operations) -> None:
    op.drop_table("ticket", schema="boxoffice")
    op.drop_table("booking", schema="boxoffice")  # its sequence goes with it
    op.execute("DROP TYPE boxoffice.booking_status")
    op.drop_table("customer", schema="boxoffice")
