"""Where a statement failed, shown under it."""

from asyncmig_cli.rendering.statement_failure import failure_lines
from support.streams import memory_stream


def lines(**fields: object) -> list[str]:
    return [line.rstrip() for line in failure_lines(fields, memory_stream())]


def test_other_errors_have_nothing_to_show() -> None:
    assert lines(revision="ae1", nearest=["ae2"]) == []


def test_the_caret_stands_under_the_position() -> None:
    assert lines(sql="SELECT 1,\n  oops", position=13, origin="a.py:3", directive="execute") == [
        "  at          a.py:3 (execute)",
        "  sql         SELECT 1,",
        "                oops",
        "                ^",
    ]


def test_tabs_do_not_move_the_caret() -> None:
    assert lines(sql="\toops", position=2) == ["  sql             oops", "                  ^"]


def test_a_position_at_the_end_of_the_text_is_shown() -> None:
    assert lines(sql="SELECT (", position=9)[-1] == "  " + " " * 20 + "^"


def test_a_long_statement_is_cut_around_the_position() -> None:
    sql = "\n".join(f"line{number}" for number in range(100))
    shown = lines(sql=sql, position=sql.index("line60") + 1)
    assert shown[0].endswith("…")
    assert shown[-1].endswith("…")
    assert any(line.endswith("line60") for line in shown)
    assert len(shown) == 15


def test_what_the_server_said_and_what_stands() -> None:
    shown = lines(
        sql="x",
        detail="Key (id)=(1) exists.",
        server_hint="Try less.",
        sqlstate="23505",
        applied=["ae1", "27c"],
    )
    assert shown[1:] == [
        "  detail      Key (id)=(1) exists.",
        "  server hint Try less.",
        "  sqlstate    23505",
        "  committed   ae1, 27c",
    ]
