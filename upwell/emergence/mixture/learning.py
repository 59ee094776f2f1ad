"""One run of a mixture ladder: a language model at a constant rate, asked on the way and at the end about all five tasks.

Shapes: N items, E evaluations, C items of each of them. Arrays are kept by task: `TASK.nats`, `TASK.nll` (N, 1) of the whole
right answer and of a token of it, `TASK.right` (N, 1), `TASK.similarity`, `TASK.outputs` (N,), `TASK.check_nll` and
`TASK.check_right` (E, C, 1); and `steps`, `seconds` (E,).
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upwell.emergence.jobs import Budget, Result
from upwell.emergence.learning import CHECK_SHARE, WARMUP_STEPS, choose_rate, evaluation_steps
from upwell.emergence.mixture.abilities import LANGUAGE_ABILITIES
from upwell.emergence.mixture.jobs import MixtureBudget, MixtureJob
from upwell.errors import UserError
from upwell.model.accounting import parameters_by_kind, training_flops_per_token
from upwell.model.config import NetworkConfig, parse_pattern
from upwell.model.network import Network
from upwell.model.sizes import matrices_in
from upwell.tasks.answering import ModelAnswerer
from upwell.tasks.scorecard import make_tasks, world_examples
from upwell.tasks.task import Item, ask
from upwell.text.corpus import Corpus, prepare_corpus
from upwell.text.examples import Example
from upwell.text.tokenizers import END_OF_TEXT_ID
from upwell.training.compute import torch_dtype
from upwell.training.distributed import World
from upwell.training.learner import Learner
from upwell.training.objectives import next_token
from upwell.training.plan import PROMPT_MODEL, PROMPT_SHARE, PROMPT_WINDOW
from upwell.training.recipe import Recipe
from upwell.training.streams import open_stream
from upwell.training.workers import Workers
from upwell.world.source import open_worlds

PATTERNS = {
    "rnn": "(rnn)*2",
    "lstm": "(lstm)*2",
    "gru": "(gru)*2",
    "mingru": "(mingru)*2",
    "attention": "(attention)*4",
    "hybrid": PROMPT_MODEL,
}
"""Blocks by family, the same on all rungs; `hybrid` is the model of `upwell train` without a source."""
HEAD_WIDTH = 16
"""Width of each attention head on every rung, so that logits mean the same; widths are multiples of it."""
LEVELS = (1, 2)
CHECK_GAIN = 0.02
"""A rate replaces the base rate only if the answers' NLL is lower by so many nats a token."""
WRITING = 8
"""Times that writing answers takes what reading the right ones does: docs/experiments.md, "mixture"."""
COST_ITEMS = 8
"""Test items of each task that are asked to measure what one takes."""


def network_config(family: str, size: int, vocab_size: int) -> NetworkConfig:
    """The blocks of `family`, wide enough for about `size` parameters outside embedding and head."""
    if family not in PATTERNS:
        raise UserError(f"--models {family}: choose from {', '.join(PATTERNS)}")
    blocks = parse_pattern(PATTERNS[family])
    has_mlp = any(block.endswith("+mlp") for block in blocks)
    width = HEAD_WIDTH * max(1, round(math.sqrt(size / matrices_in(blocks)) / HEAD_WIDTH))
    heads = width // HEAD_WIDTH
    attends = "attention" in {block.partition("+")[0] for block in blocks}
    return NetworkConfig(
        vocab_size=vocab_size,
        blocks=blocks,
        width=width,
        heads=heads if attends else 1,
        kv_heads=heads if attends else 1,
        late_keys=heads // 2 if attends else 0,
        mlp_width=8 * max(1, round(width / 3)) if has_mlp else 0,
        window=PROMPT_WINDOW if attends else None,
        boundary=END_OF_TEXT_ID,
    )


def open_corpus(source: str) -> Corpus:
    """The text of a mixture: made once, then found in the cache."""
    texts = open_worlds([source])
    return prepare_corpus(texts.sources, valid=texts.valid, tokenizer_kind="word")


@functools.cache
def examples_of(view: str, count: int, split: str) -> tuple[Example, ...]:
    """The first `count` examples of a view; fewer of them are a part of more."""
    return tuple(world_examples(view, count, split=split, levels=LEVELS))


class LanguageRun:
    """A language model in training."""

    def __init__(self, job: MixtureJob, *, factor: float) -> None:
        corpus = open_corpus(job.source)
        budget = job.budget
        usual = Recipe()
        recipe = Recipe(
            rows=budget.rows,
            length=budget.length,
            seed=job.seed,
            packed=True,
            prompt_share=PROMPT_SHARE,
            learning_rate=usual.learning_rate * factor,
            matrix_learning_rate=usual.matrix_learning_rate * factor,
            turns=1,  # rungs are small: turns would save little, and their rates were found without
        )
        network = Network(network_config(job.family, job.size, corpus.tokenizer.vocab_size))
        network.reset_parameters(job.seed)
        self.tokenizer, self.recipe, self.memory = corpus.tokenizer, recipe, budget.ema
        self.learner = Learner(network, recipe, torch_dtype(job.dtype))
        self.network = self.learner.network.train()
        self.stream = open_stream(corpus.train, recipe, first=corpus.tokenizer.end_of_text)
        self.workers = Workers(1, recipe, World())
        self.average = {name: master.clone() for name, master in self.learner.masters.items()}
        self.step = 0

    def advance(self, stop: int) -> None:
        """Train until `stop` steps are done."""
        while self.step < stop:
            batch, count = self.stream.batch(self.step), 0.0
            for outcome, gradients in self.workers.run(self.network, next_token, batch, None, self.step):
                self.learner.add_gradients(gradients)
                count += outcome.count
            self.learner.update(1 / max(1.0, count), min(1.0, (self.step + 1) / WARMUP_STEPS))
            self.step += 1
            # The memory grows with the run, or the first evaluations would see the initial weights.
            memory = min(self.memory, self.step / (self.step + 10))
            for name, average in self.average.items():
                average.lerp_(self.learner.masters[name], 1 - memory)

    @contextmanager
    def averaged(self) -> Iterator[ModelAnswerer]:
        """Who answers with the averaged weights."""
        self.learner.average = self.average
        try:
            with self.learner.evaluating() as network:
                yield ModelAnswerer(network, self.tokenizer)
        finally:
            self.learner.average = {}

    def ask(self, count: int) -> dict[str, list[Item]]:
        """Answers to the first `count` test items of each task."""
        found = {}
        with self.averaged() as answerer:
            for task in make_tasks():
                examples = examples_of(task.view, count, "test")
                found[task.name] = ask(task, answerer, examples, [example.prompt for example in examples])
        return found

    def answer_loss(self, count: int) -> float:
        """Nats of an answer token, over the first `count` test items of each task; no answer is written."""
        nats = tokens = 0.0
        with self.averaged() as answerer:
            for task in make_tasks():
                examples = examples_of(task.view, count, "test")
                pairs = [example.turns for example in examples]
                found = answerer.likelihoods(pairs, lines=examples[0].format.lines)
                nats += sum(likelihood.nats for likelihood in found)
                tokens += sum(likelihood.tokens for likelihood in found)
        return nats / tokens


def arrays_of(items: dict[str, list[Item]]) -> dict[str, NDArray[Any]]:
    """What is kept of answers at the end of a run."""
    found: dict[str, NDArray[Any]] = {}
    for ability in LANGUAGE_ABILITIES:
        asked = items[ability.name]
        nats = np.array([item.likelihood.nats if item.likelihood else math.nan for item in asked])
        tokens = np.array([item.likelihood.tokens if item.likelihood else 1 for item in asked])
        found |= {
            f"{ability.name}.nats": nats[:, None],
            f"{ability.name}.nll": (nats / tokens)[:, None],
            f"{ability.name}.right": np.array([[ability.is_right(item)] for item in asked]),
            f"{ability.name}.similarity": np.array([ability.similarity(item) for item in asked]),
            f"{ability.name}.outputs": np.array([item.output for item in asked]),
        }
    return found


def run_job(job: MixtureJob) -> Result:
    """Compute `job`: its figures as JSON values, and its arrays."""
    return check_rates(job) if job.kind == "rates" else train(job)


def train(job: MixtureJob) -> Result:
    """Train once, and keep every item's result."""
    began, wall = time.process_time(), time.perf_counter()
    run = LanguageRun(job, factor=job.factor)
    steps, seconds, checks = [], [], []
    for step in steps_of(job.budget):
        run.advance(step)
        steps.append(step)
        checks.append(arrays_of(run.ask(job.budget.check_items)))
        seconds.append(time.process_time() - began)
    arrays = arrays_of(run.ask(job.budget.test_items))
    for ability in LANGUAGE_ABILITIES:
        for name in ("nll", "right"):
            arrays[f"{ability.name}.check_{name}"] = np.stack([check[f"{ability.name}.{name}"] for check in checks])
    parameters = parameters_by_kind(run.network)
    tokens = run.step * run.recipe.tokens_per_step
    figures = {
        "id": job.id,
        "width": run.network.config.width,
        "non_embedding": parameters["non_embedding"],
        "total": parameters["total"],
        "steps": run.step,
        "solved": False,
        "factor": job.factor,
        "tokens": tokens,
        "flops": tokens * training_flops_per_token(run.network, job.budget.length),
        "seconds": time.process_time() - began,  # of one core: what else the machine does is not the run's cost
        "wall_seconds": time.perf_counter() - wall,
    }
    return figures, {**arrays, "steps": np.array(steps), "seconds": np.array(seconds)}


def check_rates(job: MixtureJob) -> Result:
    """Three rates, each for a tenth of a run."""

    def attempt(factor: float) -> float:
        run = LanguageRun(job, factor=factor)
        run.advance(max(1, round(CHECK_SHARE * job.budget.steps)))
        return run.answer_loss(job.budget.check_items)

    return choose_rate(job.id, attempt, gain=CHECK_GAIN)


def measure_step(job: MixtureJob) -> dict[str, float]:
    """Seconds of one core for a training step of `job`, a test item of each task, and getting started."""
    began = time.process_time()
    run = LanguageRun(job, factor=job.factor)
    run.advance(1)
    ready = time.process_time() - began
    blocks: list[float] = []
    while sum(blocks) < 1.0 or len(blocks) < 3:
        start = time.process_time()
        run.advance(run.step + 1)
        blocks.append(time.process_time() - start)
    start = time.process_time()
    run.answer_loss(COST_ITEMS)
    item = WRITING * (time.process_time() - start) / COST_ITEMS
    return {"step": float(np.median(blocks)), "item": item, "start": ready}


def steps_of(budget: MixtureBudget) -> list[int]:
    """Steps at which a run is measured."""
    return evaluation_steps(Budget(steps=budget.steps, evaluations=budget.evaluations))


def planned_seconds(job: MixtureJob, cost: dict[str, float], *, steps: int | None = None) -> float:
    """How long `job` should take by the `cost` of its parts, to its full length or to `steps`."""
    budget = job.budget
    if job.kind == "rates":
        return 3 * (
            cost["start"] + CHECK_SHARE * budget.steps * cost["step"] + budget.check_items * cost["item"] / WRITING
        )
    done = budget.steps if steps is None else steps
    checks = sum(step <= done for step in steps_of(budget))
    return cost["start"] + done * cost["step"] + (checks * budget.check_items + budget.test_items) * cost["item"]
