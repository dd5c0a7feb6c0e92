"""Where statements end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncmig.errors import ScriptError
from asyncmig.sql.split import SqlStatement, copy_data, reads_stdin, split


def texts(script: str) -> list[str]:
    return [statement.text for statement in split(script)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("", []),
        (" \n\t", []),
        (";;", []),
        ("-- nothing", []),
        ("/* nothing */;", []),
        ("/*+ nothing */;", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;SELECT 2;", ["SELECT 1", "SELECT 2"]),
        (";SELECT 1", ["SELECT 1"]),
        ("SELECT /**/ 1; x", ["SELECT /**/ 1", "x"]),
        ("SELECT 1\n--x\n; x", ["SELECT 1", "x"]),
        ("ALTER FUNCTION f() BEGIN ATOMIC; x", ["ALTER FUNCTION f() BEGIN ATOMIC", "x"]),
        ("CREATE OR REPLACE VIEW rule AS (a; x", ["CREATE OR REPLACE VIEW rule AS (a", "x"]),
        ("\ufeffSELECT 1;", ["SELECT 1"]),
        ("BEGIN; SELECT 1; COMMIT;", ["BEGIN", "SELECT 1", "COMMIT"]),
        ("SELECT ';', \";\", $$;$$, $a$;$$;$a$; x", ["SELECT ';', \";\", $$;$$, $a$;$$;$a$", "x"]),
        ("SELECT 'it''s;'; x", ["SELECT 'it''s;'", "x"]),
        ("SELECT E'\\';'; x", ["SELECT E'\\';'", "x"]),
        ("SELECT e'\\\\'; x", ["SELECT e'\\\\'", "x"]),
        ("E'\\';'; x", ["E'\\';'", "x"]),
        ("SELECT E'a'\n'\\';'; x", ["SELECT E'a'\n'\\';'", "x"]),
        ("SELECT type'\\'; x", ["SELECT type'\\'", "x"]),
        ("SELECT U&'\\'; x", ["SELECT U&'\\'", "x"]),
        ('SELECT "a"";"; x', ['SELECT "a"";"', "x"]),
        ("SELECT $1; x$$; y$$", ["SELECT $1", "x$$", "y$$"]),
        ("SELECT 1 -- ;\n; x", ["SELECT 1", "x"]),
        ("SELECT 1 -- a\n -- b", ["SELECT 1"]),
        ("SELECT 1 /* ; /* ; */ ; */; x", ["SELECT 1", "x"]),
        ("SELECT /* ; */ 1 -- '\n, 2; x", ["SELECT /* ; */ 1 -- '\n, 2", "x"]),
        ("SELECT 5 - -1, 6 / 2; x", ["SELECT 5 - -1, 6 / 2", "x"]),
        ("SELECT 'a -- b'", ["SELECT 'a -- b'"]),
        ("/* why */ SELECT 1", ["SELECT 1"]),
        ("/*+ SeqScan(t) */ UPDATE t SET a = 1;", ["/*+ SeqScan(t) */ UPDATE t SET a = 1"]),
        ("SELECT ((1); SELECT 2", ["SELECT ((1)", "SELECT 2"]),
        ("DO $$ BEGIN; END $$; x", ["DO $$ BEGIN; END $$", "x"]),
        ("CREATE TABLE atomic (a int); x", ["CREATE TABLE atomic (a int)", "x"]),
        ("copyright; x", ["copyright", "x"]),
    ],
)
def test_split(script, expected):
    assert texts(script) == expected


ROUTINES = [
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1; select 2'",
    "CREATE FUNCTION f() RETURNS int RETURN 1",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END",
    "CREATE FUNCTION f() BEGIN ATOMIC END",
    "create or replace /* x */ procedure p() begin\n atomic\n insert into t values (1); end",
    "CREATE /* a */ FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT ';'; END",
    "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE a WHEN 1 THEN CASE b WHEN 2 THEN 3 END END; END",
    "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1 AS end; -- END\n END",
    "CREATE FUNCTION atomic() RETURNS int LANGUAGE sql AS 'select 1'",
    "CREATE RULE r AS ON UPDATE TO t DO ALSO (INSERT INTO l VALUES (1); NOTIFY x;)",
    "CREATE OR REPLACE RULE r AS ON INSERT TO t DO INSTEAD NOTHING",
    "CREATE RULE atomic AS ON INSERT TO t DO INSTEAD (SELECT begin atomic; SELECT 2)",
]


@pytest.mark.parametrize("routine", ROUTINES)
@pytest.mark.parametrize("following", ["", ";", "; SELECT 1", ";\n-- x\nSELECT 1;"])
def test_bodies_with_semicolons_stay_whole(routine, following):
    assert texts(routine + following) == [routine, *(["SELECT 1"] if "SELECT" in following else [])]


def test_copy_data_belong_to_their_statement():
    script = (
        "copy t (a, b) from stdin with (format csv);  -- rows\n1;'\n\\N\t--\n\\.\nSELECT 1;\n"
        "COPY t FROM STDIN;\r\n\\.\r\nCOPY t TO STDOUT; COPY (SELECT a FROM t) TO STDOUT; COPY"
    )
    assert [(s.text, s.line, s.copy_data) for s in split(script)] == [
        ("copy t (a, b) from stdin with (format csv)", 1, "1;'\n\\N\t--\n"),
        ("SELECT 1", 5, None),
        ("COPY t FROM STDIN", 6, ""),
        ("COPY t TO STDOUT", 8, None),
        ("COPY (SELECT a FROM t) TO STDOUT", 8, None),
        ("COPY", 8, None),
    ]


def test_lines_of_pg_dump_for_psql_are_left_out():
    script = "\\restrict abc\n\nSELECT 1;\n\n\\unrestrict abc\n"
    assert texts(script) == ["SELECT 1"]


@pytest.mark.parametrize(
    ("script", "message", "line"),
    [
        ("SELECT 1;\nSELECT 'x", "unterminated quoted string", 2),
        ("SELECT E'\\'", "unterminated quoted string", 1),
        ('\n\nSELECT "x', "unterminated quoted identifier", 3),
        ("SELECT\n$x$ $$", "unterminated dollar quote", 2),
        ("SELECT 1 /* /* */", "unterminated comment", 1),
        ("SELECT 1;\n/* x", "unterminated comment", 2),
        (
            "\nCREATE FUNCTION f() BEGIN ATOMIC SELECT 1; SELECT 2",
            "BEGIN ATOMIC without its END",
            2,
        ),
        (
            "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;\n SELECT 'x",
            "unterminated quote or comment",
            2,
        ),
        ("\nCOPY t FROM STDIN;\n1\n2\n", "no data for COPY", 2),
        ("COPY t FROM STDIN", "no data for COPY", 1),
        ("COPY t FROM STDIN; SELECT 1;\n\\.\n", "text after COPY ... FROM STDIN", 1),
        ("COPY t FROM STDIN;1\n\\.\n", "text after COPY ... FROM STDIN", 1),
        ("SELECT 1;\n\\connect other\n", r"\\connect is a command of psql", 2),
        ("SELECT 1 \\gexec", r"\\gexec is a command of psql", 1),
        ("SELECT 1 \\restrict x", r"\\restrict is a command of psql", 1),
        ("\\.", r"\\\. is a command of psql", 1),
    ],
)
def test_errors_name_the_line(script, message, line):
    with pytest.raises(ScriptError, match=rf"{message}.* in line {line}$") as raised:
        split(script)
    assert raised.value.fields() == {"line": line}
    assert raised.value.hint
    with pytest.raises(ScriptError, match=f"in line {line + 40}$"):
        split(script, first_line=41)


def test_lines_and_offsets_lead_back_to_the_script():
    script = "-- head\n\nSELECT 1;\n\n  /* two\nlines */ UPDATE t\nSET a = 1\n; x"
    statements = split(script)
    assert [(s.line, s.text) for s in statements] == [
        (3, "SELECT 1"),
        (6, "UPDATE t\nSET a = 1"),
        (8, "x"),
    ]
    for statement in statements:
        assert script[statement.offset :].startswith(statement.text)
    assert [s.line for s in split(script, first_line=101)] == [103, 106, 108]
    assert [s.line for s in split("\nSELECT 1")] == [2]


PLAIN = st.text(st.characters(exclude_characters="'\"$\\;-/*\r\x00", exclude_categories=["Cs"]))
PIECES = st.one_of(
    PLAIN.map(lambda body: "'" + body.replace("'", "''") + "'"),
    PLAIN.map(lambda body: f"'--;''/*{body}'"),
    PLAIN.map(lambda body: f"E'\\';{body}\\\\'"),
    PLAIN.map(lambda body: f'"{body};"'),
    PLAIN.map(lambda body: f"$$;'{body}$$"),
    PLAIN.map(lambda body: f"$tag$ $$;{body}$tag$"),
    PLAIN.map(lambda body: f"/* ;'/* \" */ {body} */"),
    PLAIN.map(lambda body: "-- ;'\" " + body.replace("\n", " ") + "\n"),
    st.sampled_from(["a", "1.5", "(", ")", ",", "$1", "CASE", "END", "BEGIN", "::", "é", "-", "/"]),
)
STATEMENTS = st.lists(PIECES, max_size=6).map(lambda pieces: " ".join(["SELECT", *pieces, "z"]))
BETWEEN = st.sampled_from([";", ";\n", " ;;\n-- '\n", ";/* ; */ ", "\n; -- $$ \n", "/* ' */;\n\n"])


@given(st.lists(st.tuples(STATEMENTS, BETWEEN), max_size=8))
def test_statements_joined_come_apart_again(parts):
    script = "".join(statement + between for statement, between in parts)
    found = split(script)
    assert [statement.text for statement in found] == [statement for statement, _ in parts]
    for statement in found:
        assert script[statement.offset :].startswith(statement.text)
        assert statement.line == script.count("\n", 0, statement.offset) + 1


@given(st.text(st.sampled_from("ab1 ;'\"$\\-/*()E\n,."), max_size=60))
def test_any_text_splits_or_is_a_script_error(script):
    lines: list[int] = []
    found: list[SqlStatement] = []
    try:
        found = split(script)
    except ScriptError as error:
        lines = [error.fields()["line"]]
    assert all(1 <= line <= script.count("\n") + 1 for line in lines)
    for statement in found:
        assert statement.text.strip()
        assert split(statement.text)[0].text == statement.text
        assert len(split(statement.text)) == 1


def test_one_pass_however_long_the_script():
    """Each stop is looked at once: a script of n statements costs n, not n squared."""

    class Counted(str):
        """A text that counts how often its line breaks are counted."""

        __slots__ = ()
        spans = 0

        def count(self, sub, start=0, end=None):
            end = len(self) if end is None else end
            Counted.spans += max(end - start, 0)
            return super().count(sub, start, end)

    script = Counted("SELECT 'a';\n" * 2000)
    assert len(split(script)) == 2000
    assert Counted.spans <= len(script)


@pytest.mark.parametrize(
    ("script", "first", "expected"),
    [
        ("\\.\n", 0, (0, 2)),
        ("1\\.\n\\.x\n\\.\n", 0, (8, 10)),
        ("a\n\\.", 0, (2, 4)),
        ("a\n\\.x", 0, None),
        ("a", 0, None),
    ],
)
def test_the_data_of_copy_ends_at_a_line_of_its_own(script, first, expected):
    assert copy_data(script, first) == expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("COPY t FROM stdin", True),
        ("COPY t FROM '/x'", False),
        ("COPY t TO stdout", False),
        ("COPY t", False),
        ("SELECT 1", False),
        ("SELECT 1 FROM stdin", False),
    ],
)
def test_reads_stdin(statement, expected):
    assert reads_stdin(statement) is expected
