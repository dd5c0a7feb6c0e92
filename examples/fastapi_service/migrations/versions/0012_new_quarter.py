"""a new quarter for scans, an old one archived

Partitions come and go without stopping the doors: the table of the new quarter is filled and checked
before it is attached, and the old quarter leaves with DETACH ... CONCURRENTLY, outside a transaction.
"""

from asyncmig import Operations

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SUMMER = "FROM ('2026-07-01 00:00+00') TO ('2026-10-01 00:00+00')"
WINTER = "FROM ('2027-01-01 00:00+00') TO ('2027-04-01 00:00+00')"
IN_SUMMER = "scanned_at >= '2026-07-01 00:00+00' AND scanned_at < '2026-10-01 00:00+00'"
IN_WINTER = "scanned_at >= '2027-01-01 00:00+00' AND scanned_at < '2027-04-01 00:00+00'"


def upgrade(op: Operations) -> None:
    op.execute("CREATE TABLE boxoffice.scan_2027q1 (LIKE boxoffice.scan INCLUDING DEFAULTS)")
    # With this proof at hand ATTACH need not read the table.
    op.create_check_constraint(op.f("ck_scan_2027q1_quarter"), "scan_2027q1", IN_WINTER, schema="boxoffice")
    op.execute(
        f"ALTER TABLE boxoffice.scan ATTACH PARTITION boxoffice.scan_2027q1 FOR VALUES {WINTER}"
    )
    op.drop_constraint(op.f("ck_scan_2027q1_quarter"), "scan_2027q1", type_="check", schema="boxoffice")

    # asyncmig: allow add-check the quarter is over, and no door writes to its partition
    op.create_check_constraint(op.f("ck_scan_2026q3_quarter"), "scan_2026q3", IN_SUMMER, schema="boxoffice")
    op.execute("ALTER TABLE boxoffice.scan DETACH PARTITION boxoffice.scan_2026q3 CONCURRENTLY")
    op.execute("CREATE SCHEMA boxoffice_archive")
    # asyncmig: allow rename reports look for old quarters in the archive
    op.execute("ALTER TABLE boxoffice.scan_2026q3 SET SCHEMA boxoffice_archive")


def downgrade(op: Operations) -> None:
    op.execute("ALTER TABLE boxoffice_archive.scan_2026q3 SET SCHEMA boxoffice")
    op.execute("DROP SCHEMA boxoffice_archive")
    op.execute(
        f"ALTER TABLE boxoffice.scan ATTACH PARTITION boxoffice.scan_2026q3 FOR VALUES {SUMMER}"
    )
    op.drop_constraint(op.f("ck_scan_2026q3_quarter"), "scan_2026q3", type_="check", schema="boxoffice")

    op.execute("ALTER TABLE boxoffice.scan DETACH PARTITION boxoffice.scan_2027q1")
    op.drop_table("scan_2027q1", schema="boxoffice")
