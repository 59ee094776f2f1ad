"""How sharply a score rises along a ladder: families compared, bootstrap test, width, and BIG-bench's two measures.

Shapes: R rungs, M replicates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from upwell.emergence.statistics.families import Design, Fits, Fitter

Array = NDArray[np.float64]

DISCREPANCY = 0.01
"""No real curve follows a family exactly: deviations of this size are not held against one (in units of the score)."""
REPLICATES = 1999
BIC_MARGIN = 6.0
"""Strong evidence on the scale of Kass & Raftery 1995."""


@dataclass(frozen=True)
class Sharpness:
    """What the curve families say about one score along one ladder."""

    families: dict[str, dict[str, Any]]
    """By name: parameters, bic, aicc (differences to the best), curve at the rungs."""
    best_smooth: str
    best_sharp: str
    delta_bic: float
    """BIC of the best smooth family less that of the best sharp one; above 0 speaks for the sharp one."""
    delta_aicc: float
    p_value: float
    """Parametric-bootstrap likelihood ratio of sharp against smooth."""
    width: float
    """Decades of size over which the fitted logistic goes from 10% to 90% of its rise."""
    width_low: float
    width_high: float
    """Ends of the 95% interval of the width: 0 where it cannot be told from a step, infinite where it has no upper end."""
    centre: float
    """log10 of the size at the middle of the logistic."""
    rise: float
    """Height of the logistic's rise within the ladder, in units of the score."""
    big_bench: dict[str, Any]
    """linearity and breakthroughness, each over the number of steps, with null quantiles of this very design."""

    def is_sharp(self, p_value: float) -> bool:
        """Whether both criteria, the (adjusted) test and the width's upper end all say so."""
        return (
            self.delta_bic > BIC_MARGIN
            and self.delta_aicc > 0
            and p_value < 0.05
            and self.width_high < 1
            and self.rise > 0
        )

    def is_smooth(self) -> bool:
        """Whether a width below half a decade is excluded, and a smooth family is as good or the width over a decade."""
        prefers = self.delta_bic < 0 and self.delta_aicc < 0
        return (prefers and self.width_low > 0.5) or self.width_low >= 1


def working_variance(values: list[Array], item_variance: float) -> Array:
    """Variance of a run on each rung (R,) for weighing, with the items' and the curves' own error.

    Single rungs have too few seeds for an estimate of their own. Seeds differ most in the middle of a rise, so the
    variance is fitted as a + b (4 s (1 - s))^2, a and b not below 0, with s the mean's place in its range on the ladder.
    """
    from scipy.optimize import nnls

    spread = np.array([np.var(v, ddof=1) if len(v) > 1 else 0.0 for v in values])
    freedom = np.array([len(v) - 1.0 for v in values])
    means = np.array([v.mean() for v in values])
    own_error = item_variance + DISCREPANCY**2
    if not freedom.any():
        return np.full(len(values), own_error)
    place = (means - means.min()) / max(float(np.ptp(means)), 1e-9)
    terms = np.stack([np.ones(len(values)), (4 * place * (1 - place)) ** 2], 1)
    variance = np.full(len(values), (freedom * spread).sum() / freedom.sum())
    for _ in range(5):  # a variance estimate errs in proportion to the variance
        weight = np.sqrt(freedom) / np.maximum(variance, 1e-8)
        variance = terms @ nnls(terms * weight[:, None], spread * weight)[0]
    return np.asarray(variance + own_error)


def assess(
    x: Array,
    values: list[Array],
    *,
    item_variance: float,
    rng: np.random.Generator,
    replicates: int = REPLICATES,
) -> Sharpness:
    """Compare smooth with sharp families on the scores `values` of the seeds of each rung at `x` = log10 of size.

    `item_variance` is the variance that a finite number of test items gives a run's score.
    """
    design = Design(x, np.array([len(v) for v in values]), working_variance(values, item_variance))
    fitter = Fitter(design)
    means = np.array([v.mean() for v in values])[None]
    within = np.array(
        [sum(float(((v - v.mean()) ** 2).sum()) / s for v, s in zip(values, design.variance, strict=True))]
    )
    fits = fitter.fit(means, within)
    criteria = {fit.family.name: _criteria(fit, design.num_runs) for fit in fits}
    best = {
        sharp: min((f for f in fits if f.family.sharp == sharp), key=lambda f: criteria[f.family.name])
        for sharp in (False, True)
    }
    smooth, sharp = best[False], best[True]
    simulated = _simulate(fitter, smooth, means, within, rng, replicates)
    observed = _ratio(fits)
    null = _ratio(fitter.fit(*simulated))
    width, low, high, centre, rise = _width(fitter, means, within, design)
    tables = {}
    floors = [min(c[i] for c in criteria.values()) for i in (0, 1)]
    for fit in fits:
        point, linear, _ = fitter.refine(fit, means, within)
        bic, aicc = criteria[fit.family.name]
        tables[fit.family.name] = {
            "sharp": fit.family.sharp,
            "nonlinear": point.tolist(),
            "linear": linear.tolist(),
            "bic": bic - floors[0],
            "aicc": aicc - floors[1] if math.isfinite(aicc) else None,
            "curve": fitter.predict(fit, means, _dense(x))[0].tolist(),
        }
    return Sharpness(
        families=tables,
        best_smooth=smooth.family.name,
        best_sharp=sharp.family.name,
        delta_bic=criteria[smooth.family.name][0] - criteria[sharp.family.name][0],
        delta_aicc=_difference(
            min(criteria[f.family.name][1] for f in fits if not f.family.sharp),
            min(criteria[f.family.name][1] for f in fits if f.family.sharp),
        ),
        p_value=(1 + int((null >= observed[0]).sum())) / (replicates + 1),
        width=width,
        width_low=low,
        width_high=high,
        centre=centre,
        rise=rise,
        big_bench=_big_bench(means[0], simulated[0], np.sqrt(design.variance / design.runs)),
    )


def _dense(x: Array) -> Array:
    return np.linspace(x.min(), x.max(), 61)


def _difference(first: float, second: float) -> float:
    return first - second if math.isfinite(first) and math.isfinite(second) else -math.inf


def _criteria(fit: Fits, runs: int) -> tuple[float, float]:
    """BIC and AICc of a Gaussian model whose common scale is fitted too; AICc is infinite where runs do not suffice."""
    k = fit.family.num_parameters + 1
    deviance = runs * math.log(max(float(fit.rss[0]), 1e-12) / runs)
    room = runs - k - 1
    return k * math.log(runs) + deviance, 2 * k + deviance + (2 * k * (k + 1) / room if room > 0 else math.inf)


def _ratio(fits: list[Fits]) -> Array:
    """(M,) log ratio of the residuals of the best smooth and the best sharp family."""
    smooth, sharp = (np.min([f.rss for f in fits if f.family.sharp == kind], axis=0) for kind in (False, True))
    return np.asarray(np.log(np.maximum(smooth, 1e-12) / np.maximum(sharp, 1e-12)))


def _simulate(
    fitter: Fitter, smooth: Fits, means: Array, within: Array, rng: np.random.Generator, replicates: int
) -> tuple[Array, Array]:
    """Rung means (M, R) and sums of squares inside rungs (M,) of ladders whose truth is the fitted smooth curve."""
    design = fitter.design
    runs, rungs = design.num_runs, len(design.x)
    scale = float(smooth.rss[0]) / max(1, runs - smooth.family.num_parameters)
    curve = fitter.predict(smooth, means, design.x)[0]
    noise = rng.standard_normal((replicates, rungs)) * np.sqrt(scale * design.variance / design.runs)
    inside = scale * rng.chisquare(runs - rungs, replicates) if runs > rungs else np.zeros(replicates)
    return curve + noise, inside


def _width(fitter: Fitter, means: Array, within: Array, design: Design) -> tuple[float, float, float, float, float]:
    """Width of the logistic with its interval by profile likelihood (an F test of one parameter), centre and rise."""
    family = next(f for f in fitter.families if f.name == "logistic")
    widths, profile = fitter.width_profile(means, within)
    best = int(profile.argmin())
    room = max(1, design.num_runs - family.num_parameters)
    # Seeds that agree better than the variances that weigh them, by luck or by the allowance for discrepancy, must not
    # shorten the interval: the scale is at least one.
    limit = profile[best] + float(special.fdtri(1, room, 0.95)) * max(1.0, profile[best] / room)
    inside = profile <= limit
    logs = np.log(widths)
    low, high = 0.0, math.inf
    below = np.flatnonzero(~inside[:best])
    if len(below):
        i = int(below[-1])
        low = math.exp(np.interp(limit, [profile[i + 1], profile[i]], [logs[i + 1], logs[i]]))
    above = np.flatnonzero(~inside[best:])
    if len(above):
        i = best + int(above[0])
        high = math.exp(np.interp(limit, [profile[i - 1], profile[i]], [logs[i - 1], logs[i]]))
    fit = next(f for f in fitter.fit(means, within) if f.family.name == "logistic")
    point, linear, _ = fitter.refine(fit, means, within)
    ends = family.columns(design.x[[0, -1]], point[None])[0, :, 1]
    return float(point[1]), low, high, float(point[0]), float(linear[1] * (ends[1] - ends[0]))


def linearity(means: Array, floor: Array) -> Array:
    """Rise over the root mean square step (Srivastava et al. 2022, appendix B), over the number of steps: a line has 1."""
    steps = np.diff(means, axis=-1)
    return np.asarray(_rise(means) / np.maximum(np.sqrt((steps**2).mean(-1)), floor) / steps.shape[-1])


def breakthroughness(means: Array, floor: Array) -> Array:
    """Rise over the root median square step (Srivastava et al. 2022, appendix B), over the number of steps."""
    steps = np.diff(means, axis=-1)
    return np.asarray(_rise(means) / np.maximum(np.sqrt(np.median(steps**2, axis=-1)), floor) / steps.shape[-1])


def _rise(means: Array) -> Array:
    return np.asarray(np.sign(means.argmax(-1) - means.argmin(-1)) * (means.max(-1) - means.min(-1)))


def _big_bench(means: Array, null: Array, error: Array) -> dict[str, Any]:
    floor = np.sqrt(2 * np.median(error**2))  # the error of a step: a denominator below it measures noise
    found: dict[str, Any] = {}
    for name, measure in (("linearity", linearity), ("breakthroughness", breakthroughness)):
        quantiles = np.quantile(measure(null, floor), [0.05, 0.5, 0.95])
        found[name] = {"value": float(measure(means, floor)), "null": [float(q) for q in quantiles]}
    return found
