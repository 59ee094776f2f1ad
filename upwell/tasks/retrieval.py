"""Finding the passage of a long text that a question is about: BM25 (Robertson & Zaragoza 2009) over overlapping passages.

A passage is a run of words as `upwell.text.words` counts them, where a Han character is a word. What is matched are words in lower
case; Chinese ones are found by the segmenter of word vectors (`upwell.text.vectors.cutting`), and single characters are matched
where it is not installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from upwell.errors import UserError
from upwell.text.vectors.cutting import cut_words
from upwell.text.words import HAN

PASSAGE_WORDS = 150
OVERLAP_WORDS = 50

_WORDS = re.compile(rf"[{HAN}]|[^\s{HAN}]+")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document."""

    document: int
    """Its place among the documents."""
    start: int
    """The character of the document at which it begins."""
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage and how well it fits a question; the greater the better, 0 for no word in common."""

    passage: Passage
    score: float


def cut_passages(
    text: str, *, document: int = 0, words: int = PASSAGE_WORDS, overlap: int = OVERLAP_WORDS
) -> list[Passage]:
    """Cut a document into passages of `words` words, each beginning `overlap` words before the end of the one before.

    Whatever is no longer than `overlap` words stands whole in one of them. A text without words gives none.
    Raises ValueError where the overlap is not smaller than the passage.
    """
    if not 0 <= overlap < words:
        raise ValueError(f"an overlap of {overlap} words does not fit passages of {words}")
    spans = [match.span() for match in _WORDS.finditer(text)]
    step = words - overlap
    firsts = range(0, max(1, len(spans) - overlap), step) if spans else ()
    runs = [(spans[first][0], spans[min(first + words, len(spans)) - 1][1]) for first in firsts]
    return [Passage(document, start, text[start:end]) for start, end in runs]


class PassageIndex:
    """Passages of documents, to be searched by questions."""

    def __init__(self, documents: Iterable[str], *, words: int = PASSAGE_WORDS, overlap: int = OVERLAP_WORDS) -> None:
        """Cut and index the documents; raises UserError where none has a word, or the bm25s library is missing."""
        self.passages = [
            passage
            for number, text in enumerate(documents)
            for passage in cut_passages(text, document=number, words=words, overlap=overlap)
        ]
        if not self.passages:
            raise UserError("no document holds a word, so there is nothing to search")
        self._terms = term_finder()
        self._scorer = _bm25([list(self._terms(passage.text)) for passage in self.passages])

    def search(self, question: str, *, number: int = 5) -> list[Hit]:
        """The passages that fit the question best, at most `number`, the best first; of equal ones the earlier first.

        Those without a word in common are never among them.
        """
        terms = list(self._terms(question))
        if not terms:
            return []
        scores = np.asarray(self._scorer.get_scores(terms), dtype=np.float64)
        order = np.argsort(-scores, kind="stable")[:number]
        return [Hit(self.passages[place], float(scores[place])) for place in order if scores[place] > 0]


def term_finder() -> Callable[[str], Iterable[str]]:
    """A function from a text to what is matched: words in lower case, without marks."""
    segment = _segmenter()

    def terms(text: str) -> Iterable[str]:
        return (word for word in cut_words(text, lower=True, segment=segment) if any(map(str.isalnum, word)))

    return terms


def _segmenter() -> Any:
    try:
        import rjieba
    except ImportError:
        return None
    return rjieba.cut_for_search


def _bm25(terms: Sequence[list[str]]) -> Any:
    try:
        from bm25s import BM25
    except ImportError as error:
        raise UserError('searching passages needs the bm25s library: pip install "upwell[tasks]"') from error
    scorer = BM25(method="lucene")  # k1 1.5, b 0.75; every score is 0 or above
    scorer.index([one or [""] for one in terms], show_progress=False)
    return scorer
