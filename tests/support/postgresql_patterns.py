"""What people write in revisions for PostgreSQL, one script a pattern: FEATURES section D.

Every pattern is a project of one revision on top of ``START``. It goes up and down, and unless it
reads results (``offline=False``) its script for psql must leave the same catalogs and rows.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PATTERNS", "START", "Pattern"]

IMPORTS = "import sqlalchemy as sa\nfrom sqlalchemy.dialects import postgresql as pg\n"
OLD_STYLE = IMPORTS + "from alembic import op\n"

START = """
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("email", sa.Text),
    )
    op.execute("INSERT INTO users (name, email) SELECT 'u' || i, 'u' || i || '@example.org'"
               " FROM generate_series(1, 20) AS i")
"""
"""The revision that each pattern stands on."""


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """One pattern.

    Attributes:
        name: ``d<row>_<what>``.
        upgrade: the body of the function.
        downgrade: the body of the function.
        old_style: ``def upgrade():`` with ``from alembic import op``.
        asynchronous: ``async def``.
        header: module code.
        offline: whether psql can run it: no result is needed.
        probe: a query, run after the upgrade ...
        expected: ... and the text of its only value.
        phases: kinds of the phases that a run must have journalled, where that is the point.
    """

    name: str
    upgrade: str
    downgrade: str
    old_style: bool = False
    asynchronous: bool = False
    header: str = ""
    offline: bool = True
    probe: str = ""
    expected: str = ""
    phases: tuple[str, ...] = ()

    @property
    def module_code(self) -> str:
        """What stands above the functions."""
        return (OLD_STYLE if self.old_style else IMPORTS) + self.header

    @property
    def signature(self) -> str:
        """How the functions begin."""
        if self.old_style:
            return "def {name}():"
        return ("async " if self.asynchronous else "") + "def {name}(op):"


PATTERNS = (
    Pattern(
        name="d1_extensions",
        upgrade="""
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            op.create_extension("btree_gist", if_not_exists=True)
            op.create_index("users_trgm", "users", ["name"], postgresql_using="gin",
                            postgresql_ops={"name": "gin_trgm_ops"})
        """,
        downgrade="""
            op.drop_index("users_trgm", table_name="users")
            op.drop_extension("btree_gist")
            op.execute("DROP EXTENSION pg_trgm")
        """,
    ),
    Pattern(
        name="d2_schemas_and_search_path",
        upgrade="""
            op.create_schema("billing")
            op.execute("CREATE SCHEMA IF NOT EXISTS audit")
            op.create_table("invoice", sa.Column("id", sa.BigInteger, primary_key=True),
                            sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id")),
                            schema="billing")
            op.execute("SET LOCAL search_path TO audit, public")
            op.execute("CREATE TABLE entry (id int PRIMARY KEY)")
        """,
        downgrade="""
            op.drop_table("entry", schema="audit")
            op.drop_table("invoice", schema="billing")
            op.drop_schema("billing")
            op.execute("DROP SCHEMA audit")
        """,
        probe="SELECT to_regclass('audit.entry')::text",
        expected="audit.entry",
    ),
    Pattern(
        name="d3_enum_by_hand",
        old_style=True,
        header="mood = pg.ENUM('sad', 'ok', name='mood', create_type=False)\n",
        upgrade="""
            mood.create(op.get_bind(), checkfirst=False)
            op.add_column("users", sa.Column("mood", mood, server_default="ok", nullable=False))
        """,
        downgrade="""
            op.drop_column("users", "mood")
            mood.drop(op.get_bind(), checkfirst=False)
        """,
        probe="SELECT count(*)::text FROM users WHERE mood = 'ok'",
        expected="20",
    ),
    Pattern(
        name="d3_enum_checkfirst",
        old_style=True,
        upgrade="""
            kind = sa.Enum("free", "paid", name="kind")
            kind.create(op.get_bind(), checkfirst=True)
            op.add_column("users", sa.Column("kind", kind))
        """,
        downgrade="""
            op.drop_column("users", "kind")
            sa.Enum(name="kind").drop(op.get_bind(), checkfirst=True)
        """,
    ),
    Pattern(
        name="d3_enum_directives",
        upgrade="""
            op.create_enum("colour", ["red", "green"])
            op.add_column("users", sa.Column("colour", pg.ENUM(name="colour", create_type=False)))
            op.rename_enum_value("colour", "green", "lime")
        """,
        downgrade="""
            op.drop_column("users", "colour")
            op.drop_enum("colour")
        """,
        probe="SELECT enum_range(NULL::colour)::text",
        expected="{red,lime}",
    ),
    Pattern(
        name="d3_value_added_and_used",
        upgrade="""
            op.execute("CREATE TYPE level AS ENUM ('low', 'high')")
            op.add_column("users", sa.Column("level", sa.Text))
            op.execute("ALTER TYPE level ADD VALUE 'mid' BEFORE 'high'")
            op.execute("ALTER TABLE users ALTER COLUMN level TYPE level USING level::level")
            op.execute("UPDATE users SET level = 'mid'")
        """,
        downgrade="""
            op.drop_column("users", "level")
            op.execute("DROP TYPE level")
        """,
        probe="SELECT count(*)::text FROM users WHERE level = 'mid'",
        expected="20",
    ),
    Pattern(
        name="d3_replacement_by_cast",
        upgrade="""
            op.execute("CREATE TYPE state AS ENUM ('new', 'old', 'gone')")
            op.add_column("users", sa.Column("state", pg.ENUM("new", "old", "gone", name="state",
                          create_type=False), server_default="new"))
            op.execute("ALTER TYPE state RENAME TO state_before")
            op.execute("CREATE TYPE state AS ENUM ('new', 'old')")
            op.alter_column("users", "state", server_default=None)
            op.execute("UPDATE users SET state = 'old' WHERE state = 'gone'")
            op.alter_column("users", "state", type_=pg.ENUM("new", "old", name="state",
                            create_type=False), postgresql_using="state::text::state")
            op.alter_column("users", "state", server_default="new")
            op.execute("DROP TYPE state_before")
        """,
        downgrade="""
            op.drop_column("users", "state")
            op.execute("DROP TYPE state")
        """,
        probe="SELECT enum_range(NULL::state)::text",
        expected="{new,old}",
    ),
    Pattern(
        name="d4_types",
        upgrade="""
            op.execute("CREATE EXTENSION hstore")
            op.execute("CREATE DOMAIN positive AS integer CHECK (VALUE > 0)")
            op.execute("CREATE COLLATION german (provider = libc, locale = 'C')")
            op.create_table(
                "everything",
                sa.Column("id", pg.UUID(as_uuid=True), primary_key=True,
                          server_default=sa.text("gen_random_uuid()")),
                sa.Column("tags", pg.ARRAY(sa.Text), server_default="{}", nullable=False),
                sa.Column("grid", pg.ARRAY(sa.Integer, dimensions=2)),
                sa.Column("raw", sa.JSON), sa.Column("doc", pg.JSONB, server_default="{}"),
                sa.Column("pairs", pg.HSTORE), sa.Column("ip", pg.INET), sa.Column("net", pg.CIDR),
                sa.Column("mac", pg.MACADDR), sa.Column("words", pg.TSVECTOR),
                sa.Column("data", sa.LargeBinary),
                sa.Column("title", sa.Text(collation="german")),
                sa.Column("count", pg.DOMAIN("positive", sa.Integer, create_type=False)),
                sa.Column("span", pg.TSTZRANGE), sa.Column("numbers", pg.INT4RANGE),
                sa.Column("spans", pg.DATEMULTIRANGE),
                sa.Column("price", sa.Numeric(10, 2)), sa.Column("took", pg.INTERVAL),
                sa.Column("flags", pg.BIT(3)), sa.Column("bits", pg.BIT(varying=True)),
                sa.Column("at", sa.DateTime(timezone=True), server_default=sa.func.now()),
            )
        """,
        downgrade="""
            op.drop_table("everything")
            op.execute("DROP COLLATION german")
            op.execute("DROP DOMAIN positive")
            op.execute("DROP EXTENSION hstore")
        """,
    ),
    Pattern(
        name="d4_values_of_types",
        header="import datetime, decimal, uuid\n",
        upgrade="""
            things = op.create_table(
                "things", sa.Column("id", pg.UUID(as_uuid=True), primary_key=True),
                sa.Column("tags", pg.ARRAY(sa.Text)), sa.Column("doc", pg.JSONB),
                sa.Column("ip", pg.INET), sa.Column("data", sa.LargeBinary),
                sa.Column("span", pg.INT4RANGE), sa.Column("day", sa.Date),
                sa.Column("price", sa.Numeric(10, 2)), sa.Column("note", sa.Text))
            op.bulk_insert(things, [{
                "id": uuid.UUID(int=7), "tags": ["a", 'b"c', "d'e", None], "doc": {"k": ["%s", ":x"]},
                "ip": "10.0.0.1", "data": b"\\x00\\xff'", "span": pg.Range(1, 5),
                "day": datetime.date(2026, 2, 28), "price": decimal.Decimal("9.90"),
                "note": "100 % :name \\\\ 'quoted' $1"}])
        """,
        downgrade='op.drop_table("things")',
        probe='SELECT note FROM things WHERE doc @> \'{"k": [":x"]}\' AND tags[2] = \'b"c\''
        " AND data = '\\x00ff27' AND 4 <@ span AND price = 9.9",
        expected="100 % :name \\ 'quoted' $1",
    ),
    Pattern(
        name="d5_indexes",
        upgrade="""
            op.add_column("users", sa.Column("doc", pg.JSONB))
            op.add_column("users", sa.Column("seen", sa.DateTime))
            op.add_column("users", sa.Column("area", pg.INT4RANGE))
            op.create_index("users_doc", "users", ["doc"], postgresql_using="gin",
                            postgresql_ops={"doc": "jsonb_path_ops"})
            op.create_index("users_area", "users", ["area"], postgresql_using="gist")
            op.create_index("users_seen", "users", ["seen"], postgresql_using="brin",
                            postgresql_with={"pages_per_range": 32})
            op.create_index("users_some", "users", ["name"], unique=True,
                            postgresql_where=sa.text("email IS NOT NULL"))
            op.create_index("users_lower", "users", [sa.text("lower(name)"), sa.text("id DESC")])
            op.create_index("users_cover", "users", ["name"], postgresql_include=["email"])
            op.create_index("users_hash", "users", ["email"], postgresql_using="hash")
        """,
        downgrade="""
            for name in ("doc", "area", "seen", "some", "lower", "cover", "hash"):
                op.drop_index(f"users_{name}", table_name="users")
            for name in ("doc", "seen", "area"):
                op.drop_column("users", name)
        """,
    ),
    Pattern(
        name="d5_concurrent_index",
        upgrade="""
            with op.get_context().autocommit_block():
                op.create_index("users_email", "users", ["email"], postgresql_concurrently=True)
            op.create_index("users_name", "users", ["name"], unique=True,
                            postgresql_concurrently=True, if_not_exists=True)
            op.add_column("users", sa.Column("age", sa.Integer))
        """,
        downgrade="""
            op.drop_column("users", "age")
            op.drop_index("users_name", postgresql_concurrently=True, if_exists=True)
            op.drop_index("users_email", table_name="users", postgresql_concurrently=True)
        """,
        phases=("autocommit", "transaction"),
    ),
    Pattern(
        name="d6_functions_and_triggers",
        upgrade='''
            op.add_column("users", sa.Column("changed", sa.Integer, server_default="0"))
            op.execute("""
                CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $body$
                DECLARE note text := 'it''s; $$ inside';
                BEGIN
                    NEW.changed := coalesce(OLD.changed, 0) + 1; -- a ; in a comment
                    RETURN NEW;
                END;
                $body$;
                CREATE TRIGGER touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
            """)
            op.execute("CREATE FUNCTION twice(i int) RETURNS int AS $$ SELECT i * 2; $$"
                       " LANGUAGE sql IMMUTABLE")
            op.execute("DO $$ BEGIN UPDATE users SET name = upper(name); END $$")
        ''',
        downgrade="""
            op.execute("DROP FUNCTION twice(int)")
            op.execute("DROP TRIGGER touch ON users")
            op.execute("DROP FUNCTION touch()")
            op.drop_column("users", "changed")
        """,
        probe="SELECT sum(changed)::text FROM users WHERE name LIKE 'U%'",
        expected="20",
    ),
    Pattern(
        name="d7_sequences",
        upgrade="""
            op.execute(sa.schema.CreateSequence(sa.Sequence("ticket", start=100, increment=5)))
            op.add_column("users", sa.Column("ticket", sa.BigInteger,
                          server_default=sa.text("nextval('ticket')")))
            op.execute("ALTER SEQUENCE ticket OWNED BY users.ticket")
            op.execute("SELECT setval('ticket', 1000)")
            op.add_column("users", sa.Column("line", sa.Integer, sa.Identity(always=True)))
        """,
        downgrade="""
            op.drop_column("users", "line")
            op.drop_column("users", "ticket")
        """,
        probe="SELECT nextval('ticket')::text",
        expected="1005",
    ),
    Pattern(
        name="d8_partitions",
        upgrade="""
            op.create_table("event", sa.Column("at", sa.Date, nullable=False), sa.Column("v", sa.Text),
                            postgresql_partition_by="RANGE (at)")
            op.execute("CREATE TABLE event_2025 PARTITION OF event"
                       " FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')")
            op.create_table("event_2026", sa.Column("at", sa.Date, nullable=False),
                            sa.Column("v", sa.Text))
            op.execute("ALTER TABLE event ATTACH PARTITION event_2026"
                       " FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')")
            op.execute("INSERT INTO event VALUES ('2026-05-01', 'x')")
        """,
        downgrade="""
            op.execute("ALTER TABLE event DETACH PARTITION event_2026")
            op.drop_table("event_2026")
            op.drop_table("event")
        """,
        probe="SELECT v FROM event_2026",
        expected="x",
    ),
    Pattern(
        name="d8_detach_concurrently",
        upgrade="""
            op.execute("CREATE TABLE log (at int NOT NULL) PARTITION BY RANGE (at)")
            op.execute("CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (1) TO (10)")
            op.execute("CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM (10) TO (20)")
            op.execute("ALTER TABLE log DETACH PARTITION log_1 CONCURRENTLY")
        """,
        downgrade="""
            op.drop_table("log_1")
            op.drop_table("log")
        """,
        phases=("transaction", "autocommit"),
    ),
    Pattern(
        name="d9_constraints",
        upgrade="""
            op.execute("CREATE EXTENSION btree_gist")
            op.create_check_constraint("name_length", "users", "length(name) < 100")
            op.create_table("booking", sa.Column("id", sa.Integer, primary_key=True),
                            sa.Column("room", sa.Integer), sa.Column("span", pg.INT4RANGE),
                            sa.Column("user_id", sa.Integer))
            op.create_exclude_constraint("no_overlap", "booking", ("room", "="), ("span", "&&"),
                                         using="gist", where=sa.text("room > 0"))
            op.create_foreign_key("booking_user", "booking", "users", ["user_id"], ["id"],
                                  ondelete="CASCADE", deferrable=True, initially="DEFERRED",
                                  postgresql_not_valid=True)
            op.execute("ALTER TABLE booking VALIDATE CONSTRAINT booking_user")
            op.create_unique_constraint("users_email", "users", ["email"], deferrable=True)
        """,
        downgrade="""
            op.drop_constraint("users_email", "users", type_="unique")
            op.drop_table("booking")
            op.drop_constraint("name_length", "users", type_="check")
            op.execute("DROP EXTENSION btree_gist")
        """,
    ),
    Pattern(
        name="d10_commit_then_vacuum",
        old_style=True,
        upgrade="""
            connection = op.get_bind()
            op.add_column("users", sa.Column("age", sa.Integer))
            connection.execute(sa.text("COMMIT"))
            connection.execute(sa.text("VACUUM (ANALYZE) users"))
            op.add_column("users", sa.Column("size", sa.Integer))
        """,
        downgrade="""
            op.drop_column("users", "size")
            op.drop_column("users", "age")
        """,
    ),
    Pattern(
        name="d10_commit_then_concurrent_index",
        old_style=True,
        upgrade="""
            connection = op.get_bind()
            connection.execute(sa.text("COMMIT"))
            connection.execute(sa.text("CREATE INDEX CONCURRENTLY users_email ON users (email)"))
        """,
        downgrade="""
            op.execute("COMMIT")
            op.execute("DROP INDEX CONCURRENTLY users_email")
        """,
    ),
    Pattern(
        name="d10_commit_and_more_in_one_text",
        upgrade="""
            op.execute("CREATE TABLE before_it ()")
            op.get_bind().execute(sa.text("COMMIT; VACUUM users; CREATE TABLE in_it (); BEGIN"))
            op.get_bind().execute(sa.text("CREATE TABLE after_it ()"))
        """,
        downgrade="""
            op.get_bind().execute(sa.text("DROP TABLE before_it; DROP TABLE in_it; COMMIT"))
            op.drop_table("after_it")
        """,
        phases=("transaction", "autocommit", "transaction"),
    ),
    Pattern(
        name="d10_commit_and_more_in_a_coroutine",
        asynchronous=True,
        upgrade="""
            connection = await op.connection()
            await connection.execute("CREATE TABLE a (); COMMIT; VACUUM users; CREATE TABLE b ()")
            assert await op.fetch("COMMIT; SELECT 1 AS one") == [(1,)]
        """,
        downgrade="""
            connection = await op.connection()
            await connection.execute("DROP TABLE a; DROP TABLE b")
        """,
        offline=False,
    ),
    Pattern(
        name="d10_vacuum_by_itself",
        upgrade='op.execute("VACUUM users")\nop.execute("ANALYZE users")',
        downgrade='op.execute("REINDEX TABLE CONCURRENTLY users")',
    ),
    Pattern(
        name="d11_timeouts",
        upgrade="""
            op.execute("SET lock_timeout = '3s'")
            op.execute("SET LOCAL statement_timeout = '1min'")
            op.add_column("users", sa.Column("age", sa.Integer))
            op.execute("RESET lock_timeout")
        """,
        downgrade="""
            op.execute("SET LOCAL lock_timeout TO 3000")
            op.drop_column("users", "age")
        """,
    ),
    Pattern(
        name="d12_inspector",
        old_style=True,
        upgrade="""
            inspector = sa.inspect(op.get_bind())
            if "age" not in [column["name"] for column in inspector.get_columns("users")]:
                op.add_column("users", sa.Column("age", sa.Integer))
            if not sa.inspect(op.get_bind()).has_table("extra"):
                op.create_table("extra", sa.Column("id", sa.Integer, primary_key=True))
            if not sa.inspect(op.get_bind()).has_table("extra"):
                raise AssertionError("what op said is not there")
        """,
        downgrade="""
            from sqlalchemy.engine.reflection import Inspector
            inspector = Inspector.from_engine(op.get_bind())
            for table in inspector.get_table_names():
                if table == "extra":
                    op.drop_table(table)
            if any(c["name"] == "age" for c in inspector.get_columns("users")):
                op.drop_column("users", "age")
        """,
        offline=False,
    ),
    Pattern(
        name="d13_circular_foreign_keys",
        upgrade="""
            op.create_table("team", sa.Column("id", sa.Integer, primary_key=True),
                            sa.Column("lead", sa.Integer))
            op.create_table("person", sa.Column("id", sa.Integer, primary_key=True),
                            sa.Column("team", sa.Integer, sa.ForeignKey("team.id")))
            op.create_foreign_key("team_lead", "team", "person", ["lead"], ["id"], use_alter=True)
        """,
        downgrade="""
            op.drop_constraint("team_lead", "team", type_="foreignkey")
            op.drop_table("person")
            op.drop_table("team")
        """,
    ),
    Pattern(
        name="d14_four_phases",
        upgrade="""
            op.add_column("users", sa.Column("full_name", sa.Text, nullable=True))
            op.execute(sa.text("UPDATE users SET full_name = name || ' ' || :rest").bindparams(rest="x"))
            op.execute("ALTER TABLE users ADD CONSTRAINT full_name_set"
                       " CHECK (full_name IS NOT NULL) NOT VALID")
            op.execute("ALTER TABLE users VALIDATE CONSTRAINT full_name_set")
            op.alter_column("users", "full_name", nullable=False)
            op.drop_constraint("full_name_set", "users", type_="check")
            op.drop_column("users", "email")
        """,
        downgrade="""
            op.add_column("users", sa.Column("email", sa.Text))
            op.drop_column("users", "full_name")
        """,
        probe="SELECT full_name FROM users WHERE id = 3",
        expected="u3 x",
    ),
    Pattern(
        name="habit_session",
        old_style=True,
        header="from sqlalchemy.orm import Session, declarative_base\nBase = declarative_base()\n"
        "class User(Base):\n    __tablename__ = 'users'\n    id = sa.Column(sa.Integer, primary_key=True)\n"
        "    name = sa.Column(sa.Text)\n    email = sa.Column(sa.Text)\n",
        upgrade="""
            session = Session(bind=op.get_bind())
            for user in session.query(User).order_by(User.id).limit(3):
                user.email = f"{user.name}@new.example"
            session.add(User(name="added", email=None))
            session.commit()
            op.create_index("users_email", "users", ["email"])
            session.close()
        """,
        downgrade="""
            op.drop_index("users_email", "users")
            with Session(bind=op.get_bind()) as session:
                session.query(User).filter_by(name="added").delete()
                session.commit()
        """,
        offline=False,
        probe="SELECT count(*)::text FROM users WHERE email LIKE '%@new.example' OR email IS NULL",
        expected="4",
    ),
    Pattern(
        name="habit_unbound_strings",
        old_style=True,
        upgrade="""
            connection = op.get_bind()
            connection.exec_driver_sql("UPDATE users SET email = '50 %' WHERE id = 1")
            op.execute("UPDATE users SET email = ':not_a_bind 100%' WHERE id = 2")
            connection.execute(sa.text("UPDATE users SET email = :e WHERE id = :i"),
                               {"e": "bound", "i": 3})
            op.execute(sa.text(r"UPDATE users SET email = '\\:escaped' WHERE id = 4"))
            op.execute("UPDATE users SET name = name || '%' WHERE name LIKE 'u1%' AND id % 2 = 0;"
                       "UPDATE users SET email = 'x'::text WHERE id = 5;")
        """,
        downgrade="pass",
        probe="SELECT string_agg(email, '|' ORDER BY id) FROM users WHERE id < 6",
        expected="50 %|:not_a_bind 100%|bound|:escaped|x",
    ),
    Pattern(
        name="habit_server_side_cursor",
        old_style=True,
        upgrade="""
            connection = op.get_bind()
            rows = connection.execution_options(stream_results=True).execute(
                sa.text("SELECT id, name FROM users ORDER BY id"))
            seen = 0
            for part in rows.partitions(7):
                for row in part:
                    seen += 1
            op.execute(f"UPDATE users SET email = '{seen}' WHERE id = 1")
        """,
        downgrade="pass",
        offline=False,
        probe="SELECT email FROM users WHERE id = 1",
        expected="20",
    ),
    Pattern(
        name="habit_read_and_write",
        old_style=True,
        upgrade="""
            users = sa.table("users", sa.column("id"), sa.column("name"), sa.column("email"))
            connection = op.get_bind()
            for row in connection.execute(sa.select(users.c.id, users.c.name)).fetchall():
                connection.execute(users.update().where(users.c.id == row.id)
                                   .values(email=row.name.upper()))
            count = connection.execute(sa.text("SELECT count(*) FROM users")).scalar()
            op.execute(users.insert().values(id=100 + count, name="last", email=op.inline_literal("e")))
        """,
        downgrade='op.execute("DELETE FROM users WHERE id > 100")',
        offline=False,
        probe="SELECT string_agg(email, ',' ORDER BY id) FROM users WHERE id IN (1, 120)",
        expected="U1,e",
    ),
    Pattern(
        name="c9_async_copy",
        asynchronous=True,
        upgrade="""
            op.create_table("country", sa.Column("code", sa.Text), sa.Column("name", sa.Text))
            connection = await op.connection()
            await connection.copy_records_to_table("country", records=[("at", "Austria"), ("de", None)])
            rows = await op.fetch("SELECT code FROM country WHERE name = $1", "Austria")
            op.execute(f"UPDATE users SET email = '{rows[0]['code']}' WHERE id = 1")
        """,
        downgrade='op.drop_table("country")',
        offline=False,
        probe="SELECT email FROM users WHERE id = 1",
        expected="at",
    ),
    Pattern(
        name="c10_views_and_policies",
        upgrade="""
            op.execute("CREATE VIEW names AS SELECT id, name FROM users")
            op.execute("CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM users")
            op.execute("CREATE UNIQUE INDEX totals_n ON totals (n)")
            op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY totals")
            op.execute("ALTER TABLE users ENABLE ROW LEVEL SECURITY")
            op.execute("CREATE POLICY own ON users USING (name = current_user)")
            op.execute("COMMENT ON TABLE users IS 'it''s; ours'")
        """,
        downgrade="""
            op.execute("COMMENT ON TABLE users IS NULL")
            op.execute("DROP POLICY own ON users")
            op.execute("ALTER TABLE users DISABLE ROW LEVEL SECURITY")
            op.execute("DROP MATERIALIZED VIEW totals")
            op.execute("DROP VIEW names")
        """,
    ),
)
