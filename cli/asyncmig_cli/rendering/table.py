"""Tables of text that fit a width: columns shrink, the least important ones leave first."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from asyncmig_cli.output.console import Stream

__all__ = ["Column", "Table", "display_width", "shorten"]

GAP = "  "
HEADING = 2
"""The lines of the heading."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        title: its heading.
        right: numbers stand at the right.
        flexible: may be cut with an ellipsis, down to ``least`` characters.
        least: below this width the column is of no use.
        rank: where the width is not enough for all, a column has to wait for those of a lower rank;
            0 stays in any width.
    """

    title: str
    right: bool = False
    flexible: bool = False
    least: int = 8
    rank: int = 0


class Table:
    """Rows under headings.

    Example::

        columns = [Column("revision"), Column("message", flexible=True)]
        table = Table(columns, [("ae1", "add users")])
        for line in table.lines(width=40):
            print(line)
    """

    def __init__(self, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        self.columns = list(columns)
        self.rows = [list(row) for row in rows]

    def lines(self, width: int | None) -> Iterator[str]:
        """Heading, rule and rows, each at most ``width`` wide where the fixed columns allow it."""
        for cells in self._cells(width):
            yield GAP.join(cells).rstrip()

    def styled(
        self, stream: Stream, column: int | None = None, colors: Sequence[str | None] = ()
    ) -> Iterator[str]:
        """The lines for a stream: the heading dim, and one column of each row in a color.

        Args:
            stream: where they are written.
            column: the number of that column, which stays in any width.
            colors: one for each row; None leaves it as it is.
        """
        place = None if column is None else self._layout(stream.width)[0].index(column)
        for number, cells in enumerate(self._cells(stream.width)):
            if number < HEADING:
                cells = [stream.style(cell, "dim") for cell in cells]  # noqa: PLW2901  # the same row
            elif place is not None and (color := colors[number - HEADING]) is not None:
                cells[place] = stream.style(cells[place], color)
            yield GAP.join(cells).rstrip()

    def _cells(self, width: int | None) -> Iterator[list[str]]:
        kept, widths = self._layout(width)
        titles = [column.title for column in self.columns]
        yield self._padded(titles, kept, widths)
        yield ["─" * widths[index] for index in kept]
        for row in self.rows:
            yield self._padded(row, kept, widths)

    def _layout(self, width: int | None) -> tuple[list[int], dict[int, int]]:
        natural = {
            index: max(
                [display_width(column.title), *(display_width(row[index]) for row in self.rows)]
            )
            for index, column in enumerate(self.columns)
        }
        # A column that says nothing in any row is only in the way.
        kept = [
            index
            for index, column in enumerate(self.columns)
            if column.rank == 0 or not self.rows or any(row[index] for row in self.rows)
        ]
        if width is None:
            return kept, natural
        chosen = [index for index in kept if not self.columns[index].rank]
        for index in sorted(kept, key=lambda index: self.columns[index].rank):
            if self.columns[index].rank and self._least([*chosen, index], natural) <= width:
                chosen.append(index)
        kept = sorted(chosen)
        return kept, self._shrunk(kept, natural, width)

    def _least(self, kept: list[int], natural: dict[int, int]) -> int:
        return len(GAP) * (len(kept) - 1) + sum(self._smallest(index, natural) for index in kept)

    def _smallest(self, index: int, natural: dict[int, int]) -> int:
        column = self.columns[index]
        return min(natural[index], column.least) if column.flexible else natural[index]

    def _shrunk(self, kept: list[int], natural: dict[int, int], width: int) -> dict[int, int]:
        widths = {index: natural[index] for index in kept}
        excess = sum(widths.values()) + len(GAP) * (len(kept) - 1) - width
        while excess > 0:
            roomy = [index for index in kept if widths[index] > self._smallest(index, natural)]
            if not roomy:
                break
            widest = max(roomy, key=lambda index: widths[index])
            widths[widest] -= 1
            excess -= 1
        return widths

    def _padded(self, row: Sequence[str], kept: list[int], widths: dict[int, int]) -> list[str]:
        cells = []
        for index in kept:
            text = shorten(row[index], widths[index])
            space = " " * (widths[index] - display_width(text))
            cells.append(space + text if self.columns[index].right else text + space)
        return cells


def shorten(text: str, width: int) -> str:
    """``text`` in at most ``width`` columns, an ellipsis where something was cut."""
    if display_width(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    room = width - 1
    kept = []
    for character in text:
        room -= _columns(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def display_width(text: str) -> int:
    """Columns that ``text`` takes in a terminal: East Asian signs take two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
