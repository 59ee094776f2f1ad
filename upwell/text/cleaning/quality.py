"""Rules that tell running text from what only looks like it: lists of links, menus, repeated boilerplate, noise.

They are those of Gopher (Rae et al. 2021, appendix A.1) on words and repetition, with words as in `characters`; the
page-wide ones of C4 (Raffel et al. 2020, section 2.2) are among them, its rules on lines are a step of their own. The
set `web` is as they were published, for text from web pages. The set `basic` keeps whatever could be meant to be read:
short texts, verse, lists, code.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upwell.text.cleaning.characters import IDEOGRAPH, LETTER, NEWLINE, Ints, Texts, mix
from upwell.text.cleaning.documents import Document

Floats = NDArray[np.float64]

_STOP_WORDS = {
    "en": "the be to of and that have with",
    "zh": "的 一 是 了 不 在 有 人 我 他 这 個 个 中 大 之",
}
"""Of Gopher; of Chinese, frequent characters."""
_TEXT_BITS, _LENGTH_BITS, _HASH_BITS = 23, 8, 33
"""Of a number that stands for an n-gram: its text of a batch, its characters, its hash."""
_BULLETS = "-*•‣▪▫◦●○■□▶►·–—"
_BOILERPLATE = ("lorem ipsum", "javascript is disabled", "please enable javascript", "enable cookies")
_TERMINAL = tuple('.!?"”’。！？；…」』）)')


class Measures:
    """What the rules look at, for n texts at once; each is an array (n,)."""

    def __init__(self, texts: Texts, documents: Sequence[Document]) -> None:
        self.texts = texts
        self.documents = documents
        self.size = len(documents)

    @property
    def words(self) -> Floats:
        """Words."""
        return self.texts.num_words.astype(np.float64)

    @functools.cached_property
    def _word_lengths(self) -> Ints:
        return self.texts.word_ends - self.texts.word_starts

    @functools.cached_property
    def _word_characters(self) -> Ints:
        return self.texts.count(self.texts.word_texts, self._word_lengths)

    @functools.cached_property
    def is_spaced(self) -> NDArray[np.bool_]:
        """Whether words are written with spaces between them, by and large."""
        return self.texts.count_kind(IDEOGRAPH) < 0.3 * np.maximum(1, self.texts.num_words)

    @property
    def mean_word_length(self) -> Floats:
        """Characters a word; 5 where words have no spaces between them."""
        return np.where(self.is_spaced, self._word_characters / np.maximum(1, self.texts.num_words), 5.0)

    @property
    def symbols(self) -> Floats:
        """Number signs and ellipses to a word."""
        codes = self.texts.codes
        dots = codes == ord(".")
        ellipses = np.zeros(len(codes), bool)
        ellipses[2:] = dots[2:] & dots[1:-1] & dots[:-2]
        ellipses[3:] &= ~dots[:-3]
        found = np.flatnonzero((codes == ord("#")) | (codes == 0x2026) | ellipses)
        return self.texts.count(self.texts.text_of(found)) / np.maximum(1, self.texts.num_words)

    @property
    def alphabetic(self) -> Floats:
        """Share of words with a letter in them."""
        letters = np.concatenate([[0], np.cumsum((self.texts.kinds == LETTER) | (self.texts.kinds == IDEOGRAPH))])
        holds = letters[self.texts.word_ends] > letters[self.texts.word_starts]
        return self.texts.count(self.texts.word_texts, holds) / np.maximum(1, self.texts.num_words)

    @property
    def unreadable(self) -> Floats:
        """Share of characters that are U+FFFD."""
        found = np.flatnonzero(self.texts.codes == 0xFFFD)
        return self.texts.count(self.texts.text_of(found)) / np.maximum(1, self.texts.num_characters)

    @property
    def stop_words(self) -> Floats:
        """Different stop words of the text's language; 2 where its language has no list."""
        found = np.full(self.size, 2.0)
        for language in _STOP_WORDS:
            rows = np.array([document.language == language for document in self.documents], bool)
            if not rows.any():
                continue
            words = np.isin(self.texts.word_hashes, _stop_hashes(language))
            pairs = np.unique(
                mix(self.texts.word_hashes[words]) ^ self._marks[self.texts.word_texts[words]], return_index=True
            )[1]
            found[rows] = self.texts.count(self.texts.word_texts[words][pairs])[rows]
        return found

    @functools.cached_property
    def _marks(self) -> NDArray[np.uint64]:
        """A number for each text, to keep equal hashes of different texts apart."""
        return mix(np.arange(1, self.size + 1, dtype=np.uint64))

    @functools.cached_property
    def _lines(self) -> tuple[Ints, Ints, Ints]:
        starts, ends = self.texts.lines()
        return starts, ends, self.texts.text_of(starts)

    @property
    def bullets(self) -> Floats:
        """Share of lines that begin with a bullet."""
        starts, _, of = self._lines
        is_bullet = np.isin(self.texts.codes[starts], np.array([ord(mark) for mark in _BULLETS], np.uint32))
        return self.texts.count(of, is_bullet) / np.maximum(1, self.texts.count(of))

    @property
    def ellipses(self) -> Floats:
        """Share of lines that end in an ellipsis."""
        _, ends, of = self._lines
        codes = self.texts.codes
        dot = ord(".")
        dots = (codes[ends - 1] == dot) & (codes[ends - 2] == dot) & (codes[ends - 3] == dot) & (ends >= 3)
        return self.texts.count(of, dots | (codes[ends - 1] == 0x2026)) / np.maximum(1, self.texts.count(of))

    @property
    def repeated_lines(self) -> Floats:
        """Share of lines that have been there before."""
        return self._repeated(self._lines[0], self._lines[2])[0]

    @property
    def repeated_line_characters(self) -> Floats:
        """Share of characters in such lines."""
        return self._repeated(self._lines[0], self._lines[2])[1]

    @property
    def repeated_paragraphs(self) -> Floats:
        """Share of paragraphs (lines with an empty one before them) that have been there before."""
        return self._repeated(*self._paragraphs)[0]

    @property
    def repeated_paragraph_characters(self) -> Floats:
        """Share of characters in such paragraphs."""
        return self._repeated(*self._paragraphs)[1]

    @functools.cached_property
    def _paragraphs(self) -> tuple[Ints, Ints]:
        starts, ends, of = self._lines
        breaks = np.concatenate([[0], np.cumsum(self.texts.kinds == NEWLINE)])
        first = np.ones(len(starts), bool)
        first[1:] = (breaks[starts[1:]] - breaks[ends[:-1]] > 1) | (of[1:] != of[:-1])
        return starts[first], of[first]

    def _repeated(self, starts: Ints, of: Ints) -> tuple[Floats, Floats]:
        ends = np.append(starts[1:], self.texts.starts[-1])
        lengths = np.minimum(ends, self.texts.starts[of + 1]) - starts
        keys = self.texts.hash_spans(starts) ^ self._marks[of]
        again = np.ones(len(keys), bool)
        again[np.unique(keys, return_index=True)[1]] = False
        count = self.texts.count
        return (
            count(of, again) / np.maximum(1, count(of)),
            count(of, again * lengths) / np.maximum(1, count(of, lengths)),
        )

    def top_ngram(self, size: int) -> Floats:
        """Share of a text's word characters that its most frequent `size` words in a row make up, if it comes again."""
        hashes, first = self.texts.ngram_hashes(size)
        # One number says text, length and hash, so that sorting numbers is all there is to do: a tenth of the time that
        # sorting places by numbers takes.
        lengths = self._edges[first + size] - self._edges[first]
        keys = hashes >> np.uint64(_TEXT_BITS + _LENGTH_BITS)
        keys |= np.minimum(lengths, (1 << _LENGTH_BITS) - 1).astype(np.uint64) << np.uint64(_HASH_BITS)
        keys |= self.texts.word_texts[first].astype(np.uint64) << np.uint64(_HASH_BITS + _LENGTH_BITS)
        keys.sort()
        new = np.flatnonzero(np.concatenate([np.ones(min(1, len(keys)), bool), keys[1:] != keys[:-1]]))
        times = np.diff(np.append(new, len(keys)))
        new, times = new[times > 1], times[times > 1]
        covered = times * ((keys[new] >> np.uint64(_HASH_BITS)) & np.uint64((1 << _LENGTH_BITS) - 1)).astype(np.int64)
        most = np.zeros(self.size, np.int64)
        np.maximum.at(most, (keys[new] >> np.uint64(_HASH_BITS + _LENGTH_BITS)).astype(np.int64), covered)
        return most / np.maximum(1, self._word_characters)

    def repeated_ngrams(self, size: int) -> Floats:
        """Share of a text's word characters within `size` words in a row, at least 5, that are there more than once."""
        inside = self._repeated_fives if size == 5 else self._in_repeated(size, self._repeated_fives)
        return self.texts.count(self.texts.word_texts, inside * self._word_lengths) / np.maximum(
            1, self._word_characters
        )

    @functools.cached_property
    def _edges(self) -> Ints:
        """Characters of all words before each one, and of all (w + 1,)."""
        return np.concatenate([[0], np.cumsum(self._word_lengths)])

    @functools.cached_property
    def _repeated_fives(self) -> NDArray[np.bool_]:
        return self._in_repeated(5, None)

    def _in_repeated(self, size: int, among: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        """Which words are within a repeated n-gram that starts at one `among` them (w,)."""
        hashes, first = self.texts.ngram_hashes(size)
        if among is not None:  # what is repeated is so in all its parts
            hashes, first = hashes[among[first]], first[among[first]]
        keys = hashes ^ self._marks[self.texts.word_texts[first]]
        ordered = np.sort(keys)
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        again = first[:0]
        if len(twice):  # few: looking each key up among them is quicker than np.isin, which would sort all once more
            again = first[twice[np.minimum(np.searchsorted(twice, keys), len(twice) - 1)] == keys]
        edges = np.zeros(len(self._word_lengths) + 1, np.int64)
        np.add.at(edges, again, 1)
        np.add.at(edges, again + size, -1)
        inside: NDArray[np.bool_] = np.cumsum(edges[:-1]) > 0
        return inside


@dataclass(frozen=True)
class Rule:
    """One rule: a document goes if the measure lies outside low to high."""

    reason: str
    measure: Callable[[Measures], Floats]
    basic: tuple[float, float] | None
    """Limits in the set basic; None: not in it."""
    web: tuple[float, float] | None


_ANY = float("inf")


def _top(size: int) -> Callable[[Measures], Floats]:
    return lambda measures: measures.top_ngram(size)


def _again(size: int) -> Callable[[Measures], Floats]:
    return lambda measures: measures.repeated_ngrams(size)


RULES = (
    Rule("no words", lambda m: m.words, (1, _ANY), None),
    Rule("fewer than 50 words", lambda m: m.words, None, (50, _ANY)),
    Rule("unreadable characters", lambda m: m.unreadable, (0, 0.02), (0, 0.02)),
    Rule("length of words", lambda m: m.mean_word_length, (1, 20), (3, 10)),
    Rule("symbols", lambda m: m.symbols, (0, 0.5), (0, 0.1)),
    Rule("words without letters", lambda m: m.alphabetic, (0.3, 1), (0.8, 1)),
    Rule("no stop words", lambda m: m.stop_words, None, (2, _ANY)),
    Rule("bullets", lambda m: m.bullets, None, (0, 0.9)),
    Rule("lines that trail off", lambda m: m.ellipses, None, (0, 0.3)),
    Rule("repeated lines", lambda m: m.repeated_lines, None, (0, 0.3)),
    Rule("repeated lines", lambda m: m.repeated_line_characters, (0, 0.6), (0, 0.2)),
    Rule("repeated paragraphs", lambda m: m.repeated_paragraphs, None, (0, 0.3)),
    Rule("repeated paragraphs", lambda m: m.repeated_paragraph_characters, None, (0, 0.2)),
    Rule("one phrase again and again", _top(2), (0, 0.5), (0, 0.2)),
    Rule("one phrase again and again", _top(3), None, (0, 0.18)),
    Rule("one phrase again and again", _top(4), None, (0, 0.16)),
    Rule("repeated phrases", _again(5), (0, 0.8), (0, 0.15)),
    *(Rule("repeated phrases", _again(size), None, (0, 0.2 - size / 100)) for size in range(6, 11)),
)


class Quality:
    """Drops documents that break a rule of the chosen set."""

    name = "quality"

    def __init__(self, rules: str = "basic") -> None:
        self._rules = [(rule, limits) for rule in RULES if (limits := getattr(rule, rules)) is not None]

    def apply(self, documents: Sequence[Document], counts: Counter[str], texts: Texts) -> list[Document | str]:
        """Each document, or the first rule that it breaks."""
        measures = Measures(texts, documents)
        reasons: list[str | None] = [None] * len(documents)
        for rule, (low, high) in self._rules:
            values = rule.measure(measures)
            for place in np.flatnonzero((values < low) | (values > high)).tolist():
                reasons[place] = reasons[place] or rule.reason
        return [reason or document for document, reason in zip(documents, reasons, strict=True)]


class Lines:
    """C4's rules on lines: those that end without a mark, or hold fewer than three words or the usual notices, go.

    Left as published, but that Chinese counts by characters, and that a page is not dropped for a curly bracket.
    """

    name = "lines"

    def apply(self, documents: Sequence[Document], counts: Counter[str]) -> list[Document | str]:
        """Each document with the lines that hold; one without any goes."""
        found: list[Document | str] = []
        for document in documents:
            lines = document.text.split("\n")
            kept = [line for line in lines if not line.strip() or _is_sentence(line)]
            if len(kept) == len(lines):
                found.append(document)
                continue
            counts["lines"] += len(lines) - len(kept)
            text = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n")
            found.append(document.replaced(text) if text.strip() else "no line of running text")
        return found


def _is_sentence(line: str) -> bool:
    stripped = line.strip()
    if not stripped.endswith(_TERMINAL) or stripped.endswith("..."):
        return False
    if len(stripped.split()) < 3 and not re.search(
        "[\u3040-\u30ff\u3400-\u9fff].*[\u3040-\u30ff\u3400-\u9fff]", stripped
    ):
        return False
    lowered = stripped.lower()
    return not any(phrase in lowered for phrase in _BOILERPLATE)


@functools.cache
def _stop_hashes(language: str) -> NDArray[Any]:
    return np.unique(Texts([_STOP_WORDS[language]]).word_hashes)
