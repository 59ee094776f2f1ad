"""The training step of every family: tokens/s, share of the matmul peak, and where the time goes.

    python -m benchmarks.step_share                                   # all families, widths 64 to 1024, bf16
    python -m benchmarks.step_share --families gru --widths 128 --rounds 2 --keep-nothing

A step is all that training does with a batch: forward, backward, adding the gradients to the fp32 buffer, the optimizer.
Batch, length and workers are those of a run. The peak is measured again beside every round, on as many threads, and the
share is the median of the ratios of round and peak, so what else the machine does meets both. FLOPs are those of `upwell
plan`: the model's matmuls alone; a second share counts Muon's products too. Kinds of work are those of one thread that does
the whole step.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.report import write_result
from upwell.model.accounting import training_flops_per_token
from upwell.model.config import MIXERS, MIXERS_WITH_MLP, NetworkConfig
from upwell.model.machine import matmul_peak, usable_cores
from upwell.model.network import Network
from upwell.text.allocator import keep_freed_memory
from upwell.training.compute import torch_dtype
from upwell.training.distributed import World
from upwell.training.learner import Learner
from upwell.training.objectives import Batch, next_token
from upwell.training.optimizers import ROUNDS, Muon
from upwell.training.recipe import Recipe
from upwell.training.workers import Workers

TOKENS = 4096
"""Of a step, as the recipe has it from three million planned tokens on."""
GROUPS = (
    ("matmul", ("mm", "linear", "mkldnn_rnn", "convolution")),
    ("attention kernel", ("scaled_dot_product", "flash_attention")),
    ("cross-entropy", ("log_softmax", "nll_loss", "logsumexp", "NextToken", "CrossEntropy")),
    ("softmax and norms", ("softmax", "norm")),
    ("embedding", ("embedding", "index", "gather", "scatter")),
    ("optimizer kernel", ("fused_adam", "lerp")),
    ("copies", ("copy", "cat", "clone", "contiguous", "fill", "zero", "pad", "stack")),
    (
        "elementwise",
        ("mul", "add", "sub", "div", "neg", "sigmoid", "tanh", "silu", "relu", "sum", "exp", "rsub", "sqrt"),
    ),
)
"""Kinds of operations, by what their names contain; the first that fits."""


class Step:
    """One family at one width, with everything a step needs."""

    def __init__(self, family: str, width: int, *, vocabulary: int, dtype: str, workers: int, depth: int = 2) -> None:
        length = 256 if family == "attention" else 128
        has_mlp = family in MIXERS_WITH_MLP
        heads = max(1, width // (64 if width >= 512 else 32))
        self.config = NetworkConfig(
            vocab_size=vocabulary,
            blocks=(f"{family}+mlp" if has_mlp else family,) * depth,
            width=width,
            heads=heads,
            kv_heads=heads,
            mlp_width=8 * max(1, round(width / 3)) if has_mlp else 0,
            context=length,
        )
        network = Network(self.config)
        network.reset_parameters(0)
        recipe = Recipe(rows=TOKENS // length, length=length)
        self.learner = Learner(network, recipe, torch_dtype(dtype))
        self.workers = Workers(workers, recipe, World())
        self.flops = training_flops_per_token(network, length)
        generator = torch.Generator().manual_seed(0)
        tokens = torch.randint(0, vocabulary, (recipe.rows, length + 1), generator=generator)
        self.batch = Batch(tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous())
        self.number = 0
        self.parts = dict.fromkeys(("forward and backward", "adding gradients", "update"), 0.0)

    def take(self) -> float:
        """Seconds of one step."""
        count = 0.0
        began = since = time.perf_counter()
        for outcome, gradients in self.workers.run(self.learner.network, next_token, self.batch, None, self.number):
            computed = time.perf_counter()
            self.learner.add_gradients(gradients)
            count += outcome.count
            added = time.perf_counter()
            self.parts["forward and backward"] += computed - since
            self.parts["adding gradients"] += added - computed
            since = added
        self.learner.update(1 / count, 1e-3, parallel=self.workers.map, parts=self.workers.number)
        ended = time.perf_counter()
        self.parts["update"] += ended - since
        self.number += 1
        return ended - began


def update_flops(muon: Muon) -> int:
    """FLOPs of Muon's products in a step, in the mean of its turns, which no model's FLOPs count: three products a round."""
    total = 0
    for group in muon.groups:
        number, *sides = group.average.shape
        small, large = sorted(sides)
        total += ROUNDS * number * (4 * small**2 * large + 2 * small**3)
    return total // muon.turns


def kinds_of_work(step: Step) -> dict[str, float]:
    """Share of a thread's time by kind of operation, over two profiled steps; `framework` is what is in none."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for _ in range(2):
            step.take()
    torch.set_num_threads(threads)
    totals: dict[str, float] = {}
    for event in profiler.key_averages():
        name = event.key.removeprefix("aten::")
        kind = next((kind for kind, words in GROUPS if any(word in name for word in words)), "framework")
        totals[kind] = totals.get(kind, 0.0) + event.self_cpu_time_total
    whole = sum(totals.values())
    return {kind: round(value / whole, 3) for kind, value in sorted(totals.items(), key=lambda item: -item[1])}


def measure(family: str, width: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """The figures of one family at one width."""
    step, alone = (
        Step(family, width, vocabulary=arguments.vocabulary, dtype=arguments.dtype, workers=workers)
        for workers in (arguments.workers, 1)
    )
    step.take()
    step.take()
    step.parts = dict.fromkeys(step.parts, 0.0)
    speeds, shares = [], []
    for _ in range(arguments.rounds):
        peak = matmul_peak(torch_dtype(arguments.dtype))
        speed = TOKENS / step.take()
        speeds.append(speed)
        shares.append(speed * step.flops / peak)
    whole = sum(step.parts.values())
    share = statistics.median(shares)
    assert step.learner.muon
    return {
        "family": family,
        "width": width,
        "parameters": sum(p.numel() for p in step.learner.network.parameters()),
        "tokens_per_second": round(statistics.median(speeds)),
        "peak_share": round(share, 3),
        "peak_share_low": round(min(shares), 3),
        "peak_share_high": round(max(shares), 3),
        "peak_share_with_muon": round(share * (1 + update_flops(step.learner.muon) / (TOKENS * step.flops)), 3),
        "parts": {name: round(seconds / whole, 3) for name, seconds in step.parts.items()},
        "kinds": kinds_of_work(alone),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", default=" ".join(MIXERS))
    parser.add_argument("--widths", default="64 128 256 384 512 1024")
    parser.add_argument("--vocabulary", type=int, default=65)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=usable_cores(), help="of one thread each; by default all cores")
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.workers)
    keep_freed_memory()
    rows = []
    for family in arguments.families.split():
        for width in map(int, arguments.widths.split()):
            rows.append(measure(family, width, arguments))
            kinds = ", ".join(f"{kind} {share:.0%}" for kind, share in rows[-1]["kinds"].items() if share >= 0.03)
            parts = ", ".join(f"{part} {share:.0%}" for part, share in rows[-1]["parts"].items())
            print(
                f"{family:9} {width:5}  {rows[-1]['tokens_per_second']:>9,} tokens/s  "
                f"{rows[-1]['peak_share']:.0%} of peak, {rows[-1]['peak_share_with_muon']:.0%} with Muon's products\n    {parts}\n    {kinds}",
                flush=True,
            )
    if not arguments.keep_nothing:
        figures = {
            "dtype": arguments.dtype,
            "workers": arguments.workers,
            "tokens_per_step": TOKENS,
            "vocabulary": arguments.vocabulary,
            "rows": rows,
        }
        write_result("step_share", figures, repeats=arguments.rounds)


if __name__ == "__main__":
    main()
