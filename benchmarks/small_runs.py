"""Forty small runs: our one-thread workers beside a plain loop of textbook PyTorch modules on two threads.

    python -m benchmarks.small_runs                          # ten seeds of lstm, gru, mingru, attention; 400 steps each
    python -m benchmarks.small_runs --seeds 1 --steps 20 --repeats 1 --keep-nothing

Both sides train networks of the same shape, from the same weights, on the same rows (the copy task, 24 tokens), with
AdamW at the same rates, clipping and warmup; so they end at the same loss, which is compared run by run. The plain side is
what a PyTorch user writes: nn.LSTM, nn.GRU, nn.RMSNorm, nn.Linear, F.scaled_dot_product_attention, minGRU by the
log-space scan of its paper, torch.optim.AdamW as it comes, one run after the other, two threads inside, in a process of its own. The start of processes
counts on both sides.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.peer_venv import peer_process
from benchmarks.report import write_result
from upwell.emergence import learning
from upwell.emergence.ability import Rows
from upwell.emergence.circuits import Copy
from upwell.emergence.jobs import Budget, CircuitJob, load_result
from upwell.emergence.networks import network_config
from upwell.emergence.rates import BASE_WIDTH, reset_for_width
from upwell.emergence.workers import LocalEngine
from upwell.model.network import Network

ABILITY = Copy(length=12)
FAMILIES = ("lstm", "gru", "mingru", "attention")
SIZES = {"lstm": 16_400, "gru": 12_300, "mingru": 22_500, "attention": 24_600}
"""Parameters of two blocks of width 32."""


class PlainMinGRU(nn.Module):
    """minGRU as its paper's appendix writes it: a parallel scan of logarithms (Feng et al. 2024, appendix B)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gate, self.candidate = nn.Linear(width, width), nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, candidate = self.gate(x), self.candidate(x)
        decay = -F.softplus(gate)
        # The scan needs logarithms, so the two signs are summed apart.
        values = [-F.softplus(-gate) + (sign * candidate).clamp_min(1e-12).log() for sign in (1, -1)]
        total = decay.cumsum(1)
        positive, negative = ((total + (value - total).logcumsumexp(1)).exp() for value in values)
        return self.output(positive - negative)  # type: ignore[no-any-return]


class PlainAttention(nn.Module):
    """Causal self-attention with rotary positions."""

    def __init__(self, width: int, heads: int, context: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(width, width, bias=False) for _ in range(4))
        half = width // heads // 2
        angle = torch.arange(context)[:, None] * 10000.0 ** (-torch.arange(half) / half)
        self.register_buffer("cos", torch.cat([angle.cos()] * 2, 1))
        self.register_buffer("sin", torch.cat([angle.sin()] * 2, 1))

    def turn(self, x: Tensor) -> Tensor:
        first, second = x.chunk(2, -1)
        return x * self.cos + torch.cat([-second, first], -1) * self.sin  # type: ignore[operator]

    def forward(self, x: Tensor) -> Tensor:
        parts = [part(x).unflatten(2, (self.heads, -1)).transpose(1, 2) for part in (self.query, self.key, self.value)]
        mixed = F.scaled_dot_product_attention(self.turn(parts[0]), self.turn(parts[1]), parts[2], is_causal=True)
        return self.output(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class PlainBlock(nn.Module):
    """Norm, mixer, residual; norm, gated MLP, residual where the family has one."""

    def __init__(self, family: str, width: int, heads: int, mlp_width: int, context: int) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(width, eps=1e-6)
        self.mixer: nn.Module
        if family in ("lstm", "gru"):
            self.mixer = (nn.LSTM if family == "lstm" else nn.GRU)(width, width, batch_first=True)
        elif family == "mingru":
            self.mixer = PlainMinGRU(width)
        else:
            self.mixer = PlainAttention(width, heads, context)
        self.mlp_norm = nn.RMSNorm(width, eps=1e-6) if mlp_width else None
        if mlp_width:
            self.gate, self.up = (nn.Linear(width, mlp_width, bias=False) for _ in range(2))
            self.down = nn.Linear(mlp_width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        mixed = self.mixer(self.norm(x))
        x = x + (mixed[0] if isinstance(mixed, tuple) else mixed)
        if self.mlp_norm is not None:
            y = self.mlp_norm(x)
            x = x + self.down(F.silu(self.gate(y)) * self.up(y))
        return x


class PlainNetwork(nn.Module):
    """Embedding, blocks, norm, head; holds the weights of a Network of the same shape."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        config = network.config
        self.embedding = nn.Embedding(config.vocab_size, config.width)
        self.blocks = nn.Sequential(
            *(
                PlainBlock(config.family, config.width, config.heads, config.mlp_width, config.context)
                for _ in config.blocks
            )
        )
        self.norm = nn.RMSNorm(config.width, eps=1e-6)
        self.head = nn.Linear(config.width, config.vocab_size, bias=False)
        ours = dict(network.named_parameters())
        with torch.no_grad():
            for name, parameter in self.named_parameters():
                parameter.copy_(_twin(name, ours))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.norm(self.blocks(self.embedding(tokens))))  # type: ignore[no-any-return]


_NAMES = {
    "mixer.weight_ih_l0": "mixer.input_weight",
    "mixer.weight_hh_l0": "mixer.recurrent_weight",
    "mixer.bias_ih_l0": "mixer.bias",
    "mixer.bias_hh_l0": "mixer.recurrent_bias",
    "mixer.gate.bias": "mixer.bias",
    "mlp_norm.weight": "mlp_norm.scale",
    "gate.weight": "mlp.gate_weight",
    "up.weight": "mlp.up_weight",
    "down.weight": "mlp.down_weight",
    "norm.weight": "mixer_norm.scale",
}


def _twin(name: str, ours: dict[str, Tensor]) -> Tensor:
    """Our weight for the plain one called `name`."""
    if name in ("embedding.weight", "head.weight"):
        return ours[name.replace(".", "_")]
    if name == "norm.weight":
        return ours["norm.scale"]
    _, number, rest = name.split(".", 2)
    if rest in ("mixer.gate.weight", "mixer.candidate.weight"):
        return ours[f"blocks.{number}.mixer.input_weight"].chunk(2)[rest == "mixer.candidate.weight"]
    mine = f"blocks.{number}." + _NAMES.get(rest, rest.replace(".weight", "_weight"))
    return ours[mine] if mine in ours else torch.zeros(())  # nn.LSTM has a second bias; ours has none


def train_plainly(job: CircuitJob, threads: int) -> tuple[list[float], float, float]:
    """Test losses in nats of an answer, at the job's evaluations and at its end, as a PyTorch user would write it; seconds."""
    began = time.perf_counter()
    torch.set_num_threads(threads)
    budget, ability = job.budget, job.ability
    network = Network(network_config(ability, job.family, job.size))
    reset_for_width(network, job.seed)
    model = PlainNetwork(network)
    average = copy.deepcopy(model) if budget.ema else model
    scale = BASE_WIDTH / network.config.width
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and n != "embedding.weight"]
    others = [p for n, p in model.named_parameters() if p.ndim < 2 or n == "embedding.weight"]
    optimizer = torch.optim.AdamW(
        [
            {"params": matrices, "lr": budget.rate * scale, "weight_decay": ability.weight_decay / scale},
            {"params": others, "lr": budget.rate, "weight_decay": 0.0},
        ],
        betas=(0.9, learning.BETA2),
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / learning.WARMUP_STEPS))
    rng = np.random.default_rng([job.seed, 1])
    positions = list(ability.positions)

    def measure(rows: Rows) -> float:
        with torch.no_grad():
            logits = average(torch.from_numpy(rows.inputs))[:, positions]
        return float(F.cross_entropy(logits.flatten(0, 1), torch.from_numpy(rows.targets).flatten()))

    check, test = (learning.held_out_rows(ability, count) for count in (budget.check_items, budget.test_items))
    measured, curve = learning.evaluation_steps(budget), []
    for step in range(budget.steps):
        if step % learning.ROWS_AHEAD == 0:
            drawn = ability.sample(rng, learning.ROWS_AHEAD * budget.rows, test=False)
        part = slice(step % learning.ROWS_AHEAD * budget.rows, (step % learning.ROWS_AHEAD + 1) * budget.rows)
        logits = model(torch.from_numpy(drawn.inputs[part]))[:, positions]
        loss = F.cross_entropy(logits.flatten(0, 1), torch.from_numpy(drawn.targets[part]).flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), learning.CLIP)
        optimizer.step()
        schedule.step()
        if budget.ema:
            memory = min(budget.ema, (step + 1) / (step + 11))
            with torch.no_grad():
                for mean, weight in zip(average.parameters(), model.parameters(), strict=True):
                    mean.lerp_(weight, 1 - memory)
        if step + 1 in measured:
            curve.append(measure(check))
    return curve, measure(test), time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--threads", type=int, default=2, help="threads of the plain loop, and workers of ours")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--families", default=" ".join(FAMILIES))
    parser.add_argument("--keep-nothing", action="store_true", help="print only; docs/results stays as it is")
    arguments = parser.parse_args()
    budget = Budget(steps=arguments.steps, ema=0.0, evaluations=2, check_items=64)
    families = arguments.families.split()
    jobs = [CircuitJob(ABILITY, f, SIZES[f], seed, budget) for f in families for seed in range(arguments.seeds)]
    seconds: dict[str, list[float]] = {"upwell": [], "plain": []}
    by_family: dict[str, list[float]] = {family: [] for family in families}
    for _ in range(arguments.repeats):
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            for _ in LocalEngine().compute_all(jobs, learning.run_job, Path(folder), workers=arguments.threads):
                pass
            seconds["upwell"].append(time.perf_counter() - began)
            ours = [float(load_result(job.path(Path(folder)))[1]["nll"].mean()) for job in jobs]
            used = dict.fromkeys(families, 0.0)
            for job in jobs:
                used[job.family] += float(load_result(job.path(Path(folder)))[0]["wall_seconds"])
        theirs = []
        spent = dict.fromkeys(families, 0.0)
        began = time.perf_counter()
        with peer_process() as peer:
            for job in jobs:
                _, loss, taken = peer.submit(train_plainly, job, arguments.threads).result()
                theirs.append(loss)
                spent[job.family] += taken
        seconds["plain"].append(time.perf_counter() - began)
        for family in families:
            by_family[family].append(arguments.threads * spent[family] / used[family])
    rows = [
        {
            "family": family,
            "loss": round(statistics.mean(a for a, j in zip(ours, jobs, strict=True) if j.family == family), 4),
            "plain_loss": round(statistics.mean(b for b, j in zip(theirs, jobs, strict=True) if j.family == family), 4),
            "plain_seconds_over_ours": round(statistics.median(by_family[family]), 2),
        }
        for family in families
    ]
    ratios = [plain / mine for mine, plain in zip(seconds["upwell"], seconds["plain"], strict=True)]
    figures: dict[str, Any] = {
        "runs": len(jobs),
        "steps": arguments.steps,
        "seconds": {name: [round(value, 2) for value in values] for name, values in seconds.items()},
        "ratio": round(statistics.median(ratios), 2),
        "ratio_low": round(min(ratios), 2),
        "ratio_high": round(max(ratios), 2),
        "families": rows,
    }
    for row in rows:
        print(row)
    print(f"{len(jobs)} runs: ours {seconds['upwell']} s, plain {seconds['plain']} s, ratio {figures['ratio']}")
    if not arguments.keep_nothing:
        write_result("small_runs", figures, repeats=arguments.repeats)


if __name__ == "__main__":
    main()
