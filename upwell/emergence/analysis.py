"""From the files of a ladder to its report: every number of the report, and nothing that needs training."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from upwell.emergence.audit import audit
from upwell.emergence.measures import Scores, first_of_all_that_follow
from upwell.emergence.statistics.comparisons import collapse, crossing_size, size_ratio
from upwell.emergence.statistics.forecasts import forecasts
from upwell.emergence.statistics.intervals import MIN_SEEDS_BOOTSTRAP, holm, mean_intervals, nested_bootstrap
from upwell.emergence.statistics.mirage import match_by_length, mirage
from upwell.emergence.statistics.scaling import fit_scaling_law
from upwell.emergence.statistics.seeds import lottery
from upwell.emergence.statistics.sharpness import REPLICATES, Sharpness, assess
from upwell.emergence.statistics.verdicts import MARGIN, decide

if TYPE_CHECKING:
    from upwell.emergence.study import Study, Subject

Array = NDArray[np.float64]
PRESENT = 0.5
"""Exact match at which an ability counts as crossed, in the heat map and in the family contrast."""


@dataclass(frozen=True)
class Rung:
    """The runs of one size: figures, arrays and scores, seed by seed."""

    size: int
    figures: list[dict[str, Any]]
    arrays: list[dict[str, NDArray[Any]]]
    scores: list[Scores]
    places: list[Array]
    """(K,) share of first choices at each place of the answer, for each seed."""

    def values(self, name: str) -> Array:
        """(S,) one score of every seed."""
        return np.array([getattr(s, name) for s in self.scores])

    @property
    def log_size(self) -> float:
        """log10 of the parameters of the blocks."""
        return math.log10(self.figures[0]["non_embedding"])


def analyse(ladder: Study, *, sitting: float = 0.0, seed: int = 0) -> dict[str, Any]:
    """The whole report as JSON values; `sitting` is the seconds of computing in this sitting."""
    rng = np.random.default_rng(seed)
    runs: dict[tuple[str, str], list[Rung]] = {}
    abilities: dict[str, Any] = {}
    subjects = ladder.subjects()
    for subject in subjects:
        for model in ladder.models:
            runs[subject.name, model] = [_rung(size, model, ladder, subject) for size in ladder.sizes]
        steps = ladder.evaluation_steps(subject)
        families = {model: _measured(runs[subject.name, model], steps, rng) for model in ladder.models}
        for family in families.values():
            family["appears"] = _appears(family, subject.baseline)
        abilities[subject.name] = {
            "doc": subject.doc,
            "chance": subject.chance,
            "baseline": subject.baseline,
            "reference_nll": subject.reference_nll,
            "answer_tokens": subject.answer_tokens,
            "favours": subject.favours,
            "families": families,
        }
    _judge(abilities, runs, rng)
    for subject in subjects:
        entry = abilities[subject.name]
        entry["contrast"] = _contrast({m: runs[subject.name, m] for m in ladder.models}, rng)
        entry["collapse"] = collapse({m: _points(runs[subject.name, m]) for m in ladder.models})
    return {
        "format": 1,
        "ladder": ladder.settings(),
        "replicates": REPLICATES,
        "abilities": abilities,
        "audit": audit(ladder, subjects, sitting=sitting),
    }


def _rung(size: int, model: str, ladder: Study, subject: Subject) -> Rung:
    loaded = [ladder.results(subject, job) for job in ladder.runs_of(subject.topic, model, size)]
    arrays = [found for _, found in loaded]
    return Rung(
        size,
        [figures for figures, _ in loaded],
        arrays,
        [ladder.score(subject, found) for found in arrays],
        [ladder.places(subject, found) for found in arrays],
    )


def _appears(family: dict[str, Any], baseline: float) -> int | None:
    """Parameters from which on the exact match is above the baseline: its mean by MARGIN, its interval wholly."""
    match = family["scores"]["match"]
    above = [
        mean > baseline + MARGIN and (low is None or low > baseline)  # of one seed there is no interval
        for low, mean in zip(match["low"], match["mean"], strict=True)
    ]
    sizes: list[int] = family["non_embedding"]
    first = first_of_all_that_follow(above)
    return None if first is None else sizes[first]


def _measured(rungs: list[Rung], steps: list[int], rng: np.random.Generator) -> dict[str, Any]:
    """What was measured, before any curve: per rung the seeds' scores with intervals; the way there."""
    tables: dict[str, Any] = {}
    for name in ("match", "tokens", "whole", "continuous", "similarity", "nll"):
        values = [rung.values(name) for rung in rungs]
        mean, low, high = _intervals(name, values, rungs, rng)
        tables[name] = {
            "mean": _list(mean),
            "low": _list(low),
            "high": _list(high),
            "seeds": [_list(v) for v in values],
        }
    return {
        "sizes": [rung.size for rung in rungs],
        "non_embedding": [rung.figures[0]["non_embedding"] for rung in rungs],
        "total": [rung.figures[0]["total"] for rung in rungs],
        "width": [rung.figures[0]["width"] for rung in rungs],
        "flops": [float(np.mean([f["flops"] for f in rung.figures])) for rung in rungs],
        "scores": tables,
        "by_length": [_list(np.mean([match_by_length(a["right"]) for a in rung.arrays], axis=0)) for rung in rungs],
        "way": _way(rungs, steps),
    }


def _intervals(
    name: str, values: list[Array], rungs: list[Rung], rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    floor = {"match": "match_variance", "continuous": "continuous_variance"}.get(name)
    item_variance = float(np.mean([r.values(floor).mean() for r in rungs])) if floor else 1e-8
    mean, low, high = mean_intervals(values, floor=max(item_variance, 1e-8))
    if name == "match" and min(len(v) for v in values) >= MIN_SEEDS_BOOTSTRAP:
        ends = [nested_bootstrap(np.stack([a["right"].all(1) for a in r.arrays]).astype(float), rng) for r in rungs]
        low, high = (np.array(part) for part in zip(*ends, strict=True))
    if name != "nll":
        low, high = np.clip(low, 0, 1), np.clip(high, 0, 1)
    return mean, low, high


def _way(rungs: list[Rung], steps: list[int]) -> dict[str, Any]:
    """Exact match over steps and sizes, the mean of the seeds; a run that was solved and stopped keeps its score."""
    table, first = [], []
    for rung in rungs:
        rows = []
        for arrays in rung.arrays:
            match = arrays["check_right"].all(2).mean(1)
            rows.append(np.concatenate([match, np.repeat(match[-1], len(steps) - len(match))]))
        mean = np.mean(rows, axis=0)
        table.append(_list(mean))
        crossed = np.flatnonzero(mean >= PRESENT)
        first.append(steps[crossed[0]] if len(crossed) else None)
    return {"steps": steps, "match": table, "first_crossing": first}


def _judge(abilities: dict[str, Any], runs: dict[tuple[str, str], list[Rung]], rng: np.random.Generator) -> None:
    """Fit curves, test them, correct for the number of tests, and decide; adds to `abilities` in place."""
    shapes: dict[tuple[str, str, str], Sharpness] = {}
    for (ability, model), rungs in runs.items():
        x = np.array([rung.log_size for rung in rungs])
        for name in ("match", "continuous"):
            item_variance = float(np.mean([r.values(f"{name}_variance").mean() for r in rungs]))
            values = [rung.values(name) for rung in rungs]
            shapes[ability, model, name] = assess(x, values, item_variance=item_variance, rng=rng)
    adjusted = dict(zip(shapes, holm([shape.p_value for shape in shapes.values()]), strict=True))
    for (ability, model), rungs in runs.items():
        entry = abilities[ability]["families"][model]
        x = np.array([rung.log_size for rung in rungs])
        match, continuous = (shapes[ability, model, name] for name in ("match", "continuous"))
        values = [rung.values("match") for rung in rungs]
        spread = lottery(values, abilities[ability]["baseline"], max(float(np.max(v)) for v in values), rng)
        below = [rung.values("continuous") for rung in rungs]
        behind = lottery(below, min(float(v.mean()) for v in below), max(float(np.max(v)) for v in below), rng)
        scores = entry["scores"]
        reference = abilities[ability]["reference_nll"]
        smooth = np.interp(x, np.linspace(x[0], x[-1], 61), continuous.families[continuous.best_smooth]["curve"])
        check = mirage(
            np.array(scores["match"]["mean"], float),
            np.array(scores["match"]["low"], float),
            np.array(scores["match"]["high"], float),
            np.array(scores["whole"]["mean"], float),
            np.array([np.mean(rung.places, axis=0) for rung in rungs]),
            reference * (1 - smooth),
        )
        verdict = decide(
            match_low=np.array(scores["match"]["low"], float),
            match_high=np.array(scores["match"]["high"], float),
            continuous_low=np.array(scores["continuous"]["low"], float),
            baseline=abilities[ability]["baseline"],
            num_seeds=min(len(rung.scores) for rung in rungs),
            match=match,
            match_p=adjusted[ability, model, "match"],
            continuous=continuous,
            continuous_p=adjusted[ability, model, "continuous"],
            mirage=check,
            lottery=spread,
            continuous_polarisation=behind.polarisation,
        )
        item_variance = float(np.mean([rung.values("match_variance").mean() for rung in rungs]))
        ahead = forecasts(x, values, [rung.values("nll") for rung in rungs], item_variance=item_variance, rng=rng)
        entry |= {
            "verdict": dataclasses.asdict(verdict),
            "shapes": {
                name: {**_plain(shape), "adjusted_p": adjusted[ability, model, name]}
                for name, shape in (("match", match), ("continuous", continuous))
            },
            "mirage": {**dataclasses.asdict(check), "explains": check.explains},
            "lottery": {**_plain(spread), "continuous_polarisation": _finite(behind.polarisation)},
            "forecasts": [{**dataclasses.asdict(f), "error": f.error, "z": f.z} for f in ahead],
            "law": _law(rungs, reference) if verdict.label == "smooth" else None,
        }


def _law(rungs: list[Rung], reference: float) -> dict[str, Any]:
    """L(N, D) over all evaluations of all runs, D in rows read, with N counted in both ways."""
    found: dict[str, Any] = {}
    for count in ("non_embedding", "total"):
        size, rows, loss, group = [], [], [], []
        for number, (figures, arrays) in enumerate(
            (f, a) for rung in rungs for f, a in zip(rung.figures, rung.arrays, strict=True)
        ):
            per_row = figures["tokens"] / figures["steps"]
            for step, nll in zip(arrays["steps"], arrays["check_nll"].astype(float).mean((1, 2)), strict=True):
                if nll < 0.95 * reference:  # before anything is learned the law has nothing to say
                    size.append(figures[count])
                    rows.append(step * per_row)
                    loss.append(max(nll, 1e-3))
                    group.append(number)
        if len(set(group)) < 6:
            return {}
        law = fit_scaling_law(
            np.array(size, float), np.array(rows, float), np.array(loss), groups=np.array(group), replicates=100
        )
        found[count] = {"parameters": law.parameters, "intervals": law.intervals, "size_exponent": law.size_exponent}
    return found


def _contrast(rungs: dict[str, list[Rung]], rng: np.random.Generator) -> dict[str, Any]:
    """Size at which each family passes half, with its interval, and the ratio of sizes between each two families."""
    draws = {
        model: crossing_size(
            np.array([rung.log_size for rung in ladder]), [rung.values("match") for rung in ladder], PRESENT, rng
        )
        for model, ladder in rungs.items()
    }
    sizes = {model: dataclasses.asdict(crossing) for model, (crossing, _) in draws.items()}
    pairs = []
    models = list(draws)
    for index, first in enumerate(models):
        for second in models[index + 1 :]:
            ratio = size_ratio(draws[first][1], draws[second][1])
            pairs.append({"first": first, "second": second, **dataclasses.asdict(ratio)})
    return {"crossing": sizes, "ratios": pairs}


def _points(rungs: list[Rung]) -> tuple[Array, Array]:
    """NLL and exact match of all runs of a family."""
    return np.concatenate([r.values("nll") for r in rungs]), np.concatenate([r.values("match") for r in rungs])


def _plain(value: Any) -> dict[str, Any]:
    """A dataclass as JSON values: no infinity, no NaN."""
    return {name: _finite(part) for name, part in dataclasses.asdict(value).items()}


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return value


def _list(values: Any) -> list[float | None]:
    return [float(v) if math.isfinite(v) else None for v in values]
