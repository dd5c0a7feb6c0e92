"""Tables that fit a width."""

from hypothesis import given
from hypothesis import strategies as st

from asyncmig_cli.rendering.table import Column, Table, display_width, shorten

COLUMNS = [
    Column("revision"),
    Column("message", flexible=True, least=6),
    Column("by", rank=2),
    Column("took", right=True, rank=1),
]
ROWS = [
    ("ae1027a6acf", "add the users table", "deploy@web1", "12 ms"),
    ("27c6a30d7c24", "cart", "", "1.20 s"),
]


def lines(width: int | None) -> list[str]:
    return list(Table(COLUMNS, ROWS).lines(width))


def test_a_pipe_gets_everything() -> None:
    assert lines(None) == [
        "revision      message              by             took",
        "────────────  ───────────────────  ───────────  ──────",
        "ae1027a6acf   add the users table  deploy@web1   12 ms",
        "27c6a30d7c24  cart                              1.20 s",
    ]


def test_flexible_columns_shrink_first() -> None:
    assert lines(49)[2] == "ae1027a6acf   add the users…  deploy@web1   12 ms"


def test_then_the_least_important_column_leaves() -> None:
    assert lines(38)[0] == "revision      message             took"
    assert lines(26)[0] == "revision      message"


def test_what_must_stay_stays_in_any_width() -> None:
    assert lines(5)[2] == "ae1027a6acf   add t…"


def test_an_empty_column_of_no_importance_is_left_out() -> None:
    table = Table(COLUMNS, [("a1", "one", "", "1 ms")])
    assert next(iter(table.lines(None))) == "revision  message  took"


def test_headings_stand_alone_without_rows() -> None:
    assert next(iter(Table(COLUMNS, []).lines(None))) == "revision  message  by  took"


def test_wide_signs_take_two_columns() -> None:
    assert display_width("日本") == 4
    assert display_width("e\u0301") == 1
    assert shorten("日本語の表", 5) == "日本…"


@given(st.text(max_size=30), st.integers(1, 20))
def test_a_shortened_text_fits(text: str, width: int) -> None:
    assert display_width(shorten(text, width)) <= width


@given(
    st.lists(
        st.tuples(*[st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=25)] * 4),
        max_size=5,
    ),
    st.integers(50, 120),
)
def test_rows_are_never_wider_than_asked(rows: list[tuple[str, ...]], width: int) -> None:
    assert all(len(line) <= width for line in Table(COLUMNS, rows).lines(width))


class Painted:
    """A stream that shows styles as text."""

    width = None

    def style(self, text: str, *styles: str) -> str:
        return f"<{' '.join(styles)} {text.strip()}>"


def test_the_heading_is_dim_and_one_column_has_colors() -> None:
    table = Table(
        [Column("name"), Column("empty", rank=1), Column("state")],
        [("a", "", "done"), ("b", "", "x")],
    )
    found = list(table.styled(Painted(), 2, ["green", None]))  # type: ignore[arg-type]  # what is used of one
    assert found == [
        "<dim name>  <dim state>",
        "<dim ────>  <dim ─────>",
        "a     <green done>",
        "b     x",
    ]
    plain = list(table.styled(Painted()))  # type: ignore[arg-type]  # likewise
    assert plain[2:] == ["a     done", "b     x"]
