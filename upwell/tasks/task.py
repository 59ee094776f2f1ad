"""What a task is: which examples it takes, what is measured on the outputs, and who else is asked the same.

Examples are data (`upwell.text.examples`): of a view of the world, or rows of a file of the user's. A task adds how an
output is scored, so the same page serves both; what only the world can tell (does it parse, does it mean the same) is
left out where an example has no meaning.
"""

from __future__ import annotations

import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from upwell.tasks.answering import Answerer, Likelihood
from upwell.tasks.metrics import Figure, Measure, mean
from upwell.text.examples import Example

Guess = Callable[[str], str]
"""A baseline: the prompt to an output."""
DRAWS = 20


@dataclass(frozen=True)
class Item:
    """An example and what was answered."""

    example: Example
    output: str
    """What was written after the prompt, cut to the answer."""
    likelihood: Likelihood | None
    """Of the right answer; None from an answerer without probabilities."""
    reason: str = ""
    """What was written before the answer, where a reason was to be given first."""


class Task(Protocol):
    """A page of its own in this folder. See `question_answering` for a plain one."""

    @property
    def name(self) -> str:
        """As in the scorecard."""

    @property
    def view(self) -> str:
        """The view of the world, or the name of the prompt format, that its examples have."""

    @property
    def temperature(self) -> float:
        """0: it has one answer; above: it is drawn."""

    @property
    def headline(self) -> tuple[str, ...]:
        """The measures that the end of a run shows, as patterns of their names."""

    def measures(self, items: Sequence[Item]) -> dict[str, Measure]:
        """Name to measure, the most telling first. Only what these items allow."""

    def baselines(self, train: Sequence[Example]) -> dict[str, Guess]:
        """Name to a way of answering without understanding, learned from training examples."""


@dataclass(frozen=True)
class Metric:
    """A figure of the scorecard beside what is no achievement."""

    figure: Figure
    chance: float | None
    """Of drawing evenly among the options; None where there are no options or no answer is drawn."""
    baseline: float | None
    """The best of the baselines."""
    baseline_name: str
    oracle: float | None = None
    """Of answers that were found by the rules of the world: what can be reached."""
    signature: str = ""
    """Of the library that made the figure."""

    def to_dict(self) -> dict[str, Any]:
        """As in `--json`: value, low, high, chance, baseline, oracle, null for what is not there; baseline_name, signature."""
        numbers = {
            "value": self.figure.value,
            "low": self.figure.low,
            "high": self.figure.high,
            "chance": self.chance,
            "baseline": self.baseline,
            "oracle": self.oracle,
        }
        found: dict[str, Any] = {
            name: None if value is None or value != value else value for name, value in numbers.items()
        }
        texts = {"baseline_name": self.baseline_name, "signature": self.signature}
        return found | {name: text for name, text in texts.items() if text}


@dataclass(frozen=True)
class Evaluation:
    """One task, scored."""

    task: str
    shots: int
    items: list[Item]
    metrics: dict[str, Metric]
    seconds: float
    """That it took."""


def evaluate_task(
    task: Task,
    answerer: Answerer,
    examples: Sequence[Example],
    *,
    train: Sequence[Example],
    oracle: Callable[[Example], str] | None = None,
    shots: int = 0,
    seed: int = 0,
) -> Evaluation:
    """Put all `examples` to `answerer` and to the baselines, which may learn from `train`.

    `oracle` knows the right answer of an example. `shots`: examples of `train`, of the same language and kind where there
    are enough, shown before each prompt.
    """
    started = time.perf_counter()
    prompts = [_with_shots(example, train, shots, seed + i) for i, example in enumerate(examples)]
    items = ask(task, answerer, examples, prompts, seed=seed)
    measures = task.measures(items)
    chance = _chance(task, examples, seed) if _all_have_options(examples) else {}
    best_possible = _values(task, list(map(oracle, examples)), examples) if oracle else {}
    rivals = {
        name: _values(task, [guess(example.prompt) for example in examples], examples)
        for name, guess in task.baselines(train).items()
    }
    metrics = {}
    for name, measure in measures.items():
        best = max(rivals, key=lambda rival: rivals[rival].get(name, float("-inf")), default="")
        metrics[name] = Metric(
            figure=measure.interval(seed=seed),
            chance=chance.get(name),
            baseline=rivals[best].get(name) if best else None,
            baseline_name=best if best and name in rivals[best] else "",
            oracle=best_possible.get(name),
            signature=measure.signature,
        )
    return Evaluation(task.name, shots, items, metrics, time.perf_counter() - started)


def ask(
    task: Task, answerer: Answerer, examples: Sequence[Example], prompts: Sequence[str], *, seed: int = 0
) -> list[Item]:
    """Outputs, and likelihoods of the right answers, for `prompts` that end in those of `examples`.

    Where an example has a reason, the answerer is asked for a reason of its own first, and answers behind it.
    """
    lines = examples[0].format.lines if examples else False

    def write(asked: Sequence[str], right: Sequence[str]) -> list[str]:
        longest = max((len(text.encode("utf-8")) for text in right), default=0)
        return answerer.write(
            asked,
            max_tokens=min(1000, 16 + longest),  # no token is shorter than a byte
            stop=() if lines else ("\n",),
            temperature=task.temperature,
            seed=seed,
        )

    reasons, asked = give_reasons(examples, prompts, write)
    written = write(asked, [example.answer for example in examples])
    pairs = [
        (prompt, example.format.separator + example.answer) for prompt, example in zip(asked, examples, strict=True)
    ]
    likelihoods: Sequence[Likelihood | None] = answerer.likelihoods(pairs, lines=lines) or [None] * len(examples)
    return [
        Item(example, example.format.answer(output), likelihood, reason)
        for example, output, likelihood, reason in zip(examples, written, likelihoods, reasons, strict=True)
    ]


def give_reasons(
    examples: Sequence[Example], prompts: Sequence[str], write: Callable[[Sequence[str], Sequence[str]], list[str]]
) -> tuple[list[str], list[str]]:
    """What an answerer gives as reasons, "" where an example wants none, and the prompts up to where the answers begin.

    `write`: some of the prompts and the right reasons to what is written after each prompt.
    """
    reasons, asked = [""] * len(examples), list(prompts)
    wanting = [i for i, example in enumerate(examples) if example.reason]
    if wanting:
        written = write([prompts[i] for i in wanting], [examples[i].reason for i in wanting])
        for i, output in zip(wanting, written, strict=True):
            form = examples[i].format
            reasons[i] = form.answer(output)
            asked[i] = form.reasoned(prompts[i], reasons[i])
    return reasons, asked


def answer_nll(items: Sequence[Item]) -> dict[str, Measure]:
    """Mean -log p of the whole right answer, nats, as `answer_nll`; nothing where there are no probabilities."""
    known = [item.likelihood.nats for item in items if item.likelihood is not None]
    return {"answer_nll": mean(known)} if known else {}


def majority(train: Sequence[Example]) -> Guess:
    """The most frequent answer of `train`, whatever is asked."""
    common = Counter(example.answer for example in train).most_common(1)
    return lambda prompt: common[0][0] if common else ""


def by_kind(items: Sequence[Item]) -> Mapping[str, list[Item]]:
    """Items by the kind of their example, in order of name."""
    kinds = sorted({item.example.kind for item in items})
    return {kind: [item for item in items if item.example.kind == kind] for kind in kinds}


def _with_shots(example: Example, train: Sequence[Example], shots: int, seed: int) -> str:
    if shots == 0:
        return example.prompt
    alike = [other for other in train if (other.language, other.kind) == (example.language, example.kind)]
    pool = alike if len(alike) >= shots else [other for other in train if other.language == example.language]
    shown = random.Random(seed).sample(pool, min(shots, len(pool)))
    return "\n".join([*(other.text for other in shown), example.prompt])


def _values(task: Task, outputs: Sequence[str], examples: Sequence[Example]) -> dict[str, float]:
    items = [
        Item(example, example.format.answer(output), None) for example, output in zip(examples, outputs, strict=True)
    ]
    return {name: measure.value() for name, measure in task.measures(items).items()}


def _all_have_options(examples: Sequence[Example]) -> bool:
    return bool(examples) and all(example.options for example in examples)


def _chance(task: Task, examples: Sequence[Example], seed: int) -> dict[str, float]:
    """Of drawing evenly among the options: the mean of DRAWS times."""
    draw = random.Random(seed)
    drawn = [_values(task, [draw.choice(example.options) for example in examples], examples) for _ in range(DRAWS)]
    return {name: statistics.fmean(values[name] for values in drawn) for name in drawn[0]}
