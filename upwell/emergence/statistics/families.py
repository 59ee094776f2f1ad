"""Families of curves over log10 of size, fitted to many data sets at once.

Every family is linear in some parameters and not in one to four others. For each point of a grid over the others the
best linear ones are a projection (variable projection, Golub & Pereyra 1973), so the residuals of thousands of data sets
are one matrix product, and a bootstrap of a whole ladder takes milliseconds.

Shapes: R rungs, G grid points, P linear parameters, M data sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WIDTH_OF_LOGISTIC = 4.394449154672439
"""2 ln 9: distance from 10% to 90% of a logistic function of unit scale."""
MIN_RUNGS_BROKEN = 9
"""Distinct rungs that the broken power law needs."""


@dataclass(frozen=True)
class Family:
    """A shape of curve: its parameters, and its columns at each point of a grid."""

    name: str
    sharp: bool
    """Whether it can bend or step at a place of its own."""
    num_parameters: int
    """Parameters of the mean, k of the information criteria."""
    grid: Array
    """(G, Q) values of the parameters that are not linear."""

    def columns(self, x: Array, grid: Array) -> Array:
        """(G, R, P) the functions that are combined linearly, at `x` (R,)."""
        one = np.ones((len(grid), len(x)))
        if self.name == "constant":
            return one[..., None]
        line = np.broadcast_to(x, one.shape)
        if self.name == "line":
            return np.stack([one, line], -1)
        if self.name == "power law":
            return np.stack([one, 10 ** (-grid * (x - x.mean()))], -1)
        if self.name == "hinge":
            return np.stack([one, line, np.maximum(0, x - grid)], -1)
        if self.name == "logistic":
            z = (x - grid[:, :1]) * (WIDTH_OF_LOGISTIC / grid[:, 1:])
            return np.stack([one, 0.5 * (1 + np.tanh(z / 2))], -1)
        before, place, sharpness, after = (part[:, None] for part in grid.T)
        bend = np.logaddexp(0, np.log(10) * (x - place) / sharpness)
        return np.stack([one, np.exp(-np.log(10) * before * (x - x.mean()) - after * sharpness * bend)], -1)


def families(x: Array) -> list[Family]:
    """The families that a ladder with rungs at `x` = log10 of size may be described by, smooth ones first.

    constant; line; power law y = E - A N^-a (a < 0: a convex rise, at most linear in N); hinge, two lines that meet;
    logistic with free ends; from nine rungs the broken power law of Caballero et al. 2022 with one break.
    """
    low, high = float(x.min()), float(x.max())
    span = high - low
    exponents = np.geomspace(0.03, 1, 24)
    inner = np.linspace(low, high, 66)[1:-1]
    centres = np.linspace(low - 0.1 * span, high + 0.1 * span, 61)
    widths = np.geomspace(0.1, 4 * span, 36)
    none = np.zeros((1, 0))
    found = [
        Family("constant", False, 1, none),
        Family("line", False, 2, none),
        Family("power law", False, 3, np.concatenate([-exponents, exponents, exponents[-6:] * 2])[:, None]),
        Family("hinge", True, 4, inner[:, None]),
        Family("logistic", True, 4, _product(centres, widths)),
    ]
    if len(np.unique(x)) >= MIN_RUNGS_BROKEN:
        slopes = np.concatenate([-np.geomspace(0.05, 2, 7), [0], np.geomspace(0.05, 2, 7)])
        grid = _product(np.linspace(-0.5, 0.5, 7), np.linspace(low, high, 14), np.geomspace(0.05, 1, 5), slopes)
        found.append(Family("broken power law", True, 6, grid))
    return found


def _product(*axes: Array) -> Array:
    return np.stack([part.ravel() for part in np.meshgrid(*axes, indexing="ij")], 1)


@dataclass(frozen=True)
class Design:
    """What a ladder looks like before it is run: rungs, runs on each, and how noisy each is relative to the others."""

    x: Array
    """(R,) log10 of size."""
    runs: NDArray[np.int64]
    """(R,) runs (seeds) on each rung."""
    variance: Array
    """(R,) variance of one run's score, up to a common factor."""

    @property
    def num_runs(self) -> int:
        """Runs in all, n of the information criteria."""
        return int(self.runs.sum())

    @property
    def root_weights(self) -> Array:
        """(R,) square roots of the weights of the rung means."""
        return np.sqrt(self.runs / self.variance)


@dataclass(frozen=True)
class Fits:
    """One family fitted to M data sets."""

    family: Family
    rss: Array
    """(M,) weighted sum of squares of runs about the best curve, spread inside rungs included."""
    best: NDArray[np.int64]
    """(M,) index of the best grid point."""


class Fitter:
    """Fits families to data sets that share one design; projections are prepared once."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.families = families(design.x)
        self._bases = [_orthonormal(f.columns(design.x, f.grid) * design.root_weights[:, None]) for f in self.families]

    def fit(self, means: Array, within: Array) -> list[Fits]:
        """Every family fitted to rung means (M, R) with weighted sums of squares inside rungs (M,)."""
        z = means * self.design.root_weights
        total = (z**2).sum(1)
        fits = []
        for family, basis in zip(self.families, self._bases, strict=True):
            explained = self._explained(basis, z)
            best = explained.argmax(1)
            between = np.maximum(0.0, total - explained[np.arange(len(z)), best])
            fits.append(Fits(family, between + within, best))
        return fits

    def width_profile(self, means: Array, within: Array) -> tuple[Array, Array]:
        """For one data set: widths of the logistic (W,), and at each the least sum of squares over all centres (W,).

        The centre is found off the grid, by zooming in: at little noise the grid's own error would be all one sees.
        """
        index = [family.name for family in self.families].index("logistic")
        family = self.families[index]
        low, high = family.grid[:, 1].min(), family.grid[:, 1].max()
        widths = np.geomspace(low, high, 96)
        centres, step = np.unique(family.grid[:, 0]), float(np.ptp(family.grid[:, 0])) / 60
        z = means[:1] * self.design.root_weights
        total = float((z**2).sum() + within[0])
        trial = np.broadcast_to(centres, (len(widths), len(centres)))
        for _ in range(5):
            grid = np.stack([trial, np.broadcast_to(widths[:, None], trial.shape)], -1).reshape(-1, 2)
            basis = _orthonormal(family.columns(self.design.x, grid) * self.design.root_weights[:, None])
            explained = self._explained(basis, z)[0].reshape(trial.shape)
            best = explained.argmax(1)
            found = trial[np.arange(len(widths)), best]
            trial = found[:, None] + np.linspace(-step, step, 11)
            step /= 4
        return widths, np.maximum(0.0, total - within[0] - explained.max(1)) + within[0]

    @staticmethod
    def _explained(basis: Array, z: Array) -> Array:
        grid, rungs, parameters = basis.shape
        projected = z @ basis.transpose(1, 2, 0).reshape(rungs, parameters * grid)  # (M, P G)
        return np.asarray((projected**2).reshape(len(z), parameters, grid).sum(1))

    def coefficients(self, fits: Fits, means: Array) -> Array:
        """(M, P) the linear parameters of the best curves."""
        columns = fits.family.columns(self.design.x, fits.family.grid)[fits.best]  # (M, R, P)
        return self._solve(columns, means)

    def _solve(self, columns: Array, means: Array) -> Array:
        weighted = columns * self.design.root_weights[:, None]
        return np.stack(
            [
                np.linalg.lstsq(a, b, rcond=None)[0]
                for a, b in zip(weighted, means * self.design.root_weights, strict=True)
            ]
        )

    def predict(self, fits: Fits, means: Array, x: Array) -> Array:
        """(M, X) the best curves at `x` (X,)."""
        centre = self.design.x
        shifted = np.concatenate([centre, np.atleast_1d(x)])
        # Families measure some of their columns from the mean of the rungs; it must stay where it was in the fit.
        columns = _columns_about(fits.family, shifted, fits.family.grid[fits.best], centre.mean())
        found = self._solve(columns[:, : len(centre)], means)
        return np.asarray(np.einsum("mxp,mp->mx", columns[:, len(centre) :], found))

    def refine(self, fits: Fits, means: Array, within: Array) -> tuple[Array, Array, float]:
        """For one data set: the parameters off the grid, nonlinear (Q,) and linear (P,), and the sum of squares."""
        from scipy.optimize import minimize

        family, start = fits.family, fits.family.grid[fits.best[0]]

        def rss(point: Array) -> float:
            basis = _orthonormal(family.columns(self.design.x, point[None]) * self.design.root_weights[:, None])
            z = means[:1] * self.design.root_weights
            return float(np.maximum(0, (z**2).sum(1) - self._explained(basis, z)[:, 0])[0] + within[0])

        point, value = start, rss(start)
        if len(start):
            low, high = family.grid.min(0), family.grid.max(0)
            found: Any = minimize(rss, start, method="Nelder-Mead", bounds=list(zip(low, high, strict=True)))
            if found.fun < value:
                point, value = found.x, float(found.fun)
        return point, self._solve(family.columns(self.design.x, point[None]), means[:1])[0], value


def _columns_about(family: Family, x: Array, grid: Array, centre: float) -> Array:
    """`family.columns` with its origin at `centre` rather than at the mean of `x`."""
    if family.name not in ("power law", "broken power law"):
        return np.asarray(family.columns(x, grid))
    balanced = np.append(x, len(x) * centre + centre - x.sum())  # one more point makes `centre` the mean
    return family.columns(balanced, grid)[:, :-1]


def _orthonormal(columns: Array) -> Array:
    """Orthonormal columns spanning the same spaces (G, R, P); a column that adds nothing becomes zero."""
    done: list[Array] = []
    for index in range(columns.shape[-1]):
        column = columns[..., index]
        size = np.linalg.norm(column, axis=1, keepdims=True)
        for _ in range(2):  # twice is enough (Giraud et al. 2005)
            for other in done:
                column = column - (column * other).sum(1, keepdims=True) * other
        norm = np.linalg.norm(column, axis=1, keepdims=True)
        done.append(np.where(norm > 1e-9 * size, column / np.maximum(norm, 1e-300), 0.0))
    return np.stack(done, -1)
