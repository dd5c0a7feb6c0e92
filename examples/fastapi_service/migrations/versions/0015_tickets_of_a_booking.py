"""index the tickets of a booking

The table is in use and large by now, so the index is built beside the writers. That cannot be done in
a transaction: the plan knows, no block is needed around it.
"""

from asyncmig import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index(
        "ix_ticket_booking_id",
        "ticket",
        ["booking_id"],
        schema="boxoffice",
        postgresql_include=["seat_id"],
        postgresql_concurrently=True,
    )


def downgrade():
    op.drop_index(
        "ix_ticket_booking_id", "ticket", schema="boxoffice", postgresql_concurrently=True
    )
