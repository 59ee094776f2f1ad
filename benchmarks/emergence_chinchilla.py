"""Whether the scaling-law fitter finds known parameters: those of Besiroglu et al. 2024, on made-up runs.

    python -m benchmarks.emergence_chinchilla

245 runs with N and D as spread as theirs, losses from L = 1.82 + 482 / N^0.348 + 2085 / D^0.366; once exact, which must
come back within 2%, and once with noise, whose bootstrap intervals should hold the truth. Nothing is trained.
"""

from __future__ import annotations

import time

import numpy as np

from benchmarks.report import write_result
from upwell.emergence.statistics.scaling import fit_scaling_law

TRUTH = {"A": 482.0, "B": 2085.0, "E": 1.82, "alpha": 0.348, "beta": 0.366}
RUNS = 245
NOISE = 0.002
"""Standard deviation of log L."""


def main() -> None:
    rng = np.random.default_rng(0)
    size = 10 ** rng.uniform(7.65, 10.2, RUNS)
    tokens = 10 ** rng.uniform(9, 11.5, RUNS)
    loss = TRUTH["E"] + TRUTH["A"] * size ** -TRUTH["alpha"] + TRUTH["B"] * tokens ** -TRUTH["beta"]
    started = time.perf_counter()
    exact = fit_scaling_law(size, tokens, loss, replicates=0)
    seconds = time.perf_counter() - started
    noisy = fit_scaling_law(size, tokens, loss * np.exp(rng.standard_normal(RUNS) * NOISE), replicates=200)
    figures = {
        "truth": TRUTH,
        "exact": exact.parameters,
        "largest_relative_error": max(abs(exact.parameters[name] / value - 1) for name, value in TRUTH.items()),
        "seconds": seconds,
        "noisy": noisy.parameters,
        "intervals": noisy.intervals,
        "size_exponent": noisy.size_exponent,
        "truth_in_interval": {name: low <= TRUTH[name] <= high for name, (low, high) in noisy.intervals.items()},
    }
    print(figures)
    print(write_result("emergence_chinchilla", figures))


if __name__ == "__main__":
    main()
