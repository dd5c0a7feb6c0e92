"""scans at the door, a partition a quarter"""

import sqlalchemy as sa

from asyncmig import Operations

revision = "0011"
down_revision = "0008"
branch_labels = ("door",)
depends_on = None


def upgrade(op: Operations) -> None:
    # asyncmig: allow add-column-volatile-default no ticket is sold before the doors have scanners
    op.add_column(
        "ticket",
        sa.Column(
            "code",
            sa.Uuid,
            server_default=sa.func.gen_random_uuid(),
            nullable=False,
            comment="printed on the ticket",
        ),
        schema="boxoffice",
    )
    # asyncmig: allow add-key no ticket is sold before the doors have scanners
    op.create_unique_constraint("uq_ticket_code", "ticket", ["code"], schema="boxoffice")
    op.create_table(
        "scan",
        sa.Column("ticket_id", sa.BigInteger, nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gate", sa.Text, nullable=False),
        sa.Column("accepted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("ticket_id", "scanned_at", name="pk_scan"),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["boxoffice.ticket.id"], name="fk_scan_ticket_id", ondelete="CASCADE"
        ),
        schema="boxoffice",
        comment="What the readers at the doors saw, a partition a quarter.",
        postgresql_partition_by="RANGE (scanned_at)",
    )
    op.create_index("ix_scan_gate_scanned_at", "scan", ["gate", "scanned_at"], schema="boxoffice")
    op.execute(
        "CREATE TABLE boxoffice.scan_2026q3 PARTITION OF boxoffice.scan"
        " FOR VALUES FROM ('2026-07-01 00:00+00') TO ('2026-10-01 00:00+00')"
    )
    op.execute(
        "CREATE TABLE boxoffice.scan_2026q4 PARTITION OF boxoffice.scan"
        " FOR VALUES FROM ('2026-10-01 00:00+00') TO ('2027-01-01 00:00+00')"
    )


def downgrade(op: Operations) -> None:
    op.drop_table("scan", schema="boxoffice")
    op.drop_constraint("uq_ticket_code", "ticket", type_="unique", schema="boxoffice")
    op.drop_column("ticket", "code", schema="boxoffice")
