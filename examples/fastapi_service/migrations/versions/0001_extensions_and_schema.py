"""extensions and schema

The extensions are in PostgreSQL's contrib and trusted, so the owner of the database may create them.
"""

from asyncmig import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE EXTENSION citext")  # e-mail addresses
    op.execute("CREATE EXTENSION pg_trgm")  # search in titles
    op.execute("CREATE EXTENSION btree_gist")  # one performance at a time in a hall
    op.execute("CREATE SCHEMA boxoffice")
    op.execute("COMMENT ON SCHEMA boxoffice IS 'Everything that sells seats'")


def downgrade():
    op.execute("DROP SCHEMA boxoffice")
    op.execute("DROP EXTENSION btree_gist")
    op.execute("DROP EXTENSION pg_trgm")
    op.execute("DROP EXTENSION citext")
