"""The five verdicts on an ability of one model family, and why; never a bare "emergent"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upwell.emergence.statistics.mirage import Mirage
from upwell.emergence.statistics.seeds import Lottery
from upwell.emergence.statistics.sharpness import Sharpness

Array = NDArray[np.float64]

VERDICTS = ("smooth", "metric-induced", "sharp", "seed-lottery", "undetermined")
MIN_RUNGS = 5
MIN_SEEDS = 3
EVEN_SPREAD = 1 / 3
"""Polarisation of runs spread evenly from floor to ceiling: seeds must differ by more in the continuous score too."""
MARGIN = 0.1
"""How far above the baseline a score must be to count as present."""


@dataclass(frozen=True)
class Verdict:
    """A label, with the reason that decided it as a key of the report's texts."""

    label: str
    reason: str


def decide(
    *,
    match_low: Array,
    match_high: Array,
    continuous_low: Array,
    baseline: float,
    num_seeds: int,
    match: Sharpness,
    match_p: float,
    continuous: Sharpness,
    continuous_p: float,
    mirage: Mirage,
    lottery: Lottery,
    continuous_polarisation: float,
) -> Verdict:
    """The verdict from intervals of exact match (R,) and of the continuous score (R,), tests with adjusted p-values,

    the mirage check, and the spread of the seeds' exact match and of their continuous scores.
    """
    rungs = len(match_low)
    if rungs < MIN_RUNGS:
        return Verdict("undetermined", "few rungs")
    if num_seeds < MIN_SEEDS:
        return Verdict("undetermined", "few seeds")
    present = match_low[-1] > baseline + MARGIN
    learned = continuous_low[-1] > MARGIN
    if lottery.is_lottery and continuous_polarisation > EVEN_SPREAD:
        return Verdict("seed-lottery", "split seeds")
    if not present and not learned:
        return Verdict("undetermined", "not reached")
    if match_low[0] > 0.9:
        return Verdict("undetermined", "solved everywhere")
    sharp_match = present and match.is_sharp(match_p)
    if continuous.is_sharp(continuous_p):
        if continuous_low[0] > 0.5 * continuous_low[-1]:
            return Verdict("undetermined", "no floor")
        return Verdict("sharp", "both metrics" if sharp_match else "continuous metric")
    if sharp_match and mirage.explains:
        return Verdict("metric-induced", "tokens explain")
    if sharp_match:
        return Verdict("undetermined", "sharp match unexplained")
    if continuous.is_smooth():
        return Verdict("smooth", "smooth in size")
    return Verdict("undetermined", "width too uncertain")
