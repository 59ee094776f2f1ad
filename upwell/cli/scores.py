"""Scorecards as tables, of what `--json` prints and a run keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from upwell.cli.layout import pad

TABLE_WIDTH = 80
NAME, SCORE, INTERVAL, NUMBER = 20, 6, 12, 6
"""Columns in cells; the best baseline has the rest of the row."""


def score_lines(scored: Mapping[int, Mapping[str, Any]], items: Mapping[str, Any]) -> list[str]:
    """A table of 80 columns: each metric with its interval, beside chance, oracle and the best baseline.

    `scored`: scorecards by number of shots, a row for each where there are several; `items`: `scoring.tasks`.
    """
    corner = pad("shots", NAME + 2, right=True) if len(scored) > 1 else ""
    lines = [_row(corner, "score", "95% interval", "chance", "oracle", "best baseline")]
    first = next(iter(scored.values()))
    for task, metrics in first.items():
        number = f" ({items[task]['items']} items)" if task in items else ""
        lines.append(f"{task.replace('_', ' ')}{number}")
        for name in metrics:
            for shots, scorecard in scored.items():
                label = name.replace("_", " ")
                if len(scored) > 1:
                    label = label if shots == next(iter(scored)) else ""
                    label = f"{pad(label, NAME - 3)} {shots:>2}"
                lines.append(_figure(label, scorecard[task][name]))
    return lines


def signature_lines(scorecard: Mapping[str, Any]) -> list[str]:
    """How the figures of other libraries can be made again."""
    return [
        f"{name.replace('_', ' ')}: sacrebleu {figure['signature']}"
        for metrics in scorecard.values()
        for name, figure in metrics.items()
        if "signature" in figure
    ]


def number(value: float | None) -> str:
    """A figure in at most six characters; nothing for none."""
    if value is None:
        return ""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _figure(label: str, figure: Mapping[str, Any]) -> str:
    interval = "" if figure["low"] is None else f"{number(figure['low'])}–{number(figure['high'])}"
    baseline = f"{number(figure['baseline'])} {figure.get('baseline_name', '')}".strip()
    return _row(
        f"  {label}", number(figure["value"]), interval, number(figure["chance"]), number(figure["oracle"]), baseline
    )


def _row(label: str, score: str, interval: str, chance: str, oracle: str, baseline: str) -> str:
    cells: Sequence[tuple[str, int]] = ((score, SCORE), (interval, INTERVAL), (chance, NUMBER), (oracle, NUMBER))
    middle = "  ".join(pad(text, width, right=True) for text, width in cells)
    return f"{pad(label, NAME + 2)}{middle}  {baseline}".rstrip()
