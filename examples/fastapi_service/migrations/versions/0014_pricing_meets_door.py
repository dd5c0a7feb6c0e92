"""pricing meets door"""

from asyncmig import Operations

revision = "0014"
down_revision = ("0010", "0013")
branch_labels = None
depends_on = None


def upgrade(op: Operations) -> None:
    pass


def downgrade(op: Operations) -> None:
    pass
