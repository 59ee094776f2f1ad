"""How right a piece cut from a passage is: SQuAD's and CMRC 2018's exact match and F1, equal to their official scripts.

SQuAD (Rajpurkar et al. 2016, section 6.1; version 2: Rajpurkar et al. 2018): words in lower case without punctuation and
articles, compared as bags. CMRC 2018 (Cui et al. 2019, section 4): Han characters and other words, without marks, compared by
their longest common run. Of several right answers the best one counts. An empty output says that there is no answer.
"""

from __future__ import annotations

import re
import string
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from upwell.tasks.metrics import Measure, f1_of_bags, mean
from upwell.text.words import HAN

SquadVersion = Literal["1.1", "2.0"]
CMRC_MARKS = frozenset("-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』")
"""What the script of CMRC 2018 takes out; other marks stay."""

_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_ANY_HAN = re.compile(f"[{HAN}]")
_WITHOUT_CHINESE_MARKS = dict.fromkeys(map(ord, CMRC_MARKS - set(string.punctuation)))
_WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)
_HAN = re.compile("([\u4e00-\u9fa5])")


def squad_words(text: str) -> list[str]:
    """The words that SQuAD compares."""
    return _ARTICLE.sub(" ", text.lower().translate(_WITHOUT_PUNCTUATION)).split()


def squad_exact_match(answers: Sequence[str], output: str, *, version: SquadVersion = "2.0") -> float:
    """1 where the words are those of one of the answers, else 0."""
    words = squad_words(output)
    return float(any(words == right for right in _right(answers, version)))


def squad_f1(answers: Sequence[str], output: str, *, version: SquadVersion = "2.0") -> float:
    """F1 of the bags of words with the best of the answers.

    Where neither has a word it is 1 in version 2.0 (no answer is right) and 0 in version 1.1.
    """
    words = squad_words(output)
    scores = [
        f1_of_bags(right, words) if words or right or version == "2.0" else 0.0 for right in _right(answers, version)
    ]
    return max(scores, default=0.0)


def _right(answers: Sequence[str], version: SquadVersion) -> list[list[str]]:
    found = [squad_words(answer) for answer in answers]
    return found if version == "1.1" else [words for words in found if words] or [[]]


def squad_measures(
    answers: Sequence[Sequence[str]], outputs: Sequence[str], *, version: SquadVersion = "2.0"
) -> dict[str, Measure]:
    """exact_match and f1 over questions; where some have no answer also of those with one and those without.

    Arguments: for each question its right `answers`, none where the passage does not answer it; and what was said.
    """
    exact = [squad_exact_match(right, said, version=version) for right, said in zip(answers, outputs, strict=True)]
    f1 = [squad_f1(right, said, version=version) for right, said in zip(answers, outputs, strict=True)]
    return _by_answerable(answers, exact, f1)


def answer_words(text: str) -> list[str]:
    """The words of SQuAD, and Han characters one by one: for texts of both kinds, without further libraries."""
    apart = _ANY_HAN.sub(r" \g<0> ", text.translate(_WITHOUT_CHINESE_MARKS))
    return squad_words(apart)


def answer_measures(answers: Sequence[Sequence[str]], outputs: Sequence[str]) -> dict[str, Measure]:
    """As `squad_measures`, with Han characters compared one by one; for texts without them it is equal to it."""
    cut = [[" ".join(answer_words(answer)) for answer in right] for right in answers]
    return squad_measures(cut, [" ".join(answer_words(output)) for output in outputs])


def cmrc_measures(answers: Sequence[Sequence[str]], outputs: Sequence[str]) -> dict[str, Measure]:
    """As `squad_measures`, by the definition of CMRC 2018; raises UserError where the nltk library is missing."""
    exact = [cmrc_exact_match(right, said) for right, said in zip(answers, outputs, strict=True)]
    f1 = [cmrc_f1(right, said) for right, said in zip(answers, outputs, strict=True)]
    return _by_answerable(answers, exact, f1)


def _by_answerable(answers: Sequence[Sequence[str]], exact: list[float], f1: list[float]) -> dict[str, Measure]:
    found = {"exact_match": mean(exact), "f1": mean(f1)}
    has_answer = np.array([bool(right) for right in answers], dtype=bool)
    if has_answer.all():
        return found
    for name, rows in (("answerable", has_answer), ("unanswerable", ~has_answer)):
        if not rows.any():
            continue
        found[f"exact_match_{name}"] = mean(np.array(exact)[rows])
        found[f"f1_{name}"] = mean(np.array(f1)[rows])
    return found


def best_no_answer_threshold(
    scores: Sequence[float], no_answer: Sequence[float], has_answer: Sequence[bool], outputs: Sequence[str]
) -> tuple[float, float]:
    """The threshold of `no_answer` above which to say nothing, and the mean score that it gives (Rajpurkar et al. 2018).

    Arguments, for each question: the score of the output (exact match or F1) where it is said; how probable it is that there is no
    answer, any growing number; whether there is one; the output. Choose it on validation data.
    """
    order = np.argsort(np.asarray(no_answer), kind="stable")
    # From saying nothing at all, which is right without an answer, to saying everything, question by question.
    gain = [scores[i] if has_answer[i] else -float(bool(outputs[i])) for i in order]
    totals = np.cumsum([len(scores) - sum(has_answer), *gain])
    best = int(np.argmax(totals))
    threshold = float(np.asarray(no_answer)[order[best - 1]]) if best else 0.0
    return threshold, float(totals[best]) / len(scores)


def cmrc_pieces(text: str) -> list[str]:
    """The pieces that CMRC 2018 compares: Han characters one by one, other runs cut by nltk's word tokenizer."""
    kept = "".join(character for character in text.lower().strip() if character not in CMRC_MARKS)
    return [piece for run in _HAN.split(kept) for piece in ([run] if _HAN.fullmatch(run) else _words(run))]


def _words(run: str) -> list[str]:
    return list(_tokenizer()(run)) if run.strip() else []


@lru_cache(maxsize=1)
def _tokenizer() -> Callable[[str], Any]:
    from upwell.errors import UserError

    try:
        with warnings.catch_warnings():  # asks for the encoding of the old locale
            warnings.simplefilter("ignore", EncodingWarning)
            from nltk.tokenize import NLTKWordTokenizer
    except ImportError as error:
        raise UserError('the metric of CMRC 2018 needs the nltk library: pip install "upwell[tasks]"') from error
    return NLTKWordTokenizer().tokenize  # type: ignore[no-any-return]


def cmrc_exact_match(answers: Sequence[str], output: str) -> float:
    """1 where the output without marks is one of the answers, or empty where there is none."""
    return float(_without_marks(output) in {_without_marks(answer) for answer in answers or [""]})


def _without_marks(text: str) -> str:
    return "".join(character for character in text.lower().strip() if character not in CMRC_MARKS)


def cmrc_f1(answers: Sequence[str], output: str) -> float:
    """F1 of the longest common run of pieces with the best of the answers; without answers 1 for an empty output."""
    if not answers:
        return float(not cmrc_pieces(output))
    said = cmrc_pieces(output)
    return max(_run_f1(cmrc_pieces(answer), said) for answer in answers)


def _run_f1(wanted: Sequence[str], said: Sequence[str]) -> float:
    common = longest_common_run(wanted, said)
    return 2 * common / (len(wanted) + len(said)) if common else 0.0


def longest_common_run(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest run of pieces that both hold, without gaps."""
    longest, row = 0, [0] * (len(second) + 1)
    for one in first:
        row = [0, *(row[place] + 1 if one == other else 0 for place, other in enumerate(second))]
        longest = max(longest, *row)
    return longest
