"""Word vectors measured: likeness of pairs beside people's judgement, and analogies.

The rules are those that published figures were made by (gensim's): words are compared in capitals and of several spellings
the most frequent counts; only the most frequent words of the vectors take part; a line with a word that is not among them
is left out, or on request counted as cosine 0 and as a wrong answer; a line of another form is passed over. Intervals are
95% percentile bootstrap over lines (Efron & Tibshirani 1993, section 13.3).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upwell.errors import UserError
from upwell.text.compression import open_binary, read_chunks, split_compression
from upwell.text.decoding import decode
from upwell.text.formats import split_lines
from upwell.text.vectors.word_vectors import WordVectors

MOST_FREQUENT = 300_000
"""Words of the vectors that take part, unless asked otherwise."""
RESAMPLES = 2000
_CANDIDATES = 5
"""Best words looked at for an answer that is no word of the question."""
_BATCH_BYTES = 1 << 27
"""Cosines of questions to all words that are in memory at once."""

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Figure:
    """A figure with its 95% interval; NaN where too few lines give one."""

    value: float
    low: float
    high: float


class _Score:
    def to_dict(self) -> dict[str, Any]:
        """The figures as JSON values; NaN is null."""
        return {name: _json(value) for name, value in asdict(self).items()}  # type: ignore[call-overload]


@dataclass(frozen=True)
class PairScore(_Score):
    """How the cosines of a file's pairs go with its scores."""

    name: str
    spearman: Figure
    pearson: Figure
    pairs: int
    """Lines that hold two words and a score."""
    unknown: int
    """Of these, lines with a word that the vectors do not know."""
    skipped: int
    """Other lines, comments and empty ones left aside."""


@dataclass(frozen=True)
class AnalogyScore(_Score):
    """Share of analogies answered right, in a section or a whole file."""

    name: str
    accuracy: Figure
    correct: int
    questions: int
    """Lines of four words."""
    unknown: int
    """Of these, lines with a word that the vectors do not know."""
    skipped: int
    """Other lines, empty ones left aside."""


class _Spellings:
    """The words that take part, by how they are compared: rows, and the number of each row's spelling."""

    def __init__(self, vectors: WordVectors, most_frequent: int, *, match_case: bool) -> None:
        if most_frequent < 1:
            raise UserError(f"--most-frequent {most_frequent}: must be at least 1")
        self.match_case = match_case
        words = vectors.words[:most_frequent]
        self.unit = vectors.unit[:most_frequent]
        self.rows: dict[str, int] = {}
        self.numbers = np.empty(len(words), np.int64)
        """Row of the first word of the same spelling, by row."""
        self.members: dict[int, list[int]] = {}
        """All rows of a spelling, where there are several, by the first."""
        for row, word in enumerate(words):
            first = self.rows.setdefault(self.form(word), row)
            self.numbers[row] = first
            if first != row:
                self.members.setdefault(first, [first]).append(row)

    def form(self, word: str) -> str:
        """How a word is compared."""
        return word if self.match_case else word.upper()


def score_pairs(
    vectors: WordVectors,
    path: str | os.PathLike[str],
    *,
    match_case: bool = False,
    count_unknown: bool = False,
    most_frequent: int = MOST_FREQUENT,
    seed: int = 0,
) -> PairScore:
    """Rank (Spearman) and linear (Pearson) correlation of cosines with the scores of a file: word, word, score, by tabs.

    Arguments: `match_case`, compare words as they are written; `count_unknown`, let a pair with an unknown word count as
    cosine 0; `most_frequent`, words of the vectors that take part; `seed`, of the bootstrap.
    Raises UserError where the file cannot be read, or fewer than two of its pairs can be scored.
    """
    known = _Spellings(vectors, most_frequent, match_case=match_case)
    gold: list[float] = []
    cosines: list[float] = []
    pairs = unknown = skipped = 0
    for line in _lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split("\t")
        score = _number(parts[-1])
        if len(parts) != 3 or score is None:
            skipped += 1
            continue
        pairs += 1
        rows = [known.rows.get(known.form(word)) for word in parts[:2]]
        if rows[0] is None or rows[1] is None:
            unknown += 1
            if not count_unknown:
                continue
            cosines.append(0.0)
        else:
            one, other = known.unit[rows[0]].astype(np.float64), known.unit[rows[1]].astype(np.float64)
            cosines.append(float(one @ other))
        gold.append(score)
    if len(gold) < 2:
        said = f"of {pairs} pairs {unknown} hold a word that the vectors do not know" if pairs else "no line is one"
        raise UserError(f"{path}: pairs are lines of word, word, score, divided by tabs; {said}")
    scores, said_scores = np.array(cosines), np.array(gold)
    draws = np.random.default_rng(seed).integers(0, len(gold), (RESAMPLES, len(gold)))
    spearman = _correlation_figure(
        _ranks(scores[None]), _ranks(said_scores[None]), _ranks(scores[draws]), _ranks(said_scores[draws])
    )
    pearson = _correlation_figure(scores[None], said_scores[None], scores[draws], said_scores[draws])
    return PairScore(str(path), spearman, pearson, pairs, unknown, skipped)


def score_analogies(
    vectors: WordVectors,
    path: str | os.PathLike[str],
    *,
    match_case: bool = False,
    count_unknown: bool = False,
    most_frequent: int = MOST_FREQUENT,
    seed: int = 0,
) -> list[AnalogyScore]:
    """Accuracy of 3CosAdd on a file of analogies, for each section and, last, all of them as `total`.

    A section begins with a line `: its name`; the others are four words, divided by blanks: the fourth is to the third as
    the second is to the first. Arguments as in `score_pairs`; `count_unknown` lets a line with an unknown word count as wrong.
    Raises UserError where the file cannot be read or holds no question.
    """
    known = _Spellings(vectors, most_frequent, match_case=match_case)
    names: list[str] = []
    counts: list[list[int]] = []  # questions, unknown, skipped of each section
    questions: list[tuple[int, int, int, int]] = []
    sections: list[int] = []
    for number, line in enumerate(_lines(path), 1):
        if line.startswith(": "):
            names.append(line.lstrip(": ").strip())
            counts.append([0, 0, 0])
            continue
        words = line.split()
        if not words:
            continue
        if not names:
            raise UserError(
                f"{path}: line {number} comes before the first section; begin with a line such as : capitals"
            )
        if len(words) != 4:
            counts[-1][2] += 1
            continue
        counts[-1][0] += 1
        rows = [known.rows.get(known.form(word)) for word in words]
        if None in rows:
            counts[-1][1] += 1
            continue
        questions.append(tuple(rows))  # type: ignore[arg-type]
        sections.append(len(names) - 1)
    if not any(count[0] for count in counts):
        raise UserError(f"{path}: holds no analogies: lines of four words, after a line such as : capitals")
    right = _answers(known, np.array(questions, np.int64).reshape(-1, 4))
    correct = np.bincount(np.array(sections, np.int64), right, minlength=len(names)).astype(np.int64).tolist()
    rng = np.random.default_rng(seed)
    total = [sum(column) for column in zip(*counts, strict=True)]
    return [
        _analogy_score(name, right, *count, count_unknown=count_unknown, rng=rng)
        for name, right, count in [*zip(names, correct, counts, strict=True), ("total", sum(correct), total)]
    ]


def _answers(known: _Spellings, questions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which questions (Q, 4), rows of words, are answered right."""
    right = np.zeros(len(questions), bool)
    batch = max(1, _BATCH_BYTES // (4 * len(known.unit)))
    for start in range(0, len(questions), batch):
        asked = questions[start : start + batch]
        a, b, c = (known.unit[asked[:, column]] for column in range(3))
        cosines = (b - a + c) @ known.unit.T  # (batch, words), up to the length of each query
        for number, (row, given) in enumerate(zip(cosines, asked[:, :3].tolist(), strict=True)):
            row[given] = -np.inf
            others = [member for spelling in set(given) for member in known.members.get(spelling, ())]
            if len(others) < _CANDIDATES:  # they cannot fill all the places of candidates
                row[others] = -np.inf
                found = int(known.numbers[row.argmax()])
            else:
                found = _first_other(known, row, set(given))
            right[start + number] = found == asked[number, 3]
    return right


def _first_other(known: _Spellings, row: NDArray[np.float32], given: set[int]) -> int:
    """The best candidate that is spelled as none of the question's words; the last of them where all are."""
    best = np.argsort(-row, kind="stable")[:_CANDIDATES]
    found = -1
    for candidate in best.tolist():
        found = int(known.numbers[candidate])
        if found not in given:
            break
    return found


def _analogy_score(
    name: str,
    correct: int,
    questions: int,
    unknown: int,
    skipped: int,
    *,
    count_unknown: bool,
    rng: np.random.Generator,
) -> AnalogyScore:
    number = questions if count_unknown else questions - unknown
    if not number:
        return AnalogyScore(name, Figure(np.nan, np.nan, np.nan), correct, questions, unknown, skipped)
    share = correct / number
    low, high = np.quantile(rng.binomial(number, share, RESAMPLES) / number, [0.025, 0.975])
    if correct == 0:  # what was never seen in n trials is below 3/n (Hanley & Lippman-Hand 1983)
        high = min(1.0, 3 / number)
    elif correct == number:
        low = max(0.0, 1 - 3 / number)
    return AnalogyScore(name, Figure(share, float(low), float(high)), correct, questions, unknown, skipped)


def _ranks(values: Doubles) -> Doubles:
    """Ranks along the last axis, of equal values their mean."""
    from scipy.stats import rankdata

    return rankdata(values, axis=1)  # type: ignore[no-any-return]


def _correlation_figure(one: Doubles, other: Doubles, ones: Doubles, others: Doubles) -> Figure:
    drawn = _correlations(ones, others)
    drawn = drawn[np.isfinite(drawn)]
    low, high = np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (np.nan, np.nan)
    return Figure(float(_correlations(one, other)[0]), float(low), float(high))


def _correlations(one: Doubles, other: Doubles) -> Doubles:
    """Pearson's correlation of each row of (R, N) with that of the other; NaN for a constant one."""
    one = one - one.mean(1, keepdims=True)
    other = other - other.mean(1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (one * other).sum(1) / np.sqrt((one**2).sum(1) * (other**2).sum(1))  # type: ignore[no-any-return]


def _lines(path: str | os.PathLike[str]) -> Iterator[str]:
    name = str(path)
    with open_binary(Path(path), name) as file:
        yield from split_lines(decode(read_chunks(file, split_compression(name)[1], name), name=name))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _json(value: Any) -> Any:
    """NaN as None, all through."""
    if isinstance(value, dict):
        return {key: _json(part) for key, part in value.items()}
    return None if isinstance(value, float) and value != value else value
