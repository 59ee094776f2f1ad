"""Statistics against known truths: curves, intervals, tests, verdicts."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from upwell.emergence.statistics.comparisons import collapse, crossing_size, size_ratio
from upwell.emergence.statistics.families import WIDTH_OF_LOGISTIC, Design, Fitter, families
from upwell.emergence.statistics.forecasts import METHODS, forecasts
from upwell.emergence.statistics.intervals import holm, mean_intervals, moderated_variance, nested_bootstrap, wilson
from upwell.emergence.statistics.mirage import match_by_length, mirage
from upwell.emergence.statistics.seeds import lottery
from upwell.emergence.statistics.sharpness import Sharpness, assess, breakthroughness, linearity
from upwell.emergence.statistics.verdicts import decide

Array = NDArray[np.float64]
X8 = np.linspace(3.2, 5.3, 8)
X5 = np.linspace(3.2, 5.0, 5)


def logistic(x: Array, centre: float, width: float) -> Array:
    return 1 / (1 + np.exp(-(x - centre) * WIDTH_OF_LOGISTIC / width))


def runs(truth: Array, seeds: int, deviation: float, seed: int = 0) -> list[Array]:
    rng = np.random.default_rng(seed)
    return [t + rng.standard_normal(seeds) * deviation for t in truth]


def shape(truth: Array, x: Array = X8, *, seeds: int = 5, deviation: float = 0.02, seed: int = 0) -> Sharpness:
    values = runs(truth, seeds, deviation, seed)
    return assess(x, values, item_variance=1e-4, rng=np.random.default_rng(seed), replicates=199)


@pytest.mark.parametrize("index", range(5))
def test_each_family_fits_its_own_curves_to_the_grid_s_resolution(index: int) -> None:
    design = Design(X8, np.full(8, 3), np.full(8, 0.01))
    fitter = Fitter(design)
    family = families(X8)[index]
    columns = family.columns(X8, family.grid)[len(family.grid) // 2]
    means = (columns @ np.linspace(0.5, 1.0, columns.shape[1]))[None]
    fit = fitter.fit(means, np.zeros(1))[index]
    assert fit.rss[0] < 1e-9
    assert np.allclose(fitter.predict(fit, means, X8), means)


def test_projections_equal_plain_least_squares() -> None:
    rng = np.random.default_rng(0)
    design = Design(X5, np.array([3, 3, 2, 3, 4]), rng.uniform(0.01, 0.1, 5))
    means = rng.standard_normal((4, 5))
    for fit in Fitter(design).fit(means, np.full(4, 0.5)):
        plain = []
        for columns in fit.family.columns(X5, fit.family.grid):
            weighted = columns * design.root_weights[:, None]
            residual = [z - weighted @ np.linalg.lstsq(weighted, z, rcond=None)[0] for z in means * design.root_weights]
            plain.append([float((r**2).sum()) for r in residual])
        assert np.allclose(fit.rss, np.min(plain, axis=0) + 0.5)


def test_predictions_do_not_depend_on_what_else_is_asked() -> None:
    fitter = Fitter(Design(X5, np.full(5, 3), np.full(5, 0.01)))
    means = logistic(X5, 4.1, 0.8)[None]
    for fit in fitter.fit(means, np.zeros(1)):
        assert np.allclose(
            fitter.predict(fit, means, np.array([5.5, 6.0]))[:, 0], fitter.predict(fit, means, np.array([5.5]))[:, 0]
        )


def test_the_broken_power_law_needs_nine_rungs() -> None:
    assert [f.name for f in families(X8)][-1] == "logistic"
    assert [f.name for f in families(np.linspace(3, 6, 9))][-1] == "broken power law"


def test_a_rise_of_half_a_decade_is_sharp_and_its_width_found() -> None:
    found = shape(logistic(X8, 4.2, 0.5))
    assert found.is_sharp(found.p_value) and not found.is_smooth()
    assert found.best_sharp == "logistic" and found.width_low < 0.5 < found.width_high < 1
    assert abs(found.centre - 4.2) < 0.1 and found.rise > 0.9


@pytest.mark.parametrize(
    "truth",
    [0.2 + 0.3 * (X8 - 3.2), np.full(8, 0.4), 1 - 0.8 * 10 ** (-0.4 * (X8 - 3.2))],
    ids=["line", "constant", "power"],
)
def test_smooth_truths_are_not_sharp(truth: Array) -> None:
    found = shape(truth)
    assert not found.is_sharp(found.p_value)
    assert found.best_smooth in ("constant", "line", "power law")


def test_a_line_is_smooth_and_a_falling_step_is_not_sharp() -> None:
    assert shape(0.1 + 0.35 * (X8 - 3.2)).is_smooth()
    falling = shape(1 - logistic(X8, 4.2, 0.4))
    assert falling.rise < 0 and not falling.is_sharp(0.001)


def test_big_bench_measures_of_a_line_and_of_a_step() -> None:
    line, step = np.linspace(0, 1, 8), (np.arange(8) > 3).astype(float)
    assert linearity(line, np.array(0.01)) == pytest.approx(1)
    assert breakthroughness(line, np.array(0.01)) == pytest.approx(1)
    assert linearity(step, np.array(0.01)) == pytest.approx(1 / np.sqrt(7))
    assert breakthroughness(step, np.array(0.01)) == pytest.approx(100 / 7)
    assert linearity(-line, np.array(0.01)) == pytest.approx(-1)


@pytest.mark.parametrize("seeds", [3, 5, 8])
def test_intervals_of_rungs_cover_at_few_seeds(seeds: int) -> None:
    rng = np.random.default_rng(seeds)
    truth, deviation = np.linspace(0.1, 0.9, 8), np.array([1, 1, 2, 6, 6, 2, 1, 1]) * 0.01
    hits = []
    for _ in range(400):
        values = [t + rng.standard_normal(seeds) * d for t, d in zip(truth, deviation, strict=True)]
        _, low, high = mean_intervals(values, floor=1e-8)
        hits.append((low <= truth) & (truth <= high))
    assert 0.92 <= np.mean(hits) <= 0.98


def test_alike_rungs_are_pooled_and_unlike_ones_are_not() -> None:
    rng = np.random.default_rng(1)
    alike = [rng.standard_normal(3) for _ in range(8)]
    unlike = [rng.standard_normal(3) * 10.0 ** -(i % 4) for i in range(8)]
    assert moderated_variance(alike, 0)[1].min() > 8
    assert moderated_variance(unlike, 0)[1].max() < 4


def test_single_runs_have_no_interval() -> None:
    _, low, high = mean_intervals([np.array([0.5]), np.array([0.7])], floor=1e-4)
    assert np.isnan(low).all() and np.isnan(high).all()


def test_holm_and_wilson_are_those_of_the_books() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    interval = stats.binomtest(3, 10).proportion_ci(method="wilson")
    assert wilson(3, 10) == pytest.approx((interval.low, interval.high))


def test_nested_bootstrap_holds_the_mean() -> None:
    rng = np.random.default_rng(0)
    items = (rng.random((12, 300)) < rng.uniform(0.4, 0.6, (12, 1))).astype(float)
    low, high = nested_bootstrap(items, rng, replicates=500)
    assert low < items.mean() < high and 0.02 < high - low < 0.2


def test_all_or_nothing_seeds_are_a_lottery_and_spread_ones_are_not() -> None:
    rng = np.random.default_rng(0)
    split = [np.zeros(3), np.array([0, 0, 0.97]), np.array([0.02, 0.95, 0.99]), np.ones(3)]
    found = lottery(split, 0, 1, rng)
    assert found.is_lottery and found.rungs == [1, 2] and found.polarisation > 0.9 and found.split_bic > 0
    assert [round(s[0], 2) for s in found.success] == [0, 0.33, 0.67, 1]
    spread = [np.zeros(3), np.array([0.2, 0.35, 0.5]), np.array([0.5, 0.6, 0.8]), np.ones(3)]
    assert not lottery(spread, 0, 1, rng).is_lottery
    assert not lottery([np.zeros(3), np.ones(3)], 0, 1, rng).is_lottery


def test_evenly_spread_seeds_are_seldom_called_a_lottery() -> None:
    rng = np.random.default_rng(3)
    called = [
        lottery([rng.random(3), rng.random(3), rng.random(3)], 0, 1, rng, replicates=400).is_lottery for _ in range(150)
    ]
    assert np.mean(called) <= 0.06


def test_mirage_covers_independent_tokens_and_not_a_jump_of_their_own() -> None:
    token = np.array([2.0, 1.0, 0.4, 0.1, 0.02])
    whole, places = np.exp(-5 * token), np.repeat(np.exp(-token)[:, None], 5, 1)
    same = mirage(whole, whole - 0.03, whole + 0.03, whole, places, token)
    assert same.explains and same.from_tokens == pytest.approx(whole) and same.from_curve == pytest.approx(whole)
    jumped, low = np.array([0, 0, 0.9, 1, 1.0]), np.array([0, 0, 0.8, 0.95, 0.95])
    jump = mirage(jumped, low, np.array([0.05, 0.05, 1, 1, 1]), whole, places, token)
    assert jump.covered == pytest.approx(0.6) and not jump.explains
    greedy = mirage(jumped, low, np.ones(5), whole, jumped[:, None] ** np.full(5, 0.2), token)
    assert greedy.explains and 1 <= greedy.effective_length <= 5
    right = np.array([[True, True], [True, False]])
    assert match_by_length(right) == pytest.approx([1, 0.5])


def test_forecasts_of_a_line_are_right_and_every_method_answers() -> None:
    x = np.linspace(3, 5, 6)
    scores, losses = runs(np.linspace(0.2, 0.7, 6), 3, 0.005), runs(np.linspace(2.0, 1.0, 6), 3, 0.005, seed=1)
    found = forecasts(x, scores, losses, item_variance=1e-4, rng=np.random.default_rng(0))
    assert {f.method for f in found} == set(METHODS)
    assert all(0 <= f.forecast <= 1 and np.isfinite(f.z) for f in found)
    line = next(f for f in found if f.method == "line" and f.held_out == 1)
    assert abs(line.error) < 0.03 and abs(line.z) < 4
    last = next(f for f in found if f.method == "last rung" and f.held_out == 1)
    assert last.error == pytest.approx(0.1, abs=0.03)


def test_crossings_and_their_ratio() -> None:
    rng = np.random.default_rng(0)
    one, draws = crossing_size(X8, runs(logistic(X8, 4.0, 0.5), 3, 0.01), 0.5, rng)
    _, later = crossing_size(X8, runs(logistic(X8, 4.5, 0.5), 3, 0.01), 0.5, rng)
    assert one.side == "inside" and one.at == pytest.approx(1e4, rel=0.15)
    assert size_ratio(later, draws).ratio == pytest.approx(10**0.5, rel=0.25)
    never, none = crossing_size(X8, runs(np.zeros(8), 3, 0.01), 0.5, rng)
    assert never.side == "above" and never.at is None and size_ratio(none, draws).ratio is None


def test_collapse_tells_one_curve_from_two() -> None:
    loss = np.linspace(0, 2, 30)
    score = 1 / (1 + np.exp(-(1 - loss) * 5))
    same = collapse({"a": (loss, score), "b": (loss + 0.02, 1 / (1 + np.exp(-(0.98 - loss) * 5)))})
    differ = collapse({"a": (loss, score), "b": (loss, 1 / (1 + np.exp(-(0.5 - loss) * 5)))})
    assert same is not None and differ is not None and collapse({"a": (loss, score)}) is None
    assert same["delta_bic"] < 6 < differ["delta_bic"]


def verdict(
    match: Array, continuous: Array, *, seeds: int = 5, deviation: float = 0.01, whole: Array | None = None
) -> tuple[str, str]:
    """Label and reason for curves of exact match and continuous score over eight rungs."""
    rng = np.random.default_rng(0)
    x = X8[: len(match)]
    matches, scores = (([np.clip(v, 0, 1) for v in runs(t, seeds, deviation)]) for t in (match, continuous))
    _, low, high = mean_intervals(matches, floor=1e-5)
    _, below, _ = mean_intervals(scores, floor=1e-5)
    shapes = [assess(x, v, item_variance=1e-4, rng=rng, replicates=199) for v in (matches, scores)]
    whole = match if whole is None else whole
    check = mirage(match, low, high, whole, np.repeat(whole[:, None], 1, 1), 1 - continuous)
    found = decide(
        match_low=low, match_high=high, continuous_low=below, baseline=0.01, num_seeds=seeds,
        match=shapes[0], match_p=shapes[0].p_value, continuous=shapes[1], continuous_p=shapes[1].p_value,
        mirage=check, lottery=lottery(matches, 0.01, 1, rng), continuous_polarisation=0.5,
    )  # fmt: skip
    return found.label, found.reason


def test_the_five_verdicts() -> None:
    sharp, smooth = logistic(X8, 4.2, 0.5), 0.05 + 0.4 * (X8 - 3.2)
    assert verdict(sharp, sharp) == ("sharp", "both metrics")
    assert verdict(sharp, smooth) == ("metric-induced", "tokens explain")
    assert verdict(smooth, smooth) == ("smooth", "smooth in size")
    assert verdict(sharp, smooth, whole=np.full(8, 0.4)) == ("undetermined", "sharp match unexplained")
    assert verdict(np.full(8, 0.01), np.full(8, 0.02)) == ("undetermined", "not reached")
    assert verdict(np.full(8, 0.99), np.full(8, 0.98)) == ("undetermined", "solved everywhere")
    assert verdict(sharp[:4], sharp[:4]) == ("undetermined", "few rungs")
    assert verdict(sharp, sharp, seeds=2) == ("undetermined", "few seeds")
