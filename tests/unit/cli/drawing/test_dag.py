"""The picture of a history: what it looks like, and that its lines lead where the edges do."""

from hypothesis import given
from hypothesis import strategies as st

from asyncmig_cli.rendering.dag import GraphRow, draw

Node = tuple[str, list[str]]


def picture(nodes: list[Node]) -> list[str]:
    return [f"{row.picture} {row.node or ''}".rstrip() for row in draw(nodes)]


def test_a_line_is_a_column_of_stars() -> None:
    assert picture([("c", ["b"]), ("b", ["a"]), ("a", [])]) == ["* c", "* b", "* a"]


def test_a_branch_and_its_merge() -> None:
    assert picture([("d", ["b", "c"]), ("c", ["a"]), ("b", ["a"]), ("a", [])]) == [
        "* d",
        "|\\",
        "| * c",
        "* | b",
        "|/",
        "* a",
    ]


def test_two_heads_that_meet() -> None:
    assert picture([("x", ["a"]), ("y", ["a"]), ("a", [])]) == ["* x", "| * y", "|/", "* a"]


def test_lanes_to_the_right_make_room_for_a_merge() -> None:
    nodes = [("h", ["p"]), ("m", ["a", "b"]), ("p", ["a"]), ("b", ["a"]), ("a", [])]
    nodes.insert(0, ("m2", ["q", "r"]))
    nodes += [("q", []), ("r", [])]
    assert picture(nodes) == [
        "* m2",
        "|\\",
        "| | * h",
        "| | | * m",
        "| | | |\\",
        "| | * | | p",
        "| | |/ /",
        "| | | * b",
        "| | |/",
        "| | * a",
        "* | q",
        " /",
        "* r",
    ]


def test_a_lane_passes_others_on_its_way() -> None:
    nodes = [("x", ["r"]), ("y", ["q"]), ("m", ["s", "r"]), ("q", []), ("s", []), ("r", [])]
    assert picture(nodes) == [
        "* x",
        "| * y",
        "| | * m",
        "| |/|",
        "|/| |",
        "| * | q",
        "|  /",
        "| * s",
        "* r",
    ]


def test_an_octopus_spreads_one_place_a_row() -> None:
    nodes = [("m", ["a", "b", "c"]), ("a", []), ("b", []), ("c", [])]
    assert picture(nodes)[:3] == ["* m", "|\\", "| |\\"]


def test_separate_histories_stand_below_each_other() -> None:
    assert picture([("b", ["a"]), ("a", []), ("z", ["y"]), ("y", [])]) == [
        "* b",
        "* a",
        "",
        "* z",
        "* y",
    ]


def test_a_parent_outside_of_the_picture_keeps_its_lane_open() -> None:
    assert picture([("c", ["b"]), ("x", ["b"])]) == ["* c", "| * x", "|/"]


def test_text_of_several_lines_finds_room() -> None:
    rows = list(draw([("b", ["a"]), ("a", [])], lambda node: 3 if node == "b" else 1))
    assert [(row.picture, row.node) for row in rows] == [
        ("*", "b"),
        ("|", None),
        ("|", None),
        ("*", "a"),
    ]


def test_the_rows_of_a_merge_count_as_room() -> None:
    rows = list(draw([("m", ["a", "b"]), ("b", ["a"]), ("a", [])], lambda _: 2))
    assert [row.picture for row in rows] == ["*", "|\\", "| *", "|/", "*", ""]


def test_lanes_name_a_colour_for_every_sign() -> None:
    for row in draw([("m", ["a", "b"]), ("b", ["a"]), ("a", [])]):
        assert len(row.lanes) == len(row.picture)
        for sign, lane in zip(row.picture, row.lanes, strict=True):
            assert (sign == " ") == (lane == -1)


@st.composite
def histories(draw_: st.DrawFn, most_parents: int = 3) -> list[Node]:
    """Nodes in an order that a history may have: children before parents, all parents there."""
    size = draw_(st.integers(1, 14))
    nodes: list[Node] = []
    for index in range(size):
        later = list(range(index + 1, size))
        parents = draw_(
            st.lists(st.sampled_from(later), max_size=most_parents, unique=True)
            if later
            else st.just([])
        )
        nodes.append((f"n{index}", [f"n{parent}" for parent in parents]))
    return nodes


def steps(picture_: str) -> set[tuple[int, int]]:
    """From which place at the top of a row its lines lead to which place at the bottom."""
    found: set[tuple[int, int]] = set()
    for at, sign in enumerate(picture_):
        if sign in "|*":
            assert at % 2 == 0
            found.add((at, at))
        elif sign != " ":
            assert at % 2 == 1
            if sign in "/X":
                found.add((at + 1, at - 1))
            if sign in "\\X":
                found.add((at - 1, at + 1))
    return found


def steps_of(row: GraphRow, roots: set[str]) -> set[tuple[int, int]]:
    """The same, knowing that nothing leads on from a root."""
    star = row.picture.find("*")
    found = steps(row.picture)
    return found - {(star, star)} if row.node in roots else found


def reached(nodes: list[Node]) -> dict[str, set[str]]:
    """For each node the nodes that one comes to by following any of its lines down."""
    roots = {name for name, parents in nodes if not parents}
    below: dict[int, set[str]] = {}
    result: dict[str, set[str]] = {}
    for row in reversed(list(draw(nodes))):
        here: dict[int, set[str]] = {}
        star = row.picture.find("*")
        if row.node is not None:
            result[row.node] = set()
        for top, bottom in steps_of(row, roots):
            if row.node is not None and top == star:
                result[row.node] |= below.get(bottom, set())
            else:
                here.setdefault(top, set()).update(below.get(bottom, set()))
        if row.node is not None:
            here[star] = {row.node}
        below = here
    return result


@given(histories())
def test_every_edge_can_be_followed(nodes: list[Node]) -> None:
    found = reached(nodes)
    for name, parents in nodes:
        assert set(parents) <= found[name]


def walk_down(rows: list[GraphRow], start: int) -> str | None:
    """The node that the eye arrives at from the star of row ``start``, going straight where it can."""
    place, move = rows[start].picture.find("*"), 0
    for row in rows[start + 1 :]:
        if row.picture.find("*") == place and row.node is not None:
            return row.node
        ways = [bottom - top for top, bottom in steps(row.picture) if top == place]
        move = move if move in ways else ways[0]
        place += move
    return None


@given(histories(most_parents=1))
def test_without_merges_the_eye_finds_the_parent(nodes: list[Node]) -> None:
    rows = list(draw(nodes))
    starts = {row.node: index for index, row in enumerate(rows) if row.node is not None}
    for name, parents in nodes:
        if parents:
            assert walk_down(rows, starts[name]) == parents[0]


@given(histories())
def test_no_line_begins_or_ends_in_the_air(nodes: list[Node]) -> None:
    roots = {name for name, parents in nodes if not parents}
    above: set[int] = set()
    for row in draw(nodes):
        star = {row.picture.find("*")} if row.node is not None else set()
        tops = {top for top, _ in steps(row.picture)}
        assert above <= tops
        assert tops <= above | star
        above = {bottom for _, bottom in steps_of(row, roots)}
    assert not above


@given(histories())
def test_each_node_has_one_star_in_its_order(nodes: list[Node]) -> None:
    rows = list(draw(nodes))
    assert [row.node for row in rows if row.node is not None] == [name for name, _ in nodes]
    for row in rows:
        assert row.picture.count("*") == (row.node is not None)
        assert row.picture == row.picture.rstrip()
