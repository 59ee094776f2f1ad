"""Texts cut into words, to learn vectors of them.

A word is a run of characters that are not whitespace, or a single Han character, as in `upwell.text.words`; marks at either
end of a run are words of their own, so that `end` and `end.` are one word, and full stops have a vector that a language
model can begin with. Marks inside a word (don't, well-known, 3.14) stay where they are.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec

from upwell.errors import UserError
from upwell.text.words import HAN

SEGMENTERS = ("jieba",)
Segmenter = Callable[[str], Iterable[str]]
"""A run of Han characters to words."""

_RUNS = re.compile(rf"[{HAN}]+|[^\s{HAN}]+")
_HAN = re.compile(f"[{HAN}]")


def cut_words(text: str, *, lower: bool = False, segment: Segmenter | None = None) -> Iterator[str]:
    """The words of a text, in lower case if asked; `segment` finds words of several Han characters."""
    for run in _RUNS.findall(text.lower() if lower else text):
        if not _HAN.match(run):
            yield from _without_marks(run)
        elif segment is None:
            yield from run
        else:
            yield from segment(run)


def find_segmenter(name: str | None) -> Segmenter | None:
    """The segmenter of that name, None for none; a UserError for an unknown one, or a package that is missing."""
    if name is None:
        return None
    if name not in SEGMENTERS:
        raise UserError(f"--segment {name}: choose {' or '.join(SEGMENTERS)}, or leave it out")
    try:
        import rjieba  # the port of jieba: the same words, many times as fast
    except ImportError as error:
        raise UserError('--segment jieba needs one more package: pip install "upwell[text]"') from error
    return rjieba.cut


def sentence_words(text: str, *, split: bool = False) -> list[str]:
    """The words of a sentence: what stands between blanks, if `split`; else as `cut_words` finds them, in Chinese by jieba
    where its package is there.
    """
    if split:
        return text.split()
    segment = find_segmenter("jieba") if find_spec("rjieba") else None
    return list(cut_words(text, segment=segment))


@functools.lru_cache(maxsize=1 << 16)
def _without_marks(run: str) -> tuple[str, ...]:
    start, end = 0, len(run)
    while start < end and _is_mark(run[start]):
        start += 1
    while end > start and _is_mark(run[end - 1]):
        end -= 1
    inside = (run[start:end],) if start < end else ()
    return (*run[:start], *inside, *run[end:])


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"
