"""The guides to the emergence study say what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.emergence_presets import PAGES, RUNS, TABLES, fill

ROOT = Path(__file__).resolve().parents[2]


def family(label: str, reason: str, *, match: float, appears: int | None) -> dict[str, Any]:
    """A family's part of a run's figures."""
    shape = {"width": 0.4, "width_low": 0.2, "width_high": None, "centre": 3.5, "adjusted_p": 0.01}
    return {
        "verdict": {"label": label, "reason": reason},
        "appears": appears,
        "non_embedding": [1_500, 6_000],
        "match": {"mean": [0.1, match], "low": [0.0, match - 0.05], "high": [0.2, match + 0.05]},
        "shapes": {"match": {**shape, "width": 0.7}, "continuous": shape},
    }


def run(**families: dict[str, Any]) -> dict[str, Any]:
    """Figures of one ladder with one ability."""
    return {
        "seeds": [0, 1],
        "seconds": 90.0,
        "core_seconds": 150.0,
        "rungs": 4,
        "rungs_within_quarter": 3,
        "in_one_sitting": True,
        "abilities": {"copy": {"baseline": 0.05, "families": families}},
    }


SHARP = family("sharp", "both metrics", match=0.9, appears=6_000)
INDUCED = family("metric-induced", "tokens explain", match=0.5, appears=None)
SMOOTH = family("smooth", "smooth in size", match=0.5, appears=None)


def test_quick_sets_the_verdicts_of_its_runs_side_by_side() -> None:
    figures = {"runs": [run(lstm=SHARP, gru=INDUCED), run(lstm=SHARP, gru=SMOOTH)]}
    lines = TABLES["quick"](figures, "en")
    assert (
        lines[2]
        == "| `copy` | lstm | sharp, 0.40 (from 0.20, no upper end); 90% | sharp, 0.40 (from 0.20, no upper end); 90% |"
    )
    assert (
        lines[3]
        == "| `copy` | gru | metric-induced, 0.70 (from 0.20, no upper end); 50% | smooth, 0.40 (from 0.20, no upper end); 50% |"
    )
    assert lines[-1].startswith(
        "The same verdict in 1 of 2. It took 1.5 minutes (2.5 of one core); the time stated before"
    )


def test_mixture_says_from_which_size_on_a_task_is_there() -> None:
    for found, appears in ((SHARP, "6k"), (SMOOTH, "not up to here")):
        lines = TABLES["mixture"]({"runs": [run(hybrid=found)]}, "en")
        assert lines[0] == "| task | simple rules | 1.5k | 6k | above them from |"
        assert lines[2].startswith("| `copy` | 5.0% | 10% (0%–20%) |") and lines[2].endswith(f"| {appears} |")


def test_known_results_say_how_many_seeds_solved_a_rung() -> None:
    rungs = [{"non_embedding": 1_500, "match": [1.0, 0.5]}, {"non_embedding": 6_000, "match": [1.0, 0.9]}]
    grown = {"family": "lstm", "seed": 0, "known_from_step": 200, "new_from_step": None}
    lines = TABLES["known"]({"solved_at": 0.9, "parity": {"parity": {"gru": rungs}}, "grokking": [grown]}, "en")
    assert lines[2] == "| `parity` | gru | 1.5k: 75%, 1/2 | 6k: 95.0%, 2/2 |"
    assert lines[-1] == "| lstm | 0 | 200 | not |"


@pytest.mark.parametrize("name", list(RUNS))
def test_tables_are_the_same_in_both_languages(name: str) -> None:
    figures = {"runs": [run(hybrid=SHARP)]}
    counts = [[line.count("|") for line in TABLES[name](figures, language)] for language in PAGES]
    assert counts[0] == counts[1]


@pytest.mark.parametrize("language", list(PAGES))
def test_the_guides_hold_what_was_measured(language: str) -> None:
    page = (ROOT / PAGES[language]).read_text(encoding="utf-8")
    assert fill(page, ROOT / "docs" / "results", language) == page
