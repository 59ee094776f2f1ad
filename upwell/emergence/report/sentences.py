"""The verdict on each ability as one sentence, made from the report's numbers."""

from __future__ import annotations

from typing import Any

from upwell.emergence.report.figures import short


def verdict_sentence(family: dict[str, Any], ability: dict[str, Any], words: dict[str, str]) -> str:
    """What appeared where, with its interval, for one ability of one model family."""
    match, continuous = family["shapes"]["match"], family["shapes"]["continuous"]
    scores = family["scores"]["match"]
    fields = {
        "start": percent(scores["mean"][0]),
        "end": percent(scores["mean"][-1]),
        "start_range": interval(scores["low"][0], scores["high"][0], words),
        "end_range": interval(scores["low"][-1], scores["high"][-1], words),
        "low_size": short(family["non_embedding"][0]),
        "high_size": short(family["non_embedding"][-1]),
        "width": f"{continuous['width']:.2f}",
        "width_range": width_range(continuous, words),
        "match_width": f"{match['width']:.2f}",
        "match_range": width_range(match, words),
        "centre": short(10 ** continuous["centre"]),
        "p": f"{continuous['adjusted_p']:.2g}",
        "covered": percent(family["mirage"]["covered"]),
        "baseline": percent(ability["baseline"]),
        "polarisation": number(family["lottery"]["polarisation"]),
        "lottery_p": f"{family['lottery']['p_value']:.2g}",
        "success": ", ".join(
            f"{percent(share)} @ {short(size)}"
            for size, (share, _, _) in zip(family["non_embedding"], family["lottery"]["success"], strict=True)
        ),
    }
    return words[f"say {family['verdict']['reason']}"].format(**fields)


def appearance(family: dict[str, Any], ability: dict[str, Any], words: dict[str, str]) -> str:
    """From which size on one ability of one model family is above its baseline."""
    baseline = percent(ability["baseline"])
    if family["appears"] is None:
        return words["not above"].format(baseline=baseline, high_size=short(family["non_embedding"][-1]))
    return words["above from"].format(baseline=baseline, size=short(family["appears"]))


def width_range(shape: dict[str, Any], words: dict[str, str]) -> str:
    """The interval of a width in decades; None as the upper end stands for no end."""
    low = f"{shape['width_low']:.2f}"
    if shape["width_high"] is None:
        return words["unbounded"].format(low=low)
    return words["range"].format(low=low, high=f"{shape['width_high']:.2f}")


def interval(low: float | None, high: float | None, words: dict[str, str]) -> str:
    """An interval of shares."""
    return words["range"].format(low=percent(low), high=percent(high))


def percent(share: float | None) -> str:
    """A share for people."""
    if share is None:
        return "–"
    return f"{share:.1%}" if 0 < share < 0.1 or 0.9 < share < 1 else f"{share:.0%}"


def number(value: float | None, digits: int = 2) -> str:
    """A figure, or a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"
