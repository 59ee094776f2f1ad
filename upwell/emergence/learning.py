"""One run of a ladder: fp32, one thread, constant rate after a short warmup, averaged weights measured on the way.

Shapes: B rows, T tokens, K answers, N items, E evaluations.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from upwell.emergence.ability import Ability, Rows
from upwell.emergence.jobs import Budget, CircuitJob, Result
from upwell.emergence.networks import count_parameters, network_config, training_flops
from upwell.emergence.rates import FlatAdamW, reset_for_width
from upwell.model.network import Network

ROWS_AHEAD = 16
"""Steps whose rows are drawn at once."""
WARMUP_STEPS = 50
BETA2 = 0.99
"""Below the usual 0.999 because batches are small (Porian et al. 2024)."""
CLIP = 1.0
SOLVED_MATCH = 0.99
SOLVED_SHARE = 0.02
"""A run is solved when it matches that share of items and its NLL is below this share of the context-free one."""
CHECK_SHARE = 0.1
"""Share of a run's steps that each rate of the rung's check gets."""
CHECK_GAIN = 0.02
"""A rate replaces the base rate only if its NLL is lower by this share of the context-free one."""
CHECK_SEED = 1_000_003
TEST_SEED = 12_345
Array = NDArray[np.float64]


class Run:
    """A network in training on one ability."""

    def __init__(self, job: CircuitJob, *, rate: float) -> None:
        self.job, self.ability, self.budget = job, job.ability, job.budget
        self.network = Network(network_config(job.ability, job.family, job.size))
        reset_for_width(self.network, job.seed)
        self.optimizer = FlatAdamW(self.network, rate=rate, weight_decay=job.ability.weight_decay, beta2=BETA2)
        self.weights = self.optimizer.weights
        self.average = self.weights.clone()
        self.positions = torch.tensor(job.ability.positions)
        self.rng = np.random.default_rng([job.seed, 1])
        self.step = 0
        self.inputs = self.targets = torch.empty(0)

    def advance(self, stop: int) -> None:
        """Train until `stop` steps are done."""
        rows = self.budget.rows
        while self.step < stop:
            place = self.step % ROWS_AHEAD
            if place == 0:
                drawn = self.ability.sample(self.rng, ROWS_AHEAD * rows, test=False)
                self.inputs, self.targets = torch.from_numpy(drawn.inputs), torch.from_numpy(drawn.targets)
            part = slice(place * rows, (place + 1) * rows)
            loss = F.cross_entropy(self.logits(self.inputs[part]).flatten(0, 1), self.targets[part].flatten())
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step(factor=min(1.0, (self.step + 1) / WARMUP_STEPS), clip=CLIP)
            self.step += 1
            # The memory grows with the run, or the first evaluations would see the initial weights.
            memory = min(self.budget.ema, self.step / (self.step + 10))
            self.average.lerp_(self.weights, 1 - memory)

    def logits(self, inputs: Tensor) -> Tensor:
        """(B, K, V) logits of the answers; the head is computed nowhere else."""
        hidden, _ = self.network.hidden(inputs)
        return self.network.logits(hidden[:, self.positions])

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The network with its averaged weights, without gradients."""
        kept = self.weights.clone()
        with torch.no_grad():
            self.weights.copy_(self.average)
            yield
            self.weights.copy_(kept)

    def measure(self, rows: Rows) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """NLL in nats (N, K) of the right answers, the answers before them given, and whether each was first choice."""
        with self.averaged():
            logits = self.logits(torch.from_numpy(rows.inputs))
        targets = torch.from_numpy(rows.targets)
        nll = -torch.log_softmax(logits, -1).gather(-1, targets[..., None])[..., 0]
        return nll.numpy(), (logits.argmax(-1) == targets).numpy()

    def answer(self, rows: Rows) -> NDArray[np.int64]:
        """Greedy answers (N, K), each read by the network before it gives the next."""
        inputs = torch.from_numpy(rows.inputs).clone()
        answers = torch.empty(rows.targets.shape, dtype=torch.int64)
        with self.averaged():
            if not self.ability.fed_back:
                return self.logits(inputs).argmax(-1).numpy()
            for index, position in enumerate(self.ability.positions):
                hidden, _ = self.network.hidden(inputs[:, : position + 1])
                answers[:, index] = self.network.logits(hidden[:, -1]).argmax(-1)
                if position + 1 < inputs.shape[1]:
                    inputs[:, position + 1] = answers[:, index]
        return answers.numpy()


def reference_nll(ability: Ability, rows: Rows) -> float:
    """NLL in nats of an answer token on `rows` by the frequencies of answers at its place, the best without context."""
    known = ability.sample(np.random.default_rng([TEST_SEED, 2]), 8192, test=False).targets
    total = 0.0
    for column, asked in zip(known.T, rows.targets.T, strict=True):
        counts = np.bincount(column, minlength=ability.vocab_size) + 1e-3
        total += float(-np.log(counts[asked] / counts.sum()).mean())
    return float(total / known.shape[1])


def held_out_rows(ability: Ability, count: int) -> Rows:
    """The test items, the same for all runs of the ability; fewer of them are a part of more."""
    return ability.sample(np.random.default_rng([TEST_SEED, 1]), max(count, 1024), test=True)[:count]


def evaluation_steps(budget: Budget) -> list[int]:
    """Steps at which a run is measured, from a fortieth of it to its end, evenly in the logarithm."""
    first = max(1, budget.steps / 40)
    return sorted({round(s) for s in np.geomspace(first, budget.steps, budget.evaluations)})


def run_job(job: CircuitJob) -> Result:
    """Compute `job`: its figures as JSON values, and its arrays."""
    torch.set_num_threads(1)
    return check_rates(job) if job.kind == "rates" else train(job)


def train(job: CircuitJob) -> Result:
    """Train once and keep every item's result: `nll` (N, K), `right` (N, K), `answers` (N, K) at the end, and on the way

    `steps` (E,), `check_nll` (E, C, K), `check_right` (E, C, K), `seconds` (E,).
    """
    began, wall = time.process_time(), time.perf_counter()
    budget = job.budget
    run = Run(job, rate=budget.rate * job.factor)
    check = held_out_rows(job.ability, budget.check_items)
    solved_nll = SOLVED_SHARE * reference_nll(job.ability, check)
    steps, nlls, rights, seconds = [], [], [], []
    for step in evaluation_steps(budget):
        run.advance(step)
        nll, right = run.measure(check)
        steps.append(step)
        nlls.append(nll.astype(np.float16))
        rights.append(right)
        seconds.append(time.process_time() - began)
        if right.all(1).mean() >= SOLVED_MATCH and nll.mean() < solved_nll:
            break
    rows = held_out_rows(job.ability, budget.test_items)
    nll, right = run.measure(rows)
    non_embedding, total = count_parameters(run.network)
    answers = run.answer(rows)
    figures = {
        "id": job.id,
        "width": run.network.config.width,
        "non_embedding": non_embedding,
        "total": total,
        "steps": run.step,
        "solved": run.step < budget.steps,
        "factor": job.factor,
        "tokens": run.step * budget.rows * run.network.config.context,
        "flops": run.step * budget.rows * training_flops(run.network, job.ability),
        "seconds": time.process_time() - began,  # of one core: what else the machine does is not the run's cost
        "wall_seconds": time.perf_counter() - wall,
    }
    arrays = {
        "steps": np.array(steps),
        "seconds": np.array(seconds),
        "check_nll": np.stack(nlls),
        "check_right": np.stack(rights),
        "nll": nll,
        "right": right,
        "answers": answers.astype(np.int16),
        "targets": rows.targets.astype(np.int16),
    }
    return figures, arrays


def check_rates(job: CircuitJob) -> Result:
    """Three rates, each for a tenth of a run."""
    steps = max(1, round(CHECK_SHARE * job.budget.steps))
    check = held_out_rows(job.ability, job.budget.check_items)

    def attempt(factor: float) -> float:
        run = Run(job, rate=job.budget.rate * factor)
        run.advance(steps)
        return float(run.measure(check)[0].mean())

    return choose_rate(job.id, attempt, gain=CHECK_GAIN * reference_nll(job.ability, check))


def choose_rate(job_id: str, attempt: Callable[[float], float], *, gain: float) -> Result:
    """Half, once and twice the base rate; where an end is best, one step further.

    `attempt` gives the loss at a factor of the base rate; another factor than 1 must be better by `gain`. The figures hold the
    loss of every factor tried, the factor chosen, and whether the choice lies at an end.
    """
    began, wall = time.process_time(), time.perf_counter()
    losses: dict[float, float] = {}

    def measure(factor: float) -> None:
        loss = attempt(factor)
        losses[factor] = loss if math.isfinite(loss) else math.inf

    def choose() -> float:
        best = min(losses, key=lambda factor: losses[factor])
        return best if losses[best] < losses[1.0] - gain else 1.0

    for factor in (0.5, 1.0, 2.0):
        measure(factor)
    if choose() != 1.0:
        measure(choose() ** 2)  # 0.25 or 4
    chosen = choose()
    figures = {
        "id": job_id,
        "losses": {f"{factor:g}": loss if math.isfinite(loss) else None for factor, loss in sorted(losses.items())},
        "factor": chosen,
        "at_edge": chosen != 1.0 and chosen in (min(losses), max(losses)),
        "seconds": time.process_time() - began,
        "wall_seconds": time.perf_counter() - wall,
    }
    return figures, {}


def measure_step(job: CircuitJob, *, seconds: float = 0.4) -> dict[str, float]:
    """Seconds of one core for a training step of `job`, a test item, and getting started; takes about `seconds`."""
    torch.set_num_threads(1)
    for _ in range(2):  # the first time also pays for what a process does once
        began = time.process_time()
        run = Run(job, rate=job.budget.rate)
        check = held_out_rows(job.ability, job.budget.check_items)
        reference_nll(job.ability, check)
        ready = time.process_time() - began
    run.advance(ROWS_AHEAD)  # the first steps take memory and choose kernels
    blocks: list[float] = []
    while sum(blocks) < seconds or len(blocks) < 2:
        start = time.process_time()
        run.advance(run.step + ROWS_AHEAD)
        blocks.append(time.process_time() - start)
    for _ in range(2):  # as above
        start = time.process_time()
        run.measure(check)
        item = (time.process_time() - start) / len(check)
    return {"step": float(np.median(blocks)) / ROWS_AHEAD, "item": item, "start": ready}


def planned_seconds(job: CircuitJob, cost: dict[str, float], *, steps: int | None = None) -> float:
    """How long `job` should take by the `cost` of its parts, to its full length or to `steps`."""
    budget = job.budget
    if job.kind == "rates":
        return 3 * (cost["start"] + CHECK_SHARE * budget.steps * cost["step"] + budget.check_items * cost["item"])
    done = budget.steps if steps is None else steps
    checks = sum(step <= done for step in evaluation_steps(budget))
    answers = 1 + (len(job.ability.positions) if job.ability.fed_back else 1)
    items = checks * budget.check_items + answers * budget.test_items
    return cost["start"] + done * cost["step"] + items * cost["item"]
