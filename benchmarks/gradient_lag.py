"""How far back a gradient reaches: the norm of d loss_T / d input_{T-k} against the lag k, for each mixer.

Run from anywhere, about 12 s on one core:

    python benchmarks/gradient_lag.py

writes docs/results/gradient_lag.json and docs/images/gradient_lag.svg and .png. docs/learning.md explains what is seen.

One mixer alone, without the residual stream around it, reads Gaussian inputs of variance 1 (what RMSNorm hands to a
mixer). The loss is the cross-entropy of a random head at the last position. All is in float64 (but minGRU's scan, always
float32), because the gradients of interest are far below what float32 can add up.

Shapes: B sequences, T tokens, D width, V classes.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib
import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from report import write_result
from torch import Tensor

from upwell.model.mixers import GRU, LSTM, RNN, Attention, MinGRU, Mixer

WIDTH, LENGTH, SEQUENCES, CLASSES = 64, 256, 16, 64
SEEDS = 20
LAGS = 201
FALL = 1e-3
"""The relative norm whose first lag is reported."""
FLOOR = 1e-12
"""Lower edge of the pictures; float32 rounds away anything below 6e-8 of what it is added to."""
REPORTED_LAGS = (10, 50, 100, 200)
IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"

INK, GRAY, GRID = "#222222", "#767676", "#E4E4E4"
# Okabe & Ito's colours, which stay apart for colour-blind eyes, with the yellow left out: too pale on white.
BLACK, ORANGE, SKY, GREEN = "#222222", "#E69F00", "#56B4E9", "#009E73"
BLUE, RED, PURPLE = "#0072B2", "#D55E00", "#CC79A7"


def scaled_rnn(scale: float) -> RNN:
    """A tanh RNN whose recurrent matrix is a rotation times `scale`, so of spectral radius `scale`."""
    mixer = RNN(WIDTH)
    mixer.reset_parameters()
    mixer.recurrent_weight.data.mul_(scale)
    return mixer


def biased_lstm(bias: float) -> LSTM:
    """An LSTM whose forget gates start at sigmoid(bias)."""
    mixer = LSTM(WIDTH)
    mixer.reset_parameters()
    mixer.bias.data[WIDTH : 2 * WIDTH] = bias
    return mixer


def as_upwell(name: str) -> Mixer:
    """The mixer as a network starts with it."""
    mixer = MIXERS[name]()
    mixer.reset_parameters()
    return mixer


MIXERS: dict[str, Callable[[], Mixer]] = {
    "rnn": lambda: RNN(WIDTH),
    "rnn (relu)": lambda: RNN(WIDTH, nonlinearity="relu"),
    "lstm": lambda: LSTM(WIDTH),
    "gru": lambda: GRU(WIDTH),
    "mingru": lambda: MinGRU(WIDTH),
    "attention": lambda: Attention(WIDTH, heads=4, kv_heads=4, context=LENGTH),
}
SCALES = (0.5, 1.0, 2.0, 3.0)
BIASES = (0.0, 1.0, 2.0, 4.0)


def gradient_by_lag(make: Callable[[], Mixer], seed: int) -> Tensor:
    """Root mean square over sequences of |d loss_T / d input_{T-k}|, relative to lag 0: (LAGS,)."""
    torch.manual_seed(seed)
    mixer = make().double()
    head = torch.randn(CLASSES, WIDTH, dtype=torch.float64) / math.sqrt(WIDTH)
    x = torch.randn(SEQUENCES, LENGTH, WIDTH, dtype=torch.float64, requires_grad=True)
    targets = torch.randint(CLASSES, (SEQUENCES,))
    y, _ = mixer(x)  # (B, T, D)
    loss = F.cross_entropy(F.linear(y[:, -1], head), targets, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, x)
    norms = gradient.square().sum(-1).mean(0).sqrt().flip(0)[:LAGS]  # newest first
    return norms / norms[0]


def measure(make: Callable[[], Mixer]) -> Tensor:
    """The curves of all seeds: (SEEDS, LAGS)."""
    return torch.stack([gradient_by_lag(make, seed) for seed in range(SEEDS)])


def quartiles(curves: Tensor) -> Tensor:
    """Lower quartile, median and upper quartile over seeds: (3, LAGS)."""
    return torch.quantile(curves, torch.tensor([0.25, 0.5, 0.75], dtype=curves.dtype), dim=0)


def summary(curves: Tensor) -> dict[str, Any]:
    """The figures kept of one setting: the lag of a fall by 10^3 (None: not within reach) and norms at some lags."""
    lags = [_first_below(curve) for curve in curves]
    low, middle, high = quartiles(curves)
    return {
        "lag_of_fall_1000": _or_none(statistics.median_low(lags)),
        "lag_of_fall_1000_lowest": _or_none(min(lags)),
        "lag_of_fall_1000_highest": _or_none(max(lags)),
        "relative_norm": {
            str(lag): {"q1": _rounded(low[lag]), "median": _rounded(middle[lag]), "q3": _rounded(high[lag])}
            for lag in REPORTED_LAGS
        },
    }


def _first_below(curve: Tensor) -> float:
    below = (curve < FALL).nonzero()
    return int(below[0]) if len(below) else math.inf


def _rounded(norm: Tensor) -> float:
    return float(f"{norm.item():.3g}")


def _or_none(lag: float) -> float | None:
    return lag if math.isfinite(lag) else None


def draw(axes: Axes, curves: Tensor, *, color: str, style: str = "-") -> None:
    """Median as a line, quartiles as a band; what lies far outside the frame is left out."""
    bottom, top = axes.get_ylim()
    low, middle, high = quartiles(curves)
    seen = int(((middle > bottom / 100) & (middle < top * 100)).sum())  # curves leave the frame once
    lags = range(seen)
    axes.fill_between(lags, low[:seen].numpy(), high[:seen].numpy(), color=color, alpha=0.18, linewidth=0)
    axes.plot(lags, middle[:seen].numpy(), color=color, linestyle=style, linewidth=1.8)


def label(axes: Axes, text: str, lag: float, norm: float, *, color: str, ha: str = "left", va: str = "bottom") -> None:
    """A curve's name beside it."""
    axes.text(lag, norm, text, color=color, fontweight="bold", ha=ha, va=va)


def frame(axes: Axes, title: str, *, top: float, step: int) -> None:
    """What the three pictures share."""
    axes.set_title(title, loc="left", fontsize=11, color=INK, pad=8)
    axes.set_yscale("log")
    axes.set_xlim(0, LAGS - 1)
    axes.set_ylim(FLOOR, top)
    exponents = range(round(math.log10(FLOOR)), math.floor(math.log10(top)) + 1, step)
    axes.set_yticks([10.0**e for e in exponents], [f"$10^{{{e}}}$" if e else "1" for e in exponents])
    axes.minorticks_off()
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel("lag k in tokens", color=INK)
    axes.set_ylabel("gradient norm, lag 0 = 1", color=INK)
    axes.tick_params(colors=INK, length=0)
    for side in axes.spines.values():
        side.set_color("#B0B0B0")


def picture(mixers: dict[str, Tensor], rotations: dict[float, Tensor], biases: dict[float, Tensor]) -> None:
    """Write the figure as docs/images/gradient_lag.svg and .png."""
    figure = Figure(figsize=(9, 8.4), facecolor="white", layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=[1.15, 1], hspace=0.06, wspace=0.04)
    draw_mixers(figure.add_subplot(grid[0, :]), mixers)
    draw_rotations(figure.add_subplot(grid[1, 0]), rotations)
    draw_biases(figure.add_subplot(grid[1, 1]), biases)
    figure.savefig(IMAGES / "gradient_lag.svg", metadata={"Date": None, "Creator": None})
    figure.savefig(IMAGES / "gradient_lag.png", dpi=130, metadata={"Software": None})


def draw_mixers(axes: Axes, mixers: dict[str, Tensor]) -> None:
    """All mixers at their own initialisation."""
    frame(axes, "Every mixer as Upwell initialises it", top=20, step=3)
    axes.axhline(2**-24, color=GRAY, linewidth=1, linestyle=(0, (1, 2)))
    axes.text(199, 2**-24 * 0.4, "float32 rounds away what is smaller", color=GRAY, fontsize=9, ha="right", va="top")
    names = (  # lag of the label, its height over the curve, side of the point it stands on
        ("rnn", RED, "-", 42, 1.0, "left", "bottom"),
        ("rnn (relu)", RED, "--", 199, 1.6, "right", "bottom"),
        ("lstm", BLUE, "-", 112, 1.0, "left", "bottom"),
        ("gru", GREEN, "-", 86, 1.0, "right", "top"),
        ("mingru", ORANGE, "-", 199, 0.5, "right", "top"),
        ("attention", PURPLE, "-", 199, 1.6, "right", "bottom"),
    )
    for name, color, style, lag, height, ha, va in names:
        draw(axes, mixers[name], color=color, style=style)
        label(axes, name, lag, height * float(quartiles(mixers[name])[1, lag]), color=color, ha=ha, va=va)


def draw_rotations(axes: Axes, rotations: dict[float, Tensor]) -> None:
    """The tanh RNN at four spectral radii."""
    frame(axes, "rnn (tanh): rotation U times the factor shown", top=1e12, step=6)
    names = ((0.5, SKY, 22, "left"), (1.0, RED, 46, "left"), (2.0, GREEN, 160, "left"), (3.0, BLACK, 88, "right"))
    for scale, color, lag, ha in names:
        draw(axes, rotations[scale], color=color)
        gap = 4 if ha == "left" else -4
        height = 3e-2 if scale == 2.0 else 1
        norm = height * float(quartiles(rotations[scale])[1, lag])
        label(axes, f"{scale:g}", lag + gap, norm, color=color, ha=ha, va="top" if scale == 2.0 else "bottom")


def draw_biases(axes: Axes, biases: dict[float, Tensor]) -> None:
    """The LSTM at four initial forget gates, beside the cell path with the gate held at its initial value."""
    frame(axes, "lstm: initial forget bias b as shown", top=1e3, step=3)
    names = ((0.0, SKY, 54, 4, 1), (1.0, BLUE, 108, 4, 1), (2.0, GREEN, 150, 0, 3), (4.0, BLACK, 160, 0, 3))
    for bias, color, lag, gap, height in names:
        draw(axes, biases[bias], color=color)
        held = [(1 / (1 + math.exp(-bias))) ** k for k in range(LAGS)]
        axes.plot(range(LAGS), held, color=color, linewidth=1, linestyle=(0, (4, 3)))
        norm = height * float(quartiles(biases[bias])[1, lag])
        label(axes, f"{bias:g}", lag + gap, norm, color=color)
    axes.text(196, 1e2, "dashed: sigmoid(b) to the power k", color=GRAY, fontsize=9, ha="right", va="center")


def main() -> None:
    """Measure, write the figures and draw the picture."""
    torch.set_num_threads(1)
    mixers = {name: measure(partial(as_upwell, name)) for name in MIXERS}
    rotations = {scale: measure(partial(scaled_rnn, scale)) for scale in SCALES}
    biases = {bias: measure(partial(biased_lstm, bias)) for bias in BIASES}
    kept = {name: summary(curves) for name, curves in mixers.items()}
    figures = {
        "width": WIDTH,
        "length": LENGTH,
        "sequences": SEQUENCES,
        "mixers": kept,
        "rnn_recurrent_scale": {f"{scale:g}": summary(curves) for scale, curves in rotations.items()},
        "lstm_forget_bias": {f"{bias:g}": summary(curves) for bias, curves in biases.items()},
    }
    write_result("gradient_lag", figures, repeats=SEEDS)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "gradient_lag", "mathtext.default": "regular"}):
        picture(mixers, rotations, biases)
    for name, figure in kept.items():
        norm = figure["relative_norm"]["200"]["median"]
        print(f"{name:10}  falls by 10^3 at lag {figure['lag_of_fall_1000'] or 'none'}; at lag 200: {norm:g}")


if __name__ == "__main__":
    main()
