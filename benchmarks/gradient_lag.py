"""How far back a gradient reaches: the norm of d loss_T / d input_{T-k} against the lag k, for each mixer.

Run from anywhere, about 20 s on one core:

    python benchmarks/gradient_lag.py

writes docs/results/gradient_lag.json and docs/images/gradient_lag.svg and .png. docs/learning.md explains what is seen.

One mixer alone, without the residual stream around it, reads Gaussian inputs of variance 1 (what RMSNorm hands to a
mixer). The loss is the cross-entropy of a random head at the last position. Everything is in float64, because the
gradients of interest are far below what float32 can add up.

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
from report import write_result
from torch import Tensor

from upwell.model.mixers import GRU, LSTM, RNN, Attention, MinGRU, Mixer

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

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
BLACK, ORANGE, SKY, GREEN, BLUE, RED, PURPLE = "#222222 #E69F00 #56B4E9 #009E73 #0072B2 #D55E00 #CC79A7".split()


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
        "lag_of_fall_1000": _or_none(statistics.median(lags)),
        "lag_of_fall_1000_lowest": _or_none(min(lags)),
        "lag_of_fall_1000_highest": _or_none(max(lags)),
        "relative_norm": {
            str(lag): {key: float(f"{float(row[lag]):.3g}") for key, row in (("q1", low), ("median", middle), ("q3", high))}
            for lag in REPORTED_LAGS
        },
    }


def _first_below(curve: Tensor) -> float:
    below = (curve < FALL).nonzero()
    return int(below[0]) if len(below) else math.inf


def _or_none(lag: float) -> float | None:
    return lag if math.isfinite(lag) else None


def draw(axes: Axes, curves: Tensor, *, color: str, style: str = "-") -> None:
    """Median as a line, quartiles as a band."""
    low, middle, high = quartiles(curves).clamp_min(1e-300).numpy()
    lags = range(LAGS)
    axes.fill_between(lags, low, high, color=color, alpha=0.18, linewidth=0)
    axes.plot(lags, middle, color=color, linestyle=style, linewidth=1.8)


def label(axes: Axes, text: str, lag: float, norm: float, *, color: str, **options: Any) -> None:
    """A curve's name beside it."""
    axes.text(lag, norm, text, color=color, fontsize=10, fontweight="bold", **options)


def frame(axes: Axes, title: str, *, top: float, step: int) -> None:
    """Axes shared by all three pictures."""
    axes.set_title(title, loc="left", fontsize=11, color=INK, pad=8)
    axes.set_yscale("log")
    axes.set_xlim(0, LAGS - 1)
    axes.set_ylim(FLOOR, top)
    exponents = range(round(math.log10(FLOOR)), round(math.log10(top)) + 1, step)
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
    plt.rcParams.update({"svg.hashsalt": "gradient_lag", "font.size": 10, "mathtext.default": "regular"})
    figure = plt.figure(figsize=(9, 8.4), facecolor="white", layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=[1.15, 1], hspace=0.06, wspace=0.04)

    axes = figure.add_subplot(grid[0, :])
    frame(axes, "Every mixer as Upwell initialises it", top=10, step=3)
    axes.axhline(2**-24, color=GRAY, linewidth=1, linestyle=(0, (1, 2)))
    axes.text(199, 2**-24 * 0.4, "float32 rounds away what is smaller", color=GRAY, fontsize=9, ha="right", va="top")
    looks = {
        "rnn": (RED, "-"),
        "rnn (relu)": (RED, "--"),
        "lstm": (BLUE, "-"),
        "gru": (GREEN, "-"),
        "mingru": (ORANGE, "-"),
        "attention": (PURPLE, "-"),
    }
    for name, (color, style) in looks.items():
        draw(axes, mixers[name], color=color, style=style)
    for name, lag, offset in (("rnn", 40, 1.0), ("gru", 84, 1.0), ("lstm", 110, 1.0)):
        norm = float(quartiles(mixers[name])[1, lag])
        label(axes, name, lag + 2.5, norm * offset, color=looks[name][0], va="bottom")
    for name, factor, where in (("rnn (relu)", 1.5, "bottom"), ("attention", 0.55, "top"), ("mingru", 0.4, "top")):
        norm = float(quartiles(mixers[name])[1, LAGS - 1])
        label(axes, name, 199, norm * factor, color=looks[name][0], ha="right", va=where)

    axes = figure.add_subplot(grid[1, 0])
    frame(axes, "rnn (tanh): the rotation U times a factor", top=1e12, step=6)
    for (scale, curves), color in zip(rotations.items(), (SKY, RED, GREEN, BLACK), strict=True):
        draw(axes, curves, color=color)
    for scale, lag, color, options in (
        (0.5, 14, SKY, {"ha": "right", "va": "top"}),
        (1.0, 45, RED, {"ha": "left", "va": "bottom"}),
        (2.0, 150, GREEN, {"ha": "left", "va": "top"}),
        (3.0, 100, BLACK, {"ha": "right", "va": "bottom"}),
    ):
        norm = float(quartiles(rotations[scale])[1, lag])
        label(axes, f"{scale:g}", lag + (3 if options["ha"] == "left" else -3), norm, color=color, **options)

    axes = figure.add_subplot(grid[1, 1])
    frame(axes, "lstm: the forget gate's initial bias b", top=1e3, step=3)
    for (bias, curves), color in zip(biases.items(), (SKY, BLUE, GREEN, BLACK), strict=True):
        draw(axes, curves, color=color)
        cell_path = [(1 / (1 + math.exp(-bias))) ** lag for lag in range(LAGS)]
        axes.plot(range(LAGS), cell_path, color=color, linewidth=1, linestyle=(0, (4, 3)))
    figure.savefig(IMAGES / "gradient_lag.svg", metadata={"Date": None})
    figure.savefig(IMAGES / "gradient_lag.png", dpi=130, metadata={"Software": None})
    plt.close(figure)


def main() -> None:
    """Measure, write the figures and draw the picture."""
    torch.set_num_threads(1)
    mixers = {name: measure(partial(as_upwell, name)) for name in MIXERS}
    rotations = {scale: measure(partial(scaled_rnn, scale)) for scale in SCALES}
    biases = {bias: measure(partial(biased_lstm, bias)) for bias in BIASES}
    figures = {
        "width": WIDTH,
        "length": LENGTH,
        "sequences": SEQUENCES,
        "mixers": {name: summary(curves) for name, curves in mixers.items()},
        "rnn_recurrent_scale": {f"{scale:g}": summary(curves) for scale, curves in rotations.items()},
        "lstm_forget_bias": {f"{bias:g}": summary(curves) for bias, curves in biases.items()},
    }
    write_result("gradient_lag", figures, repeats=SEEDS)
    IMAGES.mkdir(parents=True, exist_ok=True)
    picture(mixers, rotations, biases)
    for name, kept in figures["mixers"].items():
        print(f"{name:12} falls by 10^3 at lag {kept['lag_of_fall_1000']}, at lag 200: {kept['relative_norm']['200']['median']}")


if __name__ == "__main__":
    main()
