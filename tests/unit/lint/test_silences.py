"""Where a comment counts, and what it is about."""

from textwrap import dedent

from asyncmig.lint.silences import read_silences


def python(text: str) -> list[tuple[str, str, int, int]]:
    found = read_silences(dedent(text).lstrip("\n"), sql=False)
    return [(each.rule, each.reason, each.first, each.last) for each in found]


def sql(text: str) -> list[tuple[str, str, int, int]]:
    found = read_silences(dedent(text).lstrip("\n"), sql=True)
    return [(each.rule, each.reason, each.first, each.last) for each in found]


def test_at_the_head_it_is_about_the_file():
    assert python(
        '''
        """A message."""
        # asyncmig: allow drop-table nothing is deployed yet
        revision = "a"


        def upgrade(op):
            op.drop_table("t")
        '''
    ) == [("drop-table", "nothing is deployed yet", 0, 0)]


def test_behind_code_it_is_about_that_statement():
    text = """
        def upgrade(op):
            op.drop_table(
                "t",
            )  # asyncmig: allow drop-table it is empty
            op.drop_table("u")
        """
    assert python(text) == [("drop-table", "it is empty", 2, 4)]


def test_on_its_own_line_it_is_about_the_statement_below():
    text = """
        def upgrade(op):
            # asyncmig: allow drop-table it is empty
            # and no code uses it
            op.drop_table("t")
            op.drop_table("u")
        """
    assert python(text) == [("drop-table", "it is empty", 4, 4)]


def test_above_a_block_it_is_about_all_of_it():
    text = """
        def upgrade(op):
            # asyncmig: allow drop-column they were never used
            with op.batch_alter_table("t") as batch:
                batch.drop_column("a")
                batch.drop_column("b")
        """
    assert python(text) == [("drop-column", "they were never used", 3, 5)]


def test_in_downgrade_it_is_left_out():
    text = """
        def downgrade(op):
            op.drop_table("t")  # asyncmig: allow drop-table it is empty
        """
    assert python(text) == []


def test_a_string_with_a_hash_is_no_comment():
    assert python("def upgrade(op):\n    op.execute(\"SELECT '# asyncmig: allow x y'\")\n") == []


def test_a_comment_in_the_sql_of_a_python_script():
    text = '''
        def upgrade(op):
            op.execute("""
                SELECT 1;
                -- asyncmig: allow truncate it is a cache
                TRUNCATE cache;
            """)
        '''
    assert python(text) == [("truncate", "it is a cache", 5, 5)]


def test_an_argument_on_the_next_line_counts_from_the_call():
    text = '''
        def upgrade(op):
            op.execute(
                """
                -- asyncmig: allow truncate it is a cache
                TRUNCATE cache;
                """
            )
        '''
    # the origin of a statement counts its lines from the line of the call
    assert python(text) == [("truncate", "it is a cache", 4, 4)]


def test_in_a_sql_file():
    text = """
        -- a message
        -- revision: a
        -- asyncmig: allow trigger they are quick
        -- upgrade
        -- asyncmig: allow truncate it is a cache
        TRUNCATE
            cache;
        DROP TABLE t; -- asyncmig: allow drop-table unused since May
        SELECT 1;
        -- downgrade
        DROP TABLE u; -- asyncmig: allow drop-table back again
        """
    assert sql(text) == [
        ("trigger", "they are quick", 0, 0),
        ("truncate", "it is a cache", 6, 7),
        ("drop-table", "unused since May", 8, 8),
    ]


def test_in_a_sql_file_without_sections():
    text = """
        -- revision: a
        -- asyncmig: allow trigger they are quick
        SELECT 1;
        -- asyncmig: allow truncate it is a cache
        TRUNCATE cache
        """
    assert sql(text) == [
        ("trigger", "they are quick", 0, 0),
        ("truncate", "it is a cache", 5, 5),
    ]


def test_behind_the_last_line_of_a_statement_of_several():
    text = """
        -- upgrade
        SELECT 1
        FROM t
        WHERE a; -- asyncmig: allow drop-table it is empty

        TRUNCATE cache -- asyncmig: allow truncate it is a cache

        SELECT 2;
        """
    assert sql(text) == [
        ("drop-table", "it is empty", 2, 4),
        ("truncate", "it is a cache", 6, 6),
    ]


def test_a_file_that_is_no_python_has_none():
    assert python("# asyncmig: allow truncate it is a cache\ndef upgrade(op:\n") == []
    assert python("# asyncmig: allow truncate it is a cache\nx = '''\n") == []


def test_behind_the_head_of_a_function_it_is_not_about_the_function():
    text = """
        def helper(op):  # asyncmig: allow drop-table it is empty
            op.drop_table("t")
        """
    assert python(text) == [("drop-table", "it is empty", 1, 1)]


def test_without_a_rule_or_a_reason():
    assert python("# asyncmig: allow\n# asyncmig: allow truncate\n") == [
        ("", "", 0, 0),
        ("truncate", "", 0, 0),
    ]


def test_underscores_and_capitals_are_understood():
    assert python("# asyncmig: allow Drop_Table why\n") == [("drop-table", "why", 0, 0)]
