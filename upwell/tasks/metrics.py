"""What is measured on answers: functions of texts, and sums over items that can be resampled.

A `Measure` holds one row of sums per item and how the total becomes a figure. Means, F1 and corpus scores (chrF, BLEU)
are all of this form, so one bootstrap over items gives every interval.

Shapes: N items, K sums per item, R resamples.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric

Floats = NDArray[np.float64]
RESAMPLES = 1000


@dataclass(frozen=True)
class Figure:
    """A value with its 95% interval over items."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Measure:
    """One row of sums per item, and the figure that their total gives."""

    sums: Floats
    """(N, K)"""
    figure: Callable[[Floats], Floats]
    """Totals (R, K) to figures (R,)."""
    signature: str = ""
    """What a library's figure was made with, in the words of the library, so that others can make the same."""

    def value(self) -> float:
        """The figure of all items; NaN where there is none."""
        return float(self.figure(self.sums.sum(0, keepdims=True))[0]) if len(self.sums) else float("nan")

    def interval(self, *, seed: int = 0, resamples: int = RESAMPLES) -> Figure:
        """Value with the bias-corrected bootstrap interval over items (Efron & Tibshirani 1993, section 14.3, a = 0).

        The correction matters to macro averages: a resample that misses a label averages over fewer of them.
        Where all resamples give 0, or all 1, the interval is that of the rule of three: what was never seen in N items is
        below 3/N with 95% confidence (Hanley & Lippman-Hand 1983).
        """
        number = len(self.sums)
        if number < 2:
            return Figure(self.value(), float("nan"), float("nan"))
        counts = np.random.default_rng(seed).multinomial(number, np.full(number, 1 / number), size=resamples)  # (R, N)
        value, drawn = self.value(), self.figure(counts @ self.sums)
        below = float(np.mean(drawn < value) + np.mean(drawn == value) / 2)
        normal = NormalDist()
        shift = 2 * normal.inv_cdf(min(max(below, 1 / resamples), 1 - 1 / resamples))
        low, high = np.nanquantile(drawn, [normal.cdf(shift + normal.inv_cdf(p)) for p in (0.025, 0.975)])
        if low == high == 0:
            high = min(1.0, 3 / number)
        elif low == high == 1:
            low = max(0.0, 1 - 3 / number)
        return Figure(value, float(low), float(high))


def mean(values: Sequence[float] | Floats) -> Measure:
    """The mean of one number per item."""
    column = np.asarray(values, dtype=np.float64)
    return Measure(np.stack([column, np.ones_like(column)], axis=1), _ratio)


def ratio(parts: Sequence[tuple[float, float]]) -> Measure:
    """Sum of first numbers over sum of second ones: a share of sentences, where items have different numbers of them."""
    return Measure(np.asarray(parts, dtype=np.float64).reshape(-1, 2), _ratio)


def _ratio(totals: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return totals[:, 0] / totals[:, 1]


@dataclass(frozen=True)
class Classified:
    """Labels and guesses, and the measures of them."""

    labels: Sequence[str]
    guesses: Sequence[str]

    def accuracy(self) -> Measure:
        """Share of right guesses."""
        return mean([float(label == guess) for label, guess in zip(self.labels, self.guesses, strict=True)])

    def micro(self) -> Measure:
        """F1 of all labels' counts together. A guess that is no label is no guess, so it may be above the accuracy."""
        return Measure(self._counts(), lambda totals: label_figure(pooled(totals), "f1"))

    def macro(self, what: str = "f1") -> Measure:
        """Unweighted mean over labels of precision, recall or F1 (`what`).

        A label that is neither there nor guessed does not count; one that is guessed but never there counts as 0. A guess
        that is no label at all is an error for recall and costs no label its precision.
        """
        return Measure(self._counts(), lambda totals: label_figure(totals, what))

    def _counts(self) -> Floats:
        """Right, guessed, there: a row for each item, three columns for each label."""
        known = sorted(set(self.labels))
        place = {label: i for i, label in enumerate(known)}
        sums = np.zeros((len(self.labels), 3 * len(known)))
        for row, label, guess in zip(sums, self.labels, self.guesses, strict=True):
            row[3 * place[label] + 2] = 1
            if guess in place:
                row[3 * place[guess] + 1] = 1
            if guess == label:
                row[3 * place[label]] = 1
        return sums


def pooled(totals: Floats) -> Floats:
    """Right, guessed, there (R, 3) of all labels together, of the three columns of each (R, 3C)."""
    return np.stack([totals[:, i::3].sum(1) for i in range(3)], axis=1)


def label_figure(totals: Floats, what: str) -> Floats:
    """Precision, recall or f1 (R,), of right, guessed and there, three columns for each label (R, 3C): the mean of labels.

    A label that is neither there nor guessed does not count.
    """
    right, guessed, there = (totals[:, i::3] for i in range(3))
    with np.errstate(invalid="ignore", divide="ignore"):
        of = {"precision": guessed, "recall": there, "f1": (guessed + there) / 2}[what]
        each = right / of
    counts = (guessed + there) > 0
    mean_of_labels: Floats = np.where(counts, np.nan_to_num(each), 0).sum(1) / np.maximum(1, counts.sum(1))
    return mean_of_labels


def normalize(text: str) -> str:
    """For comparing answers: NFKC, lower case, single blanks, no punctuation at either end, no English article first."""
    text = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    text = re.sub(r"^\W+|\W+$", "", text)
    return re.sub(r"^(?:the|an?) (?=\w)", "", text)


def exact_match(answer: str, output: str) -> float:
    """1 where both are the same after `normalize`, else 0."""
    return float(normalize(answer) == normalize(output))


def units(text: str) -> list[str]:
    """Words, and Han characters one by one: what token F1 and the Chinese variant of ROUGE count."""
    return re.findall(r"[\u3400-\u9fff\U00020000-\U0003ffff]|[^\W\u3400-\u9fff\U00020000-\U0003ffff]+", normalize(text))


def token_f1(answer: str, output: str) -> float:
    """F1 of the bags of `units` (Rajpurkar et al. 2016, section 6.1)."""
    return f1_of_bags(units(answer), units(output))


def f1_of_bags(wanted: Sequence[Any], found: Sequence[Any]) -> float:
    """2 * common / (wanted + found), as bags; 1 where both are empty."""
    if not wanted and not found:
        return 1.0
    return 2 * sum((Counter(wanted) & Counter(found)).values()) / (len(wanted) + len(found))


def chrf(answers: Sequence[str], outputs: Sequence[str]) -> Measure:
    """chrF2 of the corpus (Popovic 2015) by sacrebleu, 0 to 1."""
    from sacrebleu.metrics.chrf import CHRF

    return _corpus_score(CHRF(), answers, outputs)


def bleu(answers: Sequence[str], outputs: Sequence[str], *, language: str) -> Measure:
    """BLEU of the corpus (Papineni et al. 2002) by sacrebleu, 0 to 1; `language` chooses its tokenizer (zh: characters)."""
    from sacrebleu.metrics.bleu import BLEU

    return _corpus_score(BLEU(tokenize="zh" if language == "zh" else "13a"), answers, outputs)


def _corpus_score(metric: Metric, answers: Sequence[str], outputs: Sequence[str]) -> Measure:
    if not answers:
        return Measure(np.zeros((0, 1)), _ratio)
    # sacrebleu's own sums per segment; a test holds the figure equal to its corpus_score.
    sums = np.array(metric._extract_corpus_statistics(list(outputs), [list(answers)]), dtype=np.float64)

    def figure(totals: Floats) -> Floats:
        return np.array([metric._compute_score_from_stats(row.astype(int).tolist()).score / 100 for row in totals])

    return Measure(sums, figure, signature=str(metric.get_signature()))


def has_rouge() -> bool:
    """Whether the rouge-score library is installed."""
    return find_spec("rouge_score") is not None


def rouge(answer: str, output: str, *, language: str, kind: str = "rougeL") -> float:
    """ROUGE F1 (Lin 2004) by the rouge-score library: `kind` rouge1, rouge2 or rougeL.

    English words are stemmed as in the original. In Chinese every Han character is a word.
    """
    scores = _scorer(kind, language).score(answer, output)
    return float(scores[kind].fmeasure)


class _Units:
    """`units` as a tokenizer of rouge-score."""

    def tokenize(self, text: str) -> list[str]:
        return units(text)


@lru_cache(maxsize=8)
def _scorer(kind: str, language: str) -> Any:
    from upwell.errors import UserError

    try:
        with warnings.catch_warnings():  # nltk, which it imports, asks for the encoding of the old locale
            warnings.simplefilter("ignore", EncodingWarning)
            from rouge_score.rouge_scorer import RougeScorer
    except ImportError as error:
        raise UserError('ROUGE needs the rouge-score library: pip install "upwell[tasks]"') from error
    if language == "zh":
        return RougeScorer([kind], tokenizer=_Units())
    return RougeScorer([kind], use_stemmer=True)


def distinct(texts: Sequence[str], n: int) -> float:
    """Share of different n-grams of `units` among all n-grams of all texts (Li et al. 2016)."""
    grams = [tuple(words[i : i + n]) for words in map(units, texts) for i in range(len(words) - n + 1)]
    return len(set(grams)) / max(1, len(grams))
