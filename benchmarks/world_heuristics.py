"""What guessing gets in the tasks of the micro-world: each shortcut beside chance, by view, kind, language and level.

    python -m benchmarks.world_heuristics                       # about 2,400 examples a kind, a quarter of an hour
    python -m benchmarks.world_heuristics --examples 200 --train 400

From level 2 on no shortcut may be more than 5 points above chance; topics are lexical by design and are shown apart.
Views with a list of options (questions, labels, few-shot labels) are scored by right answers; summaries by F1 of facts.
Intervals are 95% bootstrap over examples. Of some four hundred figures a few are above the margin by chance: a kind with such
a figure is drawn and learned again three times as large, and what it gets then counts; the first figures stay beside it.

majority: the option that is most often right in training, of those offered. last mention: the option named last in the
text. first mention: the one named first. first sentence: the option in the first sentence, if there is one, else any.
question only: naive Bayes of words of the question and option. bag of words: logistic regression over the words of
text and question, with the words of each option. copy: the option that shares most words with the question.
"""

from __future__ import annotations

import argparse
import itertools
import math
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.report import write_result
from upwell.text.examples import Example
from upwell.world.audit import draw_examples
from upwell.world.stories import sentences_of
from upwell.world.views.summarization import fact_f1

VIEWS = ("qa", "classification", "fewshot")
WORDS = {"en": re.compile(r"[a-z']+"), "zh": re.compile(r"[\u4e00-\u9fff]")}
FEATURES = 1 << 18
MARGIN = 0.05
AGAIN = 3
"""How many times as many examples where a figure is above the margin."""
PER_KIND = 2400
"""Most examples of a kind that are learned from and asked; fewer leave chance results above the margin."""

Guess = Callable[[Example], Sequence[float]]
"""A score for each option; equal best ones share the point."""


def words(text: str, language: str) -> list[str]:
    found = WORDS[language].findall(text.lower())
    return found if language == "en" else [a + b for a, b in itertools.pairwise(found)] + found


def parts(example: Example) -> tuple[str, str]:
    """Text and question of a prompt."""
    text, _, question = example.prompt.rpartition("\n")
    if example.view == "qa":
        text, _, question = text.rpartition("\n")
    return text, question


def last_place(text: str, option: str) -> int:
    """Where an option is named last; articles and 'because' do not count."""
    return text.lower().rfind(core(option))


def core(option: str) -> str:
    """What identifies an option in a text: without article, preposition or "because"."""
    body = re.sub(r"^(because |因为)", "", option.lower())
    return re.sub(r"^((in|at|on|by|near) )?(the |a |an )?", "", body)


def last_mention(example: Example) -> list[float]:
    return [last_place(parts(example)[0], option) for option in example.options]


def first_mention(example: Example) -> list[float]:
    text = parts(example)[0].lower()
    return [-(place if (place := text.find(core(option))) >= 0 else 10**9) for option in example.options]


def first_sentence(example: Example) -> list[float]:
    sentences = sentences_of(parts(example)[0], example.language) or [""]
    return [float(core(option) in sentences[0].lower()) for option in example.options]


def copy(example: Example) -> list[float]:
    asked = set(words(parts(example)[1], example.language))
    return [float(len(asked & set(words(option, example.language)))) for option in example.options]


def majority(train: Sequence[Example]) -> Guess:
    counts = Counter(example.answer for example in train)
    return lambda example: [float(counts[option]) for option in example.options]


def question_only(train: Sequence[Example]) -> Guess:
    """Naive Bayes: how often an option was right beside the words of the question, against how often it was offered."""
    right: defaultdict[str, Counter[str]] = defaultdict(Counter)
    offered: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for example in train:
        asked = {"", *words(parts(example)[1], example.language)}
        for option in example.options:
            offered[option].update(asked)
        right[example.answer].update(asked)

    def guess(example: Example) -> list[float]:
        asked = {"", *words(parts(example)[1], example.language)}
        return [
            sum(math.log((right[option][word] + 0.5) / (offered[option][word] + 1)) for word in asked) / len(asked)
            for option in example.options
        ]

    return guess


def features(example: Example, option: str) -> np.ndarray[Any, Any]:
    """Places of the features of one option: its words, each also beside the words of text and question."""
    text, question = parts(example)
    told, asked = Counter(words(text, example.language)), set(words(question, example.language))
    named = words(core(option), example.language)
    keys = [f"o {option}", *(f"q {option} {word}" for word in asked), *(f"t {option} {word}" for word in told)]
    keys += [f"n {min(told[word], 5)}" for word in named]
    return np.array([zlib.crc32(key.encode()) % FEATURES for key in keys], np.int64)


def bag_of_words(train: Sequence[Example], epochs: int = 4, rate: float = 0.15) -> Guess:
    """A softmax over the options, linear in the features, by Adagrad."""
    weights, squares = np.zeros(FEATURES), np.full(FEATURES, 1e-6)
    rows = [
        ([features(example, option) for option in example.options], example.options.index(example.answer))
        for example in train
    ]
    generator = np.random.default_rng(0)
    for _ in range(epochs):
        for index in generator.permutation(len(rows)):
            options, right = rows[index]
            scores = np.array([weights[places].sum() / math.sqrt(len(places)) for places in options])
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            for number, places in enumerate(options):
                slope = (shares[number] - (number == right)) / math.sqrt(len(places))
                squares[places] += slope * slope
                weights[places] -= rate * slope / np.sqrt(squares[places])
    return lambda example: [
        float(weights[places].sum() / math.sqrt(len(places)))
        for places in (features(example, option) for option in example.options)
    ]


GUESSES: dict[str, Callable[[Sequence[Example]], Guess]] = {
    "majority": majority,
    "last mention": lambda train: last_mention,
    "first mention": lambda train: first_mention,
    "first sentence": lambda train: first_sentence,
    "question only": question_only,
    "bag of words": bag_of_words,
    "copy": lambda train: copy,
}
"""Shortcuts by name: from training examples to a guess."""


def points(guess: Guess, examples: Sequence[Example]) -> np.ndarray[Any, Any]:
    """The point of each example: the share of the best options that are right."""
    found = []
    for example in examples:
        scores = guess(example)
        best = max(scores)
        chosen = [option for option, score in zip(example.options, scores, strict=True) if score == best]
        found.append(float(example.answer in chosen) / len(chosen))
    return np.array(found)


def interval(values: np.ndarray[Any, Any]) -> tuple[float, float, float]:
    """Mean and 95% bootstrap interval."""
    generator = np.random.default_rng(0)
    means = values[generator.integers(len(values), size=(1000, len(values)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(values.mean()), float(low), float(high)


def rows_of(view: str, language: str, level: int, count: int, train_count: int) -> list[dict[str, Any]]:
    """One row for each kind of a view that has options."""
    if view != "qa":
        train_count, count = train_count // 3, count // 3  # fewer kinds
    train = [e for e in draw_examples(view, language, "train", train_count, levels=(level,)) if e.options]
    test = [e for e in draw_examples(view, language, "test", count, levels=(level,)) if e.options]
    rows = []
    for kind in sorted({example.kind for example in test}):
        learn, ask = ([e for e in part if e.kind == kind][:PER_KIND] for part in (train, test))
        row = row_of(learn, ask)
        if level > 1 and kind != "topic" and any(row[name]["above"] for name in GUESSES):
            again = (of_kind(view, language, split, level, kind, AGAIN * len(ask)) for split in ("train", "test"))
            row = {**row_of(*again), "first": row}
        rows.append(row)
    return rows


def of_kind(view: str, language: str, split: str, level: int, kind: str, count: int) -> list[Example]:
    """`count` examples of one kind."""
    drawn = draw_examples(view, language, split, 10**9, levels=(level,))
    return list(itertools.islice((example for example in drawn if example.kind == kind and example.options), count))


def row_of(learn: Sequence[Example], ask: Sequence[Example]) -> dict[str, Any]:
    """What each shortcut gets on `ask`, having seen `learn`."""
    example, chance = ask[0], float(np.mean([1 / len(example.options) for example in ask]))
    row: dict[str, Any] = {
        "view": example.view,
        "kind": example.kind,
        "language": example.language,
        "level": example.level,
        "examples": len(ask),
        "chance": chance,
    }
    for name, make in GUESSES.items():
        mean, low, high = interval(points(make(learn), ask))
        row[name] = {"value": mean, "low": low, "high": high, "above": mean > chance + MARGIN and low > chance}
    return row


def summary_rows(language: str, level: int, count: int) -> list[dict[str, Any]]:
    """F1 of the facts of the first sentence, of the last, of the first three, and of any one sentence."""
    examples = list(draw_examples("summarization", language, "test", count, levels=(level,)))
    ways: dict[str, Callable[[list[str]], list[str]]] = {
        "first sentence": lambda sentences: sentences[:1],
        "first three sentences": lambda sentences: sentences[:3],
        "last sentence": lambda sentences: sentences[-1:],
        "copy": lambda sentences: sentences,
    }
    row: dict[str, Any] = {
        "view": "summarization",
        "kind": "facts",
        "language": language,
        "level": level,
        "examples": count,
        "chance": 0.0,
    }
    for name, way in ways.items():
        joiner = " " if language == "en" else ""
        scores = [fact_f1(e, joiner.join(way(sentences_of(e.prompt.rpartition("\n")[0], language)))) for e in examples]
        mean, low, high = interval(np.array(scores))
        row[name] = {"value": mean, "low": low, "high": high}
    return [row]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=20_000)
    parser.add_argument("--train", type=int, default=16_000)
    parser.add_argument("--dry", action="store_true", help="print only")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for language in ("en", "zh"):
        for level in (1, 2, 3, 4):
            for view in VIEWS:
                rows += rows_of(view, language, level, arguments.examples, arguments.train)
            rows += summary_rows(language, level, min(arguments.examples, 150))
            for row in rows:
                if (row["language"], row["level"]) == (language, level):
                    shown = ", ".join(
                        f"{name} {value['value']:.3f}{'!' if value.get('above') else ''}"
                        for name, value in row.items()
                        if isinstance(value, dict) and "value" in value
                    )
                    print(
                        f"{language} {level} {row['view']} {row['kind']}: chance {row['chance']:.3f}; {shown}",
                        flush=True,
                    )
    above = [
        f"{row['language']} {row['level']} {row['view']} {row['kind']} {name}"
        for row in rows
        if row["level"] > 1 and row["kind"] != "topic"
        for name, value in row.items()
        if isinstance(value, dict) and value.get("above")
    ]
    print(f"{len(above)} above chance + {MARGIN:.0%} at level 2 and above: {above}")
    if not arguments.dry:
        write_result("world_heuristics", {"margin": MARGIN, "above_margin": above, "rows": rows})


if __name__ == "__main__":
    main()
