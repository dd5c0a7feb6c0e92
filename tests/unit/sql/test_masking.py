"""No secret of a statement is shown, and nothing else of it changes."""

from __future__ import annotations

import pytest

from asyncmig.sql.masking import mask_secrets, secrets_in

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("ALTER ROLE a PASSWORD 'hunter2'", "ALTER ROLE a PASSWORD '***'"),
        (
            "CREATE ROLE a WITH LOGIN ENCRYPTED PASSWORD $$hunter2$$ VALID UNTIL 'infinity'",
            "CREATE ROLE a WITH LOGIN ENCRYPTED PASSWORD '***' VALID UNTIL 'infinity'",
        ),
        ("ALTER USER a PASSWORD E'hun\\x74er2'", "ALTER USER a PASSWORD '***'"),
        (
            "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password 'hunter2')",
            "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password '***')",
        ),
        (
            "ALTER USER MAPPING FOR a SERVER s OPTIONS (SET \"password\" 'hunter2')",
            "ALTER USER MAPPING FOR a SERVER s OPTIONS (SET \"password\" '***')",
        ),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'host=h password=hunter2 dbname=d' PUBLICATION p",
            "CREATE SUBSCRIPTION s CONNECTION 'host=h password=*** dbname=d' PUBLICATION p",
        ),
        (
            "ALTER SUBSCRIPTION s CONNECTION 'password = ''hunter2'' host=h'",
            "ALTER SUBSCRIPTION s CONNECTION 'password = *** host=h'",
        ),
        (
            "SELECT dblink_connect('c', 'postgresql://u:hunter2@h/d?x=1')",
            "SELECT dblink_connect('c', 'postgresql://u:***@h/d?x=1')",
        ),
        (
            "SELECT set_config('app.x', 'a', true), crypt('hunter2', gen_salt('bf')), 'b'",
            "SELECT set_config('app.x', 'a', true), crypt('***', gen_salt('***')), 'b'",
        ),
        (
            "SELECT public.pgp_sym_encrypt(body, 'hunter2') FROM t WHERE kind = 'note'",
            "SELECT public.pgp_sym_encrypt(body, '***') FROM t WHERE kind = 'note'",
        ),
        (
            "DO $do$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''hunter2'''; END $do$",
            "DO $do$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''***'''; END $do$",
        ),
        (
            "DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD $x$hunter2$x$'; END $$",
            "DO $$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''***'''; END $$",
        ),
        ("SELECT f(password => 'hunter2')", "SELECT f(password => '***')"),
        ("SET app.password = 'hunter2'", "SET app.password = '***'"),
        ("SET app.secret TO 'hunter2'", "SET app.secret TO '***'"),
        (
            "UPDATE u SET api_key = 'hunter2' WHERE id = 1",
            "UPDATE u SET api_key = '***' WHERE id = 1",
        ),
        ("ALTER ROLE a PASSWORD 'hunter2", "ALTER ROLE a PASSWORD ***"),
    ],
)
def test_masked(sql, shown):
    assert mask_secrets(sql) == shown
    assert SECRET not in shown
    if "hunter2'" in sql.replace("''", "'") and not sql.endswith("2"):
        assert SECRET in secrets_in(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE users (id int, password text NOT NULL)",
        "ALTER TABLE users ALTER password TYPE varchar(60)",
        "COMMENT ON COLUMN users.password IS 'a bcrypt hash, never the password'",
        "INSERT INTO t VALUES ('see https://example.org/a@b')",
        "ALTER ROLE a PASSWORD NULL",
        "SELECT 'it''s', E'a\\'b', $x$ body $x$ -- password 'none'",
        "CREATE INDEX ON t (token_key)",
        "SELECT E'a token\\n of it'",
        "SELECT 'never closed",
        "",
    ],
)
def test_left_alone(sql):
    assert mask_secrets(sql) == sql
    assert secrets_in(sql) == ()


def test_an_empty_password_is_no_secret():
    assert mask_secrets("ALTER ROLE a PASSWORD ''") == "ALTER ROLE a PASSWORD '***'"
    assert secrets_in("ALTER ROLE a PASSWORD ''") == ()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT dblink_connect('host=db password=hunter2 user=app')",
        "SELECT dblink_connect('host=db password=hunter2')",
        "CREATE SUBSCRIPTION s CONNECTION 'postgresql://app:hunter2@db/app' PUBLICATION p",
    ],
)
def test_secrets_of_a_connection_string(sql):
    assert secrets_in(sql) == ("hunter2",)
    assert "hunter2" not in mask_secrets(sql)
    assert secrets_in(mask_secrets(sql)) == ()


def test_the_longest_comes_first():
    sql = "SELECT f(password => 'ab', secret => 'abc')"
    assert secrets_in(sql) == ("abc", "ab")
