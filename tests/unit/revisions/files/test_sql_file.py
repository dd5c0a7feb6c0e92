"""SQL revisions: the header, the sections, the phases, and what counts of the text."""

from textwrap import dedent

import pytest

from asyncmig.errors import ScriptError
from asyncmig.revisions.files.sql_file import (
    SqlSection,
    read_sql_metadata,
    read_sql_sections,
)
from asyncmig.revisions.graph.revision import Revision, ScriptKind
from asyncmig.sql.layout import normalize_sql

PATH = "/versions/x.sql"

WHOLE = dedent("""\
    -- add customers
    --
    -- More about them.
    -- revision: 1975ea83b712
    -- down_revision: ae1027a6acf, 27c6a30d7c24
    -- branch_labels: billing, shop
    -- depends_on: 55aa

    -- upgrade
    CREATE TABLE customer (id bigint PRIMARY KEY, name text);

    -- phase: autocommit
    CREATE INDEX CONCURRENTLY customer_name ON customer (name);

    -- phase: transaction
    ANALYZE customer;
    -- downgrade
    DROP TABLE customer;
    """)


def metadata(text: str) -> Revision | None:
    return read_sql_metadata(dedent(text), PATH)


def sections(text: str):
    return read_sql_sections(dedent(text), PATH)


class TestMetadata:
    def test_all_facts(self):
        assert read_sql_metadata(WHOLE, PATH) == Revision(
            id="1975ea83b712",
            down_revisions=("ae1027a6acf", "27c6a30d7c24"),
            branch_labels=("billing", "shop"),
            depends_on=("55aa",),
            doc="add customers\n\nMore about them.",
            path=PATH,
            kind=ScriptKind.SQL,
        )

    def test_the_message_is_the_first_line(self):
        found = read_sql_metadata(WHOLE, PATH)
        assert found is not None
        assert found.message == "add customers"

    def test_as_little_as_possible(self):
        found = metadata("-- revision: a\n")
        assert found == Revision(id="a", path=PATH, kind=ScriptKind.SQL)

    @pytest.mark.parametrize("value", ["", "None", "none", " , "])
    def test_no_parent(self, value):
        found = metadata(f"-- revision: a\n-- down_revision: {value}\n")
        assert found is not None
        assert found.is_base

    def test_spelling_is_free(self):
        found = metadata("--REVISION:a\n--  Down_Revisions : b ,c\n--branch_label: l\n")
        assert found is not None
        assert (found.id, found.down_revisions, found.branch_labels) == ("a", ("b", "c"), ("l",))

    def test_a_message_of_its_own(self):
        found = metadata("-- more\n-- revision: a\n-- message: the title\n")
        assert found is not None
        assert (found.message, found.doc) == ("the title", "the title\nmore")

    def test_an_empty_message_is_none(self):
        found = metadata("-- the title\n-- revision: a\n-- message:\n")
        assert found is not None
        assert found.message == "the title"

    @pytest.mark.parametrize(
        "text",
        [
            "SELECT 1;\n-- revision: a\n",
            "-- upgrade\n-- revision: a\n",
            "-- just data\nINSERT INTO t VALUES (1);\n",
            "/* -- revision: a */\n",
            "-- phase: autocommit\n-- revision: a\n",
            "",
        ],
    )
    def test_sql_that_only_lives_in_the_folder(self, text):
        assert metadata(text) is None

    def test_facts_without_an_id(self):
        with pytest.raises(ScriptError, match="has down_revision and no revision") as caught:
            metadata("-- down_revision: b\n")
        assert caught.value.hint == "add the line `-- revision: ...` to its header"

    @pytest.mark.parametrize("name", ["", "two words"])
    def test_an_id_of_one_word(self, name):
        with pytest.raises(ScriptError, match="no usable revision id"):
            metadata(f"-- revision: {name}\n")

    def test_a_fact_twice(self):
        with pytest.raises(
            ScriptError, match=r"x.sql:3 states `down_revision` a second time"
        ) as caught:
            metadata("-- revision: a\n-- down_revision: b\n-- down_revisions: c\n")
        assert caught.value.line == 3


class TestSections:
    def test_sections_and_phases_with_their_lines(self):
        found = read_sql_sections(WHOLE, PATH)
        assert found.upgrade == (
            SqlSection(
                kind=None,
                text="CREATE TABLE customer (id bigint PRIMARY KEY, name text);",
                line=10,
            ),
            SqlSection(
                kind="autocommit",
                text="CREATE INDEX CONCURRENTLY customer_name ON customer (name);",
                line=13,
            ),
            SqlSection(kind="transaction", text="ANALYZE customer;", line=16),
        )
        assert found.downgrade == (SqlSection(kind=None, text="DROP TABLE customer;", line=18),)

    def test_lines_are_those_of_the_file(self):
        for section in (found := read_sql_sections(WHOLE, PATH)).upgrade + found.downgrade:
            assert WHOLE.splitlines()[section.line - 1] == section.text

    def test_a_phase_ends_with_its_section(self):
        found = sections("-- upgrade\n-- phase: autocommit\nVACUUM;\n-- downgrade\nSELECT 1;\n")
        assert [part.kind for part in found.upgrade] == ["autocommit"]
        assert [part.kind for part in found.downgrade] == [None]

    def test_sql_without_a_mark_is_the_upgrade(self):
        found = sections("-- revision: a\n\nSELECT 1;\nSELECT 2;\n")
        assert found.upgrade == (SqlSection(kind=None, text="SELECT 1;\nSELECT 2;", line=3),)
        assert found.downgrade is None

    def test_a_phase_before_the_first_section(self):
        found = sections("-- revision: a\n-- phase: autocommit\nVACUUM;\n")
        assert found.upgrade == (SqlSection(kind="autocommit", text="VACUUM;", line=3),)

    def test_sections_may_be_empty_or_absent(self):
        assert sections("-- revision: a\n-- upgrade\n-- downgrade\n").upgrade == ()
        assert sections("-- revision: a\n-- upgrade\n-- downgrade\n").downgrade == ()
        assert sections("-- revision: a\n").upgrade is None
        assert sections("-- downgrade\nSELECT 1;").upgrade is None
        assert sections("").downgrade is None

    def test_the_downgrade_may_come_first(self):
        found = sections("-- downgrade\nSELECT 1;\n-- upgrade\nSELECT 2;\n")
        assert found.upgrade == (SqlSection(kind=None, text="SELECT 2;", line=4),)

    def test_spelling_is_free(self):
        found = sections("--UPGRADE:\n--Phase : Autocommit\nVACUUM;\n-- Downgrade \nSELECT 1;\n")
        assert found.upgrade[0].kind == "autocommit"
        assert found.downgrade is not None

    @pytest.mark.parametrize(
        "body",
        [
            "SELECT '\n-- downgrade\n';",
            "SELECT E'\\'\n-- downgrade\n';",
            'SELECT "\n-- downgrade\n";',
            "SELECT $$\n-- downgrade\n$$;",
            "SELECT $a$ $$ \n-- downgrade\n $a$;",
            "SELECT 1 /* /* \n-- downgrade\n */ \n-- downgrade\n*/;",
            "SELECT 1; -- downgrade\n-- downgrade it later",
            "SELECT 'it''s\n-- downgrade\n';",
        ],
    )
    def test_marks_inside_of_other_things_are_text(self, body):
        found = read_sql_sections(f"-- upgrade\n{body}\n-- downgrade\nSELECT 2;", PATH)
        assert found.upgrade == (SqlSection(kind=None, text=body, line=2),)
        assert [part.text for part in found.downgrade] == ["SELECT 2;"]

    @pytest.mark.parametrize("open_end", ["'", '"', "$$", "$x$ $$", "/* ", "/* /* */", "E'\\'"])
    def test_what_is_never_closed_runs_to_the_end(self, open_end):
        found = read_sql_sections(f"-- upgrade\nSELECT {open_end}\n-- downgrade\n", PATH)
        assert found.downgrade is None

    def test_marks_and_facts_may_be_indented(self):
        text = "  -- revision: a\n\t-- upgrade\n  SELECT 1;\n  -- downgrade\n  SELECT 2;\n"
        assert read_sql_metadata(text, PATH).id == "a"
        found = read_sql_sections(text, PATH)
        assert [part.text for part in found.upgrade] == ["SELECT 1;"]
        assert [part.text for part in found.downgrade] == ["SELECT 2;"]

    def test_a_dollar_in_a_name_opens_nothing(self):
        found = sections("-- upgrade\nSELECT a$$, 1\n-- downgrade\nSELECT $1, b$$;")
        assert found.downgrade is not None

    def test_a_section_twice(self):
        with pytest.raises(
            ScriptError, match=r"x.sql:3 has a second section `-- upgrade`"
        ) as caught:
            sections("-- upgrade\nSELECT 1;\n-- upgrade\nSELECT 2;\n")
        assert caught.value.line == 3
        with pytest.raises(ScriptError, match="second section"):
            sections("SELECT 1;\n-- upgrade\nSELECT 2;\n")

    def test_an_unknown_phase(self):
        with pytest.raises(ScriptError, match=r"x.sql:2 marks an unknown phase 'fast'") as caught:
            sections("-- upgrade\n-- phase: fast\nSELECT 1;\n")
        assert "`-- phase: autocommit`" in caught.value.hint

    def test_line_ends_of_others(self):
        found = read_sql_sections("-- revision: a\r\n-- upgrade\r\nSELECT 1;\r\n", PATH)
        assert found.upgrade == (SqlSection(kind=None, text="SELECT 1;", line=3),)


class TestNormalising:
    @pytest.mark.parametrize(
        "other",
        [
            "SELECT 1, 'a  b' FROM t;",
            "SELECT  1,\n\t'a  b'\r\nFROM t;\n",
            "-- first\nSELECT 1, -- why\n 'a  b' FROM t; -- done",
            "SELECT /* x /* y */ */ 1, 'a  b' FROM /**/ t;",
        ],
    )
    def test_comments_and_layout_do_not_count(self, other):
        assert normalize_sql(other) == "SELECT 1, 'a  b' FROM t;"

    @pytest.mark.parametrize(
        "other",
        ["SELECT 1, 'a b' FROM t;", "SELECT 1, 'a  b' FROM T;", "SELECT 1, 'a  b -- x' FROM t;"],
    )
    def test_everything_else_does(self, other):
        assert normalize_sql(other) != "SELECT 1, 'a  b' FROM t;"

    def test_a_comment_parts_words(self):
        assert normalize_sql("a/**/b") == "a b"

    def test_bodies_keep_their_layout(self):
        body = "$f$\n  -- kept\n  BEGIN  END\n$f$"
        assert normalize_sql(f"DO   {body} ;") == f"DO {body} ;"

    def test_nothing(self):
        assert normalize_sql(" -- only this\n") == ""


def test_a_mark_behind_the_data_of_a_copy_is_a_mark():
    copy = "COPY t FROM stdin;\nit's\n-- downgrade\n\\."
    text = f"-- revision: a\n-- upgrade\n{copy}\n-- downgrade\nDROP TABLE t;\n"
    sections = read_sql_sections(text, PATH)
    assert sections.upgrade is not None
    assert sections.upgrade[0].text == copy
    assert sections.downgrade is not None
    assert sections.downgrade[0].text == "DROP TABLE t;"
