"""Small figures as inline SVG: no library, no outside request, colours from the page's light or dark style."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 330, 210
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 22, 34

Points = Sequence[float | None]


class Panel:
    """One panel: a frame with axes, to which lines, bands and dots are added in data coordinates."""

    def __init__(
        self,
        title: str,
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        log_x: bool = True,
        log_y: bool = False,
        label: str = "",
    ) -> None:
        self.title, self.label = title, label
        self.log_x, self.log_y = log_x, log_y
        self.x, self.y = x, y
        self.parts: list[str] = []

    def _at(self, x: float, y: float) -> tuple[float, float]:
        def share(value: float, ends: tuple[float, float], log: bool) -> float:
            low, high = (math.log10(e) for e in ends) if log else ends
            place = math.log10(max(value, ends[0])) if log else value
            return min(1.05, max(-0.05, (place - low) / max(high - low, 1e-12)))

        across = LEFT + share(x, self.x, self.log_x) * (WIDTH - LEFT - RIGHT)
        up = HEIGHT - BOTTOM - min(1.0, max(0.0, share(y, self.y, self.log_y))) * (HEIGHT - TOP - BOTTOM)
        return across, up

    def line(self, x: Sequence[float], y: Points, style: str) -> None:
        """A polyline through the points that are there."""
        places = [self._at(a, b) for a, b in zip(x, y, strict=True) if b is not None]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
        self.parts.append(f'<polyline class="{style}" points="{path}"/>')

    def band(self, x: Sequence[float], low: Points, high: Points, style: str) -> None:
        """The area between two lines."""
        known = [(a, b, c) for a, b, c in zip(x, low, high, strict=True) if b is not None and c is not None]
        ends = [self._at(a, c) for a, _, c in known] + [self._at(a, b) for a, b, _ in reversed(known)]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in ends)
        self.parts.append(f'<polygon class="{style}" points="{path}"/>')

    def dots(self, x: Sequence[float], y: Points, style: str, *, radius: float = 2.4) -> None:
        """A dot with its value as a tooltip for every point that is there."""
        for a, b in zip(x, y, strict=True):
            if b is not None:
                across, up = self._at(a, b)
                self.parts.append(
                    f'<circle class="{style}" cx="{across:.1f}" cy="{up:.1f}" r="{radius}"><title>{short(a)}: {b:.3g}</title></circle>'
                )

    def level(self, y: float, style: str) -> None:
        """A horizontal line across the panel."""
        self.line([self.x[0], self.x[1]], [y, y], style)

    def svg(self) -> str:
        """The panel as an SVG element."""
        return _frame(self.title, self._axes() + "".join(self.parts), self.label)

    def _axes(self) -> str:
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        marks = [f'<path class="axis" d="M{LEFT},{TOP}V{bottom}H{right}"/>']
        for value in _ticks(self.x, self.log_x):
            across, _ = self._at(value, self.y[0])
            marks.append(
                f'<path class="grid" d="M{across:.1f},{TOP}V{bottom}"/><text x="{across:.1f}" y="{bottom + 13}" text-anchor="middle">{short(value)}</text>'
            )
        for value in _ticks(self.y, self.log_y):
            _, up = self._at(self.x[0], value)
            marks.append(
                f'<path class="grid" d="M{LEFT},{up:.1f}H{right}"/><text x="{LEFT - 5}" y="{up + 3:.1f}" text-anchor="end">{value:g}</text>'
            )
        return "".join(marks)


def heat_map(
    title: str, columns: Sequence[int], rows: Sequence[float], table: Sequence[Points], first: Points, label: str
) -> str:
    """Cells of a score from 0 to 1, `table` one list for each of `rows`; the cell of `first` in each row outlined."""
    wide = (WIDTH - LEFT - RIGHT) / len(columns)
    high = (HEIGHT - TOP - BOTTOM) / len(rows)
    parts = []
    for i, (row, start) in enumerate(zip(table, first, strict=True)):
        up = HEIGHT - BOTTOM - (i + 1) * high
        for j, value in enumerate(row):
            place = f'x="{LEFT + j * wide:.1f}" y="{up:.1f}" width="{wide:.1f}" height="{high:.1f}"'
            tip = f"<title>{short(rows[i])}, {columns[j]}: {value or 0:.2f}</title>"
            parts.append(f'<rect class="cell" {place} fill-opacity="{value or 0:.2f}">{tip}</rect>')
            if columns[j] == start:
                parts.append(f'<rect class="first" {place}/>')
        parts.append(f'<text x="{LEFT - 5}" y="{up + high / 2 + 3:.1f}" text-anchor="end">{short(rows[i])}</text>')
    for j in range(0, len(columns), 3):
        across = LEFT + (j + 0.5) * wide
        parts.append(f'<text x="{across:.1f}" y="{HEIGHT - BOTTOM + 13}" text-anchor="middle">{columns[j]}</text>')
    return _frame(title, "".join(parts), label)


def _frame(title: str, content: str, label: str) -> str:
    below = f'<text x="{(LEFT + WIDTH) / 2:.0f}" y="{HEIGHT - 5}" text-anchor="middle">{escape(label)}</text>'
    head = f'<text class="head" x="{LEFT}" y="14">{escape(title)}</text>'
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{head}{content}{below}</svg>'


def _ticks(ends: tuple[float, float], log: bool) -> list[float]:
    if not log:
        return [ends[0] + (ends[1] - ends[0]) * i / 4 for i in range(5)]
    low, high = math.ceil(math.log10(ends[0]) - 1e-9), math.floor(math.log10(ends[1]) + 1e-9)
    return [10.0**power for power in range(low, high + 1)]


def short(value: float) -> str:
    """A count for an axis: 1500 -> 1.5k."""
    for suffix, scale in (("M", 1e6), ("k", 1e3)):
        if value >= scale:
            return f"{value / scale:.3g}{suffix}"
    return f"{value:.3g}"
