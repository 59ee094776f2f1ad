"""What is drawn from the measured default run is what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.default_run import BEGIN, END, fill, loss_curve, seeds_of

ROOT = Path(__file__).resolve().parents[2]


def test_fill_replaces_what_stands_between_the_marks_and_nothing_else() -> None:
    text = f"before\n\n{BEGIN}\n\nold\n\n{END}\nafter\n"
    once = fill(text, "new \\1")
    assert once == f"before\n\n{BEGIN}\n\nnew \\1\n\n{END}\nafter\n"
    assert fill(once, "new \\1") == once


def test_the_loss_curve_is_that_of_the_validations() -> None:
    steps = [{"kind": "step", "seconds": 0.6 * i, "loss": 4.0} for i in range(10)]
    checks = [{"kind": "validation", "seconds": 30.0, "bits_per_byte": 1.5}]
    assert loss_curve([*steps, *checks]) == [[0.5, 1.5]]


def test_the_record_has_all_tasks_of_every_seed() -> None:
    figures = json.loads((ROOT / "docs/results/default_run.json").read_text(encoding="utf-8"))["figures"]
    for run in seeds_of(figures):
        assert len(run["scorecard"]) == 5 and run["samples"]
        assert run["scoring"]["seconds"] / run["seconds"] == pytest.approx(run["scoring_share"], abs=1e-3)
