"""Text laid out for people: in the cells of a terminal, where a Chinese character takes two, and times in words."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells

WIDEST = 100
"""Longer lines are hard to read."""
_OPENING, _CLOSING = "“‘「『（《", "，。！？；：、”’」』）》…"
_WIDE = r"\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_UNITS = re.compile(rf"\s+|[{_OPENING}]*(?:[{_WIDE}]|[^\s{_WIDE}{_OPENING}]+)[{_CLOSING}]*|.")
"""What stays on one line: a word, or a wide character with the marks that belong to it."""


def duration(seconds: float) -> str:
    """A time for people: 45 s, 3 min 5 s, 2 h 10 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def text_width() -> int:
    """Columns for text: those of the terminal, at most WIDEST; 80 where there is none."""
    return max(40, min(WIDEST, shutil.get_terminal_size((80, 24)).columns))


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """`text` with blanks up to a width of `cells`, at its end or, with `right`, before it."""
    blanks = " " * max(0, cells - cell_len(text))
    return blanks + text if right else text + blanks


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells in columns: words to the left, numbers to the right."""
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    numeric = [all(row[column][:1].isdigit() or not row[column] for row in rows[1:]) for column in range(len(rows[0]))]
    return [
        "  ".join(
            pad(cell, width, right=is_number) for cell, width, is_number in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in rows
    ]


def wrap(text: str, width: int, *, first: str = "", indent: str | None = None) -> list[str]:
    """Lines of at most `width` cells: `first` begins the first one, `indent` the others, by default as many blanks.

    Lines break at blanks and between wide characters, never before a closing mark.
    """
    indent = " " * cell_len(first) if indent is None else indent
    lines, line, empty = [], first, True
    for unit in _pieces(text, width - max(cell_len(first), cell_len(indent))):
        if unit.isspace():
            line += "" if empty else unit
            continue
        if not empty and cell_len(line + unit) > width:
            lines.append(line.rstrip())
            line = indent
        line, empty = line + unit, False
    return [*lines, line.rstrip()]


def _pieces(text: str, room: int) -> Iterator[str]:
    for unit in _UNITS.findall(text):
        yield from [unit] if unit.isspace() or cell_len(unit) <= room else chop_cells(unit, max(2, room))


def figure(value: float | None) -> str:
    """A score for people; a dash where there is none."""
    return "–" if value is None else f"{value:.3f}"
