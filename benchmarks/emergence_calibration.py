"""How often the emergence study's statistics are right, on simulated ladders whose truth is known.

    python -m benchmarks.emergence_calibration

Smooth truths (constant, lines, power laws, logistics of two decades and more) must hardly ever be called sharp; rises of
half a decade must be found; intervals must cover. Noise is as measured on the circuits (seeds of copy, recall, knowledge): a part
that is always there, and a part that grows towards the middle of the rise, where seeds differ most. Parity by attention
has three times as much in the middle; power is given for that too. Nothing is trained.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import write_result
from upwell.emergence.statistics.families import WIDTH_OF_LOGISTIC
from upwell.emergence.statistics.intervals import mean_intervals
from upwell.emergence.statistics.sharpness import assess

Array = NDArray[np.float64]

DESIGNS = {"standard": (8, 5), "quick": (6, 3)}
"""Rungs and seeds."""
NOISE = {"base": 0.01, "middle": 0.06}
"""Standard deviation of a run's continuous score at the ends and in the middle of its rise."""
WIDE_MIDDLE = 0.2
"""The same in the middle of the rise of the ability whose seeds differ most."""
ITEMS = 1024
POWER_WIDTH = 0.5
REPLICATES = 199


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ladders", type=int, default=1000)
    arguments = parser.parse_args()
    started = time.perf_counter()
    figures: dict[str, Any] = {"ladders": arguments.ladders, "replicates": REPLICATES, "noise": NOISE}
    for design in DESIGNS:
        figures[f"smooth_called_sharp_{design}"] = smooth_truths(design, arguments.ladders)
        figures[f"sharp_{design}"] = sharp_truths(design, arguments.ladders // 4)
        figures[f"sharp_{design}_wide_noise"] = sharp_truths(design, arguments.ladders // 4, middle=WIDE_MIDDLE)
        print(design, figures[f"smooth_called_sharp_{design}"], figures[f"sharp_{design}"], flush=True)
    figures["coverage_of_means"] = {
        f"{seeds} seeds, {kind}": coverage(seeds, kind)
        for seeds in (3, 5, 8)
        for kind in ("even noise", "measured noise")
    }
    print(figures["coverage_of_means"])
    figures["seconds"] = time.perf_counter() - started
    print(write_result("emergence_calibration", figures))


def rungs(design: str) -> tuple[Array, int]:
    """log10 sizes of the circuits' range, and seeds."""
    number, seeds = DESIGNS[design]
    return np.linspace(np.log10(1_500), np.log10(150_000), number), seeds


def runs(truth: Array, seeds: int, rng: np.random.Generator, *, middle: float = NOISE["middle"]) -> list[Array]:
    """Scores of the seeds on each rung; the noise is largest where the truth is halfway up its own range."""
    span = max(truth.max() - truth.min(), 1e-9)
    share = (truth - truth.min()) / span * min(1.0, span / 0.5)
    deviation = NOISE["base"] + middle * 4 * share * (1 - share)
    return [t + rng.standard_normal(seeds) * d for t, d in zip(truth, deviation, strict=True)]


def logistic(x: Array, centre: float, width: float) -> Array:
    return 1 / (1 + np.exp(-(x - centre) * WIDTH_OF_LOGISTIC / width))


def smooth_truth(x: Array, rng: np.random.Generator) -> tuple[str, Array]:
    """One of four kinds of smooth curve between 0 and 1, at random."""
    low, high = sorted(rng.uniform(0, 1, 2))
    place = (x - x[0]) / (x[-1] - x[0])
    kind = ("constant", "line", "power law", "wide logistic")[rng.integers(4)]
    if kind == "constant":
        return kind, np.full(len(x), low)
    if kind == "line":
        return kind, low + (high - low) * place
    if kind == "power law":
        exponent = rng.uniform(0.1, 1.0) * rng.choice([-1, 1])
        curve = (10 ** (-exponent * (x - x[0])) - 1) / (10 ** (-exponent * (x[-1] - x[0])) - 1)
        return kind, low + (high - low) * curve
    return kind, logistic(x, rng.uniform(x[0], x[-1]), rng.uniform(2, 4))


def smooth_truths(design: str, ladders: int) -> dict[str, Any]:
    """Share of ladders with a smooth truth that are called sharp, and called smooth, in all and by kind."""
    x, seeds = rungs(design)
    rng = np.random.default_rng(1)
    called: dict[str, list[tuple[bool, bool]]] = {}
    for _ in range(ladders):
        kind, truth = smooth_truth(x, rng)
        shape = assess(x, runs(truth, seeds, rng), item_variance=0.1 / ITEMS, rng=rng, replicates=REPLICATES)
        called.setdefault(kind, []).append((shape.is_sharp(shape.p_value), shape.is_smooth()))
    every = np.array([pair for pairs in called.values() for pair in pairs])
    return {
        "sharp": float(every[:, 0].mean()),
        "sharp_by_kind": {kind: float(np.mean([p[0] for p in pairs])) for kind, pairs in sorted(called.items())},
        "smooth": float(every[:, 1].mean()),
    }


def sharp_truths(design: str, ladders: int, *, middle: float = NOISE["middle"]) -> dict[str, float]:
    """Power at half a decade, share called smooth, and coverage of the width's interval there and at one decade."""
    x, seeds = rungs(design)
    rng = np.random.default_rng(2)
    found: dict[str, float] = {}
    for width in (POWER_WIDTH, 1.0):
        sharp, smooth, covered = [], [], []
        for _ in range(ladders):
            centre = rng.uniform(x[0] + 0.3 * (x[-1] - x[0]), x[0] + 0.7 * (x[-1] - x[0]))
            values = runs(logistic(x, centre, width), seeds, rng, middle=middle)
            shape = assess(x, values, item_variance=0.1 / ITEMS, rng=rng, replicates=REPLICATES)
            sharp.append(shape.is_sharp(shape.p_value))
            smooth.append(shape.is_smooth())
            covered.append(shape.width_low <= width <= shape.width_high)
        found[f"called_sharp_at_{width:g}"] = float(np.mean(sharp))
        found[f"called_smooth_at_{width:g}"] = float(np.mean(smooth))
        found[f"width_covered_at_{width:g}"] = float(np.mean(covered))
    return found


def coverage(seeds: int, kind: str, ladders: int = 1000) -> float:
    """Share of rungs whose interval covers the true mean; eight rungs, a rise of half a decade."""
    rng = np.random.default_rng(3)
    x, _ = rungs("standard")
    hits = []
    for _ in range(ladders):
        truth = logistic(x, rng.uniform(3.8, 4.6), POWER_WIDTH)
        values = (
            runs(truth, seeds, rng)
            if kind == "measured noise"
            else [t + rng.standard_normal(seeds) * 0.03 for t in truth]
        )
        _, low, high = mean_intervals(values, floor=1e-8)
        hits.append((low <= truth) & (truth <= high))
    return float(np.mean(hits))


if __name__ == "__main__":
    main()
