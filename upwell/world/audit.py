"""Looks for leaks: what of the held-out examples stands in the training examples, in any view and language.

Three searches, each from every view and language of the training split into every one of the test split:

- meaning: the hash of an example's meaning is in both splits; there must be none;
- text: an example's whole text is in both splits, letter for letter;
- 13-grams: a run of 13 words (in Chinese, of 20 characters, which say about as much; marks do not count) is in both.
  Sentences repeat in any text, so what counts is how much of an example is known: it is called seen when at least half
  of its runs are.

And the share of examples that say the same as an earlier one of their own view and split.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from upwell.text.examples import LANGUAGES, Example
from upwell.world.chance import Chance
from upwell.world.runs import RUN, rows_of
from upwell.world.specification import TRAINED_LEVELS, VIEW_NAMES
from upwell.world.views.views import VIEWS

SEEN = 0.5
"""An example is seen when this share of its runs is known."""
TRAIN_EXAMPLES = 20_000
TEST_EXAMPLES = 2_000
"""Of each view and language, in the audit that means something; the tests run a smaller one."""

Hashes = npt.NDArray[np.uint64]
Progress = Callable[[str], None]

_FACTOR = np.uint64(0x9E3779B97F4A7C15)


class Part(NamedTuple):
    """Examples of one view, language and split, as the searches need them."""

    meanings: frozenset[str]
    texts: Hashes
    """Of each example (N,)."""
    runs: Hashes
    """Of all examples, one after the other (R,)."""
    owners: npt.NDArray[np.int64]
    """Number of the example that each run is of (R,)."""


@dataclass
class Finding:
    """What was found for one view and language of the test split."""

    view: str
    language: str
    train_examples: int
    test_examples: int
    train_duplicates: float
    """Share of training examples that say the same as an earlier one."""
    test_duplicates: float
    meanings: int = 0
    """Test meanings that are in the training split, of any view or language."""
    texts: int = 0
    """Test examples whose text is in the training split."""
    runs: int = 0
    """Different runs of 13 words of the test examples."""
    known_runs: int = 0
    """Those of them in the training split."""
    seen: int = 0
    """Test examples of which half the runs are in the training split."""
    leaks_from: dict[str, int] = field(default_factory=dict)
    """Texts in common, by view and language of the training example."""

    def to_dict(self) -> dict[str, Any]:
        """All figures as JSON values."""
        return dict(vars(self))


def draw_examples(
    view: str, language: str, split: str, count: int, *, seed: int = 0, levels: Sequence[int] = TRAINED_LEVELS
) -> Iterator[Example]:
    """`count` examples of a view, the levels in turn."""
    make = VIEWS[view].make
    for index in range(count):
        level = levels[index % len(levels)]
        yield make(Chance("example", seed, split, view, language, level, index), level, language, split)


def audit(
    *,
    views: Sequence[str] = VIEW_NAMES,
    languages: Sequence[str] = LANGUAGES,
    levels: Sequence[int] = TRAINED_LEVELS,
    train_examples: int = TRAIN_EXAMPLES,
    test_examples: int = TEST_EXAMPLES,
    held_out: Sequence[str] = ("test",),
    seed: int = 0,
    processes: int = 1,
    progress: Progress = lambda said: None,
) -> dict[str, list[Finding]]:
    """Compare `test_examples` of every view and language with `train_examples` of every view and language.

    The training examples are made once for all splits in `held_out`; gives the findings by split.
    """
    pairs = [(view, language) for view in views for language in languages]
    with _mapper(processes) as mapped:
        wanted = [(split, *pair) for split in held_out for pair in pairs]
        tests = list(mapped(_part, [(*pair, split, test_examples, seed, tuple(levels)) for split, *pair in wanted]))
        findings = [
            Finding(view, language, train_examples, test_examples, 0.0, _repeated(test.texts))
            for (_, view, language), test in zip(wanted, tests, strict=True)
        ]
        known = [np.zeros(len(test.runs), np.bool_) for test in tests]
        leaked = [np.zeros(len(test.texts), np.bool_) for test in tests]
        known_meanings: list[set[str]] = [set() for _ in tests]
        trains = mapped(_part, [(*pair, "train", train_examples, seed, tuple(levels)) for pair in pairs])
        for (view, language), train in zip(pairs, trains, strict=True):
            runs, texts = np.unique(train.runs), np.unique(train.texts)
            for number, (test, finding) in enumerate(zip(tests, findings, strict=True)):
                if (finding.view, finding.language) == (view, language):
                    finding.train_duplicates = _repeated(train.texts)
                known[number] |= _among(test.runs, runs)
                common = _among(test.texts, texts)
                leaked[number] |= common
                if common.any():
                    finding.leaks_from[f"{view} {language}"] = int(common.sum())
                known_meanings[number] |= test.meanings & train.meanings
            progress(f"{view} {language}")
    for number, (finding, test) in enumerate(zip(findings, tests, strict=True)):
        finding.meanings = len(known_meanings[number])
        finding.texts = int(leaked[number].sum())
        finding.runs = len(np.unique(test.runs))
        finding.known_runs = len(np.unique(test.runs[known[number]]))
        total = np.bincount(test.owners, minlength=test_examples)
        of_them = np.bincount(test.owners, known[number], minlength=test_examples)
        finding.seen = int(((total > 0) & (of_them >= SEEN * total)).sum())
    return {split: findings[place * len(pairs) : (place + 1) * len(pairs)] for place, split in enumerate(held_out)}


def run_hashes(text: str) -> Hashes:
    """Hashes of all runs of words in a text, of both languages (R,); R is 0 where it is shorter than one run."""
    found = [_row_hashes(row, RUN[language]) for language in LANGUAGES for row in rows_of(text, language)]
    return np.concatenate(found) if found else np.empty(0, np.uint64)


def _row_hashes(words: list[str], length: int) -> Hashes:
    if len(words) < length:
        return np.empty(0, np.uint64)
    numbers = np.array([zlib.crc32(word.encode("utf-8")) + length for word in words], np.uint64)
    total = np.zeros(len(words) - length + 1, np.uint64)
    with np.errstate(over="ignore"):
        for place in range(length):
            total = (total + numbers[place : len(words) - length + 1 + place]) * _FACTOR
            total ^= total >> np.uint64(29)
    return total


def _part(view: str, language: str, split: str, count: int, seed: int, levels: tuple[int, ...]) -> Part:
    meanings, texts, runs, owners = set(), [], [], []
    for number, example in enumerate(draw_examples(view, language, split, count, seed=seed, levels=levels)):
        meanings.add(example.meaning)
        texts.append(zlib.crc32(example.text.encode("utf-8")) | zlib.adler32(example.text.encode("utf-8")) << 32)
        found = run_hashes(example.text)
        runs.append(found)
        owners.append(np.full(len(found), number, np.int64))
    return Part(frozenset(meanings), np.array(texts, np.uint64), np.concatenate(runs), np.concatenate(owners))


def _among(wanted: Hashes, known: Hashes) -> npt.NDArray[np.bool_]:
    """Whether each of `wanted` is in `known`, which is sorted."""
    if not len(known):
        return np.zeros(len(wanted), np.bool_)
    found: npt.NDArray[np.bool_] = known[np.minimum(np.searchsorted(known, wanted), len(known) - 1)] == wanted
    return found


def _repeated(texts: Hashes) -> float:
    return 1 - len(np.unique(texts)) / max(1, len(texts))


class _mapper:  # noqa: N801 (a context, used as one)
    """Gives a `map` over argument tuples: in this process, or in fresh ones that started without its locks."""

    def __init__(self, processes: int) -> None:
        self.pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn")) if processes > 1 else None

    def __enter__(self) -> Callable[..., Iterator[Part]]:
        if self.pool is None:
            return lambda function, tasks: (function(*task) for task in tasks)
        return lambda function, tasks: self.pool.map(function, *zip(*tasks, strict=True))  # type: ignore[union-attr]

    def __exit__(self, *error: object) -> None:
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)
